"""Evidence that was tried and left out, because it does not help: see the table that `association.py` prints.

Each is an `Evidence` as `associate` takes it, or a change of the tracklets before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reidtrack.associate.appearance import mean_features, unit
from reidtrack.associate.bias import camera_biases
from reidtrack.associate.calibration.prior import GENERIC
from reidtrack.associate.evidence import PairTerms
from reidtrack.associate.nearest import near_pairs
from reidtrack.types import DoubleArray, IntArray, Tracklet

SLOPE = 20.0
"""Log-odds of one unit of distance."""


class Views:
    """Distances between the few centres of each tracklet's looks, mixed with those of their means.

    Args:
        count: Centres of a tracklet, fewer where there are fewer than three looks for each.
        share: Of the centres' distance in the mixture.
        nearest: Compare the two nearest centres; else each with the nearest of the other.
    """

    def __init__(self, count: int, share: float, *, nearest: bool) -> None:
        self._count, self._share, self._nearest = count, share, nearest

    def __call__(self, tracklets: Sequence[Tracklet], _label: IntArray, look: DoubleArray) -> PairTerms:
        centres = [_centres(rows, quality, self._count) for rows, quality in _looks(tracklets)]
        near = near_pairs(look, 1.0)
        tables = [1 - centres[i] @ centres[k].T for i, k in near.pairs.tolist()]
        if not tables:
            return PairTerms.none()
        found = np.array([t.min() if self._nearest else (t.min(0).mean() + t.min(1).mean()) / 2 for t in tables])
        more = found - near.distance
        return PairTerms(near.pairs, -SLOPE * self._share * (more - np.median(more)))


def _looks(tracklets: Sequence[Tracklet]) -> list[tuple[DoubleArray, DoubleArray]]:
    """Each tracklet's looks freed of the camera's cast, and how much each counts."""
    camera = np.unique([t.camera for t in tracklets], return_inverse=True)[1]
    mean = mean_features(tracklets)
    bias = camera_biases(mean, camera, mean.any(axis=1).astype(np.float64), GENERIC)
    return [
        (unit(t.features.astype(np.float64) - bias[c]), (t.feature_quality.astype(np.float64) + 1e-3) ** 2)
        for t, c in zip(tracklets, camera, strict=True)
    ]


def _centres(rows: DoubleArray, quality: DoubleArray, count: int) -> DoubleArray:
    """Spherical k-means from the look nearest to the mean and those farthest from the ones before."""
    if len(rows) < 2:
        return rows
    chosen = [int((rows @ (quality @ rows)).argmax())]
    for _ in range(min(count, max(1, len(rows) // 3)) - 1):
        chosen.append(int(((1 - rows @ rows[chosen].T).min(axis=1) * np.sqrt(quality)).argmax()))
    centres = rows[chosen]
    for _ in range(10):
        own = (rows @ centres.T).argmax(axis=1)
        sums = [quality[own == k] @ rows[own == k] if (own == k).any() else centres[k] for k in range(len(centres))]
        centres = unit(np.stack(sums))
    return centres


class Reciprocal:
    """Re-ranking by k-reciprocal neighbours (Zhong et al., CVPR 2017): Jaccard distance of tracklets' neighbours.

    Args:
        neighbours: Of each tracklet.
        share: Of the Jaccard distance.
    """

    def __init__(self, neighbours: int, share: float) -> None:
        self._neighbours, self._share = neighbours, share

    def __call__(self, _tracklets: Sequence[Tracklet], _label: IntArray, look: DoubleArray) -> PairTerms:
        distance = 1 - look @ look.T
        nearest = np.argsort(distance, axis=1, kind="stable")[:, : self._neighbours + 1]
        among = np.zeros(distance.shape, np.bool_)
        np.put_along_axis(among, nearest, True, axis=1)
        weight = np.where(among & among.T, np.exp(-distance), 0)
        weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        near = near_pairs(look, 1.0)
        shared = np.minimum(weight[near.pairs[:, 0]], weight[near.pairs[:, 1]]).sum(axis=1)
        jaccard = 1 - shared / (2 - shared)
        return PairTerms(near.pairs, -SLOPE * self._share * (jaccard - np.median(jaccard)) if len(jaccard) else jaccard)


class Fragments:
    """Tracks of one camera that go on, at a constant speed, where another ended.

    Args:
        gap_s: Longest gap.
        log_odds: Of two that meet exactly.
    """

    def __init__(self, gap_s: float, log_odds: float) -> None:
        self._gap_s, self._log_odds = gap_s, log_odds

    def __call__(self, tracklets: Sequence[Tracklet], _label: IntArray, _look: DoubleArray) -> PairTerms:
        found = {}
        for i, a in enumerate(tracklets):
            for k, b in enumerate(tracklets):
                gap = b.first_time_s - a.last_time_s
                if a.camera == b.camera and 0 < gap <= self._gap_s:
                    miss = _miss(a, b, gap) / (0.1 + 0.5 * gap)
                    found[min(i, k), max(i, k)] = max(self._log_odds - miss**2 / 2, -self._log_odds)
        if not found:
            return PairTerms.none()
        return PairTerms(np.array(list(found), np.int64), np.array(list(found.values())))


def _miss(a: Tracklet, b: Tracklet, gap_s: float) -> float:
    """How far `b` begins from where `a` would be, in heights of its last box."""
    before, after = ((t.xyxy[:, :2] + t.xyxy[:, 2:]) / 2 for t in (a, b))
    first = max(0, len(a) - 10)
    speed = (before[-1] - before[first]) / max(a.time_s[-1] - a.time_s[first], 1e-3)
    height = max(float(a.xyxy[-1, 3] - a.xyxy[-1, 1]), 1.0)
    return float(np.linalg.norm(after[0] - before[-1] - speed * gap_s)) / height


def whitened(tracklets: Sequence[Tracklet], shrink: float) -> list[Tracklet]:
    """Features divided by how much they vary within tracklets (WCCN: Hatch et al., Interspeech 2006).

    Args:
        tracklets: All of a recording.
        shrink: Share of the identity in the covariance.
    """
    size = max(t.features.shape[1] for t in tracklets)
    within, total = np.zeros((size, size)), 0.0
    for tracklet in tracklets:
        if len(tracklet.features):
            quality = tracklet.feature_quality.astype(np.float64) + 1e-3
            rows = tracklet.features.astype(np.float64)
            off = (rows - quality @ rows / quality.sum()) * np.sqrt(quality)[:, None]
            within, total = within + off.T @ off, total + float(quality.sum())
    mean = np.trace(within) / size
    values, vectors = np.linalg.eigh((1 - shrink) * within + shrink * mean * np.eye(size))
    turn = (vectors * np.sqrt(mean / values)) @ vectors.T
    return [
        replace(t, features=unit(t.features @ turn).astype(np.float32)) if len(t.features) else t for t in tracklets
    ]
