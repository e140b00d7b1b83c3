"""A set of whole numbers as runs of those that follow each other: small where most of those between two are in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class NumberRuns:
    """Whole numbers.

    Args:
        runs: First and last of each run, in order, with at least one number between two of them.

    Raises:
        ValueError: If they are in another order.
    """

    def __init__(self, runs: Iterable[tuple[int, int]] = ()) -> None:
        found = list(runs)
        self._first, self._last = [first for first, _ in found], [last for _, last in found]
        self._count = sum(last - first + 1 for first, last in found)
        ends = [end for run in found for end in run]
        between = zip(self._first[1:], self._last, strict=False)
        if ends != sorted(ends) or any(first <= last + 1 for first, last in between):
            raise ValueError("runs: expected them in order, apart from each other")

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: int) -> bool:
        k = bisect_right(self._first, number) - 1
        return k >= 0 and number <= self._last[k]

    def runs(self) -> list[tuple[int, int]]:
        """First and last of each run, in order."""
        return list(zip(self._first, self._last, strict=True))

    def add(self, first: int, last: int) -> None:
        """Add the numbers from one to another, none of which is in it."""
        k = bisect_right(self._first, first)
        self._count += last - first + 1
        if k > 0 and self._last[k - 1] == first - 1:  # goes on the run before
            k -= 1
            first = self._first[k]
            del self._first[k], self._last[k]
        if k < len(self._first) and self._first[k] == last + 1:  # and the one behind goes on it
            last = self._last[k]
            del self._first[k], self._last[k]
        self._first.insert(k, first)
        self._last.insert(k, last)

    def discard(self, number: int) -> None:
        """Take a number out, if it is in it."""
        if number not in self:
            return
        k = bisect_right(self._first, number) - 1
        first, last = self._first.pop(k), self._last.pop(k)
        left = [(a, b) for a, b in ((first, number - 1), (number + 1, last)) if a <= b]
        self._first[k:k], self._last[k:k] = [a for a, _ in left], [b for _, b in left]
        self._count -= 1
