"""Live cameras over RTSP, against a real server on loopback."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from live_cameras import RtspServer, Watcher, advances, need_rtsp_server

from reidtrack.events import CameraDown, CameraRetry, CameraUp, GapEvent, StreamChanged
from reidtrack.video.retry import RetrySchedule
from reidtrack.video.wall_time import WallTime

STALL_S = 4.0
AT_ONCE = RetrySchedule(jitter=0)


@pytest.fixture(scope="module", autouse=True)
def _needs() -> None:
    need_rtsp_server()


@pytest.fixture(scope="module")
def wall() -> WallTime:
    return WallTime(datetime(2020, 1, 1, tzinfo=UTC))


def certificate(path: Path) -> Path:
    """A certificate that a camera makes for itself, with its key."""
    asked = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "36500", "-subj", "/CN=camera")
    files = ("-keyout", "key", "-out", "cert")
    done = subprocess.run(["openssl", *asked, *files], cwd=path.parent, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    path.write_bytes((path.parent / "cert").read_bytes() + (path.parent / "key").read_bytes())
    return path


GOOD = {
    "h264": ("rtsp://127.0.0.1:{port}/live", "h264", {}),
    "h264 with B-frames": ("rtsp://127.0.0.1:{port}/bframes", "h264", {}),
    "h265": ("rtsp://127.0.0.1:{port}/h265", "hevc", {}),
    "over UDP": ("rtsp://127.0.0.1:{port}/bframes", "h264", {"transport": "udp"}),
    "password": ("rtsp://viewer:hunter2@127.0.0.1:{locked}/live", "h264", {}),
    "rtsps": ("rtsps://viewer:hunter2@127.0.0.1:{tls}/bframes", "h264", {}),
    "five a second": ("RTSP://127.0.0.1:{port}/live", "h264", {"fps": 5.0}),
    "turned": ("rtsp://127.0.0.1:{port}/live", "h264", {"rotate": 90}),
}
BAD = {
    "nobody there": ("rtsp://127.0.0.1:9/live", "unreachable", "nothing listens at port 9"),
    "no such name": ("rtsp://camera.invalid/live", "unreachable", "no computer of this name"),
    "wrong password": ("rtsp://viewer:hunter3@127.0.0.1:{locked}/live", "unauthorised", "password is wrong"),
    "no password": ("rtsp://127.0.0.1:{locked}/live", "unauthorised", "wants a user name and a password"),
    "wrong path": ("rtsp://127.0.0.1:{port}/nosuch", "not_found", "has no such path"),
    "only sound": ("rtsp://127.0.0.1:{port}/sound", "no_video", "has no pictures, only audio"),
    "a codec of its own": ("rtsp://127.0.0.1:{port}/odd", "codec", "does not know"),
}


@pytest.fixture(scope="module")
def watched(wall: WallTime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Watcher]]:
    """All cameras at once, as a site has them: who gives nothing holds up nobody."""
    pem = certificate(tmp_path_factory.mktemp("tls") / "camera.pem")
    for _ in range(3):
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(RtspServer("--certificate", pem))
            cameras = _watch_all(server, wall, stack)
            if server.answers():
                yield cameras
                return
    pytest.fail("the RTSP server hung three times")


def _watch_all(server: RtspServer, wall: WallTime, stack: contextlib.ExitStack) -> dict[str, Watcher]:
    ports = {"port": server.port, "locked": server.locked, "tls": server.tls}
    cameras = {
        name: stack.enter_context(Watcher(address.format(**ports), wall, name, **options))
        for name, (address, _, options) in GOOD.items()
    }
    cameras |= {
        name: stack.enter_context(Watcher(address.format(**ports), wall, name, retry=AT_ONCE))
        for name, (address, _, _) in BAD.items()
    }
    ends_s = time.monotonic() + 20
    for name, camera in cameras.items():
        camera.until(lambda n=name, c=camera: len(c.frames) >= 25 if n in GOOD else c.events, ends_s - time.monotonic())
    return cameras


@pytest.mark.parametrize("name", GOOD)
def test_frames_come_with_their_times(watched: dict[str, Watcher], name: str) -> None:
    camera = watched[name]
    assert len(camera.frames) >= 25
    assert [type(event) for event in camera.events] == [CameraUp]
    up = camera.events[0]
    assert (up.codec, up.after_s) == (GOOD[name][1], None)
    assert advances(camera.frames)
    steps = np.diff([frame.time_s for frame in camera.frames])
    step_s = 1 / 5 if name == "five a second" else 1 / 15
    assert np.median(steps) == pytest.approx(step_s, rel=0.15), "as the stamps say, whatever the network does"
    assert camera.source.damaged == 0
    assert camera.source.nominal_fps == pytest.approx(1 / step_s, rel=0.3)


def test_frames_are_turned(watched: dict[str, Watcher]) -> None:
    assert {frame.size for frame in watched["turned"].frames} == {(240, 320)}
    assert watched["turned"].source.size == (240, 320)
    assert {frame.size for frame in watched["h264"].frames} == {(320, 240)}


def test_times_are_those_of_the_wall_clock(watched: dict[str, Watcher]) -> None:
    for name in GOOD:
        late_s = [frame.late_s for frame in watched[name].frames]
        assert -0.5 < np.median(late_s) < 2.0, name


@pytest.mark.parametrize("name", BAD)
def test_each_fault_has_its_own_message(watched: dict[str, Watcher], name: str) -> None:
    _, reason, text = BAD[name]
    first = watched[name].events[0]
    assert isinstance(first, CameraDown)
    assert first.reason == reason
    assert text in first.detail
    assert "hunter" not in repr(watched[name].events)
    assert watched[name].frames == []
    assert watched[name].source.size == (0, 0)
    assert not watched[name].of(CameraRetry), "the same failure is told once"


def test_a_sink_gets_every_packet(watched: dict[str, Watcher]) -> None:
    for name in GOOD:
        calls = list(watched[name].sink.calls)
        assert [call[0] for call in calls[:2]] == ["begin", "packet"], name
        assert calls[0][2] == GOOD[name][1]
        times_s = [call[1] for call in calls if call[0] == "packet"]
        assert len(times_s) > 20
        assert np.median(np.diff(np.sort(times_s))) == pytest.approx(1 / 15, rel=0.15)


def test_a_killed_server_comes_back_with_another_size(wall: WallTime) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(RtspServer())
        camera = stack.enter_context(Watcher(f"rtsp://127.0.0.1:{server.port}/live", wall, retry=AT_ONCE))
        assert camera.until(lambda: len(camera.frames) > 10)
        server.kill()
        killed_s = wall.now_s()
        assert camera.until(lambda: camera.of(CameraDown))
        down = camera.of(CameraDown)[0]
        assert down.reason == "ended"
        assert camera.told_at(down) - killed_s < 5
        seen = len(camera.frames)
        again = stack.enter_context(RtspServer("--port", server.port, "--size", "160x120", "--codec", "h265"))
        back_s = wall.now_s()
        assert again.port == server.port
        assert camera.until(lambda: len(camera.frames) > seen + 10)
        assert camera.frames[seen].time_s - back_s < 5
        camera.close()
    kinds = [type(event) for event in camera.events if not isinstance(event, CameraRetry)]
    assert kinds == [CameraUp, CameraDown, CameraUp, StreamChanged, GapEvent]
    changed, gap = camera.of(StreamChanged)[0], camera.of(GapEvent)[0]
    assert (changed.width, changed.height, changed.codec) == (160, 120, "hevc")
    assert gap.from_s == camera.frames[seen - 1].time_s
    assert gap.until_s == camera.frames[seen].time_s
    assert camera.of(CameraUp)[1].after_s == pytest.approx(gap.until_s - gap.from_s)
    assert advances(camera.frames), "its stamps begin at 0 again; time does not"
    assert camera.source.reconnects == 1
    assert camera.sink.kinds() == "bpebpe"


def test_a_frozen_server_is_seen_and_comes_back(wall: WallTime) -> None:
    with RtspServer() as server, Watcher(f"rtsp://127.0.0.1:{server.port}/live", wall, retry=AT_ONCE) as camera:
        assert camera.until(lambda: len(camera.frames) > 10)
        server.freeze()
        frozen_s = wall.now_s()
        assert camera.until(lambda: camera.of(CameraDown))
        down = camera.of(CameraDown)[0]
        assert down.reason == "stalled"
        assert STALL_S - 1 < camera.told_at(down) - frozen_s < 5
        seen = len(camera.frames)
        server.thaw()
        thawed_s = wall.now_s()
        assert camera.until(lambda: len(camera.frames) > seen + 10)
        assert camera.frames[seen].time_s - thawed_s < 5
    assert len(camera.of(GapEvent)) == 1
    assert advances(camera.frames)


def test_pictures_of_another_size_midway(wall: WallTime) -> None:
    with RtspServer() as server, Watcher(f"rtsp://127.0.0.1:{server.port}/live", wall) as camera:
        assert camera.until(lambda: len(camera.frames) > 5)
        server.say("size 160x120")
        assert camera.until(lambda: camera.of(StreamChanged))
        assert camera.until(lambda: camera.frames[-1].size == (160, 120))
        sizes = [frame.size for frame in camera.frames]
    assert sizes == sorted(sizes, reverse=True)
    assert not camera.of(CameraDown)
    assert camera.source.size == (160, 120)
    assert camera.sink.kinds() == "bpebpe"
    assert camera.sink.calls[camera.sink.calls.index(("end",)) + 2][2], "it begins with a keyframe"


def test_damage_is_counted(wall: WallTime) -> None:
    with RtspServer() as server, Watcher(f"rtsp://127.0.0.1:{server.port}/lossy", wall) as camera:
        assert camera.until(lambda: len(camera.frames) > 5)
        assert camera.source.damaged == 0
        server.say("drop 0.2")
        assert camera.until(lambda: camera.source.damaged > 3)
    assert camera.source.damaged > 3
    assert advances(camera.frames)
