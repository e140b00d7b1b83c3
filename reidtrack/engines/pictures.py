"""Pictures into networks: which inputs take them, and planes of pixels for engines that cannot make them themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reidtrack.errors import WeightsError
from reidtrack.types import FloatArray, ImageArray, PixelFormat


def to_planes(pictures: ImageArray, pixels: PixelFormat) -> FloatArray:
    """The input of a network, (N, 3, H, W) float32, of pictures (N, H, W, 3) uint8 BGR of its size."""
    ordered = pictures[..., ::-1] if pixels.channels == "RGB" else pictures
    planes = np.ascontiguousarray(ordered.transpose(0, 3, 1, 2), dtype=np.float32)
    planes = planes / np.float32(255 / pixels.pixel_max)
    if pixels.is_normalised:
        mean, std = (np.array(values, np.float32)[:, None, None] for values in (pixels.mean, pixels.std))
        planes = (planes - mean) / std
    return planes


def check_inputs(shapes: Sequence[Sequence[int]], where: Path | None) -> None:
    """Refuse what does not take one batch of pictures as planes.

    Args:
        shapes: Of each input, -1 where a dimension is open; empty where even their number is.
        where: The file, if it is one.

    Raises:
        WeightsError: If there is not one input, or it is not (N, 3, H, W).
    """
    if len(shapes) != 1:
        raise WeightsError(f"takes {len(shapes)} inputs", where=where, expected="one, pictures of (N, 3, H, W)")
    shape = shapes[0]
    if len(shape) != 4 or shape[1] not in (-1, 3):
        given = (
            "any shape" if not len(shape) else f"({', '.join('any' if side == -1 else str(side) for side in shape)})"
        )
        raise WeightsError(f"takes an input of {given}", where=where, expected="pictures of (N, 3, H, W)")
