"""Ranking people instead of images, as in the classic protocol of CUHK03 (Li et al., CVPR 2014).

Single-shot: the gallery holds one image of each person, drawn at random; the figures are the mean over many draws.
Multi-shot: all images of a person stand for them, and the nearest counts. Either way a rank is one among people.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reidtrack.benchmark.ranking import Gallery, QueryScores
from reidtrack.types import DoubleArray, FloatArray, IntArray


class _People(NamedTuple):
    """Columns of a gallery by person: `size[p]` of person p, from `start[p]` on in `order`."""

    ids: IntArray
    order: IntArray
    start: IntArray
    size: IntArray


class ShotScorer:
    """Scores queries against a gallery of people.

    Args:
        gallery: Labels of the gallery; junk is nobody.
        draws: Number of single-shot galleries, the same for all queries; 0 for multi-shot.
        rng: Generator that draws them.
    """

    def __init__(self, gallery: Gallery, draws: int, rng: np.random.Generator) -> None:
        self._gallery = gallery
        self._people = _by_person(gallery)
        self._chance: DoubleArray = rng.random((draws, len(self._people.ids)))
        size, start = self._people.size, self._people.start
        self._drawn: IntArray = self._people.order[start + (self._chance * size).astype(np.int64)]

    @property
    def draws(self) -> int:
        """Number of times each query is scored: once for multi-shot."""
        return max(1, len(self._chance))

    def score(self, distance: FloatArray, query_id: IntArray, query_cam: IntArray) -> list[QueryScores]:
        """Score a block of queries.

        Args:
            distance: (B, G).
            query_id: (B,) person of each query.
            query_cam: (B,) camera of each query; images of the same person by the same camera do not count.

        Returns:
            Figures of each draw. With one true match, AP and INP are both 1 over its rank from 1.
        """
        rank = np.full((self.draws, len(distance)), -1, np.int64)
        labels = zip(query_id.tolist(), query_cam.tolist(), strict=True)
        for column, (row, (person, camera)) in enumerate(zip(distance, labels, strict=True)):
            right, _ = self._gallery.of(person, camera)
            if len(right):
                rank[:, column] = self._ranks(row, person, right)
        share = np.where(rank >= 0, 1 / (np.maximum(rank, 0) + 1.0), 0.0)
        return [QueryScores(first, ap, ap) for first, ap in zip(rank, share, strict=True)]

    def _ranks(self, row: FloatArray, person: int, right: IntArray) -> IntArray:
        """Number of people (draws,) nearer than the right one; of equals, those listed before it are."""
        own = int(np.searchsorted(self._people.ids, person))
        if len(self._chance) == 0:
            nearest = np.minimum.reduceat(row[self._people.order], self._people.start)[None]
            mine = np.array([row[right].min()])
        else:
            nearest = row[self._drawn]  # (draws, people)
            mine = row[right[(self._chance[:, own] * len(right)).astype(np.int64)]]
        before = nearest < mine[:, None]
        before[:, :own] |= nearest[:, :own] == mine[:, None]
        before[:, own] = False
        ranks: IntArray = before.sum(axis=1)
        return ranks


def _by_person(gallery: Gallery) -> _People:
    order = np.argsort(gallery.person_id, kind="stable")
    order = order[~np.isin(order, gallery.junk)]
    ids, start, size = np.unique(gallery.person_id[order], return_index=True, return_counts=True)
    return _People(ids, order, start, size)
