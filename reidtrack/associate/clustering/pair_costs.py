"""Costs of all pairs without a matrix of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reidtrack.associate.clustering.pair_keys import PairValues, once
from reidtrack.types import DoubleArray, IntArray

_SLACK = 1e-6
_CHUNK = 4096
"""Pairs whose vectors are gathered at once."""


@dataclass(frozen=True, eq=False, slots=True)
class PairCosts:
    """What each pair costs: a constant less an inner product, `base - sum(metric * vectors[i] * vectors[j])`.

    Being linear in either vector, the weighted mean of the costs between two groups is the cost of their mean vectors:
    a group needs no list of its pairs. What is known of single pairs is added to that.

    Attributes:
        vectors: (N, E).
        metric: (E,) weight of each component, of either sign.
        base: The constant.
        extra: What some pairs cost beside; None where there is nothing.
    """

    vectors: DoubleArray
    metric: DoubleArray
    base: float
    extra: PairValues | None = None

    @classmethod
    def of_looks(cls, look: DoubleArray, camera: IntArray, threshold: float, same_camera_threshold: float) -> PairCosts:
        """Cosine distance less the threshold of the pair's kind; below zero speaks for one person.

        Args:
            look: (N, D) unit rows.
            camera: (N,) from 0.
            threshold: For pairs of two cameras.
            same_camera_threshold: For pairs of one.
        """
        cameras = int(camera.max(initial=-1)) + 1
        place = (camera[:, None] == np.arange(cameras)).astype(np.float64)
        metric = np.concatenate([np.ones(look.shape[1]), np.full(cameras, same_camera_threshold - threshold)])
        return cls(np.concatenate([look, place], axis=1), metric, 1 - threshold)

    def of(self, pairs: IntArray) -> DoubleArray:
        """Costs (P,) of pairs (P, 2)."""
        cost = np.empty(len(pairs))
        for first in range(0, len(pairs), _CHUNK):
            a, b = pairs[first : first + _CHUNK].T
            alike = np.einsum("pe,pe->p", self.vectors[a] * self.metric, self.vectors[b])
            cost[first : first + _CHUNK] = self.base - alike
        return cost if self.extra is None else cost + self.extra.at(pairs)

    def with_vectors(self, vectors: DoubleArray) -> PairCosts:
        """The same costs between other vectors, such as the means of groups, and nothing beside."""
        return replace(self, vectors=vectors, extra=None)

    def with_extra(self, pairs: IntArray, cost: DoubleArray) -> PairCosts:
        """What pairs (P, 2) cost beside all else, (P,)."""
        return replace(self, extra=PairValues.of(len(self.vectors), pairs, cost))

    def drawn(self, near: IntArray) -> IntArray:
        """Pairs (P, 2), each once, that cost zero or less, or hardly more.

        Args:
            near: (Q, 2) each once; at least those that do without what single pairs cost beside.
        """
        if self.extra is not None:
            near = once(np.concatenate([near, self.extra.pairs]), len(self.vectors))[0]
        return near[self.of(near) <= _SLACK]
