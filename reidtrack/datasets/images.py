"""Images of samples, decoded once into one array, so that training never waits for a disk or a decoder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from reidtrack.datasets.record import Sample
from reidtrack.errors import InputError
from reidtrack.image import read_image, resize
from reidtrack.types import ImageArray, IntArray


class ImageStore:
    """All images of some samples at one size, decoded in parallel into one array.

    Memory is N x H x W x 3 bytes (Market-1501's training set: 318 MB at 128x64, 1.3 GB at 256x128) and nothing beside
    it while reading. Files that cannot be read are left out and listed.

    Attributes:
        images: (N, H, W, 3) uint8, BGR.
        samples: The N samples that were read.
        rows: (N,) int64, index of each among the samples given.
        bad: One line for each file that could not be read.
    """

    def __init__(self, samples: Sequence[Sample], size_hw: tuple[int, int], *, threads: int | None = None) -> None:
        """Read everything.

        Args:
            samples: Samples whose images are read.
            size_hw: Height and width, pixels.
            threads: Number of readers at once; one per processor if None.

        Raises:
            InputError: If no file can be read, or memory does not suffice.
        """
        height, width = size_hw
        try:
            images = np.empty((len(samples), height, width, 3), np.uint8)
        except MemoryError as error:
            needed = len(samples) * height * width * 3 / 2**30
            raise InputError(
                f"{len(samples)} images need {needed:.1f} GiB of memory", hint="use a smaller size"
            ) from error
        faults: list[str | None] = [None] * len(samples)

        def fill(row: int) -> None:
            try:
                images[row] = resize(read_image(samples[row].path), size_hw)
            except InputError as error:
                faults[row] = str(error)

        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
            list(pool.map(fill, range(len(samples)), chunksize=64))
        good = [row for row, fault in enumerate(faults) if fault is None]
        self.bad = tuple(fault for fault in faults if fault is not None)
        if samples and not good:
            raise InputError(f"none of {len(samples)} images can be read; first: {self.bad[0]}")
        self.rows: IntArray = np.array(good, np.int64)
        self.images: ImageArray = images if len(good) == len(samples) else images[self.rows]
        self.samples = tuple(samples[row] for row in good)

    def __len__(self) -> int:
        return len(self.images)
