"""Calibration of a recording without labels: how alike is alike enough, and how sure is a link.

Distances between cameras are of one person's tracklets or of two people's (`mixture`). Two kinds of pairs are known:
people who stand in one camera together are two; and where two tracklets of two cameras are each other's nearest beyond
doubt, whoever stands beside the one is not the other either. Parts of one tracklet are known to be one person too, but
say little of what another camera does to appearances: how far that moves distances is estimated between cameras alone.
No threshold is found that would part most tracklets from themselves.

What is expected before that comes with the network (`prior`).

A threshold holds for all cameras; probabilities are of each pair of cameras, drawn towards all where there is little.

The constants were chosen on parts of recordings, on recordings with people missing or foreign, and on groups of people
drawn from Market-1501's training set (docs/results/association.md, docs/results/calibration.md); where one says no
more, a sweep of it alone is not recorded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from reidtrack.associate.calibration.calibration import CHOSEN, EVERYWHERE, Calibration, Confidence, PairCalibration
from reidtrack.associate.calibration.feedback import Feedback, threshold_after_feedback
from reidtrack.associate.calibration.mixture import EDGES, Belief, Counts, Mixture, alike_among, fit
from reidtrack.associate.calibration.prior import GENERIC
from reidtrack.associate.calibration.sample_pairs import CrossPairs, cross_pairs
from reidtrack.associate.clustering.pairs import Adjacency, pair_keys
from reidtrack.types import BoolArray, DoubleArray, IntArray

SURE = 0.95
"""Least probability, for any pair, of tracklets that are each other's nearest beyond doubt."""
SAME_CAMERA_SHARE = 0.85
"""Threshold within a camera as a share of the other: one person's tracklets lie nearer to each other there.

It keeps look-alikes of single cameras apart (docs/results/calibration.md); thresholds learned from pairs within
cameras were no better."""
LEAST_PAIRS = 6
"""Fewer pairs between cameras are too few to tell; the prior alone decides (`prior`)."""
LIMITS = (0.3, 0.9)
"""No threshold is found beyond: those of recordings lie at 0.5 to 0.8 (docs/results/calibration.md). Where two people
are expected farther apart than networks in general have them, since biases of few people hold much of them, and there
are pairs enough to see it, the upper one lies as much higher."""
_PAIR_BELIEF = Belief(same=20.0, share=10.0, other=20.0)
"""Pairs that the mixture of all cameras is worth in that of two of them."""
_WHOLE = 0.75
"""Share of tracklets that a threshold which is found does not part from themselves: their halves lie within it."""
_FEW_MATCHES, _FEW_OTHERS, _FEW_HALVES = 5.0, 20, 10
"""Fewer pairs of one person, of two people, and halves are called few; round numbers, not tuned."""
_SOME_ALIKE, _MUCH_ALIKE = 0.05, 0.15
"""Shares of pairs of two people within the threshold from which on trust falls; round numbers, not tuned."""
_MOST_TOGETHER, _CHUNK = 50_000, 4096
"""Pairs seen together that are looked at, and how many at once; bounds time and memory."""

_NO_HALVES = np.zeros(0)


class ObservedAppearance(NamedTuple):
    """What N tracklets of a recording look like.

    Attributes:
        appearance: (N, D) unit rows with the cameras' biases removed, or zero where nothing is known.
        camera: (N,) camera index of each, from 0.
        weight: (N,) in 0..1, how much each counts.
        names: Names of the cameras, sorted.
        halves: (H,) distances between both halves of single tracklets.
    """

    appearance: DoubleArray
    camera: IntArray
    weight: DoubleArray
    names: Sequence[str]
    halves: DoubleArray = _NO_HALVES

    @property
    def tracklets_per_camera(self) -> float:
        """Mean number of tracklets in a camera that has any."""
        return len(self.camera) / max(1, len(np.unique(self.camera)))


