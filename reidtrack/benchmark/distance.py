"""Distances among images, worked out in blocks when they are asked for, so that no whole matrix is ever held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from reidtrack.types import FloatArray, IntArray

if TYPE_CHECKING:
    import torch

Metric = Literal["cosine", "euclidean"]

BLOCK_ENTRIES = 8_000_000
"""Distances held at once, which bounds the memory whatever the number of images."""

PAIRS_AT_ONCE = 32_768


class Distances(Protocol):
    """Distances among N images, smaller is more alike."""

    @property
    def highest(self) -> float:
        """No distance is above it; none is below 0."""
        ...

    def __len__(self) -> int:
        """N."""
        ...

    def block(self, rows: slice, columns: slice) -> FloatArray:
        """Distances of some images to some others, (R, C) float32, a new array."""
        ...

    def pairs(self, a: IntArray, b: IntArray) -> FloatArray:
        """Distance of each image in `a` to the one beside it in `b`, (P,) float32."""
        ...


class FeatureDistances:
    """Cosine distance, 0 to 2, or Euclidean distance of features.

    Args:
        features: (N, D) float32, finite; rows of zeros have cosine distance 1 to all.
        metric: `cosine` does not see the length of a feature, `euclidean` does.
        device: Where the products are worked out: `cpu`, `cuda` or `cuda:N`.

    Raises:
        ValueError: If the features are not (N, D).
    """

    def __init__(self, features: FloatArray, metric: Metric = "cosine", device: str = "cpu") -> None:
        import torch

        if features.ndim != 2:
            raise ValueError(f"FeatureDistances: expected features (N, D), got shape {features.shape}")
        norm = np.linalg.norm(features, axis=1)
        self._metric = metric
        if metric == "cosine":
            features = features / np.maximum(norm, 1e-12)[:, None]
        self._features: torch.Tensor = torch.from_numpy(np.ascontiguousarray(features, np.float32)).to(device)
        self._square = (self._features * self._features).sum(1)
        self._highest = 2.0 if metric == "cosine" else float(2 * norm.max(initial=0.0))

    @property
    def highest(self) -> float:
        """2 for cosine; twice the longest feature for Euclidean."""
        return self._highest

    def __len__(self) -> int:
        return len(self._features)

    def block(self, rows: slice, columns: slice) -> FloatArray:
        """Distances of some images to some others, (R, C) float32."""
        product = self._features[rows] @ self._features[columns].T
        return self._distance(product, self._square[rows][:, None], self._square[columns])

    def pairs(self, a: IntArray, b: IntArray) -> FloatArray:
        """Distance of each image in `a` to the one beside it in `b`, (P,) float32."""
        import torch

        found = [np.zeros(0, np.float32)]
        for start in range(0, len(a), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            i, j = (torch.from_numpy(np.ascontiguousarray(index[part])).to(self._features.device) for index in (a, b))
            product = (self._features[i] * self._features[j]).sum(1)
            found.append(self._distance(product, self._square[i], self._square[j]))
        return np.concatenate(found)

    def _distance(self, product: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> FloatArray:
        """Distances from scalar products, in place, and the squared lengths of both sides."""
        if self._metric == "cosine":
            distance = product.neg_().add_(1).clamp_(0, 2)
        else:
            distance = product.mul_(-2).add_(a).add_(b).clamp_(min=0).sqrt_()
        array: FloatArray = distance.cpu().numpy()
        return array


def query_blocks(
    distances: Distances, queries: int, block_entries: int | None = None
) -> Iterator[tuple[slice, FloatArray]]:
    """Rows of the first `queries` images to all others, block by block.

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
