"""Odd input of every kind, the same in each run; `benchmarks/fuzz.py` tries other input, for as long as one likes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from scene import Scene

from fuzz.harness import Place, ViolationError, _check_end, place
from fuzz.targets import TARGETS
from fuzz.world import World, make_world

pytestmark = pytest.mark.fuzz


@pytest.fixture(scope="session")
def world(scene: Scene, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(scene, finished, tmp_path_factory.mktemp("fuzz"))


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_odd_input_ends_well(world: World, name: str) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=target.examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # `benchmarks/fuzz.py` shrinks; here time is bounded
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn=target.strategy)
    def attempt(drawn: Any) -> None:
        with place() as here:
            target.attempt(world, here, drawn)

    attempt()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (1, "bug: ValueError: x"),
        (130, "interrupted"),
        (3, ""),
        (3, "error: " + "x" * 2000),
        (3, "error: a\x1b[31mb"),
        (2, "error: a\rb"),
    ],
    ids=["a bug", "interrupted", "no word", "too long", "escape sequence", "carriage return"],
)
def test_what_is_a_violation(code: int, said: str) -> None:
    with pytest.raises(ViolationError):
        _check_end(code, said)


def test_writing_outside_is_seen() -> None:
    with place() as here, pytest.raises(ViolationError, match="outside"):
        config = here.inputs / "c.yaml"
        config.write_text("", encoding="utf-8")
        _write_elsewhere(here, config)


def _write_elsewhere(here: Place, config: Path) -> None:
    from unittest import mock

    from reidtrack.cli import config as command

    with mock.patch.object(command, "run", lambda args: int(bool((here.parent / "one/new").write_bytes(b"")))):
        here.run("config", "--config", config)
