"""How alike is alike enough, and how sure is a link: found from the recording itself, without labels.

Distances between cameras are of one person's views or of two people's (`mixture`). Two kinds of pairs are known: people
who stand in one camera together are two; and where two tracklets of two cameras are each other's nearest beyond doubt,
whoever stands beside the one is not the other either. Parts of one tracklet are known to be one person too, but say
little of what another camera does to looks: how far that moves distances is estimated between cameras alone. No
threshold is found that would part most visits from themselves.

What is expected before that comes with the network (`prior`).

A threshold holds for all cameras; probabilities are of each pair of cameras, drawn towards all where there is little.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from reidtrack.associate.calibration.calibration import CHOSEN, EVERYWHERE, Calibration, Confidence, PairCalibration
from reidtrack.associate.calibration.feedback import Taught, taught_threshold
from reidtrack.associate.calibration.mixture import EDGES, Belief, Counts, Mixture, alike_among, fit
from reidtrack.associate.calibration.prior import GENERIC
from reidtrack.associate.calibration.sample_pairs import (
    LEAST_PAIRS,
    LIMITS,
    SAME_CAMERA_SHARE,
    CrossPairs,
    cross_pairs,
)
from reidtrack.associate.clustering.adjacency import Adjacency
from reidtrack.associate.clustering.pair_keys import keys as _keys
from reidtrack.types import BoolArray, DoubleArray, IntArray

SURE = 0.95
"""Least probability, of any pair, of tracklets that are each other's nearest beyond doubt."""
_PAIR_BELIEF = Belief(same=20.0, share=10.0, other=20.0)
_WHOLE = 0.75
"""Share of visits that a threshold which is found does not part from themselves."""
_FEW_MATCHES, _FEW_OTHERS, _FEW_HALVES = 5.0, 20, 10
_SOME_ALIKE, _MUCH_ALIKE = 0.05, 0.15
_MOST_TOGETHER, _CHUNK = 50_000, 4096

_NONE = np.zeros(0)


class Views(NamedTuple):
    """What tracklets look like.

    Attributes:
        look: (N, D) unit rows with the cameras' casts removed, or zero where nothing is known.
        camera: (N,) camera of each, from 0.
        weight: (N,) in 0..1, how much each counts.
        names: Of the cameras, sorted.
        halves: (H,) distances of both halves of visits from each other.
    """

    look: DoubleArray
    camera: IntArray
    weight: DoubleArray
    names: Sequence[str]
    halves: DoubleArray = _NONE


def calibrate(
    views: Views,
    clash: IntArray,
    together: IntArray,
    *,
    threshold: float | None = None,
    same_camera_threshold: float | None = None,
    least_probability: float = 0.5,
    taught: Taught | None = None,
    prior: Mixture = GENERIC.distances,
    belief: Belief = GENERIC.belief,
) -> Calibration:
    """Find out what distances mean.

    Args:
        views: Of N tracklets.
        clash: (Q, 2) pairs that are two people: who stand in one camera together, and who somebody said are.
        together: (P, 2) pairs that somebody said are one person.
        threshold: One that was given; None finds it.
        same_camera_threshold: The same within a camera; None is a fixed share of the other.
        least_probability: Of a chosen pair at the threshold that is found.
        taught: Corrections, each of which moves the threshold that is found, see `taught_threshold`.
        prior: How distances between cameras are expected to be distributed; how many are one person's is not taken from
            it, but follows from how many tracklets there are.
        belief: How many pairs that is worth.
    """
    pairs = cross_pairs(views.look, views.camera, views.weight)
    seen = _distances(views.look, clash[views.camera[clash[:, 0]] == views.camera[clash[:, 1]]])
    prior = _expected(prior, views, alike_among(seen, prior.alike))
    everywhere, by_cameras = _learn(pairs, views, clash, together, prior, belief)
    chosen = _chosen(views)
    benefit = chosen - math.log(least_probability / (1 - least_probability))
    enough = len(pairs.distance) >= LEAST_PAIRS
    found = min(max(everywhere.midpoint + benefit / everywhere.slope, LIMITS[0]), LIMITS[1])
    if enough and len(views.halves) >= _FEW_HALVES:
        found = max(found, min(float(np.quantile(views.halves, _WHOLE)), LIMITS[1]))
    moved = taught_threshold(found, taught or Taught.none(), views.look, views.camera) - found
    used = threshold if threshold is not None else min(max(found + moved, LIMITS[0]), LIMITS[1])
    within = SAME_CAMERA_SHARE * used if same_camera_threshold is None else same_camera_threshold
    return Calibration(
        used,
        within,
        "auto" if threshold is None else "fixed",
        *_confidence(everywhere, used, len(pairs.distance), len(seen)),
        everywhere,
        by_cameras,
        len(seen),
        int((seen <= used).sum()),
        moved,
        len(views.halves),
        int((views.halves <= used).sum()),
        not enough and threshold is None,
        chosen,
    )


def _learn(
    pairs: CrossPairs, views: Views, clash: IntArray, together: IntArray, prior: Mixture, belief: Belief
) -> tuple[PairCalibration, dict[tuple[str, str], PairCalibration]]:
    """Distributions of all pairs, and of each pair of cameras."""
    count = len(views.camera)
    key = _keys(pairs.pairs, count)
    known = _Known(pairs, np.isin(key, _keys(together, count)), np.isin(key, _keys(clash, count)))
    match = known.same
    if pairs.whole:
        match = match | _matches(pairs, fit(known.counts(), prior, belief)) & ~known.different
    known = known.with_different(np.isin(key, _keys(_beside(pairs.pairs[match], clash, count), count)))
    pool = fit(known.counts(), prior, belief)
    everywhere = _pair(EVERYWHERE, pool, known.counts(), match, known.different)
    by_cameras = {}
    for (a, b), rows in _groups(pairs):
        names, counts = (views.names[a], views.names[b]), known.counts(rows)
        evidence = match[rows], known.different[rows]
        by_cameras[names] = _pair(names, fit(counts, pool, _PAIR_BELIEF), counts, *evidence)
    return everywhere, by_cameras


