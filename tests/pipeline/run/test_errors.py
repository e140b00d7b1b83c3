"""What can go wrong in a run: one clear line each, the documented exit code, and nothing of the user's is touched."""

from __future__ import annotations

import os
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import overwrite, write_sound
from child import run_child
from outputs import check_agreement, listing, read_json, settled_bytes
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.errors import OutputError
from reidtrack.pipeline.run import write_outputs as finish_module

Say = Callable[[list[str], int], list[str]]


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Say:
    """Runs a command, holds it to its exit code, and gives the lines of its errors."""

    def run(words: list[str], code: int) -> list[str]:
        assert main(words) == code
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err
        return [line for line in said.err.splitlines() if line.startswith("error")]

    return run


def test_videos_that_cannot_be_read(scene: Scene, tmp_path: Path, say: Say) -> None:
    for name, (path, words) in broken_videos(scene, tmp_path).items():
        lines = say(one_video(scene, path, tmp_path / "run"), 3)
        assert len(lines) == 1, name
        assert re.search(words, lines[0]), lines[0]
        assert lines[0].startswith(f"error: {path}: ")
        assert not (tmp_path / "run").exists(), name


def broken_videos(scene: Scene, folder: Path) -> dict[str, tuple[Path, str]]:
    """Files that are no videos, and what is said of each."""
    whole = scene.videos["left"].read_bytes()
    contents = {
        "empty.mp4": (b"", "empty"),
        "text.mp4": (b"not a video at all\n" * 9, "text, not a video"),
        "cut.mp4": (whole[: len(whole) // 2], "moov"),
        "noise.mp4": (os.urandom(5000), "not a video"),
    }
    for name, (data, _) in contents.items():
        (folder / name).write_bytes(data)
    write_sound(folder / "sound.mp4")
    (folder / "pictures").mkdir()
    cases = {name: (folder / name, words) for name, (_, words) in contents.items()}
    cases["sound only"] = (folder / "sound.mp4", "no video stream")
    cases["no such file"] = (folder / "emtpy.mp4", r"no such file; did you mean empty\.mp4\?")
    cases["folder without images"] = (folder / "pictures", "no images")
    return cases


def one_video(scene: Scene, path: Path, out: Path) -> list[str]:
    words = ["run", "--videos", path, "--detections", scene.detections["left"], "--reid", scene.reid]
    return [str(word) for word in [*words, "--engine", "torch", "--out", out]]


def test_one_bad_camera_among_good_ones(scene: Scene, tmp_path: Path, say: Say) -> None:
    (tmp_path / "text.mp4").write_text("not a video\n")
    words = ["run", "--videos", tmp_path / "text.mp4", *scene.videos.values(), "--reid", scene.reid, "--mosaic"]
    boxes = [scene.detections[name] for name in ("left", "left", "right")]
    words += ["--detections", *boxes, "--engine", "torch", "--out", tmp_path / "run"]
    (line,) = say([str(word) for word in words], 3)
    assert "text.mp4: text, not a video" in line
    record = read_json(tmp_path / "run" / "run.json")
    assert (record["status"], list(record["cameras"])) == ("done", ["left", "right"])
    assert "text, not a video" in record["inputs"][0]["error"]
    assert "text, not a video" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert {row.split(" ")[0] for row in (tmp_path / "run" / "mtmc.txt").read_text().splitlines()} == {"2", "3"}
    check_agreement(tmp_path / "run")
    shutil.copy(scene.videos["left"], tmp_path / "text.mp4")  # it can be read after all
    assert say([str(word) for word in [*words, "--resume"]], 0) == []
    record = read_json(tmp_path / "run" / "run.json")
    assert (record["status"], list(record["cameras"])) == ("done", ["text", "left", "right"])
    check_agreement(tmp_path / "run")


def test_no_camera_can_be_read(scene: Scene, finished: Path, tmp_path: Path, say: Say) -> None:
    (tmp_path / "text.mp4").write_text("not a video\n")
    words = ["run", "--videos", tmp_path / "text.mp4", tmp_path / "none.mp4", "--reid", scene.reid, "--quiet"]
    words += ["--detections", *scene.detections.values(), "--engine", "torch", "--out"]
    lines = say([str(word) for word in [*words, tmp_path / "run"]], 3)
    assert len(lines) == 3  # one for each, also with --quiet, and what came of it
    assert "2 of 2" in lines[-1]
    assert not (tmp_path / "run").exists()
    shutil.copytree(finished, tmp_path / "old")
    say([str(word) for word in [*words, tmp_path / "old", "--overwrite"]], 3)
    assert settled_bytes(tmp_path / "old") == settled_bytes(finished)


def test_a_damaged_stream_is_counted(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(scene.videos["left"], tmp_path / "left.mp4")
    overwrite(tmp_path / "left.mp4", 0.3, 3000)
    folder = tmp_path / "run"
    assert main(one_video(scene, tmp_path / "left.mp4", folder)) == 0
    said = capsys.readouterr().err
    entry = read_json(folder / "run.json")["cameras"]["left"]
    assert 0 < entry["frames"] < 40
    assert entry["damaged_packets"] > 0
    assert f"left: {entry['damaged_packets']} damaged packets" in said
    assert f"left: only {entry['frames']} of the 40 frames" in said
    assert "damaged packets were passed over" in (folder / "report.html").read_text(encoding="utf-8")
    check_agreement(folder)


def test_no_frame_in_the_part(scene: Scene, tmp_path: Path, say: Say) -> None:
    (line,) = say(scene.arguments("--out", tmp_path / "run", "--start", "60"), 3)
    assert "--start" in line
    assert not (tmp_path / "run").exists()


class Intruder:
    """Makes a file when a pickle that holds it is loaded without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_weights_that_are_refused(scene: Scene, finished: Path, tmp_path: Path, say: Say) -> None:
    shutil.copytree(finished, tmp_path / "old")
    for name, (path, words) in bad_weights(scene, tmp_path).items():
        (line,) = say(scene.arguments("--out", tmp_path / "run", "--reid", path), 4)
        assert re.search(words, line), (name, line)
        assert path.name in line
        assert not (tmp_path / "run").exists(), name
        say(scene.arguments("--out", tmp_path / "old", "--overwrite", "--reid", path), 4)
        assert settled_bytes(tmp_path / "old") == settled_bytes(finished)
    assert not (tmp_path / "owned").exists()


def bad_weights(scene: Scene, folder: Path) -> dict[str, tuple[Path, str]]:
    """Checkpoints that cannot be used, and what is said of each."""
    import torch
    from safetensors.torch import load_file, save_file

    good = load_file(scene.reid)
    (folder / "text.pth").write_text("weights")
    (folder / "cut.pth").write_bytes(b"PK\x03\x04 and no more")
    (folder / "junk.safetensors").write_bytes(b"junk")
    (folder / "pickle.pth").write_bytes(pickle.dumps(Intruder(folder / "owned")))
    torch.save({"state_dict": Intruder(folder / "owned")}, folder / "intruder.pth")
    torch.save({"conv1.weight": torch.zeros(3, 3)}, folder / "other.pth")
    torch.save({**good, "conv1.conv.weight": good["conv1.conv.weight"][:3]}, folder / "shape.pth")
    save_file({**good, "conv1.conv.weight": good["conv1.conv.weight"] * float("nan")}, folder / "nan.safetensors")
    said = {
        "text.pth": "not a checkpoint",
        "cut.pth": "damaged or cut short",
        "junk.safetensors": "not a whole safetensors file",
        "pickle.pth": "refused",
        "intruder.pth": "refused",
        "other.pth": "no known architecture",
        "shape.pth": "shape|architecture",
        "nan.safetensors": "NaN",
        "none.pth": "no such file",
    }
    return {name: (folder / name, words) for name, words in said.items()}


def test_features_that_are_not_finite(scene: Scene, tmp_path: Path, say: Say) -> None:
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    from reidtrack.models.checkpoint import CARD_KEY

    huge = {key: value * 1e30 if value.is_floating_point() else value for key, value in load_file(scene.reid).items()}
    with safe_open(scene.reid, "pt") as file:
        save_file(huge, tmp_path / "huge.safetensors", metadata={CARD_KEY: file.metadata()[CARD_KEY]})  # no digest
    (line,) = say(scene.arguments("--out", tmp_path / "run", "--reid", tmp_path / "huge.safetensors"), 4)
    assert "NaN, infinite or zero features" in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--set", "track.max_agee=3"], r"did you mean 'track\.max_age'\?", id="unknown key"),
        pytest.param(["--set", "track.max_age"], "key.sub=value", id="no value"),
        pytest.param(["--set", "detect.conf=2"], r"detect\.conf: got 2", id="out of range"),
        pytest.param(["--config", "CONFIG"], "did you mean 'track'", id="unknown section in a file"),
        pytest.param(["--config", "none.yaml"], "none.yaml: cannot be read", id="no such configuration"),
        pytest.param(["--device", "tpu"], "unknown device 'tpu'", id="unknown device"),
        pytest.param(["--engine", "fast"], "^error: engine: got 'fast'", id="unknown engine"),
        pytest.param(["--device", "cuda:99"], "'cuda:99' is not there", id="a GPU that is not there"),
        pytest.param(["--offsets", "1"], "1 offsets for 2 videos", id="too few offsets"),
        pytest.param(["--origin", "0001-01-01T00:00+14:00"], "--origin: cannot read", id="before all time"),
        pytest.param(["--offsets", "nan", "0"], "offsets: got nan", id="offset without a value"),
        pytest.param(["--stride", "0"], "stride: got 0", id="no stride"),
        pytest.param(["--start", "2", "--end", "1"], "end: got 1", id="end before start"),
        pytest.param(["--origin", "yesterday"], "--origin", id="no time"),
        pytest.param(["--cameras", "a"], "got 1 names", id="too few names"),
        pytest.param(["--cameras", "a", "A"], "given twice", id="one name twice"),
        pytest.param(["--cameras", "a", "../b"], "cannot be a file name", id="a name that leads elsewhere"),
        pytest.param(["--cameras", "a", "mosaic"], "another output", id="a name of an output"),
        pytest.param(["--detections", "DETECTIONS"], "cannot tell the camera", id="too few detections"),
        pytest.param(["--detections", "left=DETECTIONS"], "no detections for right", id="no detections of a camera"),
        pytest.param(["--overwrite", "--resume"], "exclude each other", id="overwrite and resume"),
        pytest.param(["--no-video", "--mosaic"], "exclude each other", id="a mosaic and no video"),
    ],
)
def test_options_that_cannot_be(scene: Scene, tmp_path: Path, say: Say, words: list[str], said: str) -> None:
    (tmp_path / "config.yaml").write_text("trak:\n  max_age: 3\n")
    stands_for = {"CONFIG": str(tmp_path / "config.yaml"), "DETECTIONS": str(scene.detections["left"])}
    for name, path in stands_for.items():
        words = [word.replace(name, path) for word in words]
    (line,) = say(scene.arguments("--out", tmp_path / "run", *words), 2)
    assert re.search(said, line), line
    assert not (tmp_path / "run").exists()


def test_cuda_without_a_gpu(scene: Scene, tmp_path: Path, say: Say) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    (line,) = say(scene.arguments("--out", tmp_path / "run", "--device", "cuda"), 2)
    assert "no CUDA GPU is usable here" in line
    assert not (tmp_path / "run").exists()


def test_detections_that_cannot_be_read(scene: Scene, tmp_path: Path, say: Say) -> None:
    (tmp_path / "bad.txt").write_text("1,-1,3,4\n")
    for name, said in (("bad.txt", r"bad\.txt:1: 4 columns"), ("none.txt", r"none\.txt: cannot be read")):
        words = ["--detections", f"left={tmp_path / name}", "--out", tmp_path / "run"]
        (line,) = say(scene.arguments(*words, cameras=["left"]), 3)
        assert re.search(said, line)
        assert not (tmp_path / "run").exists()


def test_places_that_cannot_be_written(scene: Scene, tmp_path: Path, say: Say) -> None:
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        (line,) = say(scene.arguments("--out", out), 5)
        assert str(out) in line
    assert (tmp_path / "file").read_text() == "mine"
    if Path("/proc/self").exists():
        assert "/proc/run" in say(scene.arguments("--out", "/proc/run"), 5)[0]


@pytest.mark.parametrize("run_json", [None, "{}", "[]", "not JSON", '{"inputs": [{"camera": "left"}]}'])
def test_a_folder_that_is_no_run_is_left_alone(scene: Scene, tmp_path: Path, say: Say, run_json: str | None) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in ("left.mp4", "tracks.jsonl", "notes.txt"):
        (mine / name).write_text("mine")
    if run_json is not None:
        (mine / "run.json").write_text(run_json)
    before = listing(mine)
    refusals = {"--overwrite": "not the folder of a run", "--resume": "not the folder of a run", "--quiet": "not empty"}
    for word, said in refusals.items():
        (line,) = say(scene.arguments("--out", mine, word), 2)
        assert said in line
    assert listing(mine) == before
    assert {(mine / name).read_text() for name in before - {"run.json"}} == {"mine"}


def test_a_record_that_leads_elsewhere(scene: Scene, finished: Path, tmp_path: Path, say: Say) -> None:
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "precious.mp4").write_text("mine")
    text = (finished / "run.json").read_text().replace('"camera": "left"', '"camera": "../precious"')
    (tmp_path / "run" / "run.json").write_text(text)
    say(scene.arguments("--out", tmp_path / "run", "--overwrite"), 2)
    assert (tmp_path / "precious.mp4").read_text() == "mine"


@pytest.mark.parametrize("word", ["--overwrite", "--resume"])
def test_a_run_never_replaces_its_own_input(finished: Path, scene: Scene, tmp_path: Path, say: Say, word: str) -> None:
    shutil.copytree(finished, tmp_path / "run")
    (line,) = say([*one_video(scene, tmp_path / "run" / "left.mp4", tmp_path / "run"), word], 2)
    assert "holds an input" in line
    assert listing(tmp_path / "run") == listing(finished)


@pytest.mark.parametrize(
    ("limit", "where"),
    [
        pytest.param(5_000, r"tracks\.jsonl", id="while reading"),
        pytest.param(20_000, r"features\.part|tracks\.jsonl", id="later"),
        pytest.param(61_000, r"tracklets\.npz|features\.part|report\.html", id="while settling"),
    ],
)
def test_a_full_disk(scene: Scene, finished: Path, tmp_path: Path, limit: int, where: str) -> None:
    """A file may not grow beyond a limit, which fails as a full disk does; with room again, the run goes on."""
    folder = tmp_path / "run"
    ended = run_child(scene.arguments("--out", folder), tmp_path / "said", file_limit=limit)
    assert ended.code == 5
    (line,) = [text for text in ended.err.splitlines() if not text.startswith(("reading", "rendering"))]
    assert re.search(where, line)
    assert "cannot be written: " in line or "cannot be written; " in line
    assert main(scene.arguments("--out", folder, "--resume", "--quiet")) == 0
    assert settled_bytes(folder) == settled_bytes(finished)


def test_what_fails_while_settling_needs_no_reading_again(
    scene: Scene, finished: Path, tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a gallery that others keep on writing to when the reading ends."""

    def fail(*_: object) -> None:
        raise OutputError("another process has been writing for 60 s")

    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(finish_module, "settle", fail)
        assert len(say(scene.arguments("--out", folder, "--quiet"), 5)) == 1
    detected = (folder / "detections.jsonl").stat().st_mtime_ns
    assert main(scene.arguments("--out", folder, "--resume", "--quiet")) == 0
    assert (folder / "detections.jsonl").stat().st_mtime_ns == detected
    assert listing(folder) == listing(finished)
    assert settled_bytes(folder) == settled_bytes(finished)


def test_passwords_are_in_no_output(scene: Scene, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    address = "rtsp://guard:hunter2@127.0.0.1:9/yard?token=s3same"
    words = ["run", "--videos", address, scene.videos["left"], "--reid", scene.reid, "--engine", "torch", "--debug"]
    words += ["--detections", *scene.detections.values(), "--out", tmp_path / "run", "--crops", "--json"]
    assert main([str(word) for word in words]) == 3
    said = capfd.readouterr()
    assert "rtsp://***@127.0.0.1:9/yard?token=***" in said.err
    found = [said.out, said.err, *listing(tmp_path / "run")]
    found += [(tmp_path / "run" / name).read_bytes().decode(errors="replace") for name in listing(tmp_path / "run")]
    for secret in ("hunter2", "s3same"):
        assert not [text for text in found if secret in text]
