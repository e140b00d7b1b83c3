"""The files of one camera: found, their headers read, dated by their names, and put into the order of their time."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reidtrack.errors import InputError, ReidtrackError, UsageError
from reidtrack.image import IMAGE_SUFFIXES
from reidtrack.video.fingerprint import Fingerprint, fingerprint
from reidtrack.video.naming import is_folder, is_url
from reidtrack.video.recorded import MadeAt, made_at
from reidtrack.video.segment_list import DatedSegment, Segment, SegmentList, in_order, natural
from reidtrack.video.time_pattern import LAYOUTS, Layout, pattern_layout, time_of

_ENDINGS = "mp4 mkv ts m4v mov avi dav flv webm mts m2ts mpg mpeg asf wmv h264 264 h265 hevc 3gp"
VIDEO_SUFFIXES = frozenset(f".{ending}" for ending in _ENDINGS.split())
_AT_ONCE = 4
"""Files whose headers are read at a time."""


class SegmentTimes(NamedTuple):
    """How segments tell when they begin.

    Attributes:
        pattern: A user's pattern of names, see `time_pattern.pattern_layout`; None for the layouts that are known.
        zone: Name of the zone of times that say none, such as `Europe/Berlin`; None for UTC.
    """

    pattern: str | None = None
    zone: str | None = None


def is_segmented(source: str | Path, times: SegmentTimes | None = None) -> bool:
    """Whether a source is one camera's recording in many files: a folder of videos, or a glob and a pattern of times.

    Args:
        source: As a user names it; a folder that holds images itself is a folder of images.
        times: Given where the user says how names tell times: then a glob stands for one camera.
    """
    if is_url(source):
        return False
    if not is_folder(source):
        return times is not None and _is_glob(source)
    folder = Path(source)
    files = (path for below in (folder, folder / "img1") if below.is_dir() for path in below.iterdir())
    if any(path.suffix.lower() in IMAGE_SUFFIXES for path in files):
        return False
    return next(_videos(source), None) is not None


def find_segments(source: str | Path, times: SegmentTimes | None = None) -> SegmentList:
    """Find the files of a camera, read their headers, and put them into the order of their time.

    Args:
        source: A folder, searched through with all below it, or a glob; `**` stands for any folders.
        times: How their names tell times.

    Raises:
        InputError: If there is no file that can be read.
        UsageError: If the pattern or the zone is none.
    """
    times = SegmentTimes() if times is None else times
    zone = zone_of(times.zone)
    layouts = LAYOUTS if times.pattern is None else (pattern_layout(times.pattern),)
    paths = sorted(_videos(source), key=natural)
    left_out: list[tuple[Path, str]] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        heads = list(pool.map(_head, paths))
    found, notes = list[DatedSegment](), _Notes(times.zone)
    for path, head in zip(paths, heads, strict=True):
        if isinstance(head, ReidtrackError):
            left_out.append((path, head.what))
            continue
        before = found[-1].segment if found else None
        found.append(notes.dated(path, head, layouts, zone, before))
    kept = in_order(found, lambda path, why: left_out.append((path, why)))
    if not kept:
        why = f"; {left_out[0][0].name}: {left_out[0][1]}" if left_out else ""
        what = f"holds no recording that can be read (of {len(paths)} files{why})"
        raise InputError(what, where=source, expected="video files of one camera")
    return SegmentList(tuple(kept), tuple(left_out), tuple(notes.lines(kept)))


def zone_of(name: str | None) -> ZoneInfo | None:
    """The zone of that name; None for None.

    Raises:
        UsageError: If there is none.
    """
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # names of folders, with zero bytes, unknown
        expected = "a name such as Europe/Berlin or UTC"
        raise UsageError(f"there is no zone {name!r}", field="time_zone", expected=expected) from error


class _Head(NamedTuple):
    """What a file's header tells, and what tells it from others."""

    made: MadeAt
    print: Fingerprint


def _head(path: Path) -> _Head | ReidtrackError:
    try:
        made, found = made_at(path), fingerprint(path)
    except ReidtrackError as error:
        return error
    return InputError("cannot be read", where=path) if found is None else _Head(made, found)


class _Notes:
    """How the times of a camera's files are known, for a line about it."""

    def __init__(self, zone: str | None) -> None:
        self._zone = zone
        self._layouts: Counter[str] = Counter()
        self._unzoned = self._folded = 0

    def dated(
        self,
        path: Path,
        head: _Head,
        layouts: tuple[Layout, ...],
        zone: ZoneInfo | None,
        before: Segment | None,
    ) -> DatedSegment:
        """A file with its time: by its name, else by its header, else behind the one before."""
        named = time_of(path, layouts)
        start_from = "order"
        if named is not None:
            self._layouts[named.layout] += 1
            moment, start_from = named.moment, "name"
            if moment.tzinfo is None:
                self._unzoned += 1
                moment = self._placed(moment, zone, head, path)
        elif head.made.moment is not None:
            moment, start_from = head.made.moment, "creation_time"
        else:
            moment = datetime(1970, 1, 1, tzinfo=UTC) if before is None else before.end
        segment = Segment(
            path,
            moment.astimezone(UTC),
            start_from,
            head.made.duration_s,
            head.made.size,
            head.print.sha256,
            head.print.bytes,
        )
        return DatedSegment(segment, "" if named is None else named.before)

    def _placed(self, moment: datetime, zone: ZoneInfo | None, head: _Head, path: Path) -> datetime:
        """A time without a zone in the user's; of an hour that comes twice, that which the file was written in."""
        if zone is None:
            return moment.replace(tzinfo=UTC)
        early, late = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
        if early.utcoffset() == late.utcoffset():
            return early
        self._folded += 1
        written_s = path.stat().st_mtime - head.made.duration_s
        return min((early, late), key=lambda one: abs(one.timestamp() - written_s))

    def lines(self, kept: Sequence[Segment]) -> Iterator[str]:
        """Lines about it."""
        count = Counter(segment.start_from for segment in kept)
        layout = self._layouts.most_common(1)[0][0] if self._layouts else ""
        words = {"name": f"by name ({layout})", "creation_time": "by creation time", "order": "one behind the other"}
        yield "times " + ", ".join(f"of {n} files {words[kind]}" for kind, n in sorted(count.items()))
        if self._unzoned:
            zone = self._zone or "UTC, since no time zone was given"
            yield f"times in names are taken for {zone}"
        if self._folded:
            yield f"{self._folded} files lie in the hour that comes twice as clocks are set back: placed by their dates"
        if count["order"]:
            yield "files that tell no time are taken to follow the one before, by name"


def _is_glob(source: str | Path) -> bool:
    return glob.has_magic(str(source)) and not os.path.lexists(source)


def _videos(source: str | Path) -> Iterator[Path]:
    """Video files of a folder and all below it, or of a glob, unsorted; hidden ones are passed over.

    Raises:
        InputError: If the folder cannot be read.
    """
    if _is_glob(source):
        for name in glob.iglob(str(source), recursive=True):  # noqa: PTH207 - of a whole pattern
            if os.path.isfile(name):  # noqa: PTH113
                yield Path(name)
        return

    def fail(error: OSError) -> None:
        if error.filename == str(source):
            raise InputError(f"cannot be read: {error.strerror}", where=source, expected="a folder") from error

    for folder, below, names in os.walk(source, onerror=fail):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in names:
            path = Path(folder, name)
            if path.suffix.lower() in VIDEO_SUFFIXES and not name.startswith(".") and path.is_file():
                yield path
