"""Where a picture lies in a detector's input: scaled, with grey margins around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack import geometry
from reidtrack.types import FloatArray, ImageArray

MARGIN = 16
"""Least margin in input pixels above and below a picture that is wider than high. Without it, people at the border are
found less surely than in the square that networks are trained on; with it as surely, for about a fifteenth more work.
"""
PAD_VALUE = 114
"""Grey of the margin, as in Ultralytics' training."""


class Letterbox(NamedTuple):
    """How a picture is scaled into the network's input.

    Attributes:
        height: Input height, pixels.
        width: Input width, pixels.
        scale_x: Input pixels per picture pixel from left to right.
        scale_y: The same from top to bottom.
        left: Margin on the left, input pixels.
        top: Margin at the top, input pixels.
    """

    height: int
    width: int
    scale_x: float
    scale_y: float
    left: int
    top: int

    def to_picture(self, xyxy: FloatArray, size: tuple[int, int]) -> FloatArray:
        """Boxes (N, 4) in input pixels as boxes in the pixels of a picture of `size` (width, height), cut to it."""
        margin = np.array([self.left, self.top, self.left, self.top], np.float32)
        scale = np.array([self.scale_x, self.scale_y, self.scale_x, self.scale_y], np.float32)
        return geometry.clip((xyxy - margin) / scale, *size)


def fit_letterbox(size: tuple[int, int], height: int, width: int) -> Letterbox:
    """Centre a picture of `size` (width, height) in a fixed input of `height` x `width`."""
    scale = min(height / size[1], width / size[0])
    left = round((width - round(size[0] * scale)) / 2 - 0.1)
    top = round((height - round(size[1] * scale)) / 2 - 0.1)
    return Letterbox(height, width, scale, scale, left, top)


def fit_rectangle(size: tuple[int, int], imgsz: int, stride: int) -> Letterbox:
    """Scale a picture's longer side to `imgsz` and pad the other to a multiple of `stride`, by `MARGIN` or more."""
    scale = imgsz / max(size)
    sides = (min(imgsz, round(side * scale) + 2 * MARGIN) for side in size)
    width, height = (-(-side // stride) * stride for side in sides)
    return fit_letterbox(size, height, width)


def fit_stretched(size: tuple[int, int], height: int, width: int) -> Letterbox:
    """Stretch a picture of `size` (width, height) over the whole input, whatever becomes of its proportions."""
    return Letterbox(height, width, width / size[0], height / size[1], 0, 0)


def letterbox(images: Sequence[ImageArray], box: Letterbox) -> ImageArray:
    """Scale pictures of one size, (H, W, 3) uint8 BGR, into their letterbox: (B, h, w, 3), grey around them."""
    import cv2

    height, width = images[0].shape[:2]
    scaled = max(1, round(width * box.scale_x)), max(1, round(height * box.scale_y))
    batch = np.full((len(images), box.height, box.width, 3), PAD_VALUE, np.uint8)
    inner = batch[:, box.top : box.top + scaled[1], box.left : box.left + scaled[0]]
    for image, row in zip(images, inner, strict=True):
        row[...] = cv2.resize(image, scaled, interpolation=cv2.INTER_LINEAR)
    return batch
