"""From the presentation time stamps of a stream to seconds that always advance."""

from __future__ import annotations

from fractions import Fraction

REBASE_S = 1.0
REBASE_FRAMES = 3
"""So many stamps in a row that fall back by more than `REBASE_S` are a new count (recordings joined end to end, a
restarted encoder); fewer are late frames, such as decoders let out after damage."""

GOES_ON_S = 10.0
"""Longest pause between two counts that may be one: beyond, what the second begins with is by chance."""


class Clock:
    """Reads time stamps in presentation order and mends the ones that cannot be right.

    The first frame is at 0. A frame without a stamp stands one nominal step after its predecessor. A stamp that does
    not advance is put half a nominal step after its predecessor, so that the next good stamp is still ahead of it; but
    the third in a row that falls back by more than `REBASE_S` begins a new count, one nominal step after its
    predecessor. Jumps forward are kept: a recording may pause.

    Args:
        time_base: Seconds per unit of the stamps.
        step_s: Nominal seconds between two frames.
    """

    def __init__(self, time_base: Fraction, step_s: float) -> None:
        self._numerator, self._denominator = time_base.numerator, time_base.denominator
        self._step_s = step_s
        self._origin: int | None = None
        self._shift_s = 0.0
        self._last_s: float | None = None
        self._fallen = 0
        self._anew = False

    def begin_anew(self) -> None:
        """Be told that the next stamp may be of another count: it goes on, or follows one nominal step after."""
        self._anew = True

    def read(self, pts: int | None) -> float:
        """Seconds of the next frame since the first one, greater than those of every earlier frame.

        Args:
            pts: The frame's stamp in units of the time base, or None where the stream has none.
        """
        self._last_s = 0.0 if self._last_s is None else self._after(self._last_s, pts)
        if self._origin is None and pts is not None:
            self._origin, self._shift_s = pts, self._last_s
        return self._last_s

    def _after(self, last_s: float, pts: int | None) -> float:
        if pts is None or self._origin is None:
            return last_s + self._step_s
        time_s = (pts - self._origin) * self._numerator / self._denominator + self._shift_s
        if self._anew:
            self._anew = False
            if not 0 < time_s - last_s <= GOES_ON_S:
                self._shift_s += last_s + self._step_s - time_s
                return last_s + self._step_s
        if time_s > last_s:
            self._fallen = 0
            return time_s
        self._fallen = self._fallen + 1 if last_s - time_s > REBASE_S else 0
        if self._fallen < REBASE_FRAMES:
            return last_s + self._step_s / 2
        self._fallen = 0
        self._shift_s += last_s + self._step_s - time_s
        return last_s + self._step_s
