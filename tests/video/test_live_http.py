"""Live cameras over HTTP and UDP, files in real time, webcams, and addresses that mean harm."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from http_cameras import FPS, HttpCameras, picture, pieces, transport_stream
from live_cameras import Sink, Watcher, advances

from reidtrack.events import CameraDown, CameraUp, GapEvent, Notice, StreamChanged, StreamRestarted
from reidtrack.video.live import LiveSource
from reidtrack.video.main_recorder import MainRecorder
from reidtrack.video.retry import RetrySchedule
from reidtrack.video.wall_time import WallTime

AT_ONCE = RetrySchedule(steps=((1_000_000, 0.02),), jitter=0)
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n"
EVIL = {
    "/file.m3u8": PLAYLIST.format("file:///etc/passwd"),
    "/concat": "ffconcat version 1.0\nfile /etc/passwd\n",
    "/data.m3u8": PLAYLIST.format("data:text/plain,hello"),
    "/camera.mp4": PLAYLIST.format("rtsp://127.0.0.1:554/live"),
    "/key.m3u8": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"\n#EXTINF:1,\npart0.ts\n',
}


@pytest.fixture(scope="module")
def wall() -> WallTime:
    return WallTime(datetime(2020, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def server() -> Iterator[HttpCameras]:
    for number in range(12):
        transport_stream(number * FPS, FPS)
    with HttpCameras(EVIL) as running:
        yield running


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "hall.mp4"
    with av.open(str(path), "w") as copy, av.open(io.BytesIO(transport_stream(0, 6))) as original:
        stream = copy.add_stream_from_template(original.streams.video[0])
        for packet in original.demux(original.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    return path


BAD = {
    "/file.m3u8": ("refused", "names what is not on a web server"),
    "/concat": ("refused", "a list of files of this computer"),
    "/data.m3u8": ("refused", "names what is not on a web server"),
    "/camera.mp4": ("refused", "names what is not on a web server"),
    "/key.m3u8": ("refused", "names what is not on a web server"),
    "/moved": ("refused", "leads to an address that is not of a web server"),
    "/page": ("damaged", "sends a web page"),
    "/nosuch": ("not_found", "has no such path"),
    "/locked": ("unauthorised", "wants a user name and a password"),
}


@pytest.fixture(scope="module")
def watched(server: HttpCameras, wall: WallTime) -> Iterator[dict[str, Watcher]]:
    here = f"http://127.0.0.1:{server.port}"
    good = {"mjpeg": f"{here}/mjpeg", "hls": f"{here}/live.m3u8"}
    good["password"] = f"http://viewer:hunter2@127.0.0.1:{server.port}/locked"
    with contextlib.ExitStack() as stack:
        cameras = {name: stack.enter_context(Watcher(address, wall)) for name, address in good.items()}
        cameras |= {path: stack.enter_context(Watcher(here + path, wall)) for path in BAD}
        for name, camera in cameras.items():
            camera.until(lambda n=name, w=camera: w.events if n in BAD else len(w.frames) > 2.5 * FPS)
        yield cameras


@pytest.mark.parametrize("name", ["mjpeg", "hls", "password"])
def test_pictures_over_http(watched: dict[str, Watcher], name: str) -> None:
    camera = watched[name]
    assert len(camera.frames) > 2.5 * FPS
    assert [type(event) for event in camera.events] == [CameraUp]
    assert advances(camera.frames)
    assert np.median(np.diff([frame.time_s for frame in camera.frames])) == pytest.approx(1 / FPS, rel=0.2)
    assert np.median([frame.late_s for frame in camera.frames]) < 0.5


def test_parts_of_hls_are_played_as_they_were_taken(watched: dict[str, Watcher]) -> None:
    frames = watched["hls"].frames
    assert frames[-1].time_s - frames[0].time_s == pytest.approx((len(frames) - 1) / FPS, abs=0.05)
    assert min(frame.late_s for frame in frames) > -0.1, "nothing comes before its time"


@pytest.mark.parametrize("path", BAD)
def test_what_is_no_camera_is_said(watched: dict[str, Watcher], path: str) -> None:
    reason, text = BAD[path]
    (down,) = watched[path].events
    assert isinstance(down, CameraDown)
    assert (down.reason, text in down.detail) == (reason, True), down.detail
    assert watched[path].frames == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("file:///etc/passwd", "give a file by its path"),
        ("FILE:///etc/passwd", "give a file by its path"),
        ("concat://a.mp4|b.mp4", "addresses of concat:// are not opened"),
        ("subfile://a", "addresses of subfile:// are not opened"),
        ("rtsp+http://host/x", "addresses of rtsp+http:// are not opened"),
        ("hall.mp4", "is a file: play it as if it were live"),
        ("rtsp://host/a b", "a blank in the address"),
        ("srt://127.0.0.1:9", "this FFmpeg cannot read srt://"),
    ],
)
def test_what_is_never_opened(wall: WallTime, source: str, text: str) -> None:
    if source.startswith("srt") and "srt" in _protocols():
        pytest.skip("this FFmpeg reads SRT")
    events: list[object] = []
    camera = LiveSource(source, "cam", wall=wall, tell=events.append)
    assert list(camera) == []
    (down,) = events
    assert isinstance(down, CameraDown)
    assert (down.reason, down.retry_s) == ("refused", None)
    assert text in down.detail


def _protocols() -> str:
    try:
        av.open("srt://127.0.0.1:9", timeout=0.01)
    except av.error.ProtocolNotFoundError:
        return ""
    except (av.error.FFmpegError, OSError):
        pass
    return "srt"


@pytest.mark.parametrize("source", ["0", "/dev/video0", "/dev/nosuch"])
def test_a_webcam_that_is_not_there(wall: WallTime, source: str) -> None:
    if source != "/dev/nosuch" and Path("/dev/video0").exists():
        pytest.skip("there is a webcam here")
    with Watcher(source, wall) as camera:
        assert camera.until(lambda: camera.events)
    down = camera.events[0]
    assert isinstance(down, CameraDown)
    assert down.reason == "not_found"
    assert "there is no webcam /dev/" in down.detail


def test_a_recording_in_real_time(wall: WallTime, recording: Path) -> None:
    begun_s = wall.now_s()
    with Watcher(str(recording), wall, realtime=True) as camera:
        assert camera.until(lambda: camera.of(CameraDown))
    assert [frame.index for frame in camera.frames] == list(range(6))
    assert np.diff([frame.time_s for frame in camera.frames]) == pytest.approx([1 / FPS] * 5, abs=1e-6)
    assert max(abs(frame.late_s) for frame in camera.frames) < 0.5
    assert wall.now_s() - begun_s > 5 / FPS
    assert [type(event) for event in camera.events] == [CameraUp, CameraDown]
    assert (camera.events[1].reason, camera.events[1].retry_s) == ("ended", None)


def test_a_recording_again_and_again(wall: WallTime, recording: Path) -> None:
    with Watcher(str(recording), wall, realtime=True, loop=True, first_index=100) as camera:
        assert camera.until(lambda: len(camera.frames) > 14)
    assert [frame.index for frame in camera.frames] == list(range(100, 100 + len(camera.frames)))
    assert np.diff([frame.time_s for frame in camera.frames]) == pytest.approx(1 / FPS, abs=0.08)
    begins = [event.frame for event in camera.of(StreamRestarted)]
    assert begins[:2] == [106, 112]
    assert [type(event) for event in camera.events] == [CameraUp, *[StreamRestarted] * len(begins)]


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        pytest.param("list.mp4", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n", "refused", id="a playlist"),
        pytest.param("list.avi", b"ffconcat version 1.0\nfile /etc/passwd\n", "refused", id="a list of files"),
        pytest.param("text.mp4", b"hello", "damaged", id="text"),
        pytest.param("empty.mp4", b"", "not_found", id="empty"),
        pytest.param("cut.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 99, "damaged", id="cut off"),
    ],
)
def test_files_that_are_no_recordings(wall: WallTime, tmp_path: Path, name: str, body: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(body)
    with Watcher(str(tmp_path / name), wall, realtime=True) as camera:
        assert camera.until(lambda: camera.events)
    down = camera.events[0]
    assert isinstance(down, CameraDown)
    assert (down.reason, down.retry_s) == (reason, None)


def test_transport_stream_over_udp(wall: WallTime) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for number in range(12):
                for piece in pieces(transport_stream(number * FPS, FPS)):
                    out.sendto(piece, ("127.0.0.1", port))
                    if stop.wait(0.01):
                        return
                if stop.wait(1 - 0.1):
                    return

    thread = threading.Thread(target=send, daemon=True)
    with Watcher(f"udp://127.0.0.1:{port}", wall, stall_s=2.5) as camera:
        thread.start()
        assert camera.until(lambda: len(camera.frames) > 15)
        stop.set()
        assert camera.until(lambda: camera.of(CameraDown))
    assert camera.of(CameraDown)[0].reason == "stalled"
    assert camera.of(CameraUp)[0].codec == "h264"
    assert advances(camera.frames)


def test_nothing_is_left_over_of_many_connections(server: HttpCameras, wall: WallTime) -> None:
    here = f"http://127.0.0.1:{server.port}"
    with Watcher(f"{here}/short", wall, retry=AT_ONCE, realtime=True) as camera:  # which is of files alone
        assert camera.until(lambda: camera.source.reconnects >= 1)
        threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        assert camera.until(lambda: camera.source.reconnects >= 8)
        assert camera.until(lambda: threading.active_count() <= threads + 2)  # the server's own end a little later
    assert advances(camera.frames)
    assert len(camera.of(GapEvent)) <= len(camera.of(CameraUp))
    with contextlib.ExitStack() as stack:
        lost = [
            stack.enter_context(Watcher(address, wall, retry=AT_ONCE))
            for address in (f"{here}/nosuch", f"{here}/page", "rtsp://127.0.0.1:9/x")
        ]
        asked = len(server.asked)
        deadline_s = time.monotonic() + 20
        while len(server.asked) < asked + 60 and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert len(server.asked) >= asked + 60
        assert all(len(watcher.events) == 1 for watcher in lost), "told once"
    deadline_s = time.monotonic() + 5
    while threading.active_count() >= threads and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert threading.active_count() < threads
    assert len(os.listdir("/proc/self/fd")) <= files  # noqa: PTH208


def test_one_that_hangs_is_left_and_does_not_multiply(server: HttpCameras, wall: WallTime) -> None:
    with Watcher(f"http://127.0.0.1:{server.port}/quiet", wall, "hanging", retry=AT_ONCE, stall_s=0.5) as camera:
        assert camera.until(lambda: camera.source.reconnects >= 2)
        assert sum(thread.name == "ingest hanging" for thread in threading.enumerate()) <= 2
    assert {down.reason for down in camera.of(CameraDown)} == {"stalled"}
    assert camera.sink.kinds().startswith("bpebpe")


def test_who_takes_the_connection_and_says_nothing(wall: WallTime) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        address = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/live"
        begun_s = wall.now_s()
        with Watcher(address, wall) as camera:
            assert camera.until(lambda: camera.events)
    down = camera.events[0]
    assert isinstance(down, CameraDown)
    assert (down.reason, "takes the connection and then says nothing" in down.detail) == ("stalled", True)
    assert camera.told_at(down) - begun_s < 6


def test_closing_wakes_who_waits(wall: WallTime) -> None:
    camera = Watcher("rtsp://127.0.0.1:9/x", wall, retry=RetrySchedule(steps=(), rest_s=60))
    assert camera.until(lambda: camera.events)
    begun_s = time.monotonic()
    camera.close()
    assert time.monotonic() - begun_s < 1


def test_the_main_stream_is_recorded_beside(server: HttpCameras, wall: WallTime) -> None:
    sink, events = Sink(), []
    with MainRecorder(
        f"http://127.0.0.1:{server.port}/short", "cam", wall=wall, tell=events.append, packets=sink, retry=AT_ONCE
    ) as recorder:
        deadline_s = time.monotonic() + 10
        while sink.kinds().count("e") < 2 and time.monotonic() < deadline_s:
            time.sleep(0.02)
        assert recorder.running
    assert not recorder.running
    assert sink.kinds().startswith("bpebpe")
    assert sink.kinds().endswith("e")
    assert {type(event) for event in events} == {Notice}
    assert "is not recorded" in events[0].text
    assert "is there again" in events[1].text


def test_a_bare_stream_is_played_at_its_rate(wall: WallTime, tmp_path: Path) -> None:
    (tmp_path / "hall.ts").write_bytes(transport_stream(0, FPS))
    with av.open(str(tmp_path / "hall.ts")) as source:
        packets = [bytes(packet) for packet in source.demux(source.streams.video[0])]
    (tmp_path / "hall.h264").write_bytes(b"".join(packets))
    with Watcher(str(tmp_path / "hall.h264"), wall, realtime=True) as camera:
        assert camera.until(lambda: camera.of(CameraDown))
    assert len(camera.frames) > 5
    assert np.diff([frame.time_s for frame in camera.frames]).max() < 0.5
    assert camera.frames[-1].time_s - camera.frames[0].time_s > 0.2


def test_a_size_that_changes_in_mjpeg_is_said(wall: WallTime, tmp_path: Path) -> None:
    body = b""
    for number in range(8):
        size = (160, 120) if number < 4 else (96, 64)
        body += cv2.imencode(".jpg", picture(number, size))[1].tobytes()
    (tmp_path / "camera.mjpeg").write_bytes(body)
    with Watcher(str(tmp_path / "camera.mjpeg"), wall, realtime=True) as camera:
        assert camera.until(lambda: camera.of(CameraDown))
    assert {frame.size for frame in camera.frames} == {(160, 120), (96, 64)}
    (changed,) = camera.of(StreamChanged)
    assert (changed.width, changed.height) == (96, 64)
    assert camera.sink.kinds() == "bpebpe"
