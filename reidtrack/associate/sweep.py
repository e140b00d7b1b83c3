"""What would have been linked at other thresholds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reidtrack.associate.clustering.hungarian import group
from reidtrack.associate.clustering.pair_costs import PairCosts
from reidtrack.associate.nearest import near_pairs
from reidtrack.types import DoubleArray, Identity, IntArray

STEPS = (-0.2, -0.15, -0.1, -0.05, -0.025, 0.025, 0.05, 0.1, 0.15, 0.2)
"""Differences from the threshold in use that are worth a look."""
FEW_STEPS = (-0.1, -0.05, 0.05, 0.1)
MANY_TRACKLETS, MOST_TRACKLETS = 300, 3000
"""More than these are grouped at few other thresholds, and at none."""
_LEAST, _MOST = 0.05, 1.2
Key = tuple[str, int]


def steps_for(tracklets: int) -> Sequence[float]:
    """Differences from the threshold that are tried, so many as cost seconds."""
    return STEPS if tracklets <= MANY_TRACKLETS else FEW_STEPS if tracklets <= MOST_TRACKLETS else ()


class Problem(NamedTuple):
    """What a grouping was made from.

    Attributes:
        costs: Of N tracklets at the threshold in use, looks first among their vectors.
        dim: Length of a look.
        weight: (N,) above zero.
        clash: (Q, 2) pairs that cannot be one person, each once.
        together: (P, 2) pairs that are.
        same_camera_share: Threshold within a camera as a share of the other.
    """

    costs: PairCosts
    dim: int
    weight: DoubleArray
    clash: IntArray
    together: IntArray
    same_camera_share: float

    def costs_at(self, threshold: float) -> PairCosts:
        """Costs at another threshold between cameras."""
        metric = self.costs.metric.copy()
        metric[self.dim :] = (self.same_camera_share - 1) * threshold
        return replace(self.costs, metric=metric, base=1 - threshold)


class Regrouped(NamedTuple):
    """Who is who at another threshold.

    Attributes:
        threshold: That one.
        label: Tracklet to its group.
    """

    threshold: float
    label: dict[Key, int]


class Change(NamedTuple):
    """What differs at another threshold.

    Attributes:
        threshold: That one.
        identities: How many people there would be.
        joined: Ids of people who would be one, the smaller first.
        parted: Tracklets that would leave the rest of their person.
    """

    threshold: float
    identities: int
    joined: list[tuple[int, int]]
    parted: list[Key]


def regroup(problem: Problem, keys: Sequence[Key], thresholds: Sequence[float]) -> list[Regrouped]:
    """Group the same tracklets by other thresholds.

    Args:
        problem: All else.
        keys: Of the N tracklets.
        thresholds: Between cameras; those out of all reason are left out.
    """
    wanted = sorted({round(t, 4) for t in thresholds if _LEAST <= t <= _MOST})
    if not wanted or not keys:
        return []
    look = problem.costs.vectors[:, : problem.dim]
    near = near_pairs(look, wanted[-1] * max(1.0, problem.same_camera_share) + 1e-6).pairs
    found = []
    for threshold in wanted:
        label = group(problem.costs_at(threshold), near, problem.clash, problem.weight, problem.together)
        found.append(Regrouped(threshold, dict(zip(keys, label.tolist(), strict=True))))
    return found


def change(identities: Sequence[Identity], other: Regrouped) -> Change:
    """What another threshold would do to a result; who is not in it (ignored, say) does not count."""
    home: dict[int, list[int]] = {}
    parted = []
    for identity in sorted(identities, key=lambda one: one.id):
        groups = [other.label[t.key] for t in identity if t.key in other.label]
        if not groups:
            continue
        most = Counter(groups).most_common(1)[0][0]  # of equal ones the earliest
        parted += [t.key for t in identity if other.label.get(t.key, most) != most]
        home.setdefault(most, []).append(identity.id)
    joined = [(ids[0], later) for ids in home.values() for later in ids[1:]]
    return Change(other.threshold, int(np.unique(list(other.label.values())).size), sorted(joined), sorted(parted))
