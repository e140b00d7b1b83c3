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

from dataclasses import dataclass

import numpy as np

from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.kin import Kin
from reidtrack.types import DoubleArray, IntArray

_TWICE = 0.3
"""Share of people who are taken to be seen by both of two cameras, where it is foreseen what biases do to distances."""
_NOBODY = np.zeros((0, 2), np.int64)
_ROUNDS = 3
"""Who is how many people follows from the biases, and they from that."""
_LEAST_WORTH = 1e-6
"""In place of 0, which means the plain means, so that nothing is divided by it."""
_MOST_OWN = 0.99
"""Nobody makes up all of a bias."""


@dataclass(frozen=True, eq=False, slots=True)
class CameraBias:
    """Biases of the cameras of a recording.

    Attributes:
        vector: (cameras, D) what to take from all embeddings of a camera.
        centre: (D,) the mean that is expected, zero where it is not known.
        weight: (cameras, cameras) how much one person of the second camera makes up of the bias of the first.
        people: (cameras,) how many people were seen.
        away: (N, D) mean embeddings of tracklets, less the centre.
        camera: (N,) camera of each, from 0.
        share: (N,) how much each makes up of its camera's bias, 0..1.
        kin: Which tracklets of a camera are one person.
    """

    vector: DoubleArray
    centre: DoubleArray
    weight: DoubleArray
    people: DoubleArray
    away: DoubleArray
    camera: IntArray
    share: DoubleArray
    kin: Kin

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
        centre = np.zeros(means.shape[1]) if prior.mean is None or not means.any() else prior.mean
        away, bias = means - centre, np.zeros((cameras, means.shape[1]))
        worth = max(prior.variances.worth if shrink is None else shrink, _LEAST_WORTH)
        kin, people = Kin.alone(len(weight)), weight
        for _ in range(_ROUNDS if shrink is None else 1):
            if shrink is None:
                kin = Kin.of(means if prior.mean is None else away - bias[camera], camera, weight, prior, clash)
                people = kin.counted(weight)
            count = np.bincount(camera, people, cameras).astype(np.float64)
            total = _sums(away, camera, people, cameras)
            # Weight of one person of camera b in the common mean, then in the bias of camera a.
            in_common = worth / (worth + count) / ((worth * count / (worth + count)).sum() + worth)
            share = (np.eye(cameras) + worth * in_common[None, :]) / (count[:, None] + worth)
            bias = share @ total
        each = np.divide(people, weight, out=np.zeros_like(people), where=weight > 0)
        crowd = np.bincount(camera, each, cameras).astype(np.float64)
        mass = np.divide(count, crowd, out=np.zeros(cameras), where=crowd > 0)
        own = people * np.diag(share)[camera]
        return cls(centre + bias, centre, share * mass[None, :], crowd, away, camera, own, kin)

    def without(self, row: int) -> DoubleArray:
        """The bias (D,) of a tracklet's camera as it would be had the camera never seen the person."""
        rows, same = self.kin.of_row(row)
        alone = 1 / max(1.0, float(self.people[self.camera[row]]))
        return self._left(row, rows, np.where(rows == row, same, alone * same))

    def without_tracklet(self, row: int) -> DoubleArray:
        """The same as it would be without the tracklet alone, which may be two people's (`split`)."""
        return self._left(row, np.array([row]), np.ones(1))

    def _left(self, row: int, rows: IntArray, same: DoubleArray) -> DoubleArray:
        part = same * self.share[rows]
        own = min(float(part.sum()), _MOST_OWN)
        beyond = self.vector[self.camera[row]] - self.centre - part @ self.away[rows]
        found: DoubleArray = self.centre + beyond / (1 - own)
        return found


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
