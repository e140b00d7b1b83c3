"""A recorder with a disk of its own, fed with the packets of small files as a camera's reader would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from builders import read_counter

from reidtrack.events import Event, Notice
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

    def __init__(self, folder: Path, camera: str = "door", **options: Any) -> None:
        self.told: list[Event] = []
        self.disk = Disk(folder, self.told)
        self.folder = folder / camera
        self.recorder = Recorder(
            self.folder, camera, origin=ORIGIN, disk=self.disk.disk, tell=self.told.append, **options
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


def texts(told: Sequence[Event]) -> list[str]:
    """What the notices say."""
    return [event.text for event in told if isinstance(event, Notice)]
