"""Which crops are embedded when there are more than the processor can manage: those that tell most."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence

from reidtrack.embed.select import Candidate

_FIRST = 2
"""Crops of a track that come before all others: with one it has an identity, with two a sure one."""
_SETTLED, _CALM = 6, 2
"""Crops of a track after which its number is kept, and one of so many is enough (docs/results/live.md)."""
MOST_SPARING = 4
_LONG_S, _TOO_LONG_S = 0.3, 1.0
"""How long a crop would have to wait beyond which only a track's first ones are embedded, and beyond which none is: it
would make identities late, and the next crop of the track is half a second away."""
_LEAST_RATE = 2.0
"""Crops a second that are taken for granted, so that an odd second of rest or work tells little."""
_NEW_SHARE = 0.5
"""Weight of the last second in what a crop takes."""
_MOST_TRACKS = 10_000
"""Tracks that are remembered; beyond, those seen longest ago are forgotten."""


class CropBudget:
    """Chooses the crops that are embedded: of a track the first ones, then one of `sparing`, later fewer.

    Attributes:
        sparing: 1 takes all; at most `MOST_SPARING`.
        crop_s: Seconds that a crop takes, by what was measured last.
        left_out: Camera to its crops that were not embedded.
    """

    def __init__(self) -> None:
        self.sparing, self.crop_s = 1, 0.0
        self._chosen = self._waiting = self._done = 0
        self._busy_s = 0.0
        self.left_out: Counter[str] = Counter()
        self._offered: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._given: dict[tuple[str, int], int] = {}

    def choose(self, crops: Sequence[Candidate], waiting: int) -> list[Candidate]:
        """The crops that are embedded, in their order.

        Args:
            crops: What the selector chose.
            waiting: Crops that were chosen before and wait still.
        """
        chosen: list[Candidate] = []
        self._waiting = waiting
        for crop in crops:
            key = crop.camera, crop.track_id
            if self._wants(key, waiting + len(chosen)):
                self._given[key] = self._given.get(key, 0) + 1
                chosen.append(crop)
            else:
                self.left_out[crop.camera] += 1
            self._offered[key] = self._offered.get(key, 0) + 1
            self._offered.move_to_end(key)
        self._chosen += len(chosen)
        while len(self._offered) > _MOST_TRACKS:
            self._given.pop(self._offered.popitem(last=False)[0], None)
        return chosen

    def measure(self, busy_s: float) -> None:
        """Learn how long a crop takes.

        Args:
            busy_s: For how long crops have been embedded since the beginning.
        """
        done = self._chosen - self._waiting
        if done > self._done:
            found_s = (busy_s - self._busy_s) / (done - self._done)
            self.crop_s += (_NEW_SHARE if self._done else 1.0) * (found_s - self.crop_s)
            self._done, self._busy_s = done, busy_s

    def _wants(self, key: tuple[str, int], waiting: int) -> bool:
        given, wait_s = self._given.get(key, 0), waiting * min(self.crop_s, 1 / _LEAST_RATE)
        if wait_s > _TOO_LONG_S:
            return False
        if given < _FIRST:
            return True
        every = max(self.sparing, _CALM) if given >= _SETTLED else self.sparing
        return wait_s <= _LONG_S and self._offered[key] % every == 0
