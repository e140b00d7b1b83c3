"""Features of a data set's images, decoded and embedded a thousand at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reidtrack.datasets.images import ImageStore
from reidtrack.datasets.record import Sample
from reidtrack.embed.embedder import Embedder
from reidtrack.errors import InputError
from reidtrack.types import FloatArray, IntArray

IMAGES_AT_ONCE = 1024
"""Images that are decoded and embedded together, which bounds the memory however many there are."""


@dataclass(frozen=True, eq=False, slots=True)
class SampleFeatures:
    """Features of those samples whose image gave one.

    Attributes:
        values: (K, D) float32, as the network gives them, not of unit norm.
        rows: (K,) int64, index of the sample that each belongs to.
        faults: One line for each image that could not be read or gave nothing.
    """

    values: FloatArray
    rows: IntArray
    faults: tuple[str, ...] = ()


def embed_samples(
    samples: Sequence[Sample],
    embedder: Embedder,
    *,
    flip: bool = False,
    advance: Callable[[int], None] | None = None,
) -> SampleFeatures:
    """Embed the images of samples, a thousand at a time.

    Args:
        samples: Samples whose images are read.
        embedder: The network.
        flip: Add the features of the mirrored image.
        advance: Called with how many more are done.

    Raises:
        InputError: If no image can be read.
        WeightsError: If the network gives nothing usable.
    """
    values, rows, faults = [np.zeros((0, embedder.feature_dim), np.float32)], [np.zeros(0, np.int64)], []
    for start in range(0, len(samples), IMAGES_AT_ONCE):
        part = samples[start : start + IMAGES_AT_ONCE]
        try:
            store = ImageStore(part, embedder.size_hw)
        except InputError as error:
            faults.append(str(error))
            continue
        found, kept = _embed(store, embedder, flip)
        lost = np.setdiff1d(np.arange(len(store)), kept)
        faults += [*store.bad, *(f"{store.samples[row].path}: no usable feature" for row in lost.tolist())]
        values.append(found)
        rows.append(start + store.rows[kept])
        if advance is not None:
            advance(len(part))
    if samples and sum(len(part) for part in rows) == 0:
        raise InputError(f"none of {len(samples)} images gave a feature; first: {faults[0]}")
    return SampleFeatures(np.concatenate(values), np.concatenate(rows), tuple(faults))


def _embed(store: ImageStore, embedder: Embedder, flip: bool) -> tuple[FloatArray, IntArray]:
    """Features of a store's images and their rows in it; with `flip`, the sums with those of the mirrored images."""
    plain = embedder.embed(store.images)
    values = np.zeros((len(store), embedder.feature_dim), np.float32)
    values[plain.rows] = plain.features * plain.length[:, None]
    kept = plain.rows
    if flip:
        mirrored = embedder.embed(store.images[:, :, ::-1])
        values[mirrored.rows] += mirrored.features * mirrored.length[:, None].astype(np.float32)
        kept = np.intersect1d(plain.rows, mirrored.rows)
    return values[kept], kept
