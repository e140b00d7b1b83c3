"""Fault 17: cameras that show nothing but black, two of them of one name, recorded and live, with real networks."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from outputs import read_json, read_lines

from reidtrack.cli.main import main
from reidtrack.runs.event_log import read_events
from reidtrack.runs.live_folder import LiveFolder, LogSegment

FRAMES = 12


@pytest.fixture
def black(tmp_path: Path) -> list[str]:
    """Two files `cam.mp4`: one black, one black but for noise at night."""
    paths = []
    for folder, noise in (("north", 0), ("south", 6)):
        path, chance = tmp_path / folder / "cam.mp4", np.random.default_rng(1)
        path.parent.mkdir()
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            for _ in range(FRAMES):
                image = chance.integers(0, noise + 1, (240, 320, 3)).astype(np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
            container.mux(stream.encode())
        paths.append(str(path))
    return paths


def test_recordings(black: list[str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(["run", "--videos", *black, "--out", str(out), "--quiet"]) == 0
    assert [entry["camera"] for entry in read_json(out / "run.json")["inputs"]] == ["cam", "cam_2"]
    assert read_json(out / "identities.json") == []
    assert read_lines(out / "sightings.jsonl") == []
    for name in ("cam.mp4", "cam_2.mp4"):
        with av.open(str(out / name)) as container:
            assert sum(1 for _ in container.decode(video=0)) == FRAMES
    assert (out / "report.html").is_file()


def test_live(black: list[str], tmp_path: Path) -> None:
    out = tmp_path / "site"
    assert main(["live", "--realtime", "--videos", *black, "--out", str(out), "--quiet"]) == 0
    folder = LiveFolder(out)
    assert folder.recorded_cameras() == ["cam", "cam_2"]
    assert [len(folder.recordings(camera)) for camera in ("cam", "cam_2")] == [1, 1]
    kinds = {event["event"] for event in read_events(folder.events)}
    assert kinds <= {"started", "camera_up", "camera_down", "notice", "stopped"}
    (piece,) = folder.log_segments()
    assert read_lines(LogSegment(piece.path).tracks) == []
    assert read_json(out / "run.json")["people"] == 0
