"""Recordings that become something else midway, or that FFmpeg does not know: it is told, and other cameras go on."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from builders import even_times, write_video
from outputs import read_json
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.errors import InputError
from reidtrack.video.source import open_source


def unknown(path: Path, old: bytes, new: bytes, **options: str) -> Path:
    data = write_video(path, even_times(20, 25), **options).read_bytes()  # type: ignore[arg-type]
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


UNKNOWN = [
    pytest.param("a.mkv", b"V_MPEG4/ISO/AVC", b"V_XPEG9/ISO/XXX", "libx264", id="mkv"),
    pytest.param("a.mp4", b"avc1", b"zzz1", "libx264", id="mp4"),
    pytest.param("a.avi", b"FMP4", b"ZZZ9", "mpeg4", id="avi"),
]


@pytest.mark.parametrize(("name", "old", "new", "codec"), UNKNOWN)
def test_a_codec_that_nobody_knows(tmp_path: Path, name: str, old: bytes, new: bytes, codec: str) -> None:
    path = unknown(tmp_path / name, old, new, codec=codec)
    with pytest.raises(InputError, match=r"coded in a way that FFmpeg does not know|could be decoded"):
        list(open_source(path, "x"))


def test_a_codec_that_nobody_knows_beside_a_good_camera(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = unknown(tmp_path / "left.mkv", b"V_MPEG4/ISO/AVC", b"V_XPEG9/ISO/XXX")
    words = scene.arguments("--out", tmp_path / "run", "--no-video", "--quiet")
    words[words.index(str(scene.videos["left"]))] = str(path)
    assert main(words) == 3
    assert "coded in a way" in capsys.readouterr().err
    data = read_json(tmp_path / "run" / "run.json")
    assert data["status"] == "done"
    assert data["cameras"]["right"]["frames"] == 40


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def test_another_codec_midway(tmp_path: Path) -> None:
    first = write_video(tmp_path / "a.ts", even_times(60, 25))
    second = write_video(tmp_path / "b.ts", even_times(60, 25), codec="libx265")
    read = 0
    said = r"nothing could be decoded of its last \d+ pictures; its codec changes there"
    with open_source(joined(tmp_path / "ab.ts", first, second), "x") as source, pytest.raises(InputError, match=said):
        for _ in source:
            read += 1
    assert read >= 55


def test_another_program_midway(tmp_path: Path) -> None:
    import av

    first = write_video(tmp_path / "a.ts", even_times(60, 25))
    options = {"mpegts_start_pid": "0x200", "mpegts_pmt_start_pid": "0x1100", "mpegts_service_id": "7"}
    with av.open(str(first)) as source, av.open(str(tmp_path / "b.ts"), "w", format="mpegts", options=options) as copy:
        target = copy.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = target
                copy.mux(packet)
    read = 0
    said = "another stream takes the place of this one after 60 pictures"
    whole = joined(tmp_path / "ab.ts", first, tmp_path / "b.ts")
    with open_source(whole, "x") as recording, pytest.raises(InputError, match=said):
        for _ in recording:
            read += 1
    assert read == 60


def test_another_size_midway_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sizes = {"a": (96, 64), "b": (128, 96)}
    parts = [write_video(tmp_path / f"{name}.ts", even_times(20, 25), size=size) for name, size in sizes.items()]
    with caplog.at_level(logging.WARNING), open_source(joined(tmp_path / "ab.ts", *parts, *parts), "x") as source:
        assert {frame.size for frame in source} == {(96, 64)}
    told = [r.message for r in caplog.records if "its pictures are of" in r.message]
    assert told == ["x: from 0.8 s on its pictures are of 128x96; they are scaled to the 96x64 of the first"]


def test_images_of_another_size_are_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    import cv2
    import numpy as np

    for number, width in enumerate((64, 64, 32, 48)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((32, width, 3), np.uint8))
    with caplog.at_level(logging.WARNING), open_source(tmp_path, "x") as source:
        assert {frame.size for frame in source} == {(64, 32)}
    assert len([r for r in caplog.records if "such images are scaled" in r.message]) == 1


@pytest.mark.parametrize("version", ["2.5.1", "2.4.0+cpu", "1.13", "?"])
@pytest.mark.parametrize("name", ["detector.pt", "reid.pth", "state.pt"])
def test_pickles_are_refused_where_reading_them_is_not_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, name: str
) -> None:
    import torch

    from reidtrack.detect.weights import read_detector
    from reidtrack.errors import WeightsError
    from reidtrack.models.reading import read_torch
    from reidtrack.train.state import load_state

    path = tmp_path / name
    torch.save({"a": torch.zeros(1)}, path)
    monkeypatch.setattr(torch, "__version__", version)
    read = {"detector.pt": read_detector, "reid.pth": read_torch, "state.pt": load_state}[name]
    with pytest.raises(WeightsError, match=r"may run code from such a file \(expected torch 2\.6 or later\)"):
        read(path)  # type: ignore[operator]
