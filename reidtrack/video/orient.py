"""Turning pictures upright by the display matrix of their container (ISO/IEC 14496-12, 8.3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidtrack.types import ImageArray

IDENTITY = (1, 0, 0, 1)


def orientation(matrix: Sequence[int]) -> tuple[int, int, int, int]:
    """The quarter turn or mirroring nearest to a display matrix.

    Args:
        matrix: Nine integers a, b, u, c, d, v, x, y, w; a point p maps to (a p_x + c p_y, b p_x + d p_y).

    Returns:
        a, b, c, d, each -1, 0 or 1; the identity where the matrix is degenerate.
    """
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        turned = (_sign(a), 0, 0, _sign(d))
        return turned if a and d else IDENTITY
    return (0, _sign(b), _sign(c), 0) if b and c else IDENTITY


def orient(image: ImageArray, turn: tuple[int, int, int, int]) -> ImageArray:
    """Turn an (H, W, 3) image by what `orientation` returned; a contiguous array, the same one for the identity."""
    if turn == IDENTITY:
        return image
    a, b, c, d = turn
    if a == 0:
        image = image.transpose(1, 0, 2)
    if a + c < 0:
        image = image[:, ::-1]
    if b + d < 0:
        image = image[::-1]
    return np.ascontiguousarray(image)


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
