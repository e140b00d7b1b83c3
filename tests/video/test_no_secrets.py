"""No secret of an address comes out anywhere, whatever goes wrong with it."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from http_cameras import HttpCameras
from live_cameras import Watcher

from reidtrack.errors import InputError
from reidtrack.events import CameraDown
from reidtrack.video.file import VideoFile
from reidtrack.video.naming import name_cameras
from reidtrack.video.wall_time import WallTime

NAME, WORD = "vi%3Aewer", "hunt%40er%2F2"
TRACES = ("vi%3Aewer", "vi:ewer", "hunt", "dmk6ZXdlcjpodW50QGVyLzI=")


@pytest.fixture(scope="module")
def server() -> Iterator[HttpCameras]:
    with HttpCameras({"/evil": "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"}) as running:
        yield running


ADDRESSES = {
    "nobody there": f"rtsp://{NAME}:{WORD}@127.0.0.1:9/live",
    "a user alone": "rtsp://hunter2@127.0.0.1:9/live",
    "a name that is none": f"rtsp://{NAME}:{WORD}@camera.invalid/live",
    "no address at all": f"rtsp://{NAME}:{WORD}@[::1/live",
    "not allowed": f"ftp://{NAME}:{WORD}@127.0.0.1/live",
    "in the path": "rtsp://127.0.0.1:9/user=hunter1_password=hunter2_channel=1_stream=0.sdp",
    "wrong password": f"http://{NAME}:{WORD}@127.0.0.1:{{port}}/locked",
    "wrong path": f"http://{NAME}:{WORD}@127.0.0.1:{{port}}/nosuch?token=hunter2",
    "a web page": f"http://{NAME}:{WORD}@127.0.0.1:{{port}}/page",
    "a trap": f"http://{NAME}:{WORD}@127.0.0.1:{{port}}/evil",
    "a blank": f"rtsp://{NAME}:{WORD}@127.0.0.1:9/a b",
    "ended": f"http://{NAME}:{WORD}@127.0.0.1:{{port}}/short",
}


def test_live_cameras_keep_secrets(server: HttpCameras, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wall = WallTime(datetime(2020, 1, 1, tzinfo=UTC))
    addresses = {name: address.replace("{port}", str(server.port)) for name, address in ADDRESSES.items()}
    seen: dict[str, str] = {}
    out = io.StringIO()
    with contextlib.redirect_stderr(out), contextlib.redirect_stdout(out), contextlib.ExitStack() as stack:
        (*camera_names,) = name_cameras(list(addresses.values()))
        cameras = {
            name: stack.enter_context(Watcher(address, wall, camera))
            for (name, address), camera in zip(addresses.items(), camera_names, strict=True)
        }
        for name, camera in cameras.items():
            assert camera.until(lambda c=camera: c.of(CameraDown)), name
            seen[name] = repr(camera.events)
        threads = [thread.name for thread in threading.enumerate()]
    everything = {**seen, "threads": repr(threads), "logs": caplog.text, "streams": out.getvalue()}
    for where, text in everything.items():
        for trace in TRACES:
            if where != "in the path" or trace != "hunt":
                assert trace not in text, where
    assert "hunter2" not in everything["in the path"], "the user's name beside it is shown"


@pytest.mark.parametrize("name", ["nobody there", "a user alone", "wrong password", "wrong path", "a web page"])
def test_recordings_by_address_keep_secrets(server: HttpCameras, name: str) -> None:
    with pytest.raises(InputError) as caught:
        VideoFile(ADDRESSES[name].replace("{port}", str(server.port)), "cam", timeout_s=2)
    error: BaseException | None = caught.value
    assert not any(trace in "".join(traceback.format_exception(error)) for trace in TRACES)
    while error is not None:
        assert not any(trace in repr(error) for trace in TRACES)
        error = error.__context__
