"""The segments of a camera in order, and what is wrong with any of them, in lines that a user can act on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

LEAST_GAP_S = 2.0
"""Time between two segments from which it is told as a gap: names have whole seconds, and cutting costs a moment."""
_MOST_TOLD = 20
_SAME_START_S = 1.0
_MOSTLY = 0.5
"""Share of a segment that lies within another from which it is not its successor."""

Faults = Callable[[Path, str], None]


@dataclass(frozen=True)
class Segment:
    """One file of a camera.

    Attributes:
        path: Where it is.
        start: Of its first picture, in UTC.
        start_from: How that is known: `name`, `creation_time` or `order` (behind the one before).
        duration_s: Length that its container tells, seconds.
        size: Width and height of its pictures, pixels.
        sha256: Of its fingerprint.
        bytes: Its length.
    """

    path: Path
    start: datetime
    start_from: str
    duration_s: float
    size: tuple[int, int]
    sha256: str
    bytes: int

    @property
    def end(self) -> datetime:
        """When it ends, by its container."""
        return self.start + timedelta(seconds=self.duration_s)


@dataclass(frozen=True)
class Gap:
    """Time of which a camera has no file."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True)
class SegmentList:
    """A camera's files.

    Attributes:
        segments: In the order of their time, each beginning after the one before.
        left_out: Files that are not read, with the reason.
        notes: What else there is to say, in lines.
    """

    segments: tuple[Segment, ...]
    left_out: tuple[tuple[Path, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def gaps(self) -> list[Gap]:
        """Time without a file between the first and the last one."""
        found, end = [], None
        for segment in self.segments:
            if end is not None and (segment.start - end).total_seconds() >= LEAST_GAP_S:
                found.append(Gap(end, segment.start))
            end = segment.end if end is None else max(end, segment.end)
        return found

    @property
    def seconds(self) -> float:
        """Length of all files, what two share counted twice."""
        return sum(segment.duration_s for segment in self.segments)

    def lines(self, camera: str) -> list[str]:
        """What a user should know: files that are left out, notes, gaps."""
        lines = [f"{camera}: {path} is left out: {why}" for path, why in self.left_out]
        lines += [f"{camera}: {note}" for note in self.notes]
        for a, b, seconds in overlaps(self.segments):
            lines.append(
                f"{camera}: {b.path.name} begins {seconds:.0f} s before {a.path.name} ends: read from that one"
            )
        for gap in self.gaps:
            lines.append(f"{camera}: nothing from {told(gap.start)} to {told(gap.end)} ({gap.seconds:,.0f} s)")
        more = len(lines) - _MOST_TOLD
        return [*lines[:_MOST_TOLD], f"{camera}: {more} more such lines"] if more > 0 else lines


def told(moment: datetime) -> str:
    """A moment as messages show it, in UTC to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class DatedSegment(NamedTuple):
    """A segment, and what stands in its name before the time."""

    segment: Segment
    prefix: str


def in_order(found: Sequence[DatedSegment], leave_out: Faults) -> list[Segment]:
    """Segments in order, without those that are there twice, of another camera, or within another."""
    ordered = sorted(found, key=lambda one: (one.segment.start, natural(one.segment.path)))
    for rule in (_once, _one_camera, _one_behind_other):
        ordered = rule(ordered, leave_out)
    return [one.segment for one in ordered]


def _once(found: list[DatedSegment], leave_out: Faults) -> list[DatedSegment]:
    """Without copies: files of one content whose names tell the same time, or none.

    Content alone tells nothing: a recorder may be given the same pictures again, as in a test.
    """
    alike: dict[tuple[str, int], list[Segment]] = {}
    kept = []
    for one in found:
        segment = one.segment
        same = alike.setdefault((segment.sha256, segment.bytes), [])
        copied = next((s for s in same if "order" in (s.start_from, segment.start_from) or _shares(s, segment)), None)
        if copied is not None:
            leave_out(segment.path, f"the same recording as {copied.path.name}")
            continue
        same.append(segment)
        kept.append(one)
    return kept


def _one_camera(found: list[DatedSegment], leave_out: Faults) -> list[DatedSegment]:
    """Without files that are most likely another camera's: another name before the time, another size of pictures.

    A change that stays to the end, as of a camera that was set up anew, is none; nor is another name alone.
    """
    if not found:
        return found
    names = Counter(one.prefix for one in found)
    usual, most = names.most_common(1)[0]
    usual_size = Counter(one.segment.size for one in found).most_common(1)[0][0]
    usually = [number for number, one in enumerate(found) if one.segment.size == usual_size]
    kept = list[DatedSegment]()
    for number, one in enumerate(found):
        other_name = most > len(found) / 2 and one.prefix != usual and _letters(one.prefix) != _letters(usual)
        flanked = usually[0] < number < usually[-1]
        if other_name and any(_shares(one.segment, other.segment) for other in found if other.prefix == usual):
            leave_out(one.segment.path, f"by its name another camera's: others are called {usual}...")
        elif one.segment.size != usual_size and flanked:
            size, others = "x".join(map(str, one.segment.size)), "x".join(map(str, usual_size))
            leave_out(one.segment.path, f"its pictures are {size}, those before and after {others}: another camera's?")
        else:
            kept.append(one)
    return kept


def _one_behind_other(found: list[DatedSegment], leave_out: Faults) -> list[DatedSegment]:
    kept = list[DatedSegment]()
    for one in found:
        last = kept[-1].segment if kept else None
        if last is not None and (one.segment.start - last.start).total_seconds() < _SAME_START_S:
            leave_out(one.segment.path, f"it begins when {last.path.name} does")
        elif last is not None and one.segment.end <= last.end:
            leave_out(one.segment.path, f"all of its time is in {last.path.name} too")
        else:
            kept.append(one)
    return kept


def _shares(a: Segment, b: Segment) -> bool:
    """Whether two segments show mostly the same time, as a camera's own never do."""
    shared = (min(a.end, b.end) - max(a.start, b.start)).total_seconds()
    return a.start == b.start or shared > _MOSTLY * min(a.duration_s, b.duration_s)


def _letters(prefix: str) -> str:
    """A name without its numbers of many digits, which count."""
    return re.sub(r"\d{3,}", "#", prefix)


def natural(path: Path) -> tuple[tuple[str, int], ...]:
    """Order in which `2.mp4` stands before `10.mp4`."""
    pieces = re.split(r"(\d+)", path.as_posix())
    return tuple((text, 0) if number % 2 == 0 else ("", int(text)) for number, text in enumerate(pieces))


def overlaps(segments: Sequence[Segment]) -> list[tuple[Segment, Segment, float]]:
    """Neighbours that share time, and how many seconds: what two show is read from the first."""
    shared = [(a, b, (a.end - b.start).total_seconds()) for a, b in pairwise(segments)]
    return [(a, b, seconds) for a, b, seconds in shared if seconds >= LEAST_GAP_S]
