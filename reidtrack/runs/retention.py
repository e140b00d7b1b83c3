"""What is kept of live cameras, and for how long: recordings, logs, sightings and crops go, the oldest first.

Pages with pictures (`report.html`, pages of days, `blame.html`) hold copies of crops, so they go before a crop that
they may show. They are not written anew: that is for `reidtrack associate`, which settles what is left.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from reidtrack.clock import in_utc
from reidtrack.events import Notice
from reidtrack.files import is_unfinished
from reidtrack.runs.crops import list_crops
from reidtrack.runs.day_pages import is_day_page
from reidtrack.runs.live_folder import LiveFolder, Piece

_GOING = ".deleting-"
"""How a folder's name begins that is being deleted: it is none of the logs any more, whatever happens."""
_LEFT_BEHIND_S = 3600.0
"""A file that was not finished and not touched for so long is of a process that was killed."""
_KINDS = {
    "pages": "page with pictures",
    "recordings": "recording",
    "logs": "log",
    "sightings": "file of sightings",
    "crops": "crop",
}
_PLURALS = {"pages": "pages with pictures", "sightings": "files of sightings"}
_EARLIEST_ZONE = timedelta(hours=14)
"""A day begins so long before that of UTC at most: which zone a page's day is of does not stand in its name."""
_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Swept:
    """What was deleted.

    Attributes:
        counts: Kind (`pages`, `recordings`, `logs`, `sightings`, `crops`) to how many.
        bytes: Of all these.
        failed: How many could not be deleted.
        left_bytes: Size of what is left in the folder.
        over_bytes: By how much that is more than it may be, since nothing is left that may be deleted.
    """

    counts: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    failed: int = 0
    left_bytes: int = 0
    over_bytes: int = 0

    def notice(self, time_s: float) -> Notice | None:
        """An event that says so; None where there is nothing to say.

        Args:
            time_s: Of the event, seconds since the origin.
        """
        parts = []
        if self.counts:
            listed = ", ".join(_counted(count, kind) for kind, count in self.counts.items())
            parts.append(f"deleted the oldest: {listed}, {_size(self.bytes)}")
        if self.failed:
            parts.append(f"{self.failed} could not be deleted: give yourself write permission in the folder")
        if self.over_bytes:
            parts.append(f"the folder holds {_size(self.over_bytes)} more than it may, and nothing that can be deleted")
        if not parts:
            return None
        figures = {**self.counts, "bytes": self.bytes, "failed": self.failed, "left_bytes": self.left_bytes}
        return Notice(
            time_s=time_s,
            subject="retention",
            text="; ".join(parts),
            figures={name: float(value) for name, value in figures.items()},
        )


@dataclass(frozen=True)
class _Item:
    """Something that may be deleted: from when to when it is, what it is, and how large."""

    start: datetime
    end: datetime
    path: Path
    kind: str
    bytes: int


