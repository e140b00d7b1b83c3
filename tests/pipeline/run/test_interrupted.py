"""Runs that are ended early, by hand or by force, and what `--resume` makes of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

import pytest
from child import Strike, run_child
from installed import needs_openvino
from outputs import check_agreement, count_frames, listing, read_json, read_lines, settled_bytes
from scene import Scene

from reidtrack.cli.main import main


def resume(scene: Scene, folder: Path, *more: object) -> int:
    return main(scene.arguments("--out", folder, "--resume", "--quiet", *more))


def check_like_an_uninterrupted_run(folder: Path, finished: Path) -> None:
    """The same files, and the same bytes in all that does not tell when it was made."""
    assert listing(folder) == listing(finished)
    assert settled_bytes(folder) == settled_bytes(finished)
    for name in ("left.mp4", "right.mp4"):
        assert (folder / name).read_bytes() == (finished / name).read_bytes()
    check_agreement(folder)


@pytest.mark.parametrize("signal", [SIGINT, SIGTERM])
def test_ended_by_hand_while_reading(scene: Scene, finished: Path, tmp_path: Path, signal: Signals) -> None:
    """What was read is finalised: logs, identities, report and videos of it."""
    folder = tmp_path / "run"
    ended = run_child(scene.arguments("--out", folder), tmp_path / "said", Strike(signal, "reading", 33))
    assert ended.code == 130
    assert "interrupted: what was read until then is finalised; --resume goes on" in ended.err
    assert "Traceback" not in ended.err
    check_agreement(folder)
    record = read_json(folder / "run.json")
    assert record["status"] == "interrupted"
    assert [entry["frames"] for entry in record["cameras"].values()] == [20, 20]  # to the end of the batch of 8
    assert (folder / "report.html").is_file()
    assert main(["associate", str(folder), "--quiet"]) == 0
    assert read_json(folder / "run.json")["status"] == "interrupted"  # it can still be gone on with
    assert resume(scene, folder) == 0
    check_like_an_uninterrupted_run(folder, finished)


def test_ended_by_hand_before_the_first_frame(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from reidtrack.config.load import load
    from reidtrack.config.run import RunConfig
    from reidtrack.pipeline.run.prepare import RunRequest
    from reidtrack.pipeline.run.run import run
    from reidtrack.runtime.cancel import CancelToken
    from reidtrack.runtime.progress import Silent

    config = load(RunConfig, options={"embed.weights": scene.reid, "engine": "torch"})
    sources = tuple(str(path) for path in scene.videos.values())
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(KeyboardInterrupt):
        run(RunRequest(sources, tmp_path / "run", config, detections=scene.detections), Silent(), cancel)
    assert not (tmp_path / "run").exists()


def test_asked_twice_while_reading(scene: Scene, finished: Path, tmp_path: Path) -> None:
    """A second Ctrl-C does not wait for anything; what is logged stays."""
    folder = tmp_path / "run"
    ended = run_child(scene.arguments("--out", folder), tmp_path / "said", Strike(SIGINT, "reading", 33, times=2))
    assert (ended.code, ended.err.splitlines()[-1]) == (130, "interrupted")
    assert "Traceback" not in ended.err
    assert resume(scene, folder) == 0
    check_like_an_uninterrupted_run(folder, finished)


def test_killed_while_reading(scene: Scene, finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    ended = run_child(scene.arguments("--out", folder), tmp_path / "said", Strike(SIGKILL, "reading", 61))
    assert ended.code == -SIGKILL
    lines = read_lines(folder / "tracks.jsonl")
    assert lines == read_lines(finished / "tracks.jsonl")[: len(lines)]
    assert lines[-1]["time_s"] >= 2.0  # 61 of 80 frames were read, 3.0 s; the last second is all that may be missing
    assert main(["associate", str(folder), "--quiet"]) == 3
    assert resume(scene, folder) == 0
    check_like_an_uninterrupted_run(folder, finished)


def test_killed_with_the_motion_gate(scene: Scene, tmp_path: Path) -> None:
    """Which frames are looked at depends on what was found, not on when: a run that goes on looks at the same."""
    whole, folder, words = tmp_path / "whole", tmp_path / "run", ("--motion-gate", "--no-video")
    assert main(scene.arguments("--out", whole, "--quiet", *words)) == 0
    arguments = scene.arguments("--out", folder, *words)
    assert run_child(arguments, tmp_path / "said", Strike(SIGKILL, "reading", 61)).code == -SIGKILL
    assert resume(scene, folder, *words) == 0
    assert settled_bytes(folder) == settled_bytes(whole)


@pytest.mark.parametrize("kept", [pytest.param(-11, id="cut short"), pytest.param(0, id="empty"), None])
def test_logs_that_a_kill_cut_short(scene: Scene, finished: Path, tmp_path: Path, kept: int | None) -> None:
    """Each log is read up to its last whole record; what is not there is computed again."""
    folder = tmp_path / "run"
    run_child(scene.arguments("--out", folder), tmp_path / "said", Strike(SIGKILL, "reading", 61))
    if kept is None:
        (folder / "features.part").unlink()
    else:
        for name in ("detections.jsonl", "features.part", "tracks.jsonl"):
            (folder / name).write_bytes((folder / name).read_bytes()[:kept])
    assert resume(scene, folder) == 0
    check_like_an_uninterrupted_run(folder, finished)


def test_interrupted_again_and_again(scene: Scene, finished: Path, tmp_path: Path) -> None:
    """Later than the first time, and earlier."""
    folder = tmp_path / "run"
    for strike in (Strike(SIGINT, "reading", 33), Strike(SIGKILL, "reading", 61), Strike(SIGINT, "reading", 17)):
        words = scene.arguments("--out", folder, *(["--resume"] if folder.exists() else []))
        assert run_child(words, tmp_path / "said", strike).code in (130, -SIGKILL)
    check_agreement(folder)
    assert [entry["frames"] for entry in read_json(folder / "run.json")["cameras"].values()] == [12, 12]
    assert resume(scene, folder) == 0
    check_like_an_uninterrupted_run(folder, finished)


@pytest.mark.parametrize(("frames", "left", "right"), [(1, 1, 0), (20, 10, 10), (61, 31, 30)])
def test_ended_by_hand_while_rendering(
    scene: Scene, finished: Path, tmp_path: Path, frames: int, left: int, right: int
) -> None:
    folder = tmp_path / "run"
    ended = run_child(scene.arguments("--out", folder), tmp_path / "said", Strike(SIGINT, "rendering", frames))
    assert ended.code == 130
    assert settled_bytes(folder) == settled_bytes(finished)
    assert count_frames(folder / "left.mp4") == left
    assert (folder / "right.mp4").exists() == (right > 0)
    assert right == 0 or count_frames(folder / "right.mp4") == right
    assert resume(scene, folder) == 0
    check_like_an_uninterrupted_run(folder, finished)


def test_killed_while_rendering(scene: Scene, finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = scene.arguments("--out", folder, "--mosaic")
    ended = run_child(words, tmp_path / "said", Strike(SIGKILL, "rendering", 50))
    assert ended.code == -SIGKILL
    for name in ("left.mp4", "right.mp4", "mosaic.mp4"):
        assert count_frames(folder / name) >= 15  # 25 frames of each were written: the last second may be missing
    assert settled_bytes(folder) == settled_bytes(finished)
    assert main([*words, "--resume", "--quiet"]) == 0
    assert listing(folder) == listing(finished) | {"mosaic.mp4"}
    check_agreement(folder)


def test_a_finished_run_resumed_changes_nothing(scene: Scene, finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    assert resume(scene, tmp_path / "run") == 0
    check_like_an_uninterrupted_run(tmp_path / "run", finished)
    before = settled_bytes(tmp_path / "run")["identities.json"]
    assert resume(scene, tmp_path / "run", "--no-video", "--set", "associate.threshold=0.01") == 0
    assert settled_bytes(tmp_path / "run")["identities.json"] != before  # association needs no reading
    assert read_json(tmp_path / "run" / "run.json")["config"]["associate"]["threshold"] == 0.01


def test_resume_where_nothing_is_begins(scene: Scene, finished: Path, tmp_path: Path) -> None:
    assert resume(scene, tmp_path / "run") == 0
    check_like_an_uninterrupted_run(tmp_path / "run", finished)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--set", "track.max_age=9"], "other track: max_age was 2.0, now 9.0", id="tracker"),
        pytest.param(["--set", "embed.every_s=1"], "other embed: every_s was 0.5, now 1.0", id="embedding"),
        pytest.param(["--stride", "2"], "other part: stride was 1, now 2", id="part"),
        pytest.param(["--offsets", "0", "1"], "other inputs", id="offsets"),
        pytest.param(["--cameras", "right", "left"], "other inputs", id="names"),
        pytest.param(["--engine", "openvino"], "other weights", id="engine", marks=needs_openvino),
    ],
)
def test_resume_with_other_settings(
    scene: Scene, finished: Path, tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(finished, tmp_path / "run")
    assert resume(scene, tmp_path / "run", *words) == 2
    assert said in capsys.readouterr().err
    assert listing(tmp_path / "run") == listing(finished)


def test_resume_of_an_earlier_version(
    scene: Scene, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(finished, tmp_path / "run")
    record = read_json(tmp_path / "run" / "run.json")
    del record["config"]["detect"]["every"]
    (tmp_path / "run" / "run.json").write_text(json.dumps(record))
    assert resume(scene, tmp_path / "run") == 2
    assert "of an earlier reidtrack, without the setting detect.every" in capsys.readouterr().err


FORMER_TRACK = {
    "method": "cascade",
    "time_unit": "seconds",
    "max_age": 2.0,
    "min_hits": 3,
    "iou": 0.3,
    "probation": 0.2,
    "patience": 0.3,
    "low": 0.1,
    "high": 0.5,
    "start": 0.6,
    "low_iou": 0.5,
    "reach": 3.0,
    "agility": 0.05,
    "fill_gap": 1.0,
    "smooth": 0.2,
    "camera_motion": True,
}
"""Section `track` of a run.json before methods had sections of their own, with the one setting that is newer."""


@pytest.mark.parametrize(
    ("changed", "said"),
    [pytest.param({}, "", id="the same"), pytest.param({"reach": 2.0}, "was 2.0, now 3.0", id="another gate")],
)
def test_resume_of_a_run_with_former_names_of_settings(
    scene: Scene,
    finished: Path,
    tmp_path: Path,
    changed: dict[str, float],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(finished, tmp_path / "run")
    record = read_json(tmp_path / "run" / "run.json")
    record["config"]["track"] = FORMER_TRACK | changed
    (tmp_path / "run" / "run.json").write_text(json.dumps(record))
    assert resume(scene, tmp_path / "run", "--no-video") == (2 if said else 0)
    assert said in capsys.readouterr().err
    if not said:
        assert settled_bytes(tmp_path / "run") == settled_bytes(finished)
        (tmp_path / "run" / "run.json").write_text(json.dumps(record))
        assert main(["associate", str(tmp_path / "run"), "--quiet"]) == 0
        assert settled_bytes(tmp_path / "run") == settled_bytes(finished)


def test_resume_with_the_same_weights_at_another_place(scene: Scene, finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "moved").mkdir()
    weights = shutil.copy(scene.reid, tmp_path / "moved" / scene.reid.name)
    assert resume(scene, tmp_path / "run", "--no-video", "--reid", weights) == 0
