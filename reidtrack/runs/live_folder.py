"""The folder of live cameras: what lies where in it, and in which order what grows was written.

    run.json  events.jsonl  people.db  corrections.yaml  crops/
    logs/<UTC>/{detections.jsonl,tracks.jsonl,features.part}
    sightings/<UTC>.jsonl
    recordings/<camera>/<UTC>.mp4

`<UTC>` is when it begins (`clock.file_time`). It is the folder of a run too. Links are passed over: what is read and
deleted here is the folder's own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from reidtrack.clock import file_time, from_file_time
from reidtrack.runs.folder import RunFolder

RECORDING_SUFFIXES = (".mp4", ".mkv", ".ts")
_SIGHTINGS_SUFFIX = ".jsonl"


@dataclass(frozen=True, order=True)
class Piece:
    """A file or folder of a live folder that is one of many, named by when it begins.

    Attributes:
        start: Of what it holds, in UTC.
        path: Where it is.
    """

    start: datetime
    path: Path


@dataclass(frozen=True)
class LogSegment(RunFolder):
    """A folder of logs of some minutes: `detections.jsonl`, `tracks.jsonl` and `features.part`, as of a run."""


@dataclass(frozen=True)
class LiveFolder(RunFolder):
    """Paths within the folder of live cameras."""

    @property
    def events(self) -> Path:
        """What happened, appended as it happens."""
        return self.path / "events.jsonl"

    @property
    def people(self) -> Path:
        """The gallery, where no other is named."""
        return self.path / "people.db"

    @property
    def sightings(self) -> Path:
        """A line for each box with its identity as settled over the whole time by `reidtrack associate`."""
        return self.path / "sightings.jsonl"

    @property
    def logs_folder(self) -> Path:
        """Logs, a folder for each segment."""
        return self.path / "logs"

    @property
    def sightings_folder(self) -> Path:
        """Boxes with the identity of the moment, a file for each segment."""
        return self.path / "sightings"

    @property
    def recordings_folder(self) -> Path:
        """The cameras' own streams, a folder for each."""
        return self.path / "recordings"

    @property
    def is_live(self) -> bool:
        """Whether live cameras were written here, as far as the names of its parts tell."""
        return self.logs_folder.is_dir() or self.recordings_folder.is_dir() or self.sightings_folder.is_dir()

    def log_segments(self) -> list[Piece]:
        """Folders of logs, the oldest first; each is read as `LogSegment(piece.path)`."""
        return sorted(_pieces(self.logs_folder, folders=True))

    def sightings_files(self) -> list[Piece]:
        """Files of sightings, the oldest first."""
        return sorted(_pieces(self.sightings_folder, suffixes=(_SIGHTINGS_SUFFIX,)))

    def recordings(self, camera: str) -> list[Piece]:
        """Recordings of a camera, the oldest first."""
        return sorted(_pieces(self.recordings_folder / camera, suffixes=RECORDING_SUFFIXES))

    def recorded_cameras(self) -> list[str]:
        """Cameras of which there are recordings, sorted."""
        return sorted(entry.name for entry in _entries(self.recordings_folder) if entry.is_dir(follow_symlinks=False))

    def new_log_segment(self, start: datetime) -> LogSegment:
        """A new folder of logs, made, with a name that none has.

        Raises:
            OSError: If it cannot be made.
        """
        return LogSegment(_new(self.logs_folder, start, ""))

    def new_sightings_file(self, start: datetime) -> Path:
        """A path for a new file of sightings, with a name that none has; the folder is made.

        Raises:
            OSError: If it cannot be made.
        """
        return _new(self.sightings_folder, start, _SIGHTINGS_SUFFIX)


def _new(folder: Path, start: datetime, suffix: str) -> Path:
    """A path by the second, else by the millisecond; a folder is made where there is no suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    path, moment = folder / (file_time(start) + suffix), start
    while os.path.lexists(path):
        path = folder / (file_time(moment, millis=True) + suffix)
        moment += timedelta(milliseconds=1)
    if not suffix:
        path.mkdir()
    return path


def _pieces(folder: Path, *, suffixes: tuple[str, ...] = ("",), folders: bool = False) -> Iterator[Piece]:
    for entry in _entries(folder):
        for suffix in suffixes:
            start = from_file_time(entry.name.removesuffix(suffix)) if entry.name.endswith(suffix) else None
            right = entry.is_dir(follow_symlinks=False) if folders else entry.is_file(follow_symlinks=False)
            if start is not None and right:
                yield Piece(start, Path(entry.path))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing where there is none, or a link in its place."""
    if folder.is_symlink():
        return []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as found:
        return list(found)
    return []