class Retention:
    """Deletes what is older than some time, and the oldest where the folder is larger than it may be.

    Recordings, logs, sightings, crops and pages with pictures go; who is who, the gallery, events and corrections stay.
    A log or recording counts as old as its end, a page of a day as old as the day's beginning, any other page with
    pictures as old as the first crop that was there when it was written. Nothing is deleted through a link, and nothing
    that is being written.

    Args:
        folder: Of the live cameras.
        keep_s: What is older is deleted, seconds; None keeps it.
        max_bytes: Size of the whole folder beyond which the oldest are deleted; None for no limit.
    """

    def __init__(self, folder: LiveFolder, *, keep_s: float | None = None, max_bytes: int | None = None) -> None:
        self._folder, self._keep_s, self._max_bytes = folder, keep_s, max_bytes

    def sweep(self, now: datetime, in_use: Callable[[], Collection[Path]]) -> Swept:
        """Delete what has to go.

        Args:
            now: The present moment.
            in_use: Files and folders that are being written; asked after looking what is there.
        """
        self._remove_left_behind(in_utc(now))
        if self._keep_s is None and self._max_bytes is None:
            return Swept()
        items = list(self._items())
        items += self._pages([item.start for item in items if item.kind == "crops"])
        items.sort(key=lambda item: (item.start, list(_KINDS).index(item.kind), item.path))
        used = {path.resolve() for path in in_use()}
        items = [item for item in items if item.path.resolve() not in used]
        left = _bytes_of(self._folder.path)
        counts: Counter[str] = Counter()
        gone = failed = 0
        for item in items:
            if not self._must_go(item, in_utc(now), left):
                continue
            if _delete(item.path):
                counts[item.kind] += 1
                gone, left = gone + item.bytes, left - item.bytes
            else:
                failed += 1
        with contextlib.suppress(OSError):  # not there, not empty, a link
            self._folder.day_pages.rmdir()
        over = 0 if self._max_bytes is None else max(0, left - self._max_bytes)
        return Swept({kind: counts[kind] for kind in _KINDS if counts[kind]}, gone, failed, left, over)

    def _must_go(self, item: _Item, now: datetime, left_bytes: int) -> bool:
        too_old = self._keep_s is not None and (now - item.end).total_seconds() > self._keep_s
        return too_old or (self._max_bytes is not None and left_bytes > self._max_bytes)

    def _pages(self, crops: Sequence[datetime]) -> Iterator[_Item]:
        """Pages with pictures, each as old as the oldest that it may show: it goes before that crop does.

        Args:
            crops: When those crops were taken that are there.
        """
        oldest = min(crops, default=None)
        days = [path for path in _listed(self._folder.day_pages) if is_day_page(path.name)]
        for path in (self._folder.report, self._folder.path / "blame.html", *days):
            if (found := _found(path)) is not None:
                shown, written = _begins(path) if path in days else oldest, _moment(found)
                age = written if shown is None else min(shown, written)
                yield _Item(age, age, path, "pages", found.st_size)

    def _items(self) -> Iterator[_Item]:
        for camera in self._folder.recorded_cameras():
            yield from _dated("recordings", self._folder.recordings(camera))
        yield from _dated("logs", self._folder.log_segments())
        yield from _dated("sightings", self._folder.sightings_files())
        for crop in list_crops(self._folder.crops):
            if (found := _found(crop.path)) is not None:
                taken = _moment(found)
                yield _Item(taken, taken, crop.path, "crops", found.st_size)

    def _remove_left_behind(self, now: datetime) -> None:
        """Remove what killed processes left: recordings without a fragment, folders half deleted."""
        for place in (self._folder.logs_folder, *map(self._recordings, self._folder.recorded_cameras())):
            for path in _listed(place):
                found = _found(path)
                if found is None:
                    continue
                old = (now - _moment(found)).total_seconds() > _LEFT_BEHIND_S
                if path.name.startswith(_GOING) or (is_unfinished(path.name) and old):
                    _delete(path)

    def _recordings(self, camera: str) -> Path:
        return self._folder.recordings_folder / camera


def _begins(page: Path) -> datetime:
    """When the day of a page begins, wherever it is."""
    try:
        return datetime.fromisoformat(page.name[:10]).replace(tzinfo=UTC) - _EARLIEST_ZONE
    except ValueError:  # no day of the calendar
        return datetime.min.replace(tzinfo=UTC)


def _dated(kind: str, pieces: list[Piece]) -> Iterator[_Item]:
    """Pieces of one series with their ends: when they were last written, at the latest when the next one begins."""
    nexts = [*(later.start for _, later in pairwise(pieces)), None][: len(pieces)]
    for piece, after in zip(pieces, nexts, strict=True):
        found = _found(piece.path)
        if found is None:
            continue
        inside = [e for path in _listed(piece.path) if (e := _found(path)) is not None] if kind == "logs" else [found]
        written = max((_moment(entry) for entry in inside), default=_moment(found))
        end = max(piece.start, written if after is None else min(written, after))
        yield _Item(piece.start, end, piece.path, kind, _bytes_of(piece.path))


def _delete(path: Path) -> bool:
    """Delete a file, or a folder with its files; whether that was done. Links are removed, never followed."""
    try:
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return True
        going = path if path.name.startswith(_GOING) else path.with_name(f"{_GOING}{path.name}")
        if going != path:
            path.rename(going)
        for entry in _listed(going):
            entry.unlink()
        going.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _listed(folder: Path) -> list[Path]:
    """What is in a folder that is no link; nothing where there is none."""
    if folder.is_symlink():
        return []
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _bytes_of(path: Path) -> int:
    """Size of a file, or of everything in a folder; links count nothing."""
    found = _found(path)
    if found is None:
        return 0
    if not stat.S_ISDIR(found.st_mode):
        return found.st_size
    total = 0
    for folder, _, names in os.walk(path):
        sizes = (_found(Path(folder, name)) for name in names)
        total += sum(entry.st_size for entry in sizes if entry is not None)
    return total


def _found(path: Path) -> os.stat_result | None:
    """What the system knows of a file or folder; None of links, and where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return None if stat.S_ISLNK(found.st_mode) else found


def _moment(found: os.stat_result) -> datetime:
    """When a file was last written."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=found.st_mtime)


def _counted(count: int, kind: str) -> str:
    what = _KINDS[kind]
    plural = _PLURALS.get(kind, f"{what}s")
    return f"{count} {what if count == 1 else plural}"


def _size(count: int) -> str:
    """Bytes in plain figures, `1.2 GB`."""
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
