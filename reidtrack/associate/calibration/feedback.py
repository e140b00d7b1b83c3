"""What a user's corrections say about the threshold that the recording itself gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.constraints import Key
from reidtrack.types import BoolArray, DoubleArray, IntArray

STEP = 0.02
"""How far one correction moves the threshold, if it takes as much."""


class Taught(NamedTuple):
    """Pairs of which somebody said whether they are one person.

    Attributes:
        pairs: (P, 2) tracklets.
        same: (P,) one person, or two.
        weight: (P,) a correction's pairs weigh 1 together: one about many tracklets is no more than one correction.
    """

    pairs: IntArray
    same: BoolArray
    weight: DoubleArray

    @classmethod
    def none(cls) -> Taught:
        """Nothing was said."""
        return cls.of((), ())

    @classmethod
    def of(cls, keys: Sequence[Key], said: Sequence[tuple[Key, Key, bool, float]]) -> Taught:
        """Find the tracklets.

        Args:
            keys: Of all tracklets.
            said: Two of them, whether they are one person, and the weight.
        """
        place: Mapping[Key, int] = {key: i for i, key in enumerate(keys)}
        pairs = np.array([(place[a], place[b]) for a, b, _, _ in said], np.int64).reshape(-1, 2)
        return cls(pairs, np.array([s for *_, s, _ in said], np.bool_), np.array([w for *_, w in said], np.float64))


def taught_threshold(threshold: float, taught: Taught, look: DoubleArray, camera: IntArray) -> float:
    """The threshold moved towards what was said, no farther than it takes.

    It is the t for which `(t - threshold)^2 / (2 STEP)` and the weighted distances by which one person's pairs of two
    cameras lie beyond t, and two people's within, are least together: a pair that agrees with the threshold teaches
    nothing, one that does not draws it by `STEP` times its weight until it agrees, and opposite ones meet.

    Args:
        threshold: Of the recording, cosine distance.
        taught: What was said of N tracklets.
        look: (N, D) unit rows, or zero where nothing is known.
        camera: (N,).
    """
    a, b = taught.pairs.T
    known = np.any(look != 0, axis=1)
    counts = (camera[a] != camera[b]) & known[a] & known[b]
    if not counts.any():
        return threshold
    distance = (1 - np.einsum("pd,pd->p", look[a], look[b]))[counts]
    same, weight = taught.same[counts], taught.weight[counts]

    def draw(t: float) -> float:
        """The slope at t; it rises with t."""
        beyond, within = weight[same & (distance > t)].sum(), weight[~same & (distance < t)].sum()
        return (t - threshold) / STEP - float(beyond) + float(within)

    low, high = 0.0, 2.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if draw(middle) > 0 else (middle, high)
    return (low + high) / 2
