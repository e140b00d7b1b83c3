"""Embedding crops: unit vectors, computed in batches, never NaN."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from reidtrack.embed.preprocess import to_batch
from reidtrack.errors import WeightsError
from reidtrack.types import ChannelOrder, DoubleArray, FloatArray, ImageArray, IntArray

logger = logging.getLogger(__name__)


class Embedded(NamedTuple):
    """Features of the crops that gave one.

    Attributes:
        features: (K, D) float32, rows of unit norm.
        rows: (K,) int64, index of the crop that each belongs to, increasing; crops are missing whose feature was not
            finite or zero.
        length: (K,) float64, the norm of what the network gave.
    """

    features: FloatArray
    rows: IntArray
    length: DoubleArray


class Embedder:
    """A re-identification network that embeds crops.

    Args:
        infer: Maps (N, 3, H, W) float32 to (N, D) or (N, D, 1, 1) float32, an engine's `infer`.
        size_hw: Height and width the network expects, pixels.
        mean: Of each channel, in the order of `channels`, of pixels in 0..`pixel_max`.
        std: Likewise.
        channels: The order in which the network takes them.
        pixel_max: What a full channel counts before it is normalised.
        feature_dim: D.
        batch: Most crops given to `infer` at once.

    Attributes:
        size_hw: Height and width the crops must have.
        feature_dim: Length of a feature.
        dropped: Crops so far whose feature was not finite or zero.
    """

    def __init__(
        self,
        infer: Callable[[FloatArray], FloatArray],
        *,
        size_hw: tuple[int, int],
        mean: Sequence[float],
        std: Sequence[float],
        channels: ChannelOrder = "RGB",
        pixel_max: float = 1.0,
        feature_dim: int,
        batch: int = 32,
    ) -> None:
        self._infer = infer
        self._to_batch = partial(to_batch, mean=tuple(mean), std=tuple(std), channels=channels, pixel_max=pixel_max)
        self._batch = batch
        self._proven = False
        self.size_hw = size_hw
        self.feature_dim = feature_dim
        self.dropped = 0

    def embed(self, crops: Sequence[ImageArray] | ImageArray) -> Embedded:
        """Embed crops as unit vectors.

        Args:
            crops: N of (H, W, 3) uint8, BGR, of `size_hw`.

        Returns:
            The features and the crops they belong to; a feature that is not finite or zero is dropped, counted and
            logged.

        Raises:
            WeightsError: If every feature of the first batch is bad: the weights are to blame, not a crop.
        """
        parts = [self._embed_batch(crops[start : start + self._batch]) for start in range(0, len(crops), self._batch)]
        raw = np.concatenate(parts) if parts else np.zeros((0, self.feature_dim), np.float32)
        rows, norm = _usable_rows(raw)
        self._report(len(raw) - len(rows))
        return Embedded((raw[rows] / norm[:, None]).astype(np.float32), rows, norm)

    def _embed_batch(self, crops: Sequence[ImageArray] | ImageArray) -> FloatArray:
        out = self._infer(self._to_batch(crops))
        if out.ndim > 2:  # (N, D, 1, 1), as a network with a pooling at its end gives it
            out = out.reshape(len(out), -1)  # (N, D)
        if out.shape != (len(crops), self.feature_dim):
            raise WeightsError(
                f"the network gives an output of shape {out.shape}", expected=f"({len(crops)}, {self.feature_dim})"
            )
        if not self._proven and len(_usable_rows(out)[0]) == 0:
            raise WeightsError(
                f"the network gives NaN, infinite or zero features for all of the first {len(out)} crops",
                hint="the weights are unusable: take others",
            )
        self._proven = True
        return out

    def _report(self, bad: int) -> None:
        if bad:
            self.dropped += bad
            logger.warning(
                "%d crops are left out, as the network gave no usable feature for them (%d so far)", bad, self.dropped
            )


def _usable_rows(features: FloatArray) -> tuple[IntArray, DoubleArray]:
    """Rows of (N, D) that are finite and not zero, (K,), and their norms, (K,)."""
    # In double precision, so that the norm of very large values is finite.
    norm = np.linalg.norm(features.astype(np.float64), axis=1)
    rows = np.flatnonzero(np.isfinite(norm) & (norm > 0))
    return rows, norm[rows]
