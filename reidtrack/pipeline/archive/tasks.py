"""The time of a camera cut into tasks that can be computed anywhere, each with a lead in which its tracker warms up.

Borders lie on one grid of UTC for all cameras and days, so that files that are added later change no task of before.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reidtrack.video.segment_list import Segment, SegmentList

DEFAULT_TASK_S = 300.0
DEFAULT_LEAD_S = 20.0
"""See docs/scale.md: what it takes until a tracker that begins there says the same as one that never stopped."""
RESULT_VERSION = 1
"""Of what a task computes and how it is written; another one makes other names."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Piece:
    """What a task reads of one file.

    Attributes:
        path: The file.
        sha256: Of its fingerprint.
        bytes: Its length.
        begins_s: Of its first frame, seconds from the task's start; negative before.
    """

    path: Path
    sha256: str
    bytes: int
    begins_s: float


@dataclass(frozen=True)
class Task:
    """A stretch of one camera's time.

    Attributes:
        camera: Name of the camera.
        start: Of what it is to find out.
        end: Up to there.
        lead_s: How much before its start it reads.
        pieces: The files it reads, in order.
    """

    camera: str
    start: datetime
    end: datetime
    lead_s: float
    pieces: tuple[Piece, ...]

    @property
    def seconds(self) -> float:
        """Its length without the lead."""
        return (self.end - self.start).total_seconds()

    def key(self, settings: Mapping[str, Any], weights: Mapping[str, Any]) -> str:
        """Digest of all that its result depends on: what is read, how, and by which networks.

        Names of files and of the camera are not part of it: an archive that was moved is the same.

        Args:
            settings: All that decides what is found, as plain values.
            weights: Digests of the networks and the engines that run them.
        """
        said = {
            "version": RESULT_VERSION,
            "seconds": self.seconds,
            "lead_s": self.lead_s,
            "pieces": [[p.sha256, p.bytes, round(p.begins_s, 6)] for p in self.pieces],
            "settings": settings,
            "weights": weights,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def cut(
    camera: str,
    listed: SegmentList,
    task_s: float,
    lead_s: float,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Task]:
    """Cut a camera's time into tasks; time without a file has none.

    Args:
        camera: Name of the camera.
        listed: Its files.
        task_s: Length of a task, more than 0.
        lead_s: How much before its start each one reads, at least 0.
        since: Moment before which nothing is read.
        until: Moment from which on nothing is read.
    """
    segments = listed.segments
    low = max(segments[0].start, since or segments[0].start)
    high = max(segment.end for segment in segments) if until is None else until
    tasks = []
    for start, end in _cells(low, high, task_s):
        pieces = list(_pieces(segments, start, end, lead_s))
        if any(piece.begins_s + segment.duration_s > 0 for piece, segment in pieces):
            tasks.append(Task(camera, start, end, lead_s, tuple(piece for piece, _ in pieces)))
    return tasks


def _cells(low: datetime, high: datetime, task_s: float) -> Iterator[tuple[datetime, datetime]]:
    """Stretches between the grid's lines; the first and the last are cut off by nothing: there just is no file."""
    number = math.floor((low - _EPOCH).total_seconds() / task_s)
    while True:
        start = _EPOCH + timedelta(seconds=number * task_s)
        if start >= high:
            return
        yield start, _EPOCH + timedelta(seconds=(number + 1) * task_s)
        number += 1


def _pieces(
    segments: Sequence[Segment], start: datetime, end: datetime, lead_s: float
) -> Iterator[tuple[Piece, Segment]]:
    """Files that show any of a stretch or its lead; one whose length is not known may show all up to the next."""
    for number, segment in enumerate(segments):
        begins_s = (segment.start - start).total_seconds()
        ends_s = begins_s + segment.duration_s
        if segment.duration_s == 0 and number + 1 < len(segments):
            ends_s = (segments[number + 1].start - start).total_seconds()
        if segment.start < end and ends_s > -lead_s:
            yield Piece(segment.path, segment.sha256, segment.bytes, begins_s), segment