def _chosen(views: Views) -> float:
    """Log-odds that it adds to a pair to have been chosen: no more than there were others to choose from."""
    each = len(views.camera) / max(1, len(np.unique(views.camera)))
    return min(CHOSEN, math.log(max(1.0, each)))


def _expected(prior: Mixture, views: Views, alike: float) -> Mixture:
    """What is expected of a recording of so many tracklets: in two cameras each person is seen once."""
    each = len(views.camera) / max(1, len(np.unique(views.camera)))
    return replace(prior, share=1 / max(2.0, each), alike=alike)


@dataclass(frozen=True, eq=False)
class _Known:
    """Pairs, and which of them are known to be one person's or two people's."""

    pairs: CrossPairs
    same: BoolArray
    different: BoolArray

    def with_different(self, more: BoolArray) -> _Known:
        """More pairs of two people."""
        return _Known(self.pairs, self.same, (self.different | more) & ~self.same)

    def counts(self, rows: IntArray | slice = slice(None)) -> Counts:
        """Of some pairs, or all."""
        same, different = self.same[rows], self.different[rows]
        place = np.minimum((self.pairs.distance[rows] / EDGES[1]).astype(np.int64), len(EDGES) - 2)
        weight = self.pairs.weight[rows]
        kinds = (~same & ~different, same, different)
        return Counts(*(np.bincount(place[kind], weight[kind], len(EDGES) - 1).astype(np.float64) for kind in kinds))


def _groups(pairs: CrossPairs) -> Iterator[tuple[tuple[int, int], IntArray]]:
    """Each two cameras, the lower first, and the rows of their pairs."""
    cameras = int(pairs.camera.max(initial=0)) + 1
    code = _keys(pairs.camera, cameras)
    order = np.argsort(code, kind="stable")
    codes, first = np.unique(code[order], return_index=True)
    for number, rows in zip(codes.tolist(), np.split(order, first[1:]), strict=True) if len(codes) else ():
        yield divmod(number, cameras), rows


def _matches(pairs: CrossPairs, mixture: Mixture) -> BoolArray:
    """Which pairs are each other's nearest between their two cameras, and surely one person's."""
    matched = mixture.log_odds(pairs.distance) >= math.log(SURE / (1 - SURE))
    cameras = int(pairs.camera.max(initial=0)) + 1
    for side in (0, 1):
        group = pairs.pairs[:, side] * cameras + pairs.camera[:, 1 - side]
        least = np.full(int(group.max(initial=-1)) + 1, np.inf)
        np.minimum.at(least, group, pairs.distance)
        matched &= pairs.distance <= least[group]
    return matched


def _beside(match: IntArray, clash: IntArray, count: int) -> IntArray:
    """Pairs of two people: one of a match, and who stands beside the other."""
    beside = Adjacency.of(count, clash, np.ones(len(clash)))
    found = [np.zeros((0, 2), np.int64)]
    for a, b in match.tolist():
        for one, other in ((a, b), (b, a)):
            others = beside.neighbours(other)
            found.append(np.stack([np.full(len(others), one), others], axis=1))
    return np.concatenate(found)


def _distances(look: DoubleArray, pairs: IntArray) -> DoubleArray:
    """Of pairs of which both looks are known; of a fixed sample where there are very many."""
    if len(pairs) > _MOST_TOGETHER:
        pairs = pairs[np.random.default_rng(0).choice(len(pairs), _MOST_TOGETHER, replace=False)]
    pairs = pairs[np.isin(pairs, np.flatnonzero(look.any(axis=1))).all(axis=1)]
    found = np.empty(len(pairs))
    for first in range(0, len(pairs), _CHUNK):
        a, b = pairs[first : first + _CHUNK].T
        found[first : first + _CHUNK] = 1 - np.einsum("pd,pd->p", look[a], look[b])
    return found


def _pair(
    cameras: tuple[str, str], mixture: Mixture, counts: Counts, match: BoolArray, different: BoolArray
) -> PairCalibration:
    slope, midpoint = mixture.logistic()
    evidence = int(match.sum()), int(different.sum())
    return PairCalibration(cameras, *evidence, slope, midpoint, mixture, *counts.split(mixture))


def _confidence(everywhere: PairCalibration, threshold: float, pairs: int, together: int) -> tuple[Confidence, str]:
    """How far to trust a threshold that was found, and why."""
    if pairs < LEAST_PAIRS:
        return "poor", f"{pairs} pairs of visits to two cameras are too few to tell, so the network's priors decide"
    matches = float(everywhere.same.sum())
    wrong = everywhere.rates(np.array([threshold]))[0].false_accept
    if matches < _FEW_MATCHES:
        return (
            "poor",
            f"hardly anybody is seen in two cameras (about {matches:.0f} pairs), so the network's priors decide",
        )
    if wrong > _MUCH_ALIKE:
        return (
            "poor",
            f"looks tell people badly apart here, {wrong:.0%} of pairs of two people lie within the threshold",
        )
    if matches < 2 * _FEW_MATCHES:
        return "fair", f"few people are seen in two cameras (about {matches:.0f} pairs)"
    if wrong > _SOME_ALIKE:
        return "fair", f"some people look alike, {wrong:.0%} of pairs of two people lie within the threshold"
    if together < _FEW_OTHERS:
        return "fair", f"few people are seen together ({together} pairs), so little is known of different people"
    return "good", f"about {matches:.0f} pairs of one person, {together} of people seen together"
