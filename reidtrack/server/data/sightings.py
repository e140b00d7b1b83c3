"""Boxes of a stretch of time out of `sightings.jsonl`, found by halving: the file may be larger than the memory."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from reidtrack.errors import InputError

_LONGEST_LINE = 1 << 16


@dataclass(frozen=True, slots=True)
class SightingsPage:
    """Some lines of the file.

    Attributes:
        items: Records, by time.
        next: Byte from which the next page goes on; None at the end.
    """

    items: list[dict[str, Any]]
    next: int | None


def read_sightings(
    path: Path,
    cameras: Collection[str],
    from_s: float,
    until_s: float,
    *,
    most: int,
    start: int | None = None,
    scan: int = 200_000,
) -> SightingsPage:
    """The boxes of some cameras in `from_s <= time_s <= until_s`.

    Args:
        path: The file, whose lines are sorted by time.
        cameras: Which cameras' boxes.
        from_s: Seconds since the run's origin.
        until_s: Likewise.
        most: Boxes of a page.
        start: Where a page before said that this one begins; None finds the first.
        scan: Lines looked at for a page; what is left is for the next.

    Raises:
        InputError: If it cannot be read or is no file of sightings.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(_first_at(file, size, from_s) if start is None else _line_start(file, start, size))
            return _page(file, cameras, until_s, most, scan)
    except OSError as error:
        raise InputError("cannot be read", where=path, hint=error.strerror) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("is no file of sightings", where=path, hint="settle the run anew") from error


def _page(file: BinaryIO, cameras: Collection[str], until_s: float, most: int, scan: int) -> SightingsPage:
    items: list[dict[str, Any]] = []
    for _ in range(scan):
        here = file.tell()
        line = file.readline(_LONGEST_LINE)
        if not line:
            return SightingsPage(items, None)
        record = json.loads(line)
        if record["time_s"] > until_s:
            return SightingsPage(items, None)
        if record["camera"] not in cameras:
            continue
        if len(items) == most:
            return SightingsPage(items, here)
        items.append(record)
    return SightingsPage(items, file.tell())


def _first_at(file: BinaryIO, size: int, time_s: float) -> int:
    """Start of the first line at or after a time."""
    low, high = 0, size  # the line that is sought begins in low..high
    while low < high:
        middle = (low + high) // 2
        begins = _line_start(file, middle, size)
        if begins >= high:
            high = middle
            continue
        file.seek(begins)
        if json.loads(file.readline(_LONGEST_LINE))["time_s"] < time_s:
            low = file.tell()
        else:
            high = middle
    return _line_start(file, low, size)


def _line_start(file: BinaryIO, at: int, size: int) -> int:
    """Start of the first line that begins at or after a byte."""
    if at <= 0:
        return 0
    if at >= size:
        return size
    file.seek(at - 1)
    while True:
        piece = file.readline(_LONGEST_LINE)
        if not piece or piece.endswith(b"\n"):
            return file.tell()
