"""Which play of a file that is looped a moment belongs to."""

from __future__ import annotations

from bisect import bisect_right

_MOST = 2000
"""Plays that are told apart; of more, the oldest half counts as one. Bounds memory."""


class Plays:
    """The moments at which a file began again; one thread adds, others may ask."""

    def __init__(self) -> None:
        self._begun: tuple[int, list[float]] = 0, []

    def begin(self, time_s: float) -> None:
        """The file begins again; times only go up."""
        before, begun = self._begun
        if len(begun) >= _MOST:
            before, begun = before + _MOST // 2, begun[_MOST // 2 :]
        self._begun = before, [*begun, time_s]

    def at(self, time_s: float) -> int:
        """How often it had begun again by then."""
        before, begun = self._begun
        return before + bisect_right(begun, time_s)
