"""What a camera does to all embeddings, and the embeddings without it.

A camera's bias (white balance, exposure, angle) moves all its embeddings one way; what is left after it is taken away
tells people apart. The mean of few people is mostly those people themselves, so it is drawn towards the mean of all
cameras, and that towards the mean that comes with the network, as the sizes of the parts of an embedding have it
(`prior.Variances`): best linear prediction with nested groups (Searle, Casella and McCulloch, Variance Components,
1992).

People count, not tracklets: who comes ten times is one. And nobody is judged by a bias that was found from himself:
what a tracklet is compared with itself by (`half_distances`, `split_switched`) leaves him out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reidtrack.associate.appearance import unit
from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.same_camera import SameCameraMatches, both_ways, same_person
from reidtrack.types import DoubleArray, IntArray

_SEEN_BY_BOTH = 0.3
"""Share of people who are taken to be seen by both of two cameras, where it is foreseen what biases do to distances;
not tuned: a guess for recordings of which nothing is known."""
_NO_PAIRS = np.zeros((0, 2), np.int64)
_ROUNDS = 3
"""Who is how many people follows from the biases, and they from that; so often by turns, not tuned."""
_LEAST_WORTH = 1e-6
"""In place of 0, which means the plain means, so that nothing is divided by it."""
_MOST_OWN = 0.99
"""Nobody makes up all of a bias, so that nothing is divided by zero."""


@dataclass(frozen=True, eq=False)
class CameraBias:
    """Biases of the cameras of a recording.

    Attributes:
        vector: (cameras, D) what to take from all embeddings of a camera.
        centre: (D,) the mean that is expected, zero where it is not known.
        weight: (cameras, cameras) how much one person of the second camera makes up of the bias of the first.
        people: (cameras,) how many people were seen.
        centred: (N, D) mean embeddings of tracklets, less the centre.
        camera: (N,) camera index of each, from 0.
        share: (N,) how much each makes up of its camera's bias, 0..1.
        matches: Which tracklets of a camera are one person.
        shares: (cameras, cameras) how much a full person of the second camera makes up of the bias of the first.
        person_weight: (N,) how much each tracklet counts, those of one person in a camera counting as one.
        prior: What is known of the network.
    """

    vector: DoubleArray
    centre: DoubleArray
    weight: DoubleArray
    people: DoubleArray
    centred: DoubleArray
    camera: IntArray
    share: DoubleArray
    matches: SameCameraMatches
    shares: DoubleArray
    person_weight: DoubleArray
    prior: AppearancePrior

    @classmethod
    def of(
        cls,
        means: DoubleArray,
        camera: IntArray,
        weight: DoubleArray,
        prior: AppearancePrior,
        shrink: float | None = None,
        cannot_link: IntArray = _NO_PAIRS,
    ) -> CameraBias:
        """Find the biases.

        Args:
            means: (N, D) mean embeddings of tracklets, unit rows, or zero.
            camera: (N,) camera index of each, from 0.
            weight: (N,) how much each counts, 0..1, 0 for zero rows.
            prior: What is known of the network.
            shrink: People's worth that a bias is drawn towards what is expected by; None finds it.
            cannot_link: (Q, 2) tracklets that are two people, whatever they look like.
        """
        cameras = int(camera.max(initial=-1)) + 1
        centre = np.zeros(means.shape[1]) if prior.mean is None or not means.any() else prior.mean
        centred, bias = means - centre, np.zeros((cameras, means.shape[1]))
        worth = max(prior.variances.worth if shrink is None else shrink, _LEAST_WORTH)
        matches, people = SameCameraMatches.none(len(weight)), weight
        apart = both_ways(cannot_link, camera, weight)
        for _ in range(_ROUNDS if shrink is None else 1):
            if shrink is None:
                rows = means if prior.mean is None else centred - bias[camera]
                matches = SameCameraMatches.of(rows, camera, weight, prior, apart)
                people = matches.person_weights(weight)
            count = np.bincount(camera, people, cameras).astype(np.float64)
            share = _shares(count, worth)
            bias = share @ _sums(centred, camera, people, cameras)
        each = np.divide(people, weight, out=np.zeros_like(people), where=weight > 0)
        persons = np.bincount(camera, each, cameras).astype(np.float64)
        of_one = np.divide(count, persons, out=np.zeros(cameras), where=persons > 0)
        own = people * np.diag(share)[camera]
        of_person = share * of_one[None, :]
        return cls(centre + bias, centre, of_person, persons, centred, camera, own, matches, share, people, prior)

    def without(self, i: int) -> DoubleArray:
        """Bias (D,) of tracklet `i`'s camera as it would be had the camera never seen the person."""
        rows, same = self.matches.of_tracklet(i)
        alone = 1 / max(1.0, float(self.people[self.camera[i]]))
        return self._left(i, rows, np.where(rows == i, same, alone * same))

    @cached_property
    def _direction(self) -> DoubleArray:
        return unit(self.centred)

    def without_lookalikes(self, i: int) -> tuple[DoubleArray, float]:
        """Bias (D,) of tracklet `i`'s camera without whoever looks like it in any camera, and what it makes of two.

        The second is the distance expected of two people, 1 for a bias that is known. What few people do not tell of
        it, and what of them is in it, is in everybody's appearance and makes all alike.
        """
        weight = self.shares[self.camera[i], self.camera] * self.person_weight
        same = same_person(self._direction, i, self.prior)
        rest = 1 - min(float(weight @ same), _MOST_OWN)
        part = weight * (1 - same) / rest
        unknown = (1 - float(part.sum())) ** 2 / self.prior.variances.worth + float(
            part**2 @ self.matches.tracklets_of_person
        )
        return self.centre + part @ self.centred, 1 / (1 + unknown)

    def _left(self, i: int, rows: IntArray, same: DoubleArray) -> DoubleArray:
        part = same * self.share[rows]
        own = min(float(part.sum()), _MOST_OWN)
        beyond = self.vector[self.camera[i]] - self.centre - part @ self.centred[rows]
        found: DoubleArray = self.centre + beyond / (1 - own)
        return found


