"""A camera's own packets in files: cut at key frames, true to their times, whole whatever happens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from builders import even_times, read_counter, write_video
from recording import FPS, Bench, connected, numbers, start_of, texts

from reidtrack.video.file import VideoFile
from reidtrack.video.remux import MPEG_TS, DecodingOrder, formats_for

CODECS = {
    "h264 with B-frames": ("libx264", ".mp4", {"g": "25", "sc_threshold": "0", "bf": "2"}),
    "h264 without": ("libx264", ".mp4", {"g": "25", "sc_threshold": "0", "bf": "0"}),
    "h264 with a pyramid of them": (
        "libx264",
        ".mp4",
        {"g": "50", "sc_threshold": "0", "bf": "7", "b-pyramid": "normal"},
    ),
    "h264 as RTSP brings it": ("libx264", ".ts", {"g": "25", "sc_threshold": "0", "bf": "2"}),
    "h265": ("libx265", ".mp4", {"x265-params": "keyint=25:min-keyint=25:open-gop=0:log-level=none"}),
}


@pytest.mark.parametrize("name", CODECS)
def test_files_are_cut_at_key_frames_and_every_picture_is_at_its_time(tmp_path: Path, name: str) -> None:
    codec, suffix, options = CODECS[name]
    clip = write_video(tmp_path / f"clip{suffix}", even_times(100, FPS), codec=codec, options=options)
    bench = Bench(tmp_path / "recordings", segment_s=1.5)
    with VideoFile(clip, "door") as whole:
        first_s = first_stamp(clip)
        wanted = [read_counter(frame.image) for frame in whole]
    bench.play(clip, 100.0 - first_s)

    found: list[tuple[int, float]] = []
    files = bench.files()
    assert [path.name for path in files] == ["20261130T091640Z.mp4", "20261130T091642Z.mp4"]
    for path in files:
        start_s = start_of(path)
        assert start_s is not None
        found += [(number, start_s + time_s) for number, time_s in numbers(path)]
    assert [number for number, _ in found] == wanted
    assert [time_s for _, time_s in found] == pytest.approx([100 + i / FPS for i in range(100)], abs=1e-3)
    assert (bench.recorder.pictures, bench.recorder.dropped, bench.told) == (100, 0, [])


def first_stamp(path: Path) -> float:
    with connected(path) as stream:
        return min(float(p.pts * p.time_base) for p in stream.container.demux(stream) if p.pts is not None)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds with a key frame each second, and B-frames."""
    options = {"g": "25", "sc_threshold": "0", "bf": "2"}
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", even_times(100, FPS), options=options)


def test_a_new_connection_is_a_new_file(tmp_path: Path, clip: Path) -> None:
    bench = Bench(tmp_path / "recordings")
    bench.play(clip, 0.0)
    bench.play(clip, 4.5)
    first, second = bench.files()
    assert [path.name for path in (first, second)] == ["20261130T091500Z.mp4", "20261130T091504Z.mp4"]
    assert [start_of(path) for path in (first, second)] == [0.0, 4.5]
    assert numbers(first) == numbers(second) == [(i, round(i / FPS, 4)) for i in range(100)]


def test_names_are_made_unique_and_others_files_stay(tmp_path: Path, clip: Path) -> None:
    bench = Bench(tmp_path / "recordings")
    bench.folder.mkdir(parents=True)
    (bench.folder / "20261130T091500Z.mkv").write_text("of before")
    for start_s in (0.25, 0.5, 0.5):
        bench.play(clip, start_s)
    assert [path.name for path in bench.files()] == [
        "20261130T091500.250Z.mp4",
        "20261130T091500.500Z.mp4",
        "20261130T091500.501Z.mp4",
        "20261130T091500Z.mkv",
    ]
    assert (bench.folder / "20261130T091500Z.mkv").read_text() == "of before"


def test_begins_with_a_key_frame_and_leaves_out_what_is_shown_before(tmp_path: Path) -> None:
    options = {"x265-params": "keyint=25:min-keyint=25:open-gop=1:bframes=3:scenecut=0:log-level=none"}
    clip = write_video(tmp_path / "clip.mp4", even_times(100, FPS), codec="libx265", options=options)
    bench = Bench(tmp_path / "recordings", segment_s=1)
    shift_s = first_stamp(clip)
    bench.play(clip, 0.0, only=range(5, 100))
    files = bench.files()
    assert len(files) == 3
    for path in files:
        start_s = start_of(path)
        assert start_s is not None
        shown = [number / FPS + shift_s - time_s for number, time_s in numbers(path)]
        assert shown == pytest.approx([start_s] * len(shown), abs=1e-3)
    assert bench.recorder.dropped == 0


