"""What a recording of a live camera tells of itself: when its first picture was taken."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from reidtrack.clock import in_utc
from reidtrack.video.probe import local_options

_TAG = re.compile(r"reidtrack start_s=(\S{1,40}) utc=(\S{1,40})")


def file_tags(start_s: float, start: datetime) -> dict[str, str]:
    """What a recording tells of itself: `creation_time`, and in `comment` the time of its first picture.

    Args:
        start_s: Time of its first picture, seconds since the origin of the folder.
        start: The same moment.
    """
    utc = in_utc(start).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"creation_time": utc, "comment": f"reidtrack start_s={start_s:.6f} utc={utc}"}


def read_start_s(tags: Mapping[str, str]) -> float | None:
    """Time of a recording's first picture, seconds since the origin of its folder, as `file_tags` put it down.

    Args:
        tags: Of the container; keys in any case, as Matroska has them in capitals.

    Returns:
        None where they do not tell.
    """
    found = _told(tags)
    if found is None:
        return None
    try:
        start_s = float(found[1])
    except ValueError:
        return None
    return start_s if math.isfinite(start_s) else None


def read_start(tags: Mapping[str, str]) -> datetime | None:
    """The moment of a recording's first picture, in UTC, to the microsecond; None where its tags do not tell."""
    found = _told(tags)
    try:
        return None if found is None else in_utc(datetime.fromisoformat(found[2]))
    except (ValueError, OverflowError):
        return None


def _told(tags: Mapping[str, str]) -> re.Match[str] | None:
    comment = next((value for key, value in tags.items() if key.lower() == "comment"), "")
    return _TAG.fullmatch(comment)


def recording_start_s(path: Path) -> float | None:
    """Time of a recording's first picture, as its tags tell; None where they do not, or it cannot be opened."""
    import av

    try:
        with av.open(f"file:{path}", options=local_options(path)) as container:
            return read_start_s(container.metadata)
    except (av.error.FFmpegError, OSError):
        return None
