"""Which tracklets of a camera are one person, by looks alone, before all is settled: people count, not tracklets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reidtrack.associate.appearance import unit
from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.types import BoolArray, DoubleArray, FloatArray, IntArray

_RAW_ALIKE, _RAW_SLOPE = 0.25, 30.0
"""Where the mean of a network is not known: cosine distance within which two tracklets of a camera count as one person,
and log-odds of a unit of it. One person's have their median at 0.13 to 0.33 over five networks on Market-1501, two
people's at 0.45 to 0.86."""
_MOST = 500
"""Of more tracklets of a camera, each is held against so many, and only itself is kept."""
_AT_ONCE = 4096
"""Tracklets that are compared at once, so that memory does not grow with their number."""


@dataclass(frozen=True, eq=False, slots=True)
class Kin:
    """How probably tracklets of a camera are one person.

    Attributes:
        block: (N,) place in `blocks` of each tracklet's camera; -1 where only the tracklet itself is known.
        blocks: Of each camera its rows (C,) and their probabilities (C, C), 1 on the diagonal.
        alike: (N,) how much of everything each is one person with, itself included, each by its weight.
    """

    block: IntArray
    blocks: tuple[tuple[IntArray, FloatArray], ...]
    alike: DoubleArray

    @classmethod
    def alone(cls, count: int) -> Kin:
        """Everybody is somebody else."""
        return cls(np.full(count, -1), (), np.ones(count))

    @classmethod
    def of(
        cls, rows: DoubleArray, camera: IntArray, weight: DoubleArray, prior: AppearancePrior, clash: IntArray
    ) -> Kin:
        """Compare the tracklets of each camera.

        Args:
            rows: (N, D) mean embeddings, less what is known of their biases; as they are where no mean is known.
            camera: (N,) from 0.
            weight: (N,) how much each counts.
            prior: What distances mean.
            clash: (Q, 2) tracklets that are two people.
        """
        look, block, place = unit(rows), np.full(len(rows), -1), np.empty(len(rows), np.int64)
        clash = np.concatenate([clash, clash[:, ::-1]])
        alike, blocks = np.ones(len(rows)), list[tuple[IntArray, FloatArray]]()
        for members in _by_camera(camera, weight > 0):
            some = members[:: 1 + (len(members) - 1) // _MOST]
            for part in np.split(members, range(_AT_ONCE, len(members), _AT_ONCE)):
                same = _same(1 - look[part] @ look[some].T, prior)
                place[part] = np.arange(len(part))
                apart = clash[np.isin(clash[:, 0], part) & np.isin(clash[:, 1], some)]
                same[place[apart[:, 0]], np.searchsorted(some, apart[:, 1])] = 0
                own = part[:, None] == some[None]  # (P, S)
                # Where some stand for all, each counts for as many others as there are to one; itself it counts once.
                stands_for = (len(members) - 1) / np.maximum(1, (~own).sum(axis=1))
                alike[part] = weight[part] + np.where(own, 0, same) @ weight[some] * stands_for
            if len(some) == len(members):  # then they are one part
                np.fill_diagonal(same, 1)
                block[members] = len(blocks)
                blocks.append((members, same.astype(np.float32)))
        return cls(block, tuple(blocks), alike)

    def counted(self, weight: DoubleArray) -> DoubleArray:
        """Weights such that tracklets that are one person count as one together."""
        return weight / np.maximum(1.0, self.alike)

    def of_row(self, row: int) -> tuple[IntArray, DoubleArray]:
        """Rows (C,) that may be the person of one, itself among them, and how probably they are."""
        block = int(self.block[row])
        if block < 0:
            return np.array([row]), np.ones(1)
        rows, same = self.blocks[block]
        return rows, same[np.searchsorted(rows, row)].astype(np.float64)


def _same(distance: DoubleArray, prior: AppearancePrior) -> DoubleArray:
    """Probability that tracklets of one camera are one person."""
    known = prior.mean is not None
    odds = prior.distances.log_odds(distance) if known else _RAW_SLOPE * (_RAW_ALIKE - distance)
    same: DoubleArray = 1 / (1 + np.exp(-odds))
    return same


def _by_camera(camera: IntArray, counts: BoolArray) -> Iterator[IntArray]:
    """Rows, increasing, of each camera that count; cameras of one row are left out."""
    order = np.flatnonzero(counts)[np.argsort(camera[counts], kind="stable")]
    for rows in np.split(order, np.flatnonzero(np.diff(camera[order])) + 1):
        if len(rows) > 1:
            yield rows
