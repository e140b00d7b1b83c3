"""Ranked lists as pictures: a query and its nearest images, right ones framed green, wrong red, unjudged grey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reidtrack.types import BoolArray, FloatArray, ImageArray

CELL_HW = (160, 80)
FRAME, GAP, LINE = 4, 8, 18
GREEN, RED, BLUE, GREY = (60, 160, 40), (45, 45, 210), (190, 120, 40), (150, 150, 150)
INK, PAPER = (40, 40, 40), (255, 255, 255)


@dataclass(frozen=True, eq=False, slots=True)
class PictureRow:
    """One query and its nearest images.

    Attributes:
        query: (H, W, 3) uint8, BGR.
        title: Text below it.
        found: The nearest images, nearest first.
        distance: (T,) their distances.
        right: (T,) whether they show the query's person; None where nobody knows.
    """

    query: ImageArray
    title: str
    found: Sequence[ImageArray]
    distance: FloatArray
    right: BoolArray | None


def draw_rows(rows: Sequence[PictureRow]) -> ImageArray:
    """Draw ranked lists below one another.

    Args:
        rows: At least one; pictures of any size.

    Returns:
        (H, W, 3) uint8, BGR.
    """
    height, width = CELL_HW[0] + 2 * FRAME + LINE + GAP, CELL_HW[1] + 2 * FRAME + GAP
    columns = 1 + max(len(row.found) for row in rows)
    canvas = np.full((GAP + height * len(rows), 3 * GAP + width * columns, 3), PAPER, np.uint8)
    for index, row in enumerate(rows):
        top = GAP + index * height
        _cell(canvas, (GAP, top), row.query, row.title, BLUE)
        frames = [GREY] * len(row.found) if row.right is None else [GREEN if right else RED for right in row.right]
        for column, (image, distance, frame) in enumerate(zip(row.found, row.distance, frames, strict=True), 1):
            left = 2 * GAP + column * width
            _cell(canvas, (left, top), image, f"{column}: {distance:.3f}", frame)
    return canvas


def _cell(canvas: ImageArray, corner: tuple[int, int], image: ImageArray, text: str, colour: Sequence[int]) -> None:
    """Draw a framed picture with a line of text below."""
    import cv2

    (left, top), (height, width) = corner, CELL_HW
    canvas[top : top + height + 2 * FRAME, left : left + width + 2 * FRAME] = colour
    shrunk = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    canvas[top + FRAME : top + FRAME + height, left + FRAME : left + FRAME + width] = shrunk
    origin = (left, top + height + 2 * FRAME + LINE - 5)
    cv2.putText(canvas, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.42, INK, 1, cv2.LINE_AA)
