"""What the user knows about the ways between cameras."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Topology:
    """Ways between cameras, by name.

    Attributes:
        travel_s: (From, to) to the least seconds between leaving one view and entering the other, and the most or None;
            less than zero where the views overlap.
        barred: Pairs (from, to) between which nobody can go without being seen by a third.
        complete: Whether there are no other ways than `travel_s`.
    """

    travel_s: Mapping[tuple[str, str], tuple[float, float | None]] = field(default_factory=dict)
    barred: frozenset[tuple[str, str]] = frozenset()
    complete: bool = False

    def __bool__(self) -> bool:
        return bool(self.travel_s or self.barred or self.complete)

    def earliest_s(self, start: str, end: str) -> float | None:
        """Least seconds from one camera to another, over others too; infinity if there is no way, None if unknown."""
        if (start, end) in self.travel_s:
            return min(self.travel_s[start, end][0], self._over_others_s(start, end))
        over = self._over_others_s(start, end)
        if self.complete or (start, end) in self.barred:
            return over
        return None

    def latest_s(self, start: str, end: str) -> float | None:
        """Most seconds of the direct way; None if that is not known."""
        return self.travel_s.get((start, end), (0.0, None))[1]

    def _over_others_s(self, start: str, end: str) -> float:
        """Shortest time along the known ways (Dijkstra); the time within a view counts nothing."""
        best, queue = {start: 0.0}, [(0.0, start)]
        while queue:
            time_s, camera = heapq.heappop(queue)
            if camera == end:
                return time_s
            for (a, b), (least, _) in self.travel_s.items():
                reached = time_s + max(least, 0.0)
                if a == camera and reached < best.get(b, float("inf")):
                    best[b] = reached
                    heapq.heappush(queue, (reached, b))
        return float("inf")
