"""Which size of input fits a camera: as large as its people need to be found, and no larger."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reidtrack.types import FloatArray

SIZES = (640, 960, 1280)
"""Longer sides to choose from, increasing; the networks were trained at the first."""
LEAST_HEIGHT_PX = 60.0
"""Height in input pixels that most people should have (docs/results/detection.md, "Which size fits")."""
SURE = 0.4
"""Least score of a detection whose height counts."""
_LEAST_PEOPLE = 5
"""Boxes without which nothing is concluded."""
_SMALL = 25
"""Percentile of the heights that counts: most people are larger."""


class FittedSize(NamedTuple):
    """The size chosen for a camera.

    Attributes:
        imgsz: Longer side of the input, pixels.
        reason: Why, in words.
    """

    imgsz: int
    reason: str


def fit_size(size: tuple[int, int], heights: FloatArray) -> FittedSize:
    """The least of `SIZES` at which most people are high enough in the input to be found.

    Args:
        size: Width and height of the picture.
        heights: (N,) heights of people that were found at the largest size, pixels of the picture.
    """
    if len(heights) < _LEAST_PEOPLE:
        return FittedSize(SIZES[0], "hardly anybody in the first seconds")
    small = float(np.percentile(heights, _SMALL))
    at = {imgsz: small * imgsz / max(size) for imgsz in SIZES}
    imgsz = next((imgsz for imgsz in SIZES if at[imgsz] >= LEAST_HEIGHT_PX), SIZES[-1])
    inside = f"{at[imgsz]:.0f} px in the detector's input, {at[SIZES[0]]:.0f} px at {SIZES[0]}"
    people = f"three quarters of the people are {small:.0f} px high or more in pictures of {size[0]}x{size[1]}"
    return FittedSize(imgsz, f"{people}: {inside}")
