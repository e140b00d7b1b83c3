"""`reidtrack evaluate --blame` on a run whose mistakes were made on purpose."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from outputs import read_json
from scene import Scene

from reidtrack.cli.main import main


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, in which nothing is wrong."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def evaluate(run: Path, scene: Scene, *words: str) -> int:
    truth = [f"{camera}={path}" for camera, path in scene.truth.items()]
    return main(["evaluate", str(run), "--gt", *truth, "--blame", *words])


def visits(run: Path) -> list[dict[str, str]]:
    """Of each person, camera to tracklet."""
    people = read_json(run / "identities.json")
    return [{t["camera"]: f"{t['camera']} {t['track_id']}" for t in person["tracklets"]} for person in people]


def name(key: dict[str, Any]) -> str:
    return f"{key['camera']} {key['track_id']}"


def test_nothing_is_to_blame(run: Path, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(run, scene, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["blame"]["result"] == {"IDF1": told["cross"]["IDF1"], "HOTA": told["cross"]["HOTA"]}
    assert told["blame"]["linking"] == told["blame"]["camera_pairs"] == []
    assert "No tracklet is in a wrong identity" in (run / "blame.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [[], ["--json"]], ids=["tables", "JSON"])
@pytest.mark.parametrize("name", ["blame.html", "evaluation.json"])
def test_what_cannot_be_written_is_printed_all_the_same(
    run: Path, scene: Scene, capsys: pytest.CaptureFixture[str], name: str, words: list[str]
) -> None:
    (run / name).mkdir()
    assert evaluate(run, scene, *words) == 5
    said = capsys.readouterr()
    assert ('"blame"' if words else "cross-camera points lost") in said.out
    assert f"{name}: cannot be written" in said.err
    assert ("both sides of each link" in said.out) == (name == "evaluation.json" and not words)


def test_two_wrong_links_are_named_and_shown(run: Path, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = visits(run)[:2]
    (run / "corrections.yaml").write_text(
        f"- merge: [{one['left']}, {two['right']}]\n- merge: [{two['left']}, {one['right']}]\n"
    )
    assert main(["associate", str(run), "--quiet"]) == 0
    assert evaluate(run, scene, "--json") == 0
    found = json.loads(capsys.readouterr().out)["blame"]
    assert found["loss"]["tracking"]["IDF1"] == pytest.approx(0)
    assert found["loss"]["linking"]["IDF1"] + found["loss"]["detection"]["IDF1"] == pytest.approx(
        100 - found["result"]["IDF1"], abs=0.01
    )
    assert sum(entry["IDF1"] for entry in found["linking"]) == pytest.approx(found["loss"]["linking"]["IDF1"], abs=0.01)
    wrong = {frozenset((name(link["a"]), name(link["b"]))) for m in found["linking"] for link in m["wrong_links"]}
    assert wrong == {frozenset((one["left"], two["right"])), frozenset((two["left"], one["right"]))}
    missing = {frozenset((name(link["a"]), name(link["b"]))) for m in found["linking"] for link in [m["missing_link"]]}
    assert missing == {frozenset(one.values()), frozenset(two.values())}
    assert all(m["missing_link"]["distance"] < m["wrong_links"][0]["distance"] for m in found["linking"])
    (pair,) = found["camera_pairs"]
    assert (pair["cameras"], pair["splits"], pair["merges"]) == (["left", "right"], 2, 2)
    page = (run / "blame.html").read_text(encoding="utf-8")
    assert page.count("linked, but two people") == page.count("one person, but not linked") == 2
    assert page.count("data:image/jpeg") == 8
    assert evaluate(run, scene) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "cross-camera points lost" in said
    assert "split and merge" in said


def test_a_person_who_is_left_alone(run: Path, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    one = visits(run)[0]
    (run / "corrections.yaml").write_text(f"- apart: [{one['left']}, {one['right']}]\n")
    assert main(["associate", str(run), "--quiet"]) == 0
    assert evaluate(run, scene, "--json") == 0
    (mistake,) = json.loads(capsys.readouterr().out)["blame"]["linking"]
    assert (mistake["kind"], mistake["wrong_links"]) == ("split", [])
    assert {name(mistake["missing_link"]["a"]), name(mistake["missing_link"]["b"])} == set(one.values())


def test_a_track_that_is_cut_is_called_by_its_part(run: Path, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """The part has features and a picture of its own, or none."""
    one, two = visits(run)[:2]
    (run / "corrections.yaml").write_text(
        f"- {{split: {one['left']}, at_s: 2}}\n- merge: [{one['left']}@3, {two['right']}]\n"
    )
    assert main(["associate", str(run), "--quiet"]) == 0
    assert evaluate(run, scene, "--json") == 0
    found = json.loads(capsys.readouterr().out)["blame"]["linking"]
    parts = [key for m in found for key in m["tracklets"] if key["track_id"] > 4]
    assert parts


@pytest.mark.parametrize(
    ("file", "said"),
    [
        pytest.param("sightings.jsonl", "sightings.jsonl", id="no sightings"),
        pytest.param("identities.json", "identities.json: cannot be read", id="no identities"),
        pytest.param("tracklets.npz", "tracklets.npz: cannot be read", id="no features"),
    ],
)
def test_a_run_that_lacks_something(
    run: Path, scene: Scene, file: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / file).unlink()
    assert evaluate(run, scene) == 3
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_logs_that_do_not_agree(run: Path, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (run / "sightings.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (run / "sightings.jsonl").write_text("".join(lines[1:]), encoding="utf-8")
    assert evaluate(run, scene) == 3
    assert "has a box that sightings.jsonl lacks" in capsys.readouterr().err


def test_without_pictures_or_detections(run: Path, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "detections.jsonl").unlink()
    shutil.rmtree(run / "crops")
    assert evaluate(run, scene, "--json") == 0
    told = json.loads(capsys.readouterr().out)["blame"]["detection"]
    assert {loss["missed_but_detected"] for loss in told.values()} == {None}


def test_with_plain_tracker_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--mot", "a", "--tracks", "b", "--blame"]) == 2
    assert "leave out DIR, --gt, --gt-person, --ignore and --blame" in capsys.readouterr().err
