"""Times and durations as text, and the ticks of a time axis."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

STEPS_S: tuple[float, ...] = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10800, 21600, 43200, 86400),
)
"""Distances between ticks of a time axis that read well, in seconds."""


def format_time(time_s: float, decimals: int = 0) -> str:
    """Time as `m:ss` or `h:mm:ss`, with `decimals` of the second; negative times carry a minus sign."""
    unit = 10**decimals
    total = round(abs(time_s) * unit)
    seconds, fraction = divmod(total, unit)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    if decimals:
        text += f".{fraction:0{decimals}}"
    return f"−{text}" if time_s < 0 and total else text


def format_duration(seconds: float) -> str:
    """Length of time with its units: `3.2 s`, `1 min 53 s`, `2 h 05 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min"


def axis_ticks(first_s: float, last_s: float, most: int = 9) -> tuple[Sequence[float], float]:
    """Times at which an axis is marked.

    Args:
        first_s: Left end of the axis, seconds.
        last_s: Right end, larger than `first_s`.
        most: Largest number of ticks.

    Returns:
        The times, and the distance between them, one of `STEPS_S` or whole days.
    """
    span = last_s - first_s
    step = next((s for s in STEPS_S if span / s < most), math.ceil(span / 86400 / most + 1e-9) * 86400.0)
    start, end = math.ceil(first_s / step - 1e-9), math.floor(last_s / step + 1e-9)
    return [round(i * step, 3) for i in range(start, end + 1)], step


@dataclass(frozen=True, slots=True)
class DayClock:
    """Times of one calendar day as clocks show them; pages without one count from the run's origin.

    Attributes:
        shifts: From when on, seconds since the run's origin, how many seconds the clock (since its midnight) is ahead
            of them, and what the zone is called then. More than one where clocks change on that day.
    """

    shifts: tuple[tuple[float, float, str], ...]

    def text(self, time_s: float, decimals: int = 0) -> str:
        """Moment as `hh:mm:ss`, with `decimals` of the second (-1: `hh:mm`); if it comes twice, with the zone."""
        at = max(0, bisect_right([begin for begin, _, _ in self.shifts], time_s) - 1)
        _, shift, zone = self.shifts[at]
        unit = 10 ** max(0, decimals)
        seconds, fraction = divmod(round((time_s + shift) * unit), unit)
        text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}" + (f":{seconds % 60:02}" if decimals >= 0 else "")
        if decimals > 0:
            text += f".{fraction:0{decimals}}"
        return f"{text} {zone}" if self._twice(time_s) else text

    def _twice(self, time_s: float) -> bool:
        """Whether clocks show a moment's time once more: they are put back then, or were."""
        return any(
            begin - (before - after) <= time_s < begin + (before - after)
            for (_, before, _), (begin, after, _) in pairwise(self.shifts)
        )

    def ticks(self, first_s: float, last_s: float, most: int = 9) -> tuple[Sequence[float], float]:
        """Times at which an axis is marked, as `axis_ticks`: at full hours of the clock, not of the origin."""
        shift = self.shifts[0][1]
        times, step = axis_ticks(first_s + shift, last_s + shift, most)
        return [round(time_s - shift, 3) for time_s in times], step
