"""What a user's corrections say about the threshold that the recording itself gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.types import BoolArray, DoubleArray, IntArray, TrackletKey

STEP = 0.02
"""How far one correction moves the threshold, if it takes as much.

Of drawn corrections one moves the threshold by 0.02 to 0.05 in the middle, and seven in place of eight put a run right
(docs/results/association.md); other steps were not measured."""


class Feedback(NamedTuple):
    """Pairs of which somebody said whether they are one person.

    Attributes:
        pairs: (P, 2) indices of tracklets.
        same: (P,) whether they are one person.
        weight: (P,) a correction's pairs weigh 1 together: one about many tracklets is no more than one correction.
    """

    pairs: IntArray
    same: BoolArray
    weight: DoubleArray

    @classmethod
    def none(cls) -> Feedback:
        """Nothing was said."""
        return cls.of((), ())

    @classmethod
    def of(cls, keys: Sequence[TrackletKey], said: Sequence[tuple[TrackletKey, TrackletKey, bool, float]]) -> Feedback:
        """Find the tracklets.

        Args:
            keys: Keys of all tracklets.
            said: Keys of two tracklets, whether they are one person, and the weight.
        """
        index = {key: i for i, key in enumerate(keys)}
        pairs = np.array([(index[a], index[b]) for a, b, _, _ in said], np.int64).reshape(-1, 2)
        return cls(pairs, np.array([s for *_, s, _ in said], np.bool_), np.array([w for *_, w in said], np.float64))


def threshold_after_feedback(threshold: float, feedback: Feedback, appearance: DoubleArray, camera: IntArray) -> float:
    """The threshold, moved towards what was said and no farther than it takes.

    It is the t for which `(t - threshold)^2 / (2 STEP)` and the weighted distances by which one person's pairs of two
    cameras lie beyond t, and two people's within, are least together: a pair that agrees with the threshold teaches
    nothing, one that does not draws it by `STEP` times its weight until it agrees, and opposite ones meet.

    Args:
        threshold: Cosine distance that the recording gave.
        feedback: What was said of N tracklets.
        appearance: (N, D) unit rows, or zero where nothing is known.
        camera: (N,) camera index.
    """
    a, b = feedback.pairs.T
    known = np.any(appearance != 0, axis=1)
    counts = (camera[a] != camera[b]) & known[a] & known[b]
    if not counts.any():
        return threshold
    distance = (1 - np.einsum("pd,pd->p", appearance[a], appearance[b]))[counts]
    same, weight = feedback.same[counts], feedback.weight[counts]

    def slope(t: float) -> float:
        """The derivative at t; it rises with t."""
        beyond, within = weight[same & (distance > t)].sum(), weight[~same & (distance < t)].sum()
        return (t - threshold) / STEP - float(beyond) + float(within)

    low, high = 0.0, 2.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return (low + high) / 2
