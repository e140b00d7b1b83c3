"""The tracker's own time, which never runs backwards."""

from __future__ import annotations

from typing import Literal

TimeUnit = Literal["seconds", "frames"]


class Clock:
    """Turns frames into steps of time.

    Args:
        unit: `seconds` follows the time stamps; `frames` adds one for each frame given.
    """

    def __init__(self, unit: TimeUnit) -> None:
        self._unit = unit
        self._time_s: float | None = None
        self.now = 0.0
        """Time since the first frame."""

    @property
    def time_s(self) -> float:
        """Time stamp of the last frame; 0 before the first."""
        return self._time_s or 0.0

    def tick(self, time_s: float) -> float:
        """Go on to the next frame.

        Args:
            time_s: Its time stamp, seconds; one that is earlier than the last (a stream that jumped) counts as no step.

        Returns:
            Time since the last frame; 0 for the first.
        """
        last_s, self._time_s = self._time_s, time_s
        if last_s is None:
            return 0.0
        dt = 1.0 if self._unit == "frames" else max(time_s - last_s, 0.0)
        self.now += dt
        return dt
