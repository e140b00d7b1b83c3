"""An archive cut into blocks of time that are solved one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.graph import component_members
from reidtrack.types import DoubleArray, IntArray, Tracklet

_LEAD_S = 120.0
"""Who was seen so long before a block begins is looked at with it: ways between cameras take less. Not tuned."""
_MOST_LEAD = 0.25
"""Of a block's size; bounds time and memory where many are there at once."""


class Block(NamedTuple):
    """Some tracklets that are solved at once.

    Attributes:
        lead: (L,) those before it that evidence of space and time looks at too, increasing.
        own: (B,) those that it is about, increasing.
    """

    lead: IntArray
    own: IntArray

    @property
    def rows(self) -> IntArray:
        """All (L + B,), increasing."""
        return np.sort(np.concatenate([self.lead, self.own]))


def cut_blocks(tracklets: Sequence[Tracklet], size: int, must: IntArray, *, lead: bool) -> tuple[list[Block], IntArray]:
    """Blocks of about equal size, by time; and which one (N,) each tracklet is in.

    Args:
        tracklets: N of them, by time.
        size: Most tracklets of a block.
        must: (N,) equal for tracklets that are one person whatever they look like: they are in the block of the first.
        lead: Whether a block looks at who was there before it.
    """
    count = len(tracklets)
    pieces = -(-count // size)
    block = np.arange(count) * pieces // max(1, count)
    for members in component_members(must):
        if len(members) > 1:
            block[members] = block[members[0]]
    first_s = np.array([t.first_time_s for t in tracklets])
    last_s = np.array([t.last_time_s for t in tracklets])
    found = []
    for number in range(pieces):
        own = np.flatnonzero(block == number)
        before = _before(first_s, last_s, block, own, number, size) if lead and len(own) else np.zeros(0, np.int64)
        found.append(Block(before, own))
    return [one for one in found if len(one.own)], block


def _before(
    first_s: DoubleArray, last_s: DoubleArray, block: IntArray, own: IntArray, number: int, size: int
) -> IntArray:
    begins = first_s[own[0]]
    near = np.flatnonzero((block < number) & (last_s >= begins - _LEAD_S))
    near = near[near < own[-1]]
    found: IntArray = near[max(0, len(near) - int(_MOST_LEAD * size)) :]
    return found
