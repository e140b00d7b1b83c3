"""The date and time of day: everything that is dated "now" asks here, so that a test can say when that is."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 (the one place that may)


def now_text() -> str:
    """The present moment as pages show it, to the minute."""
    return now().strftime("%Y-%m-%d %H:%M UTC")
