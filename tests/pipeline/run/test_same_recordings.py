"""Boxes are drawn into the pictures in which they were found, and a run goes on with the recording that it began."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from outputs import read_json
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.video import inputs
from reidtrack.video.fingerprint import fingerprint
from reidtrack.video.source import open_source


@pytest.fixture
def own(scene: Scene, tmp_path: Path) -> Scene:
    """The scene with recordings of its own, which a test may replace."""
    folder = tmp_path / "videos"
    folder.mkdir()
    videos = {camera: Path(shutil.copy2(path, folder / path.name)) for camera, path in scene.videos.items()}
    return replace(scene, videos=videos)


def put_another(path: Path) -> None:
    shutil.copy(path.with_name("right.mp4"), path)


def flip_a_byte(path: Path) -> None:
    stat = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, (stat.st_atime, stat.st_mtime))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0" * 1000)


def touch(path: Path) -> None:
    os.utime(path, (1, 1))


OTHER = [
    pytest.param(put_another, "it had|content differs", id="another"),
    pytest.param(flip_a_byte, "content differs", id="of the same size and time"),
    pytest.param(cut, "it had .* bytes, and has", id="cut off"),
]


@pytest.mark.parametrize(("change", "said"), OTHER)
def test_videos_are_not_rendered_from_other_recordings(
    own: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], None], said: str
) -> None:
    folder = tmp_path / "run"
    assert main(own.arguments("--out", folder, "--no-video", "--quiet")) == 0
    change(own.videos["left"])
    assert main(["associate", str(folder), "--video"]) == 3
    error = capsys.readouterr().err
    assert re.search(said, error)
    assert "left.mp4: is another recording than the one that was read" in error
    assert not (folder / "left.mp4").exists()
    assert (folder / "right.mp4").is_file()


@pytest.mark.parametrize("change", [touch, grow], ids=["touched", "still being written"])
def test_videos_are_rendered_from_what_was_read(own: Scene, tmp_path: Path, change: Callable[[Path], None]) -> None:
    folder = tmp_path / "run"
    assert main(own.arguments("--out", folder, "--no-video", "--quiet")) == 0
    change(own.videos["left"])
    assert main(["associate", str(folder), "--video", "--quiet"]) == 0
    assert (folder / "left.mp4").is_file()


@pytest.mark.parametrize(("change", "said"), [*OTHER, pytest.param(grow, "bytes, and has", id="grown")])
def test_a_run_does_not_go_on_with_another_recording(
    own: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], None], said: str
) -> None:
    folder = begun(own, tmp_path)
    change(own.videos["left"])
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert main(own.arguments("--out", folder, "--resume", "--no-video", "--quiet")) in (2, 3)
    assert re.search(said, capsys.readouterr().err.splitlines()[-1])
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_a_run_goes_on_with_a_copy(own: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = begun(own, tmp_path)
    touch(own.videos["left"])
    assert main(own.arguments("--out", folder, "--resume", "--no-video")) == 0
    assert "its size and samples of it are the same" in capsys.readouterr().err


def begun(scene: Scene, tmp_path: Path) -> Path:
    """The folder of a run that was killed while reading."""
    folder = tmp_path / "run"
    assert main(scene.arguments("--out", folder, "--no-video", "--quiet")) == 0
    data = read_json(folder / "run.json")
    (folder / "run.json").write_text(json.dumps({**data, "status": "reading"}))
    return folder


class Stream:
    """A recording as an address gives it: no length."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.duration_s = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def __iter__(self) -> Any:
        return iter(self._source)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *fault: object) -> None:
        self._source.close()


@pytest.mark.parametrize("address", ["rtsp://guard:word@door/1", "http://door/live.m3u8", "udp://239.0.0.1:1234"])
def test_a_stream_is_read_once(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    opened: list[str] = []

    def open_stream(source: str, camera: str, **options: Any) -> Any:
        opened.append(source)
        if source != address:
            return open_source(source, camera, **options)
        return Stream(open_source(scene.videos["left"], camera, **options))

    monkeypatch.setattr(inputs, "open_source", open_stream)
    words = scene.arguments("--out", tmp_path / "run", "--cameras", "left", "right")
    words[words.index(str(scene.videos["left"]))] = address
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "is a stream, which shows other pictures when it is opened again" in said
    assert "word" not in said
    assert opened.count(address) == 1
    assert not (tmp_path / "run" / "left.mp4").exists()
    assert (tmp_path / "run" / "right.mp4").is_file()
    data = read_json(tmp_path / "run" / "run.json")
    (tmp_path / "run" / "run.json").write_text(json.dumps({**data, "status": "reading"}))
    assert main([*words, "--resume"]) == 2
    assert "what was shown since cannot be read any more" in capsys.readouterr().err


def test_a_served_file_is_read_again(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "https://archive/left.mp4"

    def open_served(source: str, camera: str, **options: Any) -> Any:
        return open_source(scene.videos["left"] if source == address else source, camera, **options)

    monkeypatch.setattr(inputs, "open_source", open_served)
    words = scene.arguments("--out", tmp_path / "run", "--cameras", "left", "right", "--quiet")
    words[words.index(str(scene.videos["left"]))] = address
    assert main(words) == 0
    assert (tmp_path / "run" / "left.mp4").is_file()


def test_fingerprints(tmp_path: Path, reid: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 5_000_000)
    whole = fingerprint(path)
    assert whole is not None
    assert whole.bytes == 5_000_000
    grow(path)
    assert fingerprint(path, of_bytes=5_000_000) is not None
    assert fingerprint(path, of_bytes=5_000_000).sha256 == whole.sha256  # type: ignore[union-attr]
    assert fingerprint(tmp_path / "none") is None
    assert fingerprint("rtsp://door/1") is None
    os.mkfifo(tmp_path / "pipe")
    assert fingerprint(tmp_path / "pipe") is None
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.jpg").write_bytes(bytes([number]) * 100)
    before = fingerprint(folder)
    assert before is not None
    assert before.bytes == 4000
    (folder / "39.jpg").write_bytes(b"\1" * 100)
    after = fingerprint(folder)
    assert after is not None
    assert (after.bytes, after.sha256 == before.sha256) == (4000, False)
