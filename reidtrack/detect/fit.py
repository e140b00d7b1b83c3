"""Which size of input fits a camera, and how many tiles: as large as its people need to be found, and no larger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.detect.tiles import longest_side, tiles_of
from reidtrack.types import FloatArray

SIZES = (640, 960, 1280)
"""Longer sides to choose from, increasing; the networks were trained at the first."""
LEAST_HEIGHT_PX = 60.0
"""Height in input pixels that most people should have (docs/results/detection.md, "Which size fits")."""
SURE = 0.4
"""Least score of a detection whose height counts."""
MOST_TILES = 4
"""Most tiles along the longer side that are chosen: 4 make 12 in a wide picture, each as dear as the whole."""
_LEAST_PEOPLE = 5
"""Boxes without which nothing is concluded."""
_SMALL = 25
"""Percentile of the heights that counts: most people are larger."""


class Choice(NamedTuple):
    """An input to choose.

    Attributes:
        imgsz: Its longer side, pixels.
        tiles: Along a picture's longer side, besides the whole; 1: the whole alone.
    """

    imgsz: int
    tiles: int = 1

    def scale(self, size: tuple[int, int]) -> float:
        """Pixels of the input for one of a picture of `size` (width, height)."""
        return self.imgsz / longest_side(size, self.tiles)


class FittedSize(NamedTuple):
    """What was chosen for a camera.

    Attributes:
        imgsz: Longer side of the input, pixels.
        reason: Why, in words.
        tiles: Along a picture's longer side, besides the whole; 1: the whole alone.
    """

    imgsz: int
    reason: str
    tiles: int = 1

    def said(self, size: tuple[int, int]) -> str:
        """What it does with pictures of `size` (width, height), in words."""
        if self.tiles == 1:
            return f"{self.imgsz}"
        return f"{self.imgsz} in {len(tiles_of(size, self.tiles))} tiles and the whole picture"


def choices(size: tuple[int, int], imgsz: int | None, tiles: int | None) -> list[Choice]:
    """What can be chosen for pictures of `size` (width, height), from the cheapest to the dearest.

    Tiles come last, for a larger input does the same for less; none that would have to be scaled up is offered.

    Args:
        size: Width and height of the picture.
        imgsz: Longer side of the input, pixels; None: any of `SIZES`.
        tiles: Along the longer side; None: any number up to `MOST_TILES`.
    """
    sizes = SIZES if imgsz is None else (imgsz,)
    if tiles is not None:
        return [Choice(one, tiles) for one in sizes]
    more = [Choice(sizes[-1], count) for count in range(2, MOST_TILES + 1)]
    return [Choice(one) for one in sizes] + [one for one in more if one.scale(size) <= 1]


def fit_size(size: tuple[int, int], heights: FloatArray, offered: Sequence[Choice]) -> FittedSize:
    """The first of what is offered at which most people are high enough in the input to be found.

    Args:
        size: Width and height of the picture.
        heights: (N,) heights of people that were found with the last of `offered`, pixels of the picture.
        offered: From the cheapest to the dearest.
    """
    if len(heights) < _LEAST_PEOPLE:
        return FittedSize(offered[0].imgsz, "hardly anybody in the first seconds", offered[0].tiles)
    small = float(np.percentile(heights, _SMALL))
    chosen = next((one for one in offered if small * one.scale(size) >= LEAST_HEIGHT_PX), offered[-1])
    first, untiled = offered[0], " without tiles" if chosen.tiles > offered[0].tiles else ""
    inside = f"{small * chosen.scale(size):.0f} px in the detector's input"
    if chosen != first:
        inside += f", {small * first.scale(size):.0f} px at {first.imgsz}{untiled}"
    people = f"three quarters of the people are {small:.0f} px high or more in pictures of {size[0]}x{size[1]}"
    return FittedSize(chosen.imgsz, f"{people}: {inside}", chosen.tiles)
