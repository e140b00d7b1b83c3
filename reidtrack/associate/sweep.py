"""What would have been linked at other thresholds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reidtrack.associate.clustering.hungarian import cluster
from reidtrack.associate.clustering.problem import PairCosts
from reidtrack.associate.constraints import PairConstraints
from reidtrack.associate.nearest import near_pairs
from reidtrack.types import DoubleArray, Identity, TrackletKey

STEPS = (-0.2, -0.15, -0.1, -0.05, -0.025, 0.025, 0.05, 0.1, 0.15, 0.2)
"""Differences from the threshold in use that are worth a look; round numbers."""
FEW_STEPS = (-0.1, -0.05, 0.05, 0.1)
MANY_TRACKLETS, MOST_TRACKLETS = 300, 3000
"""Beyond these, tracklets are clustered at few other thresholds, and at none, so that it costs seconds at most."""
_LEAST, _MOST = 0.05, 1.2
"""Thresholds beyond these are out of all reason: distances of one person lie within, chance lies near 1."""
_ROUNDING = 1e-6
"""Costs and distances are computed in different ways and differ by less than this."""


def steps_for(tracklets: int) -> Sequence[float]:
    """Differences from the threshold that are tried for so many tracklets, as many as cost seconds."""
    return STEPS if tracklets <= MANY_TRACKLETS else FEW_STEPS if tracklets <= MOST_TRACKLETS else ()


class SweepInput(NamedTuple):
    """What a clustering was made from, so that it can be made anew at another threshold.

    Attributes:
        costs: Costs of N tracklets at the threshold in use, appearance first among their vectors.
        dim: Length of an appearance.
        weight: (N,) above zero.
        constraints: Pairs that are certain.
        same_camera_share: Threshold within a camera as a share of the other.
    """

    costs: PairCosts
    dim: int
    weight: DoubleArray
    constraints: PairConstraints
    same_camera_share: float

    def costs_at(self, threshold: float) -> PairCosts:
        """Costs at another threshold between cameras."""
        metric = self.costs.metric.copy()
        metric[self.dim :] = (self.same_camera_share - 1) * threshold
        return replace(self.costs, metric=metric, base=1 - threshold)


class OtherClustering(NamedTuple):
    """Who is who at another threshold.

    Attributes:
        threshold: Largest distance of one person's tracklets between cameras.
        label: Tracklet to its cluster.
    """

    threshold: float
    label: dict[TrackletKey, int]


class Change(NamedTuple):
    """What differs at another threshold.

    Attributes:
        threshold: Largest distance of one person's tracklets between cameras.
        identities: How many people there would be.
        joined: Ids of people who would be one, the smaller first.
        parted: Tracklets that would leave the rest of their person.
    """

    threshold: float
    identities: int
    joined: list[tuple[int, int]]
    parted: list[TrackletKey]


def cluster_at(given: SweepInput, keys: Sequence[TrackletKey], thresholds: Sequence[float]) -> list[OtherClustering]:
    """Clusterings of the same tracklets at other thresholds.

    Args:
        given: Everything but the threshold.
        keys: Keys of the N tracklets.
        thresholds: Thresholds between cameras; those out of all reason are left out.
    """
    wanted = sorted({round(t, 4) for t in thresholds if _LEAST <= t <= _MOST})
    if not wanted or not keys:
        return []
    appearance = given.costs.vectors[:, : given.dim]
    near = near_pairs(appearance, wanted[-1] * max(1.0, given.same_camera_share) + _ROUNDING).pairs
    must_link, cannot_link = given.constraints
    found = []
    for threshold in wanted:
        label = cluster(given.costs_at(threshold), near, cannot_link, given.weight, must_link)
        found.append(OtherClustering(threshold, dict(zip(keys, label.tolist(), strict=True))))
    return found


def change(identities: Sequence[Identity], other: OtherClustering) -> Change:
    """What another threshold would do to a result; who is not in it (ignored, say) does not count."""
    home: dict[int, list[int]] = {}
    parted = []
    for identity in sorted(identities, key=lambda one: one.id):
        clusters = [other.label[t.key] for t in identity if t.key in other.label]
        if not clusters:
            continue
        most = Counter(clusters).most_common(1)[0][0]  # of equal ones the earliest
        parted += [t.key for t in identity if other.label.get(t.key, most) != most]
        home.setdefault(most, []).append(identity.id)
    joined = [(ids[0], later) for ids in home.values() for later in ids[1:]]
    return Change(other.threshold, int(np.unique(list(other.label.values())).size), sorted(joined), sorted(parted))
