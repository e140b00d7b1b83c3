"""Figures of a data set's pixels: sizes, brightness, contrast, colour."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from reidtrack.datasets.record import Sample
from reidtrack.errors import InputError
from reidtrack.image import read_image, resize
from reidtrack.types import DoubleArray, FloatArray, ImageArray, IntArray

SMALL_HW = (64, 32)
_LUMA = np.array([0.114, 0.587, 0.299], np.float32)
"""Weights of blue, green and red in brightness (ITU-R BT.601)."""


@dataclass(frozen=True, eq=False, slots=True)
class PixelFigures:
    """Figures of N images that were read.

    Attributes:
        samples: The N samples.
        size_wh: (N, 2) int64, width and height in pixels.
        brightness: (N,) float32, mean luma, 0..255.
        contrast: (N,) float32, standard deviation of luma.
        colour_bgr: (N, 3) float32, mean of each channel, 0..255.
        small: (N, 64, 32, 3) uint8, BGR.
        bad: One line for each file that could not be read.
    """

    samples: tuple[Sample, ...]
    size_wh: IntArray
    brightness: FloatArray
    contrast: FloatArray
    colour_bgr: FloatArray
    small: ImageArray
    bad: tuple[str, ...]


def measure(
    samples: Sequence[Sample], *, threads: int | None = None, advance: Callable[[int], None] | None = None
) -> PixelFigures:
    """Read images and measure them; 6 KB of each are kept.

    Args:
        samples: Samples whose images are read.
        threads: Number of readers at once; one per processor if None.
        advance: Told how many more are done.

    Raises:
        InputError: If there are samples but none of their files can be read.
    """
    count = len(samples)
    size_wh = np.zeros((count, 2), np.int64)
    brightness, contrast = np.zeros(count, np.float32), np.zeros(count, np.float32)
    colour, small = np.zeros((count, 3), np.float32), np.zeros((count, *SMALL_HW, 3), np.uint8)
    faults: list[str | None] = [None] * count

    def look(row: int) -> None:
        try:
            image = read_image(samples[row].path)
        except InputError as error:
            faults[row] = str(error)
            return
        size_wh[row] = image.shape[1], image.shape[0]
        small[row] = resize(image, SMALL_HW)
        luma = small[row].astype(np.float32) @ _LUMA
        brightness[row], contrast[row] = luma.mean(), luma.std()
        colour[row] = small[row].mean(axis=(0, 1))

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for _ in pool.map(look, range(count)):
            if advance is not None:
                advance(1)
    good = np.array([row for row, fault in enumerate(faults) if fault is None], np.int64)
    bad = tuple(fault for fault in faults if fault is not None)
    if bad and not len(good):
        raise InputError(f"none of {count} images can be read; first: {bad[0]}")
    kept = tuple(samples[int(row)] for row in good)
    return PixelFigures(kept, size_wh[good], brightness[good], contrast[good], colour[good], small[good], bad)


def draw_samples(samples: Sequence[Sample], limit: int, generator: np.random.Generator) -> list[Sample]:
    """Draw `limit` random samples, in their order; all where there are not more."""
    if len(samples) <= limit:
        return list(samples)
    return [samples[row] for row in np.sort(generator.choice(len(samples), size=limit, replace=False))]


def mean_picture(small: ImageArray) -> ImageArray:
    """Mean (H, W, 3), uint8, of pictures (N, H, W, 3), N at least 1."""
    total = np.zeros(small.shape[1:], np.int64)
    for start in range(0, len(small), 1024):
        total += small[start : start + 1024].sum(axis=0, dtype=np.int64)
    return np.rint(total / len(small)).astype(np.uint8)


def quantiles(values: FloatArray) -> DoubleArray:
    """Percentiles 5, 25, 50, 75 and 95: (5,) float64."""
    return np.asarray(np.percentile(values, [5, 25, 50, 75, 95]), np.float64)