def test_stamps_that_begin_anew_begin_a_file(tmp_path: Path, clip: Path) -> None:
    bench = Bench(tmp_path / "recordings")
    with connected(clip) as stream:
        packets = [p for p in stream.container.demux(stream) if p.pts is not None]
        bench.recorder.begin(stream, 0.0)
        for start_s in (10.0, 5.0):
            for packet in packets:
                bench.recorder.packet(packet, start_s + float(packet.pts * packet.time_base))
    assert bench.recorder.close()
    assert [start_of(path) for path in sorted(bench.folder.iterdir())] == [5.0, 10.0]


def test_other_codecs(tmp_path: Path) -> None:
    cases = {
        "mjpeg": ("mjpeg", ".avi", "yuvj420p", [".mp4"]),
        "vp8": ("libvpx", ".mkv", "yuv420p", [".mkv"]),
        "av1": ("libsvtav1", ".mkv", "yuv420p", [".mp4"]),
        "raw": ("rawvideo", ".avi", "yuv420p", []),
    }
    for name, (codec, suffix, pix_fmt, wanted) in cases.items():
        clip = write_video(tmp_path / f"{name}{suffix}", even_times(30, FPS), codec=codec, pix_fmt=pix_fmt)
        bench = Bench(tmp_path / name)
        bench.play(clip)
        assert bench.recorder.close()
        files = sorted(bench.folder.iterdir()) if bench.folder.exists() else []
        assert [path.suffix for path in files] == wanted, name
        assert [numbers(path) for path in files] == [[(i, round(i / FPS, 4)) for i in range(30)]] * len(wanted)
        raw = ["door: its pictures come raw, gigabytes a minute: they are not recorded"]
        assert texts(bench.told) == ([] if wanted else raw)


@pytest.mark.parametrize(
    ("codec", "extradata", "wanted"),
    [
        pytest.param("h264", b"\1", ["mp4", "matroska"], id="known parameter sets"),
        pytest.param("h264", None, ["mpegts"], id="none"),
        pytest.param("hevc", None, ["mpegts"], id="none, of H.265"),
        pytest.param("mjpeg", None, ["mp4", "matroska"], id="a codec that has none"),
        pytest.param("rawvideo", None, [], id="raw"),
    ],
)
def test_formats(codec: str, extradata: bytes | None, wanted: list[str]) -> None:
    stream: Any = SimpleNamespace(codec_context=SimpleNamespace(name=codec, extradata=extradata))
    assert [found.name for found in formats_for(stream)] == wanted


