"""`events.jsonl`, what happened while cameras were live: it only grows, and a kill at any moment loses nothing of it.

Each event is handed to the operating system when it is told, so that it outlives the process; a power cut loses at
most the last second. What a kill left of a last line is cut off when the log is opened again.
"""

from __future__ import annotations

import errno
import itertools
import json
import logging
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from reidtrack.errors import InputError, OutputError
from reidtrack.events import Event
from reidtrack.files import own_file
from reidtrack.plain_file import check_plain
from reidtrack.runs.jsonl import json_line
from reidtrack.runtime.background import SideThread

logger = logging.getLogger(__name__)

MOST_LINE_BYTES = 1 << 22
"""Of one event; a split of 10,000 tracklets has a tenth of it."""
SYNC_S = 1.0
"""A power cut loses events of so many seconds at most."""
MOST_HELD = 10_000
"""Events that are held while the disk is full; of more, the oldest are lost and counted."""
LATE_S = 600.0
"""An event may be told so long after its time: a person has left a zone when nobody saw them there for a while."""
_READ_BACK = 1 << 16
_MOST_CUT = 100
"""Lines at the end that may be damaged by a power cut."""
_MOST_PART = 1 << 16
"""Of a file that holds nothing but the beginning of an event; a larger one is something else."""


class EventLog:
    """Appends events to a file; safe to use from several threads.

    While the file cannot be written (the disk is full), events are held in memory and written as soon as it can be
    again: telling an event never fails and never stops the work.

    Args:
        path: The file; one that is there is continued.
        origin: Moment from which the events' times count, in UTC.
        listen: Called with each line after it is in the log, in the thread that told it, in the order of the log.

    Raises:
        OutputError: If it cannot be opened.
    """

    def __init__(self, path: Path, origin: datetime, listen: Callable[[dict[str, Any]], object] | None = None) -> None:
        self.path, self._origin, self._listen = path, origin, listen
        self._lock, self._held = threading.RLock(), deque[bytes]()
        self._lost, self._dirty = 0, False
        self._error: str | None = None
        try:
            own_file(path)
            self._file: BinaryIO = path.open("r+b" if path.exists() else "x+b", buffering=0)
            try:
                self._end = _cut_unfinished(self._file)
            except OSError:
                self._file.close()
                raise
        except OSError as error:
            raise OutputError("cannot be opened", where=path, hint=error.strerror or str(error)) from error
        self._closed = threading.Event()
        self._syncing = SideThread(self._keep_synced, "event log")
        self._syncing.start()

    @property
    def error(self) -> str | None:
        """Why the file cannot be written at the moment; None where it can."""
        return self._error

    @property
    def fault(self) -> BaseException | None:
        """What the thread ended by that has the disk hold what was written; None where it goes on."""
        return self._syncing.fault

    @property
    def lost(self) -> int:
        """Events that were lost while the file could not be written for long."""
        return self._lost

    @property
    def end(self) -> int:
        """Bytes of the events that are in the file."""
        return self._end

    def append(self, event: Event) -> dict[str, Any]:
        """Log an event; what was written of it, or would have been before the log was closed."""
        line = event.to_json(self._origin)
        with self._lock:
            if self._file.closed:  # told by a thread that was late in ending
                return line
            self._held.append(json_line(line))
            self._write_held()
            if self._listen is not None:
                self._listen(line)
        return line

    def sync(self) -> None:
        """Have the disk hold what was written."""
        with self._lock:
            self._write_held()
            dirty, self._dirty = self._dirty, False
        if dirty:
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                self._note(error)

    def close(self) -> None:
        """Write what is left and close.

        Raises:
            OutputError: If events are lost since the file could not be written.
        """
        if self._closed.is_set():
            return
        self._closed.set()
        self._syncing.join()
        self.sync()
        with self._lock:
            self._file.close()
            lost = self._lost + len(self._held)
        if lost:
            raise OutputError(f"lacks {lost} events", where=self.path, hint=self._error)

    def _write_held(self) -> None:
        """Write what is held; of a line that fits in part, nothing stays."""
        while self._held:
            try:
                _write_all(self._file, self._held[0])
            except OSError as error:
                self._note(error)
                self._go_back()
                while len(self._held) > MOST_HELD:
                    self._held.popleft()
                    self._lost += 1
                return
            self._end += len(self._held.popleft())
            self._dirty = True
            self._error = None

    def _go_back(self) -> None:
        try:
            self._file.truncate(self._end)
            self._file.seek(self._end)
        except OSError as error:
            self._note(error)

    def _note(self, error: OSError) -> None:
        text = error.strerror or str(error)
        if text != self._error:
            logger.warning("%s: cannot be written (%s); events are held in memory", self.path, text)
        self._error = text

    def _keep_synced(self) -> None:
        while not self._closed.wait(SYNC_S):
            self.sync()


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Write all of it, also where the system takes it in parts."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _cut_unfinished(file: BinaryIO) -> int:
    """Cut what a kill or a power cut left behind the last whole line that is an event; where the file ends then.

    Raises:
        OSError: If that is more than a kill leaves: then it is no log of events.
    """
    end = whole = file.seek(0, os.SEEK_END)
    for tries in itertools.count():
        if not whole:
            break
        start = _line_start(file, whole)
        file.seek(start)
        if _parse(file.read(whole - start)) is not None:
            break
        whole = start
        if tries > _MOST_CUT or end - whole > MOST_LINE_BYTES:
            raise OSError(errno.EINVAL, "it is no log of events")
    if end and not whole and end > _MOST_PART:
        raise OSError(errno.EINVAL, "it is no log of events")
    file.truncate(whole)
    return file.seek(whole)


