"""What a camera does to all embeddings, and what is left of them without it.

A camera's bias (white balance, exposure, angle) moves all its embeddings one way; what is left after it is taken away
tells people apart. The mean of few people is mostly those people themselves, so it is drawn towards the mean of all
cameras, and that towards the mean that comes with the network, as the sizes of the parts of an embedding have it
(`prior.Variances`): best linear prediction with nested groups (Searle, Casella and McCulloch, Variance Components,
1992).

People count, not tracklets: who comes ten times is one. And nobody is judged by a bias that was found from himself:
what a tracklet is compared with itself by (`halves`, `split`) leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reidtrack.associate.appearance import unit
from reidtrack.associate.prior import AppearancePrior
from reidtrack.types import BoolArray, DoubleArray, IntArray

_TWICE = 0.3
"""Share of people who are taken to be seen by both of two cameras, where it is foreseen what biases do to distances."""
_RAW_ALIKE, _RAW_SLOPE = 0.25, 30.0
"""Where the mean of a network is not known: cosine distance within which two tracklets of a camera count as one person,
and log-odds of a unit of it. One person's have their median at 0.13 to 0.33 over five networks on Market-1501, two
people's at 0.45 to 0.86."""
_NOBODY = np.zeros((0, 2), np.int64)
_MOST_COUNTED = 1000
"""Of more tracklets of a camera, each is held against so many."""
_ROUNDS = 3
"""Who is how many people follows from the biases, and they from that."""


@dataclass(frozen=True, eq=False, slots=True)
class CameraBias:
    """Biases of the cameras of a recording.

    Attributes:
        vector: (cameras, D) what to take from all embeddings of a camera.
        centre: (D,) the mean that is expected, zero where it is not known.
        share: (N,) how much of its camera's bias a tracklet's own mean embedding makes up, 0..1.
        weight: (cameras, cameras) how much one person of the second camera makes up of the bias of the first.
        people: (cameras,) how many people's worth was seen.
    """

    vector: DoubleArray
    centre: DoubleArray
    share: DoubleArray
    weight: DoubleArray
    people: DoubleArray

    @classmethod
    def of(
        cls,
        means: DoubleArray,
        camera: IntArray,
        weight: DoubleArray,
        prior: AppearancePrior,
        shrink: float | None = None,
        clash: IntArray = _NOBODY,
    ) -> CameraBias:
        """Find the biases.

        Args:
            means: (N, D) mean embeddings of tracklets, unit rows, or zero.
            camera: (N,) camera of each, from 0.
            weight: (N,) how much each counts, 0..1, 0 for zero rows.
            prior: Of the network.
            shrink: People's worth that a bias is drawn towards what is expected by; None finds it.
            clash: (Q, 2) tracklets that are two people, whatever they look like.
        """
        cameras = int(camera.max(initial=-1)) + 1
        centre = np.zeros(means.shape[1]) if prior.mean is None else prior.mean
        away, bias = means - centre, np.zeros((cameras, means.shape[1]))
        worth = prior.variances.worth if shrink is None else shrink
        people = weight
        for _ in range(_ROUNDS if shrink is None and prior.mean is not None else 1):
            if shrink is None:
                # Without a known mean biases hold it, and distances mean what they do only while it is in.
                people = _people(away - bias[camera] if prior.mean is not None else means, camera, weight, prior, clash)
            count = np.bincount(camera, people, cameras).astype(np.float64)
            total = _sums(away, camera, people, cameras)
            # Weight of one person of camera b in the common mean, then in the bias of camera a.
            in_common = worth / (worth + count) / ((worth * count / (worth + count)).sum() + worth)
            share = (np.eye(cameras) + worth * in_common[None, :]) / (count[:, None] + worth)
            bias = share @ total
        each = np.divide(people, weight, out=np.zeros_like(people), where=weight > 0)
        crowd = np.bincount(camera, each, cameras).astype(np.float64)
        mass = np.divide(count, crowd, out=np.zeros(cameras), where=crowd > 0)
        return cls(centre + bias, centre, people * np.diag(share)[camera], share * mass[None, :], crowd)

    def without(self, row: int, camera: int, mean: DoubleArray) -> DoubleArray:
        """The bias (D,) of a tracklet's camera as it would be without the tracklet.

        Args:
            row: Of the tracklet.
            camera: Its camera.
            mean: (D,) its mean embedding.
        """
        own = float(self.share[row])
        if own >= 1:
            return self.centre
        bias: DoubleArray = self.centre + (self.vector[camera] - self.centre - own * (mean - self.centre)) / (1 - own)
        return bias


