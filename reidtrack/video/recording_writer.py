"""Recordings on disk, written by a thread of their own: a kill at any moment leaves files that play."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections import deque
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from reidtrack.clock import file_time
from reidtrack.errors import OutputError
from reidtrack.files import UNFINISHED, refuse_link
from reidtrack.runtime.background import SideThread
from reidtrack.video.recording_disk import RecordingDisk
from reidtrack.video.remux import FileFormat

_LOOK_S = 1.0
"""A full disk is looked at so often at most."""
_BINARY: int = getattr(os, "O_BINARY", 0)
"""Of Windows."""
_RENAMES_OPEN = os.name != "nt"
_BOX_HEADER = 8
"""Bytes of an mp4 box that say how long it is and what (ISO/IEC 14496-12, 4.2)."""


class NewFile(NamedTuple):
    """A recording that is to be: it gets its name once there is something to write.

    Attributes:
        start: Of its first picture.
        file_format: Of the file.
    """

    start: datetime
    file_format: FileFormat


class _Job(NamedTuple):
    """What the writing thread is to do for a file: put down `data`; end it where that is None."""

    file: NewFile
    data: bytes | None


class RecordingWriter:
    """Writes a camera's files one after another in a thread of its own; whoever gives it data never waits.

    A file appears under its name with its first fragment. A fragment of a format that cannot be cut (`atomic`) becomes
    part of the file by its first bytes, written last: until then they are 0, which readers take for the file's end.

    Args:
        folder: Where the files go.
        disk: Told of what fails; asked for room.
        most_bytes: Most that waits for the disk.

    Attributes:
        written_bytes: In all files so far.
        current: The file that is being written; None between two.
    """

    def __init__(self, folder: Path, disk: RecordingDisk, most_bytes: int = 16 << 20) -> None:
        self._folder, self._disk, self._most_bytes = folder, disk, most_bytes
        self._changed = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._waiting_bytes = 0
        self._ended = False
        self._lost: NewFile | None = None
        self._of: NewFile | None = None
        self._open: _OpenFile | None = None
        self.written_bytes = 0
        self.current: Path | None = None
        self._thread = SideThread(self._run, f"record {folder.name}")
        self._thread.start()

    @property
    def has_room(self) -> bool:
        """Whether more may be given: less waits than is allowed to, and somebody writes it."""
        return self.fault is None and self._waiting_bytes < self._most_bytes

    @property
    def fault(self) -> BaseException | None:
        """What its thread ended by before its time; None where it did not. Nothing is written any more then."""
        return self._thread.fault

    def lost(self, file: NewFile) -> bool:
        """Whether a file cannot be written any further."""
        return self._lost is file

    def write(self, file: NewFile, data: bytes) -> None:
        """Have whole fragments appended to a file, which is made by the first; does not wait."""
        self._give(_Job(file, data))

    def finish(self, file: NewFile) -> None:
        """Have a file closed; does not wait."""
        self._give(_Job(file, None))

    def close(self, timeout_s: float = 5.0) -> bool:
        """Write what waits and end the thread; whether that was done in time."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.alive

    def _give(self, job: _Job) -> None:
        with self._changed:
            self._jobs.append(job)
            self._waiting_bytes += len(job.data or b"")
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            self._work()
        finally:
            with contextlib.suppress(OSError):
                self._close_file()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                if job.file is not self._lost:
                    self._do(job)
            except OSError as error:
                self._give_up(job.file, error)
            except OutputError as error:  # a link in its place
                self._give_up(job.file, OSError(errno.EPERM, error.what))
            with self._changed:
                self._waiting_bytes -= len(job.data or b"")

    def _next(self) -> _Job | None:
        """The next job; None once there will be none."""
        while True:
            with self._changed:
                if not self._jobs and not self._ended:
                    self._changed.wait(_LOOK_S)
                if self._jobs:
                    return self._jobs.popleft()
                if self._ended:
                    return None
            self._disk.try_again()

    def _do(self, job: _Job) -> None:
        if job.data is None:
            self._close_file()
            return
        self._disk.check()
        if self._of is not job.file:
            self._close_file()
            self._of, self._open = job.file, _OpenFile(self._folder, job.file)
            self.current = self._open.path
        if self._open is not None:
            self._open.append(job.data)
            self.written_bytes += len(job.data)

    def _give_up(self, file: NewFile, error: OSError) -> None:
        self._lost = file
        with contextlib.suppress(OSError):
            self._close_file()
        self._disk.fail(error)

    def _close_file(self) -> None:
        file, self._open, self._of = self._open, None, None
        if file is not None:
            file.close()
        self.current = None


class _OpenFile:
    """A recording that grows by whole fragments.

    Args:
        folder: Where it is made.
        new: Its start and format, which make its name.

    Raises:
        OSError: If it cannot be made.
        OutputError: If the folder is a link.
    """

    def __init__(self, folder: Path, new: NewFile) -> None:
        refuse_link(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = _free_name(folder, new)
        self._atomic = new.file_format.atomic
        self._unnamed: Path | None = folder / f".{self.path.name}{UNFINISHED}" if _RENAMES_OPEN else None
        made = self._unnamed or self.path
        made.unlink(missing_ok=True)
        self._handle = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
        self._end = 0

    def append(self, data: bytes) -> None:
        """Put down whole fragments: all of them, or none.

        Raises:
            OSError: If they cannot be written; the file ends where it did.
        """
        head = _BOX_HEADER if self._atomic and self._end else 0
        try:
            self._put(data[head:], self._end + head)
            self._put(data[:head], self._end)
        except OSError:
            os.ftruncate(self._handle, self._end)
            raise
        self._end += len(data)
        if self._unnamed is not None:
            self._unnamed.rename(self.path)
            self._unnamed = None

    def _put(self, data: bytes, place: int) -> None:
        rest = memoryview(data)
        os.lseek(self._handle, place, os.SEEK_SET)
        while rest:
            rest = rest[os.write(self._handle, rest) :]

    def close(self) -> None:
        """Close it; without a fragment there is none."""
        os.close(self._handle)
        if not self._end:
            (self._unnamed or self.path).unlink(missing_ok=True)


def _free_name(folder: Path, new: NewFile) -> Path:
    """A path for a recording that none of the folder has: by the second, else by the millisecond."""
    names = {path.stem for path in folder.iterdir()}
    stem, moment = file_time(new.start, millis=not new.file_format.tagged), new.start
    while stem in names:
        stem = file_time(moment, millis=True)
        moment += timedelta(milliseconds=1)
    return folder / f"{stem}{new.file_format.suffix}"