def camera_biases(
    means: DoubleArray, camera: IntArray, weight: DoubleArray, prior: AppearancePrior, shrink: float | None = None
) -> DoubleArray:
    """Biases alone, (cameras, D); see `CameraBias.of`."""
    return CameraBias.of(means, camera, weight, prior, shrink).vector


def _shares(count: DoubleArray, worth: float) -> DoubleArray:
    """How much one person of the second camera makes up of the first camera's bias: (cameras, cameras).

    Args:
        count: (cameras,) people seen.
        worth: People's worth of what is expected.
    """
    in_common = worth / (worth + count) / ((worth * count / (worth + count)).sum() + worth)  # in the mean of cameras
    share: DoubleArray = (np.eye(len(count)) + worth * in_common[None, :]) / (count[:, None] + worth)
    return share


def _sums(rows: DoubleArray, camera: IntArray, weight: DoubleArray, cameras: int) -> DoubleArray:
    """Weighted sums (cameras, D) of the rows of each camera."""
    total = np.zeros((cameras, rows.shape[1]))
    for c in range(cameras):
        total[c] = weight[camera == c] @ rows[camera == c]
    return total


def expected_distances(bias: CameraBias, prior: AppearancePrior) -> tuple[float, float]:
    """Expected distance of one person's tracklets, and of two people's, in two cameras without these biases.

    A bias of few people holds much of them: its removal drives the people of a camera apart, the more the fewer there
    are. By how much follows from what everybody makes up of it.

    Args:
        bias: Biases of a recording.
        prior: What is known of the network.
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
    twins = _SEEN_BY_BOTH * one * (both - own[:, None] - own[None, :])
    same = (one * kept + apart) / (size[:, None] * size[None, :])
    other = (two + apart + twins) / (size[:, None] * size[None, :])
    weight = np.outer(n, n) * ~np.eye(len(n), dtype=bool)
    weight /= weight.sum()
    return 1 - float((weight * same).sum()), 1 - float((weight * other).sum())
