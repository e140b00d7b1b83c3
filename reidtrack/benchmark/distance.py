"""Distances among images, worked out in blocks when they are asked for, so that no whole matrix is ever held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

import numpy as np

from reidtrack.types import FloatArray, IntArray

Metric = Literal["cosine", "euclidean"]

BLOCK_ENTRIES = 8_000_000
"""Number of distances held at once, which bounds the memory whatever the number of images."""

PAIRS_AT_ONCE = 1024
"""Number of pairs computed at once: their features stay in the processor's cache, four times as fast as large parts."""


class Distances(Protocol):
    """Distances among N images; the smaller, the more alike."""

    @property
    def highest(self) -> float:
        """Upper bound of all distances; none is below 0."""
        ...

    def __len__(self) -> int:
        """Number of images, N."""
        ...

    def block(self, rows: slice, columns: slice) -> FloatArray:
        """Distances of some images to some others, (R, C) float32, a new array."""
        ...


class PairDistances(Distances, Protocol):
    """Distances that can be asked for pair by pair too."""

    def pairs(self, a: IntArray, b: IntArray) -> FloatArray:
        """Distance of each image in `a` to the one beside it in `b`, (P,) float32."""
        ...


class FeatureDistances:
    """Cosine distance, 0 to 2, or Euclidean distance of features.

    A distance is one scalar product: of (x, 1) and (-y, 1) for cosine, of (x, |x|^2, 1) and (-2 y, 1, |y|^2) for the
    squared Euclidean. On the CPU it is NumPy's, which on some processors is nearly twice as fast as torch's.

    Args:
        features: (N, D) float32, finite; rows of zeros have cosine distance 1 to all.
        metric: `cosine` does not see the length of a feature, `euclidean` does.
        device: Where the products are worked out: `cpu`, `cuda` or `cuda:N`.

    Raises:
        ValueError: If the features are not (N, D).
    """

    def __init__(self, features: FloatArray, metric: Metric = "cosine", device: str = "cpu") -> None:
        if features.ndim != 2:
            raise ValueError(f"FeatureDistances: expected features (N, D), got shape {features.shape}")
        norm = np.linalg.norm(features, axis=1, keepdims=True)
        one = np.ones_like(norm)
        self._metric = metric
        if metric == "cosine":
            self._features = (features / np.maximum(norm, 1e-12)).astype(np.float32)
            left, right = [self._features, one], [-self._features, one]
            self._highest = 2.0
        else:
            self._features = features.astype(np.float32)
            left, right = [self._features, norm**2, one], [-2 * self._features, one, norm**2]
            self._highest = float(2 * norm.max(initial=0.0))
        self._multiply = _multiplier(np.hstack(left, dtype=np.float32), np.hstack(right, dtype=np.float32), device)

    @property
    def highest(self) -> float:
        """Upper bound of all distances: 2 for cosine; twice the longest feature for Euclidean."""
        return self._highest

    def __len__(self) -> int:
        return len(self._features)

    def block(self, rows: slice, columns: slice) -> FloatArray:
        """Distances of some images to some others, (R, C) float32."""
        distance = self._multiply(rows, columns)
        if self._metric == "cosine":
            return np.clip(distance, 0, 2, out=distance)
        np.maximum(distance, 0, out=distance)
        return np.sqrt(distance, out=distance)

    def pairs(self, a: IntArray, b: IntArray) -> FloatArray:
        """Distance of each image in `a` to the one beside it in `b`, (P,) float32."""
        distance = np.empty(len(a), np.float32)
        for start in range(0, len(a), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            x, y = self._features[a[part]], self._features[b[part]]
            if self._metric == "cosine":
                distance[part] = np.clip(1 - np.einsum("pd,pd->p", x, y), 0, 2)
            else:
                distance[part] = np.linalg.norm(x - y, axis=1)
        return distance


def _multiplier(left: FloatArray, right: FloatArray, device: str) -> Callable[[slice, slice], FloatArray]:
    """Function that multiplies some rows of `left` with some of `right`: their scalar products (R, C)."""
    if device == "cpu":
        return lambda rows, columns: left[rows] @ right[columns].T
    import torch

    a, b = torch.from_numpy(left).to(device), torch.from_numpy(right).to(device)

    def multiply(rows: slice, columns: slice) -> FloatArray:
        product: FloatArray = (a[rows] @ b[columns].T).cpu().numpy()
        return product

    return multiply


def query_blocks(
    distances: Distances, queries: int, block_entries: int | None = None
) -> Iterator[tuple[slice, FloatArray]]:
    """Iterate over the distances of the first `queries` images to all others, block by block.

    Args:
        distances: Among queries and gallery, queries first.
        queries: How many of them are queries.
        block_entries: Distances in a block; `BLOCK_ENTRIES` if None.

    Yields:
        The rows, and their (B, G) distances to the gallery.
    """
    columns = slice(queries, len(distances))
    step = max(1, (block_entries or BLOCK_ENTRIES) // max(1, len(distances) - queries))
    for start in range(0, queries, step):
        rows = slice(start, min(start + step, queries))
        yield rows, distances.block(rows, columns)
