"""Pair verification, same person or not: ROC, precision, recall, F1 and thresholds over all query-gallery pairs.

Distances are counted in fine bins, so that memory does not grow with the number of pairs. Every figure is that of a
threshold on a bin's edge: a pair is taken for one person where its distance is below.
Pairs that do not count in the ranking (junk, the same person by the same camera) do not count here either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reidtrack.benchmark.ranking import Gallery
from reidtrack.types import DoubleArray, FloatArray, IntArray

BINS = 1 << 15


class OperatingPoint(NamedTuple):
    """Figures of one threshold, in 0..1 but for the threshold.

    Attributes:
        threshold: Distance below which two images are taken for one person.
        tpr: Pairs of one person that are found: true positive rate, recall, TAR.
        far: Pairs of different people that are taken for one: false accept rate.
        precision: Pairs of one person among those taken for it; 0 where there are none.
        f1: Harmonic mean of precision and recall.
    """

    threshold: float
    tpr: float
    far: float
    precision: float
    f1: float


@dataclass(frozen=True, eq=False, slots=True)
class Verification:
    """Histograms of distances of same and of different people, and the figures that follow.

    Attributes:
        edges: (B + 1,) distances at the edges of the bins.
        same: (B,) int64, pairs of one person in each bin.
        different: (B,) int64, pairs of different people.
    """

    edges: DoubleArray
    same: IntArray
    different: IntArray

    @property
    def curve(self) -> tuple[DoubleArray, DoubleArray]:
        """False accept rate and true positive rate at each edge (B + 1,), increasing: the ROC."""
        far = np.concatenate([[0], np.cumsum(self.different)]) / max(int(self.different.sum()), 1)
        tpr = np.concatenate([[0], np.cumsum(self.same)]) / max(int(self.same.sum()), 1)
        return far, tpr

    @property
    def auc(self) -> float:
        """Area under the ROC: the probability that a pair of one person is nearer than one of different people."""
        far, tpr = self.curve
        return float(np.sum(np.diff(far) * (tpr[1:] + tpr[:-1]) / 2))

    @property
    def equal_error(self) -> float:
        """Error rate at the threshold where pairs are missed and wrongly accepted equally often."""
        far, tpr = self.curve
        edge = int(np.argmin(np.abs(1 - tpr - far)))
        return float((1 - tpr[edge] + far[edge]) / 2)

    def at(self, edge: int) -> OperatingPoint:
        """Figures of the threshold on an edge, by its index."""
        found, wrong = int(self.same[:edge].sum()), int(self.different[:edge].sum())
        same, different = int(self.same.sum()), int(self.different.sum())
        return OperatingPoint(
            threshold=float(self.edges[edge]),
            tpr=found / max(same, 1),
            far=wrong / max(different, 1),
            precision=found / max(found + wrong, 1),
            f1=2 * found / max(found + wrong + same, 1),
        )

    def best_f1(self) -> OperatingPoint:
        """Figures of the threshold with the highest F1, the lowest such."""
        found = np.concatenate([[0], np.cumsum(self.same)])
        taken = found + np.concatenate([[0], np.cumsum(self.different)])
        return self.at(int(np.argmax(2 * found / np.maximum(taken + found[-1], 1))))

    def at_far(self, rate: float) -> OperatingPoint:
        """Figures of the highest threshold whose false accept rate is not above `rate`."""
        far, _ = self.curve
        return self.at(int(np.searchsorted(far, rate, side="right")) - 1)


class PairCounter:
    """Counts the distances of blocks of queries.

    Args:
        gallery: Labels of the gallery.
        highest: Upper bound of the distances.
        bins: Number of bins between 0 and `highest`.
    """

    def __init__(self, gallery: Gallery, highest: float, bins: int = BINS) -> None:
        self._gallery = gallery
        self._scale = np.float32(bins / max(highest, 1e-12))
        self._bins = bins
        self._edges: DoubleArray = np.linspace(0, highest, bins + 1)
        self._same: IntArray = np.zeros(bins, np.int64)
        self._all: IntArray = np.zeros(bins, np.int64)

    def add(self, distance: FloatArray, query_id: IntArray, query_cam: IntArray) -> None:
        """Count a block.

        Args:
            distance: (B, G), in 0..highest.
            query_id: (B,) person of each query.
            query_cam: (B,) camera of each query.
        """
        at = np.minimum((distance * self._scale).astype(np.int32), self._bins - 1)
        for row, person, camera in zip(at, query_id.tolist(), query_cam.tolist(), strict=True):
            right, hidden = self._gallery.of(person, camera)
            self._same += np.bincount(row[right], minlength=self._bins)
            left_out = np.concatenate([right, hidden, self._gallery.junk])
            self._all -= np.bincount(row[left_out], minlength=self._bins)
        self._all += np.bincount(at.ravel(), minlength=self._bins)

    def result(self) -> Verification:
        """Histograms of what was counted so far."""
        return Verification(self._edges, self._same.copy(), self._all.copy())


def join_verifications(parts: Sequence[Verification]) -> Verification:
    """Add up histograms of several test sets; where ranges differ, on the widest, to the width of a bin."""
    edges = max((part.edges for part in parts), key=lambda edges: float(edges[-1]))

    def total(counts: Sequence[IntArray]) -> IntArray:
        moved = [_rebinned(part.edges, count, edges) for part, count in zip(parts, counts, strict=True)]
        summed: IntArray = np.sum(moved, axis=0, dtype=np.int64)
        return summed

    return Verification(edges, total([part.same for part in parts]), total([part.different for part in parts]))


def _rebinned(edges: DoubleArray, counts: IntArray, wanted: DoubleArray) -> IntArray:
    if np.array_equal(edges, wanted):
        return counts
    middle = (edges[:-1] + edges[1:]) / 2
    moved: IntArray = np.rint(np.histogram(middle, wanted, weights=counts)[0]).astype(np.int64)
    return moved
