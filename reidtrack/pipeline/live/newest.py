"""Newest first: where there is no time for all frames that wait, the last that came are looked at, cameras in turn."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence

from reidtrack.types import Frame

BATCH_S = 0.15
"""What is looked at together takes so long at most, or is one frame for each stream of an engine: frames that come
meanwhile are as much older when it is their turn."""
LEAST_LOOKS = 2
"""What an engine on the CPU looks at in parallel."""
_FIRST_S = 0.05
"""Taken for the time of a look before one was measured."""
_NEW_SHARE = 0.5
"""Weight of the last second in what a look takes."""
_SPAN_S = 2.0
"""Over so long the looks of a camera are counted."""


class NewestFirst:
    """Chooses among the frames of several cameras that wait together.

    All of them may be looked at if that takes no longer than `BATCH_S`. Else it is the newest of each camera, as many
    as there is time for, and the camera that was looked at longest ago comes first.

    Args:
        most: Frames that may be looked at together.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._look_s, self._busy_s, self._looks, self._measured = _FIRST_S, 0.0, 0, 0
        self._left = most
        self._newest: dict[str, int] | None = None
        self._turn: dict[str, int] = {}
        self._count = itertools.count()

    @property
    def room(self) -> int:
        """Frames that there is time to look at together."""
        return min(self._most, max(LEAST_LOOKS, int(BATCH_S / self._look_s)))

    def measure(self, busy_s: float) -> None:
        """Learn how long a look takes.

        Args:
            busy_s: For how long has been looked since the beginning.
        """
        done = self._looks - self._measured
        if done > 0:
            found_s = max((busy_s - self._busy_s) / done, 1e-4)
            self._look_s += _NEW_SHARE * (found_s - self._look_s)
            self._measured, self._busy_s = self._looks, busy_s

    def take(self, frames: Sequence[Frame]) -> list[Frame]:
        """Frames that wait together, each camera's in order, in the order in which `allows` is to be asked of them."""
        self._left = self.room
        if len(frames) <= self._left:
            self._newest = None
            return list(frames)
        self._newest = {frame.camera: frame.index for frame in frames}
        return sorted(frames, key=lambda frame: self._turn.get(frame.camera, -1))

    def allows(self, frame: Frame) -> bool:
        """Whether there is time to look at a frame."""
        return self._left > 0 and (self._newest is None or self._newest.get(frame.camera, frame.index) == frame.index)

    def looked(self, frame: Frame) -> None:
        """Take notice that a frame is looked at."""
        self._left, self._looks = self._left - 1, self._looks + 1
        self._turn[frame.camera] = next(self._count)


class EnoughLooks:
    """Whether cameras are looked at often enough for a tracker: frames that are not lie between two looks, or are lost.

    Args:
        least_per_s: Looks a second.

    Attributes:
        lost: Camera to its frames that were passed over while it had fewer.
    """

    def __init__(self, least_per_s: float) -> None:
        self._least = int(least_per_s * _SPAN_S) - 1  # looks do not lie quite evenly
        self._looks_s: dict[str, deque[float]] = {}
        self._since_s: dict[str, float] = {}
        self.lost: dict[str, int] = {}

    def looked(self, frame: Frame) -> None:
        """Take notice of a look."""
        self._looks_s.setdefault(frame.camera, deque(maxlen=self._least)).append(frame.time_s)

    def rested(self, frame: Frame) -> None:
        """Take notice that nothing was to be looked at in a frame: looks count anew."""
        self._since_s.pop(frame.camera, None)

    def passed_over(self, frame: Frame) -> bool:
        """Whether a frame that was wanted and is not looked at is lost; counts it then."""
        looks_s = self._looks_s.get(frame.camera, deque[float]())
        since_s = self._since_s.setdefault(frame.camera, frame.time_s)
        if abs(frame.time_s - since_s) < _SPAN_S:
            return False
        if len(looks_s) == self._least and 0 <= frame.time_s - looks_s[0] <= _SPAN_S:
            return False
        self.lost[frame.camera] = self.lost.get(frame.camera, 0) + 1
        return True