def calibrate(
    observed: ObservedAppearance,
    cannot_link: IntArray,
    must_link: IntArray,
    *,
    threshold: float | None = None,
    same_camera_threshold: float | None = None,
    least_probability: float = 0.5,
    feedback: Feedback | None = None,
    prior: Mixture = GENERIC.distances,
    belief: Belief = GENERIC.belief,
) -> Calibration:
    """Find out what distances mean in a recording.

    Args:
        observed: Appearance of N tracklets.
        cannot_link: (Q, 2) pairs that are two people: who stand in one camera together, and who somebody said are.
        must_link: (P, 2) pairs that somebody said are one person.
        threshold: One that was given; None finds it.
        same_camera_threshold: One that was given for pairs of a camera; None is a fixed share of the other.
        least_probability: Probability of a chosen pair at the threshold that is found.
        feedback: Corrections, each of which moves the threshold that is found, see `threshold_after_feedback`.
        prior: How distances between cameras are expected to be distributed; how many are one person's is not taken from
            it, but follows from how many tracklets there are.
        belief: How many pairs that is worth.
    """
    pairs = cross_pairs(observed.appearance, observed.camera, observed.weight)
    enough = len(pairs.distance) >= LEAST_PAIRS
    same_camera = observed.camera[cannot_link[:, 0]] == observed.camera[cannot_link[:, 1]]
    together = _distances(observed.appearance, cannot_link[same_camera])
    # How distances are distributed, over all cameras and between each two.
    prior = _expected(prior, observed, alike_among(together, prior.alike))
    everywhere, by_cameras = _learn(pairs, observed, cannot_link, must_link, prior, belief)
    # The threshold that follows, moved by corrections, unless one is given.
    chosen = min(CHOSEN, math.log(max(1.0, observed.tracklets_per_camera)))  # there were no more to choose from
    limits = LIMITS[0], LIMITS[1] * (max(1.0, prior.other / Mixture().other) if enough else 1.0)
    halves = observed.halves if enough else _NO_HALVES
    found = _threshold(everywhere, chosen, least_probability, halves, limits)
    taught = threshold_after_feedback(found, feedback or Feedback.none(), observed.appearance, observed.camera)
    moved = taught - found
    used = float(np.clip(found + moved, *limits)) if threshold is None else threshold
    confidence, reason = _confidence(everywhere, used, len(pairs.distance), len(together))
    return Calibration(
        threshold=used,
        same_camera_threshold=SAME_CAMERA_SHARE * used if same_camera_threshold is None else same_camera_threshold,
        source="auto" if threshold is None else "fixed",
        confidence=confidence,
        reason=reason,
        everywhere=everywhere,
        pairs=by_cameras,
        seen_together=len(together),
        seen_together_within=int((together <= used).sum()),
        moved=moved,
        halves=len(observed.halves),
        halves_within=int((observed.halves <= used).sum()),
        by_default=not enough and threshold is None,
        chosen=chosen,
    )


def _threshold(
    everywhere: PairCalibration,
    chosen: float,
    least_probability: float,
    halves: DoubleArray,
    limits: tuple[float, float],
) -> float:
    """Distance at which a chosen pair has the least probability, wide enough not to part tracklets from themselves."""
    benefit = chosen - math.log(least_probability / (1 - least_probability))
    found = float(np.clip(everywhere.midpoint + benefit / everywhere.slope, *limits))
    if len(halves) >= _FEW_HALVES:
        found = max(found, min(float(np.quantile(halves, _WHOLE)), limits[1]))
    return found


def _expected(prior: Mixture, observed: ObservedAppearance, alike: float) -> Mixture:
    """What is expected of a recording of so many tracklets: in two cameras each person is seen once."""
    return replace(prior, share=1 / max(2.0, observed.tracklets_per_camera), alike=alike)


def _learn(
    pairs: CrossPairs,
    observed: ObservedAppearance,
    cannot_link: IntArray,
    must_link: IntArray,
    prior: Mixture,
    belief: Belief,
) -> tuple[PairCalibration, dict[tuple[str, str], PairCalibration]]:
    """Distributions of all pairs, and of each pair of cameras."""
    count = len(observed.camera)
    key = pair_keys(pairs.pairs, count)
    across = cannot_link[observed.camera[cannot_link[:, 0]] != observed.camera[cannot_link[:, 1]]]
    known = _KnownPairs(pairs, np.isin(key, pair_keys(must_link, count)), np.isin(key, pair_keys(across, count)))
    match = known.same
    if pairs.whole:
        match = match | _matches(pairs, fit(known.counts(), prior, belief)) & ~known.different
    beside = pair_keys(_beside(pairs.pairs[match], cannot_link, count), count)
    known = known.with_different(np.isin(key, beside))
    pool = fit(known.counts(), prior, belief)
    everywhere = _pair(EVERYWHERE, pool, known.counts(), match, known.different)
    by_cameras = {}
    for (a, b), rows in _by_cameras(pairs):
        names, counts = (observed.names[a], observed.names[b]), known.counts(rows)
        evidence = match[rows], known.different[rows]
        by_cameras[names] = _pair(names, fit(counts, pool, _PAIR_BELIEF), counts, *evidence)
    return everywhere, by_cameras


