"""Recordings that become something else midway, or that FFmpeg does not know: it is told, and other cameras go on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import even_times, write_video
from outputs import read_json
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.errors import InputError
from reidtrack.types import Frame
from reidtrack.video.part import Part
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


def blank(data: bytes) -> bytes:
    """A transport stream whose pictures hold nothing, but whose tables are whole."""
    emptied = bytearray(data)
    for at in range(0, len(data), 188):
        if data[at + 1] & 0x1F == 1 and data[at + 2] == 0:
            emptied[at + 20 : at + 188] = bytes(168)
    return bytes(emptied)


def without_key_frames(data: bytes) -> bytes:
    """A transport stream of H.264 whose sequence parameter sets are missing, so that no picture can be decoded."""
    return data.replace(b"\x00\x00\x01\x67", b"\x00\x00\x01\x6c")


PROGRAM = {"mpegts_start_pid": "0x200", "mpegts_pmt_start_pid": "0x1100", "mpegts_service_id": "7"}


def stream(path: Path, frames: int, options: dict[str, str] | None = None, **video: Any) -> Path:
    """A transport stream whose tables say what `options` do."""
    import av

    made = write_video(path.with_suffix(".m.ts"), even_times(frames, 25), **video)
    with (
        av.open(str(made), format="mpegts") as source,
        av.open(str(path), "w", format="mpegts", options=options or {}) as copy,
    ):
        target = copy.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = target
                copy.mux(packet)
    return path


H264, H265, OTHER = {"codec": "libx264"}, {"codec": "libx265"}, {"options": PROGRAM}
MPEG2, MPEG4 = {"codec": "mpeg2video"}, {"codec": "mpeg4"}
JOINED: dict[str, tuple[list[tuple[int, dict[str, Any]]], list[int]]] = {
    "another codec": ([(60, H264), (60, H265)], [60]),
    "another codec, soon": ([(60, H264), (8, H265)], [60]),
    "three codecs": ([(30, MPEG4), (40, H265), (50, H264)], [30, 70]),
    "there and back": ([(30, H264), (40, H265), (50, H264)], [30, 70]),
    "another program": ([(60, H264), (60, OTHER)], [60]),
    "another program after a moment": ([(6, H264), (60, OTHER)], [6]),
    "another program of another codec": ([(60, H264), (60, H265 | OTHER)], [60]),
    "the same again": ([(30, H264), (30, H264)], []),
}


@pytest.mark.parametrize(("parts", "begins"), JOINED.values(), ids=JOINED)
def test_what_follows_another_codec_or_program_is_read(
    tmp_path: Path, parts: list[tuple[int, dict[str, Any]]], begins: list[int]
) -> None:
    made = [stream(tmp_path / f"{i}.ts", frames, **options) for i, (frames, options) in enumerate(parts)]
    whole = sum(frames for frames, _ in parts)
    with open_source(joined(tmp_path / "all.ts", *made), "x") as source:
        frames = list(source)
        assert source.damaged < len(parts)  # packets are numbered: the first of a part does not follow
    lost = whole - len(frames)
    assert 0 <= lost <= 2 * len(begins)  # FFmpeg drops a picture or two where the codec changes
    assert [frame.index for frame in frames] == list(range(len(frames)))
    begun = [frame.index for frame in frames if frame.begins_anew]
    assert np.abs(np.array(begun) - begins).max(initial=0) <= lost
    times = np.array([frame.time_s for frame in frames])
    assert np.diff(times).min() > 0
    assert times[-1] == pytest.approx((whole - 1) / 25, abs=0.2)


def test_tables_without_pictures_are_not_followed_for_ever(tmp_path: Path) -> None:
    good, other = (stream(tmp_path / f"{n}.ts", 30, o).read_bytes() for n, o in (("a", None), ("b", PROGRAM)))
    tables = [b"".join(_packets(data, pids)) for data, pids in ((good, (0, 0x1000)), (other, (0, 0x1100)))]
    path = tmp_path / "all.ts"
    path.write_bytes(good + (tables[1] + tables[0]) * 2000)
    frames = []
    with open_source(path, "x") as source, pytest.raises(InputError, match="nothing could be decoded"):
        frames.extend(source)
    assert len(frames) >= 29


def _packets(data: bytes, pids: tuple[int, ...]) -> list[bytes]:
    """The first packet of each number in a transport stream."""
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    return [next(p for p in packets if ((p[1] & 0x1F) << 8 | p[2]) == pid) for pid in pids]


def test_another_codec_after_a_part_that_was_cut_off(tmp_path: Path) -> None:
    first, second = stream(tmp_path / "a.ts", 60), stream(tmp_path / "b.ts", 60, **H265)
    first.write_bytes(first.read_bytes()[:-100])
    with open_source(joined(tmp_path / "ab.ts", first, second), "x") as source:
        frames = list(source)
    assert [frame.index for frame in frames if frame.begins_anew] in ([58], [59])
    assert len(frames) >= 118


LARGE = {"size": (320, 240)}
"""Of smaller pictures two are not enough for a transport stream that FFmpeg opens."""
SOON: dict[str, tuple[list[tuple[int, dict[str, Any]]], list[int]]] = {
    "H.264 first": ([(20, H264), (60, H265)], [20]),
    "H.265 first": ([(20, H265), (60, H264)], [20]),
    "MPEG-2 first": ([(20, MPEG2), (60, H264)], [20]),
    "two pictures first": ([(2, H264), (60, H265)], [2]),
    "one picture first": ([(1, H264), (60, H265)], [1]),
    "another program too": ([(20, H264), (60, H265 | OTHER)], [20]),
    "another program of the same codec": ([(2, H264), (60, OTHER)], [2]),
    "several small parts": ([(3, H264), (4, H265), (5, MPEG2), (30, H264)], [3, 7, 12]),
    "another size, too": ([(20, H264), (60, H265 | {"size": (640, 480)})], [20]),
    "nothing else": ([(3, H264), (3, H264)], []),
}


@pytest.mark.parametrize(("parts", "begins"), SOON.values(), ids=SOON)
def test_what_comes_before_another_codec_is_read_too_however_little_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, parts: list[tuple[int, dict[str, Any]]], begins: list[int]
) -> None:
    """FFmpeg reads on until it knows what there is, and takes all for what comes last."""
    made = [stream(tmp_path / f"{i}.ts", frames, **LARGE | options) for i, (frames, options) in enumerate(parts)]
    with caplog.at_level(logging.WARNING), open_source(joined(tmp_path / "all.ts", *made), "x") as source:
        frames = list(source)
        assert source.damaged < len(parts)
    assert len(frames) == sum(frames for frames, _ in parts)
    assert [frame.index for frame in frames if frame.begins_anew] == begins
    assert {frame.size for frame in frames} == {(320, 240)}
    assert sum("becomes another one" in r.message for r in caplog.records) == len(begins)


@pytest.mark.parametrize("spoilt", [blank, without_key_frames], ids=["empty", "without a key frame"])
def test_what_is_left_out_before_another_codec_is_told_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoilt: Callable[[bytes], bytes]
) -> None:
    first, second = stream(tmp_path / "a.ts", 20), stream(tmp_path / "b.ts", 60, **H265)
    first.write_bytes(spoilt(first.read_bytes()))
    with caplog.at_level(logging.WARNING), open_source(joined(tmp_path / "ab.ts", first, second), "x") as source:
        assert len(list(source)) == 60
        assert source.damaged > 0
    assert sum("nothing could be decoded of its first" in r.message for r in caplog.records) == 1


@pytest.mark.parametrize(
    ("part", "indices", "begins"),
    [
        pytest.param(Part(stride=7), list(range(0, 60, 7)), [35], id="every seventh"),
        pytest.param(Part(start_s=1.0), list(range(25, 60)), [30], id="from a moment on"),
        pytest.param(Part(start_s=1.4), list(range(35, 60)), [35], id="from the second on"),
        pytest.param(Part(end_s=1.1), list(range(28)), [], id="before it"),
    ],
)
def test_a_part_of_it(tmp_path: Path, part: Part, indices: list[int], begins: list[int]) -> None:
    made = [stream(tmp_path / "a.ts", 30), stream(tmp_path / "b.ts", 30, **OTHER)]
    with open_source(joined(tmp_path / "ab.ts", *made), "x", part=part) as source:
        frames = list(source)
    assert [frame.index for frame in frames] == indices
    assert [frame.index for frame in frames if frame.begins_anew] == begins


def test_what_follows_and_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    first, second = stream(tmp_path / "a.ts", 60), stream(tmp_path / "b.ts", 60, **H265)
    second.write_bytes(blank(second.read_bytes()))
    with open_source(joined(tmp_path / "ab.ts", first, second), "x") as source:
        read: list[Frame] = []
        with pytest.raises(InputError, match=r"decoded|becomes another one"):
            read.extend(source)
            read += list(source)


def test_another_size_midway_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sizes = {"a": (96, 64), "b": (128, 96)}
    parts = [write_video(tmp_path / f"{name}.ts", even_times(20, 25), size=size) for name, size in sizes.items()]
    with caplog.at_level(logging.WARNING), open_source(joined(tmp_path / "ab.ts", *parts, *parts), "x") as source:
        assert {frame.size for frame in source} == {(96, 64)}
    told = [r.message for r in caplog.records if "its pictures are of" in r.message]
    assert told == ["x: from 0.8 s on its pictures are of 128x96; they are scaled to the 96x64 of the first"]


@pytest.mark.parametrize(
    ("size", "begins"),
    [
        pytest.param((192, 128), [], id="the same view, larger"),
        pytest.param((48, 32), [], id="smaller"),
        pytest.param((96, 80), [20], id="other proportions"),
    ],
)
def test_pictures_of_other_proportions_begin_anew(tmp_path: Path, size: tuple[int, int], begins: list[int]) -> None:
    parts = [write_video(tmp_path / f"{s[1]}.ts", even_times(20, 25), size=s) for s in ((96, 64), size)]
    with open_source(joined(tmp_path / "ab.ts", *parts), "x") as source:
        assert [frame.index for frame in source if frame.begins_anew] == begins


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
