"""A site in whole runs: `--site` and `--homography`, `site.json`, world coordinates, clocks that are wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from outputs import check_agreement, read_json, settled_bytes
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.pipeline.run.site import clock_remarks
from reidtrack.runs.manifest_sections import InputEntry
from reidtrack.spacetime.clocks import ClockOffset
from reidtrack.spacetime.evidence import FROM_PLAN
from reidtrack.spacetime.learned_site import LearnedSite

PLAN = [[0.02, 0.0, 1.0], [0.0, 0.05, 2.0], [0.0, 0.0, 1.0]]


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def associate(run: Path, *words: object) -> int:
    return main(["associate", str(run), "--quiet", *map(str, words)])


def rows_of(run: Path) -> np.ndarray:
    return np.loadtxt(run / "mtmc.txt")


def test_a_run_without_a_site_still_writes_what_it_learned(finished: Path) -> None:
    site = read_json(finished / "site.json")
    assert site["schema"] == 1
    assert site["unit"] is None
    assert site["bounds"] is None
    assert set(site["cameras"]) == {"left", "right"}
    for camera in site["cameras"].values():
        assert camera["homography"] is None
        assert camera["from"] is None
        assert not camera["clock_used"]
    assert (rows_of(finished)[:, 7:] == -1).all()


def test_world_coordinates(run: Path, tmp_path: Path) -> None:
    (tmp_path / "left.json").write_text(json.dumps(PLAN))
    assert associate(run, "--homography", f"left={tmp_path / 'left.json'}") == 0
    check_agreement(run)
    rows = rows_of(run)
    left, right = rows[rows[:, 0] == 1], rows[rows[:, 0] == 2]
    known = left[left[:, 7] != -1]
    assert len(known) > 0.8 * len(left)
    foot = np.stack([known[:, 3] + known[:, 5] / 2, known[:, 4] + known[:, 6]], axis=1)
    np.testing.assert_allclose(known[:, 7], 0.02 * foot[:, 0] + 1, atol=0.03)  # pixels in the file are whole numbers
    np.testing.assert_allclose(known[:, 8], 0.05 * foot[:, 1] + 2, atol=0.08)
    site = read_json(run / "site.json")
    np.testing.assert_allclose(site["cameras"]["left"]["homography"], PLAN)
    assert site["cameras"]["left"]["from"] == "given"
    low_x, low_y, high_x, high_y = site["bounds"]
    assert low_x < high_x
    assert low_y < high_y
    if site["cameras"]["right"]["homography"] is None:
        assert (right[:, 7:] == -1).all()


def test_the_site_stays_with_the_run_until_it_is_taken_away(run: Path, finished: Path, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(f"unit: m\ncameras:\n  left: {{homography: {PLAN}}}\n")
    assert associate(run, "--site", path) == 0
    assert read_json(run / "site.json")["unit"] == "m"
    assert associate(run) == 0
    assert read_json(run / "site.json")["unit"] == "m"
    assert read_json(run / "run.json")["config"]["site"]["path"] == str(path)
    assert associate(run, "--set", "site.path=null") == 0
    assert settled_bytes(run) == settled_bytes(finished)


def test_switched_off_it_learns_nothing(run: Path) -> None:
    off = [f"site.{name}=false" for name in ("plan", "relation", "clocks", "travel_times")]
    assert associate(run, "--set", *off) == 0
    site = read_json(run / "site.json")
    assert site["relations"] == []
    assert site["transitions"] == []
    check_agreement(run)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--site", "lost.yaml"], "lost.yaml: cannot be read", id="no file"),
        pytest.param(["--homography", "left"], "cannot tell the camera of 'left'", id="no camera"),
        pytest.param(["--homography", "porch=x.yaml"], "no camera is called 'porch'", id="other camera"),
        pytest.param(["--homography", "left=x.yaml"], "x.yaml: cannot be read", id="no matrix"),
        pytest.param(["--set", "site.plans=false"], "did you mean 'site.plan'?", id="setting"),
    ],
)
def test_mistakes_leave_the_run_as_it_is(
    run: Path, finished: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert associate(run, *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert settled_bytes(run) == settled_bytes(finished)


def test_a_mistake_is_told_before_anything_is_read(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(scene.arguments("--out", tmp_path / "run", "--quiet", "--site", tmp_path / "lost.yaml")) == 2
    assert "lost.yaml: cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_homography_by_which_people_are_giants_is_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(f"unit: m\ncameras:\n  left: {{homography: {[[10.0, 0, 0], [0, 10.0, 0], [0, 0, 1]]}}}\n")
    assert main(["associate", str(run), "--site", str(path)]) == 0
    assert "left: by its homography people are" in capsys.readouterr().err


def clocks(offset_s: dict[str, float]) -> LearnedSite:
    """What is learned of two or three clocks."""
    names = tuple(sorted(offset_s))
    known = {name: ClockOffset(value, 0.1, 20.0) for name, value in offset_s.items()}
    words = dict.fromkeys(names, FROM_PLAN)
    return LearnedSite(names, 1.0, {}, {}, frozenset(), {}, frozenset(), {}, known, offset_s, words, {})


@pytest.mark.parametrize(
    ("offsets", "given", "said"),
    [
        pytest.param({"a": 0.0, "b": 3.4, "c": 0.0}, (0, 0, 0), "the offsets 3.4 0 3.4", id="fast"),
        pytest.param({"a": 0.0, "b": -3.4, "c": 0.0}, (0, 0, 0), "the offsets 0 3.4 0", id="slow"),
        pytest.param({"a": 0.0, "b": 3.4, "c": 0.0}, (0, 3.4, 10), "the offsets 0 0 10", id="given wrongly"),
        pytest.param({"a": 0.0, "b": 0.0, "c": 0.0}, (0, 1, 2), None, id="right"),
    ],
)
def test_the_exact_offsets_are_suggested(offsets: dict[str, float], given: tuple[float, ...], said: str | None) -> None:
    inputs = [InputEntry(camera=name, offset_s=value) for name, value in zip("abc", given, strict=True)]
    lines = clock_remarks(inputs, clocks(offsets))
    if said is None:
        assert not lines
    else:
        assert "b: its clock is 3.40 s" in lines[0]
        assert lines[1].endswith(said)


def test_zones_are_counted_by_settled_identities(run: Path, tmp_path: Path) -> None:
    whole = "points: [[0, 0], [1, 0], [1, 1], [0, 1]]"
    (tmp_path / "site.yaml").write_text(
        f"zones:\n- {{name: all, camera: left, {whole}}}\n- {{name: all, camera: right, {whole}}}\n"
        "lines:\n- {name: middle, camera: left, points: [[0.5, 0], [0.5, 1]]}\n"
    )
    assert associate(run, "--site", tmp_path / "site.yaml") == 0
    people = {entry["id"] for entry in read_json(run / "identities.json")}
    found = read_json(run / "zones.json")
    assert found["zones"][0]["people"] == len(people)  # who is seen by two cameras is one
    assert {stay["identity"] for stay in found["zones"][0]["stays"]} == people
    assert {c["identity"] for c in found["lines"][0]["crossings"]} <= people
    assert 'id="zones"' in (run / "report.html").read_text()
    assert associate(run, "--set", "site.path=null") == 0
    assert not (run / "zones.json").exists()


def test_a_zone_on_a_plan_that_nobody_is_on(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "site.yaml").write_text("zones:\n- {name: all, on: plan, points: [[0, 0], [1, 0], [1, 1]]}\n")
    assert associate(run, "--site", tmp_path / "site.yaml") == 2
    assert "'all' is on the plan, and no camera is" in capsys.readouterr().err