def camera_biases(
    means: DoubleArray, camera: IntArray, weight: DoubleArray, prior: AppearancePrior, shrink: float | None = None
) -> DoubleArray:
    """Biases alone, (cameras, D); see `CameraBias.of`."""
    return CameraBias.of(means, camera, weight, prior, shrink).vector


def _sums(rows: DoubleArray, camera: IntArray, weight: DoubleArray, cameras: int) -> DoubleArray:
    """Weighted sums (cameras, D) of the rows of each camera."""
    total = np.zeros((cameras, rows.shape[1]))
    for c in range(cameras):
        total[c] = weight[camera == c] @ rows[camera == c]
    return total


def _people(
    away: DoubleArray, camera: IntArray, weight: DoubleArray, prior: AppearancePrior, clash: IntArray
) -> DoubleArray:
    """Weights such that tracklets of a camera that look like one person count as one together.

    Args:
        away: (N, D) mean embeddings, less what is known of their biases.
        camera: (N,) from 0.
        weight: (N,) how much each counts.
        prior: What distances mean.
        clash: (Q, 2) tracklets that are two people.
    """
    found, look, place = weight.copy(), unit(away), np.empty(len(weight), np.int64)
    clash = np.concatenate([clash, clash[:, ::-1]])
    for rows in _by_camera(camera, weight > 0):
        some = rows[:: 1 + (len(rows) - 1) // _MOST_COUNTED]
        same = _same(1 - look[rows] @ look[some].T, prior)
        if len(some) == len(rows):
            place[rows] = np.arange(len(rows))
            here = place[clash[np.isin(clash, rows).all(axis=1)]]
            same[here[:, 0], here[:, 1]] = 0
        alike = same @ weight[some] * (len(rows) / len(some))
        found[rows] /= np.maximum(1.0, alike)
    return found


def _same(distance: DoubleArray, prior: AppearancePrior) -> DoubleArray:
    """Probability that tracklets of one camera are one person."""
    known = prior.mean is not None
    odds = prior.distances.log_odds(distance) if known else _RAW_SLOPE * (_RAW_ALIKE - distance)
    same: DoubleArray = 1 / (1 + np.exp(-odds))
    return same


def _by_camera(camera: IntArray, counts: BoolArray) -> Iterator[IntArray]:
    """Rows of each camera that count; cameras of one row are left out."""
    order = np.flatnonzero(counts)[np.argsort(camera[counts], kind="stable")]
    for rows in np.split(order, np.flatnonzero(np.diff(camera[order])) + 1):
        if len(rows) > 1:
            yield rows


def expected_distances(bias: CameraBias, prior: AppearancePrior) -> tuple[float, float]:
    """Where distances of one person and of two lie in two cameras, once these biases are taken away.

    A bias of few people holds much of them: its removal drives the people of a camera apart, the more the fewer there
    are. By how much follows from what everybody makes up of it.

    Args:
        bias: Of a recording.
        prior: Of the network.
    """
    h, n = bias.weight, bias.people
    if len(n) < 2 or (n > 0).sum() < 2:
        return prior.distances.same, prior.distances.other
    own = np.diag(h)
    both = np.einsum("ac,c,bc->ab", h, n, h)
    size = np.sqrt(np.maximum(1 - 2 * own + np.diag(both), 1e-6))
    one, two = 1 - prior.distances.same, 1 - prior.distances.other
    crossed = h * h.T
    kept = (1 - own)[:, None] * (1 - own)[None, :] + crossed
    apart = both - h - h.T
    twins = _TWICE * one * (both - own[:, None] - own[None, :])
    same = (one * kept + apart) / (size[:, None] * size[None, :])
    other = (two + apart + twins) / (size[:, None] * size[None, :])
    weight = np.outer(n, n) * ~np.eye(len(n), dtype=bool)
    weight /= weight.sum()
    return 1 - float((weight * same).sum()), 1 - float((weight * other).sum())