def test_mpeg_ts(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reidtrack.video.remux.formats_for", lambda _: [MPEG_TS])
    bench = Bench(tmp_path / "recordings")
    bench.play(clip)
    (path,) = bench.files()
    assert path.name == "20261130T091500.000Z.ts"
    assert numbers(path) == [(i, round(i / FPS, 4)) for i in range(100)]


def test_nothing_is_written_through_a_link(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "door").symlink_to(tmp_path / "elsewhere")
    bench = Bench(tmp_path / "recordings")
    bench.play(clip)
    assert bench.recorder.close()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert len(texts(bench.told)) == 1
    assert "cannot be written" in texts(bench.told)[0]


class TestDecodingOrder:
    @pytest.mark.parametrize(
        ("depth", "shown", "wanted"),
        [
            pytest.param(0, [16, 20, 24], [(16, 16), (20, 20), (24, 24)], id="in order"),
            pytest.param(1, [16, 24, 20, 32], [(16, 0), (24, 16), (20, 20), (32, 24)], id="one B-frame"),
            pytest.param(
                0, [16, 24, 20, 32], [(16, 16), (24, 24), (25, 25), (32, 26)], id="one, and none was expected"
            ),
            pytest.param(2, [16, 17], [(16, 0), (17, 1)], id="fewer than depth"),
            pytest.param(0, [16, 16], [(16, 16), (17, 17)], id="twice the same stamp"),
        ],
    )
    def test_stamps(self, depth: int, shown: list[int], wanted: list[tuple[int, int]]) -> None:
        order = DecodingOrder(depth)
        assert [order.stamp(pts) for pts in shown] == wanted

    def test_any_order_advances_and_is_never_late(self) -> None:
        generator = np.random.default_rng(0)
        for _ in range(20):
            number = np.arange(200)
            shown = 16 + 4 * number[np.lexsort((generator.random(200), number // 5))]
            order = DecodingOrder(int(generator.integers(0, 4)))
            stamps = [order.stamp(int(pts)) for pts in shown]
            assert all(pts >= dts for pts, dts in stamps)
            assert (np.diff([dts for _, dts in stamps]) > 0).all()
            assert [pts for pts, _ in stamps[-100:]] == shown[-100:].tolist()


def test_the_stream_is_not_needed_after_the_beginning(tmp_path: Path, clip: Path) -> None:
    bench = Bench(tmp_path / "recordings", segment_s=1)
    with connected(clip) as stream:
        packets = [(bytes(p), p.pts, p.is_keyframe) for p in stream.container.demux(stream) if p.pts is not None]
        time_base = stream.time_base
        bench.recorder.begin(stream, 0.0)
    for data, pts, is_keyframe in packets:
        packet = av.Packet(data)
        packet.is_keyframe = is_keyframe
        bench.recorder.packet(packet, float(pts * time_base))
    assert len(bench.files()) == 4


def test_a_stream_without_key_frames_is_told_once(tmp_path: Path, clip: Path) -> None:
    bench = Bench(tmp_path / "recordings")
    with connected(clip) as stream:
        packets = [p for p in stream.container.demux(stream) if p.pts is not None]
        bench.recorder.begin(stream, 0.0)
        for number in range(400):
            packets[1 + number % 20].is_keyframe = False
            bench.recorder.packet(packets[1 + number % 20], number / 10)
        for packet in packets:
            bench.recorder.packet(packet, 50 + float(packet.pts * packet.time_base))
    (path,) = bench.files()
    assert start_of(path) == 50.0
    assert texts(bench.told) == [
        "door: no key frame came for 30 s: it is not recorded until one comes; set a key-frame interval (GOP) of some"
        " seconds in the camera"
    ]


def test_a_long_pause_begins_a_file_and_what_comes_after_the_end_is_passed_over(tmp_path: Path, clip: Path) -> None:
    bench = Bench(tmp_path / "recordings", segment_s=1e9)
    with connected(clip) as stream:
        packets = [p for p in stream.container.demux(stream) if p.pts is not None]
        bench.recorder.begin(stream, 0.0)
        for start_s in (0.0, 3500.0, 90_000.0):
            for packet in packets:
                bench.recorder.packet(packet, start_s + float(packet.pts * packet.time_base))
        assert bench.recorder.close()
        bench.recorder.packet(packets[0], 1e5)
        bench.recorder.begin(stream, 1e5)
        bench.recorder.packet(packets[0], 1e5)
        assert bench.recorder.close()
    assert [start_of(path) for path in sorted(bench.folder.iterdir())] == [0.0, 90_000.0]


@pytest.mark.parametrize(
    ("without", "wanted_s"),
    [
        pytest.param([0], [0, 0.04, 0.08, 0.12], id="the first, as RTSP has it"),
        pytest.param([0, 1], [0, 0.04, 0.08, 0.12], id="two"),
        pytest.param([2], [0, 0.04, 0.08, 0.12], id="one in the midst"),
        pytest.param(range(100), [0.4, 0.5, 0.6, 0.7], id="all: by their arrival"),
    ],
)
def test_packets_without_stamps(tmp_path: Path, without: Sequence[int], wanted_s: list[float]) -> None:
    clip = write_video(tmp_path / "clip.mp4", even_times(50, FPS), options={"g": "50", "bf": "0"})
    bench = Bench(tmp_path / "recordings")
    with connected(clip) as stream:
        packets = [p for p in stream.container.demux(stream) if p.pts is not None]
        bench.recorder.begin(stream, 0.0)
        for number, packet in enumerate(packets):
            time_s = float(packet.pts * packet.time_base)
            if number in without:
                packet.pts, time_s = None, 0.4 + number / 10
            bench.recorder.packet(packet, time_s)
    (path,) = bench.files()
    start_s = start_of(path)
    assert start_s is not None
    found = numbers(path)
    assert [number for number, _ in found] == list(range(50))
    assert [start_s + time_s for _, time_s in found[:4]] == pytest.approx(wanted_s, abs=1e-3)
