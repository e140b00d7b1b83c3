"""The date and time of day: everything that is dated "now" asks here, so that a test can say when that is."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_FILE_TIME = re.compile(r"(\d{8})T(\d{6})(?:\.(\d{3}))?Z", re.ASCII)


def now() -> datetime:
    """Present moment, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 (the one place that may)


def in_utc(time: datetime) -> datetime:
    """Time in UTC; one without a zone is taken to be UTC already.

    Raises:
        OverflowError: If that is before the year 1 or after 9999.
    """
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).astimezone(UTC)


def now_text() -> str:
    """Present moment as pages show it, to the minute."""
    return now().strftime("%Y-%m-%d %H:%M UTC")


def file_time(time: datetime, *, millis: bool = False) -> str:
    """Moment as names of files have it, `20261130T091500Z` in UTC; what is left of it is cut off.

    Args:
        time: The moment.
        millis: Whether milliseconds follow the seconds, `20261130T091500.250Z`.
    """
    utc = in_utc(time)
    fraction = f".{utc.microsecond // 1000:03}" if millis else ""
    return f"{utc.year:04}{utc:%m%dT%H%M%S}{fraction}Z"


def from_file_time(text: str) -> datetime | None:
    """Moment that the name of a file tells, in UTC; None where it tells none.

    Args:
        text: The name without its ending, as `file_time` gives it.
    """
    found = _FILE_TIME.fullmatch(text)
    if found is None:
        return None
    try:
        moment = datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:  # a thirteenth month
        return None
    return moment.replace(microsecond=int(found[3] or 0) * 1000)
