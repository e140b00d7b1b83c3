"""Which tracklets of a camera are one person, by appearance alone, so that people can be counted and not tracklets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reidtrack.associate.appearance import unit
from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.types import BoolArray, DoubleArray, FloatArray, IntArray

_RAW_MIDPOINT, _RAW_SLOPE = 0.25, 30.0
"""Where the mean of a network is not known: cosine distance within which two tracklets of a camera count as one person,
and log-odds of a unit of it. One person's have their median at 0.13 to 0.33 over five networks on Market-1501, two
people's at 0.45 to 0.86."""
_MOST = 500
"""Of more tracklets of a camera, each is held against so many, and only itself is kept; bounds memory, not tuned."""
_AT_ONCE = 4096
"""Tracklets that are compared at once; bounds memory, changes no result."""


@dataclass(frozen=True, eq=False, slots=True)
class SameCameraMatches:
    """How probably tracklets of a camera are one person.

    Attributes:
        block: (N,) index in `blocks` of each tracklet's camera; -1 where only the tracklet itself is known.
        blocks: For each camera the indices (C,) of its tracklets and their probabilities (C, C), 1 on the diagonal.
        tracklets_of_person: (N,) how many tracklets each one's person is expected to have in its camera, itself
            included, each by its weight.
    """

    block: IntArray
    blocks: tuple[tuple[IntArray, FloatArray], ...]
    tracklets_of_person: DoubleArray

    @classmethod
    def none(cls, count: int) -> SameCameraMatches:
        """Everybody is somebody else."""
        return cls(np.full(count, -1), (), np.ones(count))

    @classmethod
    def of(
        cls, rows: DoubleArray, camera: IntArray, weight: DoubleArray, prior: AppearancePrior, apart: IntArray
    ) -> SameCameraMatches:
        """Compare the tracklets of each camera.

        Args:
            rows: (N, D) mean embeddings, less what is known of their biases; as they are where no mean is known.
            camera: (N,) camera index from 0.
            weight: (N,) how much each counts.
            prior: What distances mean.
            apart: (Q, 2) tracklets that are two people (`both_ways`).
        """
        appearance, block = unit(rows), np.full(len(rows), -1)
        expected, blocks = np.ones(len(rows)), list[tuple[IntArray, FloatArray]]()
        for members in _by_camera(camera, weight > 0):
            some = _some(members)
            for part in np.split(members, range(_AT_ONCE, len(members), _AT_ONCE)):
                same = _same_person(appearance, part, some, prior, apart)
                own = part[:, None] == some[None]  # (P, S)
                # Where some stand for all, each counts for as many others as there are to one; itself it counts once.
                stands_for = (len(members) - 1) / np.maximum(1, (~own).sum(axis=1))
                expected[part] = weight[part] + np.where(own, 0, same) @ weight[some] * stands_for
            if len(some) == len(members):  # then they are one part
                np.fill_diagonal(same, 1)
                block[members] = len(blocks)
                blocks.append((members, same.astype(np.float32)))
        return cls(block, tuple(blocks), expected)

    def person_weights(self, weight: DoubleArray) -> DoubleArray:
        """Weights (N,) such that tracklets that are one person count as one together, from weights (N,)."""
        return weight / np.maximum(1.0, self.tracklets_of_person)

    def of_tracklet(self, i: int) -> tuple[IntArray, DoubleArray]:
        """Indices (C,) of tracklets that may be the person of tracklet `i`, itself included, and how probably."""
        block = int(self.block[i])
        if block < 0:
            return np.array([i]), np.ones(1)
        rows, same = self.blocks[block]
        return rows, same[np.searchsorted(rows, i)].astype(np.float64)


def _same_person(
    appearance: DoubleArray, part: IntArray, some: IntArray, prior: AppearancePrior, apart: IntArray
) -> DoubleArray:
    """Probabilities (P, S) that tracklets `part` and `some` of one camera, both increasing, are one person."""
    same = _probability(1 - appearance[part] @ appearance[some].T, prior)
    row, column = np.full((2, len(appearance)), -1)
    row[part], column[some] = np.arange(len(part)), np.arange(len(some))
    first, second = row[apart[:, 0]], column[apart[:, 1]]
    inside = (first >= 0) & (second >= 0)
    same[first[inside], second[inside]] = 0
    return same


def same_person(appearance: DoubleArray, i: int, prior: AppearancePrior) -> DoubleArray:
    """Probabilities (N,) that tracklets, of any camera, are the person of tracklet `i`; 1 for itself.

    Args:
        appearance: (N, D) unit rows, or zero: without the mean of the network where that is known.
        i: Index of the tracklet.
        prior: What distances mean.
    """
    same = _probability(1 - appearance @ appearance[i], prior)
    same[i] = 1
    return same


def _probability(distance: DoubleArray, prior: AppearancePrior) -> DoubleArray:
    odds = _RAW_SLOPE * (_RAW_MIDPOINT - distance) if prior.mean is None else prior.distances.log_odds(distance)
    same: DoubleArray = 1 / (1 + np.exp(-odds))
    return same


def both_ways(cannot_link: IntArray, camera: IntArray, weight: DoubleArray) -> IntArray:
    """Pairs (Q, 2) of two people, in both directions, of which the second is one that all others are held against.

    Args:
        cannot_link: (P, 2) pairs of N tracklets.
        camera: (N,) camera index from 0.
        weight: (N,) how much each counts.
    """
    chosen = np.zeros(len(camera), np.bool_)
    for members in _by_camera(camera, weight > 0):
        chosen[_some(members)] = True
    first, second = cannot_link.T
    return np.concatenate([cannot_link[chosen[second]], cannot_link[chosen[first]][:, ::-1]])


def _some(members: IntArray) -> IntArray:
    """Those of a camera's tracklets that all of them are held against."""
    return members[:: 1 + (len(members) - 1) // _MOST]


def _by_camera(camera: IntArray, counts: BoolArray) -> Iterator[IntArray]:
    """Indices, increasing, of each camera's tracklets that count; cameras of one tracklet are left out."""
    order = np.flatnonzero(counts)[np.argsort(camera[counts], kind="stable")]
    for rows in np.split(order, np.flatnonzero(np.diff(camera[order])) + 1):
        if len(rows) > 1:
            yield rows
