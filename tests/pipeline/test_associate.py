"""`reidtrack associate`: identities of a run settled anew, without inference."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from outputs import check_agreement, count_frames, listing, read_json, settled_bytes
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.pipeline.associate import associate_again
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Silent


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run: it has moved, too."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def associate(run: Path, *words: str) -> int:
    return main(["associate", str(run), "--quiet", *words])


def test_again_gives_the_same_bytes(run: Path, finished: Path) -> None:
    videos = {name: (run / name).stat().st_mtime_ns for name in ("left.mp4", "right.mp4")}
    for _ in range(2):
        assert associate(run) == 0
        assert settled_bytes(run) == settled_bytes(finished)
    assert listing(run) == listing(finished)
    assert videos == {name: (run / name).stat().st_mtime_ns for name in videos}
    assert read_json(run / "run.json")["status"] == "done"
    check_agreement(run)


def test_other_threshold(run: Path, finished: Path) -> None:
    assert associate(run, "--set", "associate.threshold=0.001", "associate.same_camera_threshold=0.001") == 0
    check_agreement(run)
    record = read_json(run / "run.json")
    assert (record["people"], record["people_in_several_cameras"]) == (8, 0)
    assert record["config"]["associate"]["threshold"] == 0.001
    assert len({path.parent.name for path in run.glob("crops/*/*.jpg")}) == 8  # sorted anew
    assert (run / "tracks.jsonl").read_bytes() == (finished / "tracks.jsonl").read_bytes()
    assert associate(run, "--set", "associate.threshold=auto", "--set", "associate.same_camera_threshold=auto") == 0
    assert settled_bytes(run) == settled_bytes(finished)
    assert listing(run) == listing(finished)


def test_tables_say_what_lines_say_and_follow_corrections(run: Path) -> None:
    import pyarrow.dataset as ds

    assert associate(run, "--parquet") == 0
    assert main(["name", str(run), "1", "Anna", "--quiet"]) == 0
    lines = [json.loads(line) for line in (run / "sightings.jsonl").read_text().splitlines()]
    rows = ds.dataset(run / "parquet" / "sightings", partitioning="hive").to_table().to_pylist()
    keys = ("camera", "frame", "track_id", "identity")
    assert sorted((*(r[k] for k in keys), r["name"]) for r in rows if r["name"]) == sorted(
        (*(line[k] for k in keys), "Anna") for line in lines if line["identity"] == 1
    )
    assert len(rows) == len(lines)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        pytest.param("track.max_age=3", "'track' cannot change without inference", id="tracker"),
        pytest.param("embed.every_s=1", "'embed' cannot change without inference", id="embedding"),
        pytest.param("device=cuda", "'device' cannot change without inference", id="device"),
        pytest.param("associate.treshold=0.5", "did you mean 'associate.threshold'?", id="unknown key"),
        pytest.param("asociate.threshold=0.5", "did you mean 'associate", id="unknown section"),
        pytest.param("associate.threshold=3", "associate.threshold", id="out of range"),
        pytest.param("associate.threshold", "key.sub=value", id="no value"),
    ],
)
def test_settings_that_are_refused(
    run: Path, finished: Path, word: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert associate(run, "--set", word) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert settled_bytes(run) == settled_bytes(finished)


def test_videos_again(run: Path, finished: Path) -> None:
    for name in ("left.mp4", "right.mp4"):
        (run / name).unlink()
    assert associate(run, "--video") == 0
    assert listing(run) == listing(finished)
    assert (run / "left.mp4").read_bytes() == (finished / "left.mp4").read_bytes()
    assert associate(run, "--mosaic") == 0
    assert count_frames(run / "mosaic.mp4") == 40


def test_videos_that_were_not_begun_stay(run: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the first of two is rendered, one at a time."""
    cancel = CancelToken()

    class Ends(Silent):
        def advance(self, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
            assert task == "left"
            cancel.cancel()

    monkeypatch.setattr("reidtrack.pipeline.run.write_outputs.at_once", lambda: 1)
    outcome = associate_again(run, (), video=True, mosaic=False, progress=Ends(), cancel=cancel)
    assert outcome.interrupted
    assert count_frames(run / "left.mp4") == 1
    assert (run / "right.mp4").read_bytes() == (finished / "right.mp4").read_bytes()


def test_videos_where_another_machine_had_decoded(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = read_json(run / "run.json")
    record["config"]["hwaccel"] = "warp"
    (run / "run.json").write_text(json.dumps(record))
    assert associate(run, "--video") == 2
    assert "no decoding by 'warp' here" in capsys.readouterr().err
    assert associate(run, "--video", "--set", "hwaccel=none") == 0


def test_videos_of_recordings_that_are_gone(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = read_json(run / "run.json")
    for entry in record["inputs"]:
        entry["source"] = str(tmp_path / "gone" / Path(entry["source"]).name)
    (run / "run.json").write_text(json.dumps(record))
    assert associate(run) == 0  # nothing is read
    for words in (["--video"], ["--mosaic"]):
        assert associate(run, *words) == 3
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 2
        assert all("no such file" in line for line in lines)
    check_agreement(run)  # the videos are as they were


def test_json(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["associate", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"folder": str(run), **read_json(run / "run.json")}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("run.json", None, "holds no run", id="no run.json"),
        pytest.param("run.json", b"{", "run.json: is not JSON", id="run.json cut short"),
        pytest.param("run.json", b'{"schema_version": 99}', "has schema version 99", id="another version"),
        pytest.param("run.json", b'{"schema_version": 1}', "run.json", id="run.json that lacks its parts"),
        pytest.param("tracklets.npz", None, "its reading has not ended", id="no features"),
        pytest.param("tracklets.npz", b"PK\x03\x04junk", "tracklets.npz: cannot be read", id="features cut short"),
        pytest.param("tracks.jsonl", None, "tracks.jsonl: cannot be read", id="no tracks"),
        pytest.param("tracks.jsonl", b"\xff\n\xff\n", "tracks.jsonl:1: is not JSON", id="tracks that are noise"),
        pytest.param("tracks.jsonl", b'{"camera":"left"}\n', "tracks.jsonl", id="tracks that lack their parts"),
        pytest.param("tracks.jsonl", b"[1]\n", "tracks.jsonl", id="tracks of another kind"),
        pytest.param("detections.jsonl", b"{}\n", "detections.jsonl", id="detections that lack their parts"),
        pytest.param("detections.jsonl", b"", "detections.jsonl", id="detections that are gone"),
    ],
)
def test_a_folder_that_is_damaged(
    run: Path, name: str, content: bytes | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / name).unlink()
    if content is not None:
        (run / name).write_bytes(content)
    assert associate(run) == 3
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert associate(tmp_path / "none") == 3
    assert "holds no run" in capsys.readouterr().err


def test_evaluate_what_came_of_a_run(run: Path, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    truth = [f"{camera}={path}" for camera, path in scene.truth.items()]
    assert main(["evaluate", str(run), "--gt", *truth, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: figures["MOTA"] for name, figures in told["cameras"].items()} == {"left": 100.0, "right": 100.0}
    assert told["cross"]["IDF1"] == 100.0
