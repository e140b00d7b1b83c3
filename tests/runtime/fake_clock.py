"""A clock that tests move: nothing waits in truth, and what happens while one waits is told beforehand."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable


class FakeClock:
    """Time that passes only while somebody waits for something."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._count = itertools.count()

    def at(self, time_s: float, event: Callable[[], object]) -> None:
        """Have something happen at a time, in the thread of whoever waits then."""
        heapq.heappush(self._events, (time_s, next(self._count), event))

    def now(self) -> float:
        return self._now_s

    def wait(self, condition: threading.Condition, timeout_s: float | None) -> None:
        """Go on to the next event, or by `timeout_s` if that comes first."""
        end_s = None if timeout_s is None else self._now_s + timeout_s
        if self._events and (end_s is None or self._events[0][0] <= end_s):
            time_s, _, event = heapq.heappop(self._events)
            self._now_s = max(self._now_s, time_s)
            condition.release()  # as waiting does: other threads may be needed for what happens
            event()
            condition.acquire()
        elif end_s is not None:
            self._now_s = end_s
        else:
            raise AssertionError("waits for ever")