@dataclass(frozen=True, eq=False)
class _KnownPairs:
    """Pairs between cameras, and which of them (P,) are known to be one person's or two people's."""

    pairs: CrossPairs
    same: BoolArray
    different: BoolArray

    def with_different(self, more: BoolArray) -> _KnownPairs:
        """Known pairs with more of two people."""
        return _KnownPairs(self.pairs, self.same, (self.different | more) & ~self.same)

    def counts(self, rows: IntArray | slice = slice(None)) -> Counts:
        """Numbers of some pairs, or all, by distance."""
        same, different = self.same[rows], self.different[rows]
        bins = np.minimum((self.pairs.distance[rows] / EDGES[1]).astype(np.int64), len(EDGES) - 2)
        weight = self.pairs.weight[rows]
        kinds = (~same & ~different, same, different)
        return Counts(*(np.bincount(bins[kind], weight[kind], len(EDGES) - 1).astype(np.float64) for kind in kinds))


def _by_cameras(pairs: CrossPairs) -> Iterator[tuple[tuple[int, int], IntArray]]:
    """Each two cameras, the lower first, and the rows of their pairs."""
    cameras = int(pairs.camera.max(initial=0)) + 1
    code = pair_keys(pairs.camera, cameras)
    order = np.argsort(code, kind="stable")
    codes, first = np.unique(code[order], return_index=True)
    for number, rows in zip(codes.tolist(), np.split(order, first[1:]), strict=True) if len(codes) else ():
        yield divmod(number, cameras), rows


def _matches(pairs: CrossPairs, mixture: Mixture) -> BoolArray:
    """Mask (P,) of pairs that are each other's nearest between their two cameras, and surely one person's."""
    matched = mixture.log_odds(pairs.distance) >= math.log(SURE / (1 - SURE))
    cameras = int(pairs.camera.max(initial=0)) + 1
    for side in (0, 1):
        group = pairs.pairs[:, side] * cameras + pairs.camera[:, 1 - side]
        least = np.full(int(group.max(initial=-1)) + 1, np.inf)
        np.minimum.at(least, group, pairs.distance)
        matched &= pairs.distance <= least[group]
    return matched


def _beside(match: IntArray, cannot_link: IntArray, count: int) -> IntArray:
    """Pairs (P, 2) of two people: one of a match, and who stands beside the other."""
    matched = np.zeros(count, np.bool_)
    matched[match] = True
    neighbours = Adjacency.of(count, cannot_link[matched[cannot_link[:, 0]] | matched[cannot_link[:, 1]]])
    found = [np.zeros((0, 2), np.int64)]
    for a, b in match.tolist():
        for one, other in ((a, b), (b, a)):
            others = neighbours.neighbours(other)
            found.append(np.stack([np.full(len(others), one), others], axis=1))
    return np.concatenate(found)


def _distances(appearance: DoubleArray, pairs: IntArray) -> DoubleArray:
    """Distances of pairs (P, 2) of which both appearances are known; of a fixed sample where there are very many."""
    if len(pairs) > _MOST_TOGETHER:
        pairs = pairs[np.random.default_rng(0).choice(len(pairs), _MOST_TOGETHER, replace=False)]
    pairs = pairs[np.isin(pairs, np.flatnonzero(appearance.any(axis=1))).all(axis=1)]
    found = np.empty(len(pairs))
    for first in range(0, len(pairs), _CHUNK):
        a, b = pairs[first : first + _CHUNK].T
        found[first : first + _CHUNK] = 1 - np.einsum("pd,pd->p", appearance[a], appearance[b])
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
