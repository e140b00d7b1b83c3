"""Seconds since the origin of a folder: set by the wall clock once, then only advancing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reidtrack import clock
from reidtrack.runtime.queues import SYSTEM_CLOCK, Clock


class WallTime:
    """Seconds since the origin of a folder, the same for all cameras of a session.

    The wall clock is asked once, at the start of the session; from then on a monotonic clock counts. So time neither
    jumps nor goes back when the computer's clock is set (NTP) while it runs; daylight saving is no matter, as all is
    UTC. Set the computer's clock before the start: by how much it was set since is `wall_ahead_s`.

    Args:
        origin: The moment from which times count, with its zone; without one it is taken for UTC.
        not_before_s: Time that the sessions before have reached: this one begins no earlier, even if the wall clock
            has been set back in between.
        ticks: Monotonic clock.
    """

    def __init__(self, origin: datetime, not_before_s: float = 0.0, ticks: Clock = SYSTEM_CLOCK) -> None:
        self.origin = clock.in_utc(origin)
        self._ticks = ticks
        self._from_s = ticks.now()
        self._start_s = max((clock.now() - self.origin).total_seconds(), not_before_s)

    def now_s(self) -> float:
        """Seconds since the origin, now; never less than at an earlier call."""
        return self.at(self._ticks.now())

    def at(self, tick_s: float) -> float:
        """Seconds since the origin at a moment of the monotonic clock."""
        return self._start_s + tick_s - self._from_s

    def moment(self, time_s: float) -> datetime:
        """The date and time, in UTC, of a number of seconds since the origin."""
        return (self.origin + timedelta(seconds=time_s)).astimezone(UTC)

    def wall_ahead_s(self) -> float:
        """By how many seconds the wall clock is ahead of these times: near 0 unless it was set since the start."""
        return (clock.now() - self.origin).total_seconds() - self.now_s()
