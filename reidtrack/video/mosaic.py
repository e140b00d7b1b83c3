"""All cameras in one picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reidtrack.types import ImageArray
from reidtrack.video.text import blend, render

ASPECT = 16 / 9
_ENDED_INK = (150, 150, 150)
Rect = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class MosaicLayout:
    """Where each camera stands in the picture.

    Attributes:
        size: Width and height of the picture, pixels, both even.
        cells: Left, top, right, bottom of each camera's cell, in the cameras' order.
        places: The same of each camera's picture within its cell, its shape kept.
    """

    size: tuple[int, int]
    cells: tuple[Rect, ...]
    places: tuple[Rect, ...]

    @classmethod
    def of(cls, sizes: Sequence[tuple[int, int]], limit: tuple[int, int] = (1920, 1080)) -> MosaicLayout:
        """Lay out cameras of the given sizes, row by row, in the grid whose shape is nearest to 16:9.

        Args:
            sizes: Width and height of each camera's frames, at least one.
            limit: Largest width and height of the picture; nothing is enlarged to reach it.
        """
        widest, tallest = max(w for w, _ in sizes), max(h for _, h in sizes)
        columns, rows = _grid(len(sizes), widest / tallest)
        scale = min(1.0, limit[0] / (columns * widest), limit[1] / (rows * tallest))
        width, height = _even(widest * scale), _even(tallest * scale)
        corners = [(i % columns * width, i // columns * height) for i in range(len(sizes))]
        cells = tuple((x, y, x + width, y + height) for x, y in corners)
        places = tuple(_centred(cell, size) for cell, size in zip(cells, sizes, strict=True))
        return cls((columns * width, rows * height), cells, places)


def mosaic(images: Sequence[ImageArray | None], layout: MosaicLayout, names: Sequence[str] | None = None) -> ImageArray:
    """Tile the cameras' current pictures.

    Args:
        images: (H, W, 3) uint8 BGR per camera, or None for one that has ended, whose cell is black.
        layout: Where they go.
        names: Shown dimly in the cells of cameras that have ended.

    Returns:
        (H, W, 3) uint8 BGR of the layout's size.
    """
    import cv2

    canvas = np.zeros((layout.size[1], layout.size[0], 3), np.uint8)
    for number, (image, (left, top, right, bottom)) in enumerate(zip(images, layout.places, strict=True)):
        if image is not None:
            target = (right - left, bottom - top)
            same = image.shape[1::-1] == target
            canvas[top:bottom, left:right] = image if same else cv2.resize(image, target, interpolation=cv2.INTER_AREA)
        elif names is not None:
            _write_centred(canvas, layout.cells[number], f"{names[number]}: ended")
    return canvas


def _grid(count: int, aspect: float) -> tuple[int, int]:
    """Columns and rows for `count` cells of `aspect`: near 16:9, few cells empty, side by side where it is a tie."""

    def cost(columns: int) -> float:
        rows = math.ceil(count / columns)
        return round(abs(math.log(columns * aspect / rows / ASPECT)) + math.log(columns * rows / count), 9)

    columns = min(range(count, 0, -1), key=cost)
    return columns, math.ceil(count / columns)


def _centred(cell: Rect, size: tuple[int, int]) -> Rect:
    width, height = cell[2] - cell[0], cell[3] - cell[1]
    scale = min(width / size[0], height / size[1])
    w, h = min(width, max(1, round(size[0] * scale))), min(height, max(1, round(size[1] * scale)))
    left, top = cell[0] + (width - w) // 2, cell[1] + (height - h) // 2
    return left, top, left + w, top + h


def _write_centred(canvas: ImageArray, cell: Rect, text: str) -> None:
    mask = render(text, max(12, round((cell[3] - cell[1]) * 0.035)))
    left = (cell[0] + cell[2] - mask.shape[1]) // 2
    blend(canvas, mask, left, (cell[1] + cell[3] - mask.shape[0]) // 2, _ENDED_INK)


def _even(length: float) -> int:
    return max(2, int(length) // 2 * 2)