def _line_start(file: BinaryIO, end: int) -> int:
    """Where the line begins that ends (with its line break, or without) before `end`."""
    at = end - 1
    while at > 0:
        start = max(0, at - _READ_BACK)
        file.seek(start)
        found = file.read(at - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        if end - start > MOST_LINE_BYTES:
            raise OSError(errno.EINVAL, "it is no log of events")
        at = start
    return 0


def _parse(line: bytes) -> dict[str, Any] | None:
    """The event in a line with its line break; None where it is none."""
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("event"), str):
        return None
    time_s = record.get("time_s")
    is_time = isinstance(time_s, int | float) and not isinstance(time_s, bool) and math.isfinite(time_s)
    return record if is_time else None


def read_events(
    path: Path,
    kinds: Collection[str] | None = None,
    *,
    from_s: float = -math.inf,
    until_s: float = math.inf,
    from_byte: int = 0,
) -> Iterator[dict[str, Any]]:
    """Events of a log, as they were written, in the order of telling; a last line that a kill cut short is passed over.

    Args:
        path: `events.jsonl`; one that is not there holds none.
        kinds: Those wanted, such as `merge`; None for all.
        from_s: Of those, the ones whose `time_s` is this or later; what is before is not read.
        until_s: And before this.
        from_byte: Begin there, where a line begins; where none does, as in a log that is another by now, all is read.

    Raises:
        InputError: If the file cannot be read, or a line is no event.
    """
    if not path.exists() and not path.is_symlink():
        return
    try:
        check_plain(path)
        with path.open("rb") as file:
            if from_byte and _begins_line(file, from_byte):
                file.seek(from_byte)
            elif math.isfinite(from_s):
                file.seek(_before(file, from_s - LATE_S))
            at = file.tell()
            while line := file.readline(MOST_LINE_BYTES + 1):
                if not line.endswith(b"\n") and len(line) <= MOST_LINE_BYTES:
                    return
                record = _parse(line)
                if record is None:
                    hint = "remove that line"
                    raise InputError("holds a line that is no event", where=f"{path}: byte {at}", hint=hint)
                at += len(line)
                if (kinds is None or record["event"] in kinds) and from_s <= record["time_s"] < until_s:
                    yield record
    except OSError as error:
        raise InputError("cannot be read", where=path, hint=error.strerror) from error


def _begins_line(file: BinaryIO, at: int) -> bool:
    """Whether a line begins at a byte, or would at the end of the file."""
    file.seek(at - 1)
    found = file.read(1) == b"\n"
    file.seek(0)
    return found


def _before(file: BinaryIO, time_s: float) -> int:
    """Beginning of a line before which all events are of earlier times, but for those told late; by bisection."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > _READ_BACK:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline(MOST_LINE_BYTES + 1)
        start = file.tell()
        record = _parse(file.readline(MOST_LINE_BYTES + 1))
        if record is None or start >= high or record["time_s"] >= time_s:
            high = middle
        else:
            low = start
    return low


def last_event(path: Path) -> dict[str, Any] | None:
    """The event at the end of a log, found without reading the rest; None where there is none.

    Raises:
        InputError: If the file cannot be read, or does not end with an event.
    """
    if not path.exists() and not path.is_symlink():
        return None
    try:
        check_plain(path)
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            for _ in range(2):  # the last line may be cut short
                if not end:
                    return None
                start = _line_start(file, end)
                file.seek(start)
                line = file.read(end - start)
                if line.endswith(b"\n"):
                    break
                end = start
    except OSError as error:
        raise InputError("cannot be read", where=path, hint=error.strerror) from error
    record = _parse(line)
    if record is None:
        raise InputError("does not end with an event", where=path, hint="remove its last line")
    return record


def latest_hours(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What holds of each hour and place: of several `hour` events of the same, the last one; by hour, then place.

    Args:
        events: As `read_events` gives them; other kinds are passed over.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        if event.get("event") == "hour":
            found[str(event.get("hour")), str(event.get("place"))] = dict(event)
    return [found[key] for key in sorted(found)]
