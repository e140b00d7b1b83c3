"""A camera's own packets in files: cut at key frames, true to their times, whole whatever happens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builders import even_times, read_counter, write_video

from reidtrack.events import Event
from reidtrack.video.file import VideoFile
from reidtrack.video.recorder import Recorder
from reidtrack.video.recording_disk import RecordingDisk
from reidtrack.video.recording_tags import read_start_s

ORIGIN = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
FPS = 25
PLENTY = 1 << 40


class Disk:
    """A disk with as much room as a test says, at the time it says."""

    def __init__(self, folder: Path, told: list[Event]) -> None:
        self.free, self.now_s = PLENTY, 0.0
        self.disk = RecordingDisk(
            folder,
            tell=told.append,
            now_s=lambda: self.now_s,
            reserve_bytes=1000,
            free=lambda _: (self.free, PLENTY),
        )


class Bench:
    """A recorder, and what it is told and says."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.told: list[Event] = []
        self.disk = Disk(folder, self.told)
        self.folder = folder / "door"
        self.recorder = Recorder(
            self.folder, "door", origin=ORIGIN, disk=self.disk.disk, tell=self.told.append, **options
        )

    def play(self, path: Path, start_s: float = 0.0, *, only: Sequence[int] | None = None) -> None:
        """A connection: the packets of a file, the first shown at `start_s`."""
        with connected(path) as stream:
            self.recorder.begin(stream, start_s)
            for number, packet in enumerate(stream.container.demux(stream)):
                if packet.pts is not None and (only is None or number in only):
                    self.recorder.packet(packet, start_s + float(packet.pts * packet.time_base))
        self.recorder.end()

    def files(self) -> list[Path]:
        """Everything recorded, once it is on disk."""
        assert self.recorder.close()
        return sorted(self.folder.iterdir())


class connected:  # noqa: N801 - a context
    """The video stream of a file, open."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Any:
        import av

        self._container = av.open(str(self._path))
        return self._container.streams.video[0]

    def __exit__(self, *_: object) -> None:
        self._container.close()


def numbers(path: Path) -> list[tuple[int, float]]:
    """The number that each picture of a recording carries, and its time since the file's first."""
    with VideoFile(path, "door") as video:
        found = [(read_counter(frame.image), round(frame.time_s, 4)) for frame in video]
        assert video.damaged == 0
    return found


def start_of(path: Path) -> float | None:
    import av

    with av.open(str(path)) as container:
        return read_start_s(container.metadata)


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
