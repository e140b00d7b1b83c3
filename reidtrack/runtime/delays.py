"""Delays: when something came in, and how long it took until what became of it went out; memory is bounded."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from reidtrack.runtime.queues import SYSTEM_CLOCK, Clock

_BIN = math.log(1.02)
"""Width of a bin of the distribution over a whole session: 2 %."""
_LEAST_S, _MOST_S = 1e-3, 1e4


@dataclass(frozen=True)
class DelayFigures:
    """How long it took.

    Attributes:
        count: Of how many.
        p50_s: Half took no longer, seconds.
        p95_s: 95 of 100 took no longer, seconds.
    """

    count: int
    p50_s: float
    p95_s: float


class DelayWindow:
    """Delays of the last while, and their distribution since the beginning. Threads may share it.

    Args:
        window_s: How far back the last while goes.
        most: Most delays that are kept of it.
        clock: Says what time it is.
    """

    def __init__(self, window_s: float = 60.0, most: int = 4096, clock: Clock = SYSTEM_CLOCK) -> None:
        self._window_s, self._clock = window_s, clock
        self._recent: deque[tuple[float, float]] = deque(maxlen=most)
        self._bins: dict[int, int] = {}
        self._lock = threading.Lock()

    def add(self, delay_s: float) -> None:
        """Note a delay; one below 0 counts as 0."""
        delay_s = max(delay_s, 0.0)
        number = round(math.log(min(max(delay_s, _LEAST_S), _MOST_S)) / _BIN)
        with self._lock:
            self._recent.append((self._clock.now(), delay_s))
            self._bins[number] = self._bins.get(number, 0) + 1

    def recent(self) -> DelayFigures | None:
        """Figures of the last while, exact; None where there was nothing."""
        with self._lock:
            since_s = self._clock.now() - self._window_s
            while self._recent and self._recent[0][0] < since_s:
                self._recent.popleft()
            delays = sorted(delay_s for _, delay_s in self._recent)
        if not delays:
            return None
        return DelayFigures(len(delays), _rank(delays, 0.5), _rank(delays, 0.95))

    def overall(self) -> DelayFigures | None:
        """Figures since the beginning, to 1 %, a millisecond at least; None where there was nothing."""
        with self._lock:
            bins = sorted(self._bins.items())
        count = sum(number for _, number in bins)
        return DelayFigures(count, _binned(bins, 0.5 * count), _binned(bins, 0.95 * count)) if count else None


def _rank(ordered: Sequence[float], share: float) -> float:
    """The least value that so large a share does not exceed."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def _binned(bins: Sequence[tuple[int, int]], rank: float) -> float:
    passed = 0
    for number, count in bins:
        passed += count
        if passed >= rank - 1e-9:
            return math.exp(number * _BIN)
    return math.exp(bins[-1][0] * _BIN)


class Arrivals:
    """When things came in, of each source the last `most`. Threads may share it.

    Args:
        most: Of one source; earlier ones are forgotten.
        clock: Says what time it is.
    """

    def __init__(self, most: int = 4096, clock: Clock = SYSTEM_CLOCK) -> None:
        self._most, self._clock = most, clock
        self._came: dict[str, OrderedDict[Hashable, float]] = {}
        self._lock = threading.Lock()

    def came(self, source: str, key: Hashable) -> None:
        """Note that something has just come in."""
        with self._lock:
            known = self._came.setdefault(source, OrderedDict())
            known[key] = self._clock.now()
            if len(known) > self._most:
                known.popitem(last=False)

    def delay_s(self, source: str, key: Hashable) -> float | None:
        """Seconds since it came in; None where that is not known any more."""
        with self._lock:
            came_s = self._came[source].get(key) if source in self._came else None
        return None if came_s is None else self._clock.now() - came_s

    def forget(self, source: str) -> None:
        """Forget a source."""
        with self._lock:
            self._came.pop(source, None)
