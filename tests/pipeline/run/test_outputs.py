"""`reidtrack run` on a drawn scene: every output is there, they agree, and twice gives the same bytes."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from installed import needs_openvino
from outputs import check_agreement, count_frames, listing, read_json, read_lines, settled_bytes
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.detect.replay import ReplayDetector
from reidtrack.mot import read_mot
from reidtrack.pipeline.run import write_outputs as finish
from reidtrack.types import Detections, Frame


def test_every_output_is_there_and_they_agree(finished: Path) -> None:
    names = {name for name in listing(finished) if not name.startswith("crops/")}
    assert names == {
        *("run.json", "detections.jsonl", "tracks.jsonl", "tracklets.npz", "identities.json", "sightings.jsonl"),
        *("left.mp4", "right.mp4", "tracks/left.txt", "tracks/right.txt", "mot/left.txt", "mot/right.txt"),
        *("mtmc.txt", "report.html", "site.json", "calibration.json"),
    }
    check_agreement(finished)


def test_everybody_has_one_identity_over_both_cameras(finished: Path, scene: Scene) -> None:
    owner: dict[int, set[int]] = {}
    for camera in ("left", "right"):
        truth, found = read_mot(scene.truth[camera]), read_mot(finished / "mot" / f"{camera}.txt")
        assert len(found) == len(truth)
        for frame, rows in truth.by_frame():
            told = found[found.frame == frame]
            for who, xyxy in zip(rows.id.tolist(), rows.xyxy, strict=True):
                nearest = int(np.abs(told.xyxy - xyxy).sum(axis=1).argmin())
                owner.setdefault(who, set()).add(int(told.id[nearest]))
    assert sorted(owner) == [1, 2, 3, 4]
    assert sorted(min(ids) for ids in owner.values()) == [1, 2, 3, 4]
    assert all(len(ids) == 1 for ids in owner.values())


def test_run_json(finished: Path, scene: Scene, now: datetime) -> None:
    record = read_json(finished / "run.json")
    assert record["schema_version"] == 1
    assert record["status"] == "done"
    assert record["started_utc"] == now.isoformat(timespec="seconds")
    assert record["origin_utc"] == now.isoformat()
    assert f"{now:%Y-%m-%d %H:%M:%S} UTC (start of the run)" in (finished / "report.html").read_text(encoding="utf-8")
    assert [entry["camera"] for entry in record["inputs"]] == ["left", "right"]
    assert [entry["source"] for entry in record["inputs"]] == [str(path) for path in scene.videos.values()]
    assert record["weights"]["reid"]["sha256"].keys() == {scene.reid.name}
    assert record["config"]["engine"] == "torch"
    assert record["versions"].keys() >= {"python", "torch", "numpy", "av"}
    assert record["timings_s"].keys() >= {"decode", "detect", "track", "embed", "associate", "render"}
    assert (record["people"], record["people_in_several_cameras"]) == (4, 4)
    assert record["cameras"].keys() == {"left", "right"}
    for entry in record["cameras"].values():
        assert (entry["frames"], entry["last_frame"], entry["people"]) == (40, 39, 4)
        assert (entry["first_time_s"], entry["last_time_s"]) == (0.0, 3.9)
        assert (entry["damaged_packets"], entry["skipped_crops"]) == (0, 0)


def test_links_say_why(finished: Path) -> None:
    for person in read_json(finished / "identities.json"):
        first, second = person["tracklets"]
        assert first["link"] is None
        assert (second["link"]["camera"], second["link"]["track_id"]) == (first["camera"], first["track_id"])
        assert 0 <= second["link"]["distance"] < second["link"]["distance"] + second["link"]["margin"]


def test_features_are_unit_vectors_of_boxes_that_exist(finished: Path) -> None:
    seen = {(line["camera"], line["frame"], line["track_id"]) for line in read_lines(finished / "tracks.jsonl")}
    with np.load(finished / "tracklets.npz", allow_pickle=False) as data:
        names = data["cameras"].tolist()
        keys = zip(data["camera"].tolist(), data["frame"].tolist(), data["track_id"].tolist(), strict=True)
        assert {(names[camera], frame, track_id) for camera, frame, track_id in keys} <= seen
        np.testing.assert_allclose(np.linalg.norm(data["feature"].astype(np.float64), axis=1), 1, atol=2e-3)
        assert ((data["quality"] >= 0) & (data["quality"] <= 1)).all()


@pytest.mark.parametrize("engine", ["torch", pytest.param("openvino", marks=needs_openvino)])
def test_twice_gives_the_same_bytes(scene: Scene, tmp_path: Path, engine: str) -> None:
    for name in ("one", "two"):
        arguments = scene.arguments("--out", tmp_path / name, "--no-video", "--quiet", "--engine", engine)
        assert main(arguments) == 0
    assert settled_bytes(tmp_path / "one") == settled_bytes(tmp_path / "two")


@pytest.mark.parametrize(
    ("words", "gone", "added"),
    [
        pytest.param(["--no-video"], {"left.mp4", "right.mp4"}, set(), id="no videos"),
        pytest.param(["--mosaic"], set(), {"mosaic.mp4"}, id="mosaic"),
    ],
)
def test_videos_that_are_asked_for(
    scene: Scene, finished: Path, tmp_path: Path, words: list[str], gone: set[str], added: set[str]
) -> None:
    assert main(scene.arguments("--out", tmp_path / "run", "--quiet", *words)) == 0
    assert listing(tmp_path / "run") == listing(finished) - gone | added
    assert settled_bytes(tmp_path / "run") == settled_bytes(finished)
    if added:
        assert count_frames(tmp_path / "run" / "mosaic.mp4") == 40


@pytest.mark.parametrize(
    ("words", "each"),
    [
        pytest.param([], 1, id="the best of each visit"),
        pytest.param(["--crops"], None, id="every one that was embedded"),
        pytest.param(["--no-crops"], 0, id="none"),
    ],
)
def test_crops(scene: Scene, tmp_path: Path, words: list[str], each: int | None) -> None:
    folder = tmp_path / "run"
    assert main(scene.arguments("--out", folder, "--no-video", "--quiet", *words)) == 0
    people = read_json(folder / "identities.json")
    pictures = {person["id"]: len(list(folder.glob(f"crops/{person['id']}/*.jpg"))) for person in people}
    with np.load(folder / "tracklets.npz") as data:
        embedded = len(data["frame"])
    assert sum(pictures.values()) == (embedded if each is None else each * 8)
    assert not (folder / "crops" / "unsettled").exists()
    assert ("data:image/jpeg" in (folder / "report.html").read_text(encoding="utf-8")) == (each != 0)


def test_json_is_all_of_standard_output(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(scene.arguments("--out", tmp_path / "run", "--no-video", "--json")) == 0
    said = capsys.readouterr()
    told = json.loads(said.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert told == {"folder": str(tmp_path / "run"), **read_json(tmp_path / "run" / "run.json")}
    assert "reading left: 40/40 frames" in said.err


def test_plain_lines_off_a_terminal(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "[bold]" / "[" / "x]"  # no markup
    assert main(scene.arguments("--out", folder)) == 0
    said = capsys.readouterr()
    assert f"{folder}: report.html" in said.out
    assert "4 people, 4 of them in more than one camera" in said.out
    for line in ("reading left: 40/40", "reading right: 40/40", "rendering left: 40/40", "rendering right: 40/40"):
        assert line in said.err
    assert "\x1b" not in said.out + said.err


def test_quiet_says_nothing(scene: Scene, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(scene.arguments("--out", tmp_path / "run", "--quiet")) == 0
    assert capfd.readouterr() == ("", "")


def test_overwrite_replaces_a_run_and_keeps_what_is_not_of_it(scene: Scene, finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    (folder / "notes.txt").write_text("mine")
    (folder / ".left.mp4.joining").write_text("left by a kill")
    (folder / "evaluation.json").write_text("{}")
    words = ["--out", folder, "--overwrite", "--no-video", "--no-crops", "--quiet"]
    assert main(scene.arguments(*words, cameras=["left"])) == 0
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (folder / "evaluation.json").exists()
    assert not (folder / "right.mp4").exists()
    (folder / "notes.txt").unlink()
    check_agreement(folder, videos=False)


def test_times_are_finite_in_every_record(finished: Path) -> None:
    for line in read_lines(finished / "sightings.jsonl"):
        assert all(math.isfinite(value) for value in (line["time_s"], line["score"], *line["xyxy"]))
        assert line["xyxy"][0] < line["xyxy"][2]
        assert line["xyxy"][1] < line["xyxy"][3]


@pytest.mark.parametrize("every", [2, 3])
def test_frames_that_are_not_looked_at_are_filled_in(
    scene: Scene, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """The detector sees each N-th frame, the logs tell of all, and nobody is lost or cut in two."""
    asked: list[int] = []
    detect = ReplayDetector.detect

    def spy(self: ReplayDetector, frames: Sequence[Frame]) -> list[Detections]:
        asked.extend(frame.index for frame in frames)
        return detect(self, frames)

    monkeypatch.setattr(ReplayDetector, "detect", spy)
    folder = tmp_path / "run"
    assert main(scene.arguments("--out", folder, "--no-video", "--quiet", "--detect-every", every)) == 0
    assert set(asked) == set(range(0, 40, every))
    assert [entry["frames"] for entry in read_json(folder / "run.json")["cameras"].values()] == [40, 40]
    assert {line["frame"] for line in read_lines(folder / "tracks.jsonl")} <= set(asked)
    before, now = (read_lines(path / "sightings.jsonl") for path in (finished, folder))
    visits = {(line["camera"], line["track_id"]) for line in before}
    assert len({(line["camera"], line["track_id"]) for line in now}) == len(visits)
    assert len(now) >= 0.9 * len(before)
    check_agreement(folder, videos=False)


def test_videos_do_not_depend_on_how_many_are_rendered_at_once(
    scene: Scene, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finish, "at_once", lambda: 1)
    shutil.copytree(finished, tmp_path / "run")
    for path in (tmp_path / "run").glob("*.mp4"):
        path.unlink()
    assert main(["associate", str(tmp_path / "run"), "--video", "--quiet"]) == 0
    for name in ("left.mp4", "right.mp4"):
        assert (tmp_path / "run" / name).read_bytes() == (finished / name).read_bytes()
