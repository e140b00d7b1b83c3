"""Pooling a tracklet's features into one vector, weighted by the quality of the crops."""

from __future__ import annotations

import numpy as np

from reidtrack.types import FloatArray


def pool(features: FloatArray, quality: FloatArray) -> FloatArray:
    """Quality-weighted mean of unit vectors, of unit norm again.

    Args:
        features: (K, D) float32, rows of unit norm, K of 1 or more.
        quality: (K,) weights, 0 or more; if all are 0, each feature counts the same.

    Returns:
        (D,) float32. Vectors that cancel out exactly give the one of the highest quality.

    Raises:
        ValueError: If there is no feature, or the lengths differ.
    """
    if features.ndim != 2 or len(features) == 0 or quality.shape != (len(features),):
        raise ValueError(f"pool: expected (K, D) and (K,), K of 1 or more, got {features.shape} and {quality.shape}")
    weight = quality.astype(np.float64) if quality.any() else np.ones(len(features))
    mean = weight @ features.astype(np.float64)  # (D,)
    norm = np.linalg.norm(mean)
    if norm <= 1e-9 * weight.sum():
        best: FloatArray = features[int(np.argmax(weight))]
        return best
    unit: FloatArray = (mean / norm).astype(np.float32)
    return unit
