"""Whole runs of nobody, of one person and of two: pictures, tracker, network and association together."""

from __future__ import annotations

from pathlib import Path

import pytest
import scene as scene_module
from builders import even_times
from outputs import read_json
from scene import CLOTHES, FPS, Shot, build_scene

from reidtrack.cli.main import main

THRICE = [start_s + t for start_s in (0.0, 4.0, 8.0) for t in even_times(10, FPS)]
"""A second, three times, with pauses that no track lives through."""
FOUR_S = even_times(40, FPS)


def one(seconds: float) -> Shot:
    """One walker for so long."""
    return Shot(even_times(round(seconds * FPS), FPS), walkers=(1,))


RUNS: dict[str, tuple[dict[str, Shot], int]] = {
    "nobody": ({"left": Shot(even_times(10, FPS), walkers=()), "right": Shot(even_times(10, FPS), walkers=())}, 0),
    "one for a second": ({"left": one(1)}, 1),
    "one for four seconds": ({"left": one(4)}, 1),
    "one in two cameras": ({"left": one(4), "right": one(4)}, 1),
    "one in one of two cameras": ({"left": one(1), "right": Shot(even_times(10, FPS), walkers=())}, 1),
    "one who comes back three times": ({"left": Shot(THRICE, late_s=-4.0, walkers=(1,))}, 1),
    "two in one camera": ({"left": Shot(FOUR_S, walkers=(1, 3))}, 2),
    "two in two cameras": ({"left": Shot(FOUR_S, walkers=(1, 3)), "right": Shot(FOUR_S, walkers=(1, 3))}, 2),
    "one in both cameras, another in one": ({"left": Shot(FOUR_S, walkers=(1, 3)), "right": one(4)}, 2),
}
"""What each camera sees, and how many people there are."""


def run(folder: Path, reid: Path, shots: dict[str, Shot]) -> Path:
    """The folder of a run over drawn recordings."""
    scene, out = build_scene(folder / "scene", reid, shots), folder / "run"
    assert main(scene.arguments("--out", out, "--quiet", "--no-video")) == 0
    return out


@pytest.mark.parametrize("case", RUNS)
def test_a_run_finds_as_many_people_as_there_are(case: str, tmp_path: Path, reid: Path) -> None:
    shots, people = RUNS[case]
    out = run(tmp_path, reid, shots)
    assert len(read_json(out / "identities.json")) == people
    assert (out / "report.html").stat().st_size > 0


def test_two_who_look_the_same_are_said_in_the_report(
    tmp_path: Path, reid: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scene_module, "CLOTHES", [CLOTHES[0]] * 4)
    out = run(tmp_path, reid, {name: Shot(FOUR_S, walkers=(1, 3)) for name in ("left", "right")})
    assert len(read_json(out / "identities.json")) == 2
    words = "these two cannot be told apart by looks"
    assert words in (out / "report.html").read_text(encoding="utf-8")
    assert words in caplog.text
