"""A real RTSP stream, looked at and recorded at once: each recorded picture is at the time of the frame it was."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from live_cameras import RtspServer, need_rtsp_server

from reidtrack.events import Event
from reidtrack.types import Frame
from reidtrack.video.file import VideoFile
from reidtrack.video.live import LiveSource
from reidtrack.video.recorder import Recorder
from reidtrack.video.recording_disk import RecordingDisk
from reidtrack.video.recording_tags import recording_start_s
from reidtrack.video.wall_time import WallTime

_ENOUGH = 40


@pytest.mark.parametrize("path", ["bframes", "h265"])
def test_recorded_pictures_are_at_the_times_of_the_frames(tmp_path: Path, path: str) -> None:
    need_rtsp_server()
    wall = WallTime(datetime(2020, 1, 1, tzinfo=UTC))
    told: list[Event] = []
    disk = RecordingDisk(tmp_path, tell=told.append, now_s=wall.now_s)
    folder = tmp_path / "door"
    recorder = Recorder(folder, "door", origin=wall.origin, disk=disk, tell=told.append, segment_s=1.0)
    frames: list[Frame] = []
    with RtspServer() as server:
        source = LiveSource(
            f"rtsp://127.0.0.1:{server.port}/{path}", "door", wall=wall, tell=told.append, packets=recorder
        )
        reading = threading.Thread(target=lambda: frames.extend(source), daemon=True)
        reading.start()
        until = time.monotonic() + 30
        while recorder.pictures < _ENOUGH and time.monotonic() < until:
            time.sleep(0.02)
        source.close()
        reading.join(5)
        assert recorder.close()

    files = sorted(folder.iterdir())
    assert len(files) >= 2
    recorded = []
    for file in files:
        start_s = recording_start_s(file)
        assert start_s is not None
        with VideoFile(file, "door", offset_s=start_s) as video:
            recorded += list(video)
            assert video.damaged == 0
    assert recorder.dropped == 0
    assert len(recorded) == recorder.pictures >= _ENOUGH
    recorded_s = np.array([frame.time_s for frame in recorded])
    assert (np.diff(recorded_s) > 0).all()
    compared, stamped = 0, frames[3:]  # RTSP has no stamp with the first picture: it is dated by its arrival
    for frame in stamped:
        nearest = int(np.abs(recorded_s - frame.time_s).argmin())
        if abs(recorded_s[nearest] - frame.time_s) < 0.002:
            difference = np.abs(recorded[nearest].image.astype(int) - frame.image)
            compared += 1
            assert difference.mean() < 1
    assert compared >= _ENOUGH // 2
    assert compared >= len(stamped) - 3
