"""Fixtures for every test: the shared material, where it is present, and the date."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from scene import Scene, build_scene, save_reid

from reidtrack import clock

SHARED = Path(__file__).resolve().parents[2] / "shared"

# A busy machine is no fault of an example: how fast one is made or checked is nowhere asserted.
settings.register_profile("reidtrack", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("reidtrack")


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "what date and time (ISO 8601) it is for all tests but those that set it themselves (default: %(default)s)"
    parser.addoption("--now", type=_utc, default="2024-02-29T23:59:59Z", help=text)


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def now(pytestconfig: pytest.Config) -> Iterator[datetime]:
    """What date it is: no test may be green on one day and red on another."""
    moment: datetime = pytestconfig.getoption("now")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        yield moment


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real material beside the repository; the test is skipped where there is none, but never in CI."""
    if not (SHARED / "data").is_dir():
        if os.environ.get("REIDTRACK_REQUIRE_SHARED") == "1":
            pytest.fail(f"{SHARED} is absent, and REIDTRACK_REQUIRE_SHARED=1 forbids skipping")
        pytest.skip(f"real material is absent: {SHARED}")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tests keep converted networks to themselves."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("REIDTRACK_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def reid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that tells walkers apart by their colours."""
    import torch

    torch.set_num_threads(1)  # they wait for each other actively, which takes minutes where the machine is busy
    return save_reid(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory, reid: Path) -> Scene:
    """Two cameras that see four walkers."""
    return build_scene(tmp_path_factory.mktemp("scene"), reid)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, scene: Scene) -> Path:
    """The folder of a run over the scene; tests do not change it."""
    from reidtrack.cli.main import main

    folder = tmp_path_factory.mktemp("finished") / "run"
    assert main(scene.arguments("--out", folder, "--quiet")) == 0
    return folder
