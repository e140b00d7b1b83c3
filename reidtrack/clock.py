"""The date and time of day: everything that is dated "now" asks here, so that a test can say when that is."""

from __future__ import annotations

from datetime import UTC, datetime


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
