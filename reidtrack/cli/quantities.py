"""Durations, sizes and moments as they are typed: `7d`, `50G`, `10 min ago`."""

from __future__ import annotations

import argparse
import re
from datetime import datetime, timedelta

from reidtrack import clock

_SECONDS = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}
_BYTES = {
    "": 1,
    "b": 1,
    **{f"{letter}{end}": 1024**power for power, letter in enumerate("kmgtp", 1) for end in ("", "ib")},
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgtp", 1)},
}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,9})?) ?([a-z]*)", re.ASCII)
_MOST_S = 1e10
"""Three centuries."""


def duration_s(text: str) -> float:
    """Seconds of a duration: `90`, `90s`, `10m`, `12h`, `7d`, `2w`, `1h30m`.

    Raises:
        ArgumentTypeError: If it is none.
    """
    total = _sum_of(text, _SECONDS, several=True)
    if total is None or not 0 < total <= _MOST_S:
        raise argparse.ArgumentTypeError(f"got {text!r} (expected a duration such as 90s, 10m, 12h, 7d or 2w)")
    return total


def size_bytes(text: str) -> int:
    """Bytes of a size: `500M`, `50G` (of 1024, as `du -h` counts), `1.5T`, `50GB` (of 1000).

    Raises:
        ArgumentTypeError: If it is none.
    """
    total = _sum_of(text, _BYTES, several=False)
    if total is None or not 1 <= total < 2**63:
        raise argparse.ArgumentTypeError(f"got {text!r} (expected a size such as 500M, 50G or 1.5T)")
    return round(total)


def moment(text: str) -> float | datetime:
    """A moment: seconds since the origin of a folder, or a time in UTC.

    Args:
        text: `90.5` (seconds since the origin), `2026-11-30T09:15:00Z` (ISO 8601; UTC where no zone is given),
            `10 min ago`, or `now`.

    Raises:
        ArgumentTypeError: If it is none.
    """
    words = " ".join(text.split()).lower()
    if re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", words, re.ASCII):
        return float(words)
    if words == "now":
        return clock.now()
    try:
        if words.endswith(" ago"):
            return clock.now() - timedelta(seconds=duration_s(words.removesuffix(" ago")))
        return clock.in_utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError, argparse.ArgumentTypeError):
        expected = "seconds since the folder's origin, a time such as 2026-11-30T09:15:00Z, or 10m ago"
        raise argparse.ArgumentTypeError(f"got {text!r} (expected {expected})") from None


def _sum_of(text: str, units: dict[str, int], *, several: bool) -> float | None:
    """A number with its unit, or several of them added up; None where it is something else."""
    rest, total = " ".join(text.split()).lower(), 0.0
    count = 0
    while rest:
        found = _PART.match(rest)
        if found is None or found[2] not in units or (count and (not several or not found[2])):
            return None
        if several and not found[2] and found.end() < len(rest):  # "1 30m"
            return None
        total += float(found[1]) * units[found[2]]
        rest = rest[found.end() :].lstrip()
        count += 1
    return total if count else None
