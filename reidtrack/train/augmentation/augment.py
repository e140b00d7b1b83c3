"""Varying training images, a whole batch at once, on whatever device it lies.

All random numbers are drawn on the CPU from the generator that is passed in, one for each image whether it is used or
not, so that the same generator gives the same batch on every device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from reidtrack.train.augmentation.camera_faults import compressed, occluded
from reidtrack.train.augmentation.colour import recoloured
from reidtrack.train.augmentation.resample import moved, resampled
from reidtrack.train.augmentation.settings import Augmentation, RandomNumbers

MOST_COMPRESSED = 5.0
"""Coarseness of the strongest compression: JPEG's quality 10."""


def augment(
    images: Tensor, how: Augmentation, generator: torch.Generator, mean: Sequence[float], std: Sequence[float]
) -> Tensor:
    """Vary and normalise a batch.

    Args:
        images: (N, H, W, 3) uint8, BGR.
        how: What to do.
        generator: On the CPU; advanced.
        mean: Of red, green and blue in 0..1.
        std: Likewise.

    Returns:
        (N, 3, H, W) float32, RGB.
    """
    draw = RandomNumbers(len(images), generator, images.device)
    x = resampled(images, how, draw) if how.resamples else moved(images, how, draw)  # (N, 3, H, W), BGR, 0..255
    if how.occlude:
        share = draw.uniform(0.1, how.occlude_most)
        x = occluded(x, draw.chance(how.occlude), draw.order(), draw.uniform(), share)
    if how.noise:
        x = x + draw.normal(x.shape) * (draw.uniform(0, how.noise) * 255)[:, None, None, None]
    if how.compress:
        x = compressed(x, draw.chance(how.compress), draw.uniform(0.5, MOST_COMPRESSED))
    x = recoloured(x, how, draw)  # RGB, 0..1
    x = (x - x.new_tensor(mean).view(3, 1, 1)) / x.new_tensor(std).view(3, 1, 1)
    if how.patch:
        x = _patched(x, draw.chance(how.patch), draw)
    if how.erase:
        x = x * ~_rectangles(x, draw, how.erase_area, draw.chance(how.erase))[:, None]
    return x


def _patched(x: Tensor, chosen: Tensor, draw: RandomNumbers) -> Tensor:
    """Cover a rectangle of the chosen pictures with a part of another picture of the batch."""
    n, _, height, width = x.shape
    covered = _rectangles(x, draw, (0.02, 0.2), chosen)  # (N, H, W)
    other = x[draw.order()]
    up, left = (draw.uniform() * height).long(), (draw.uniform() * width).long()
    row = (torch.arange(height, device=x.device) + up[:, None]) % height  # (N, H)
    column = (torch.arange(width, device=x.device) + left[:, None]) % width  # (N, W)
    picture = torch.arange(n, device=x.device)[:, None, None]
    moved = other.permute(0, 2, 3, 1)[picture, row[:, :, None], column[:, None, :]]  # (N, H, W, 3)
    return torch.where(covered[:, None], moved.permute(0, 3, 1, 2), x)


def _rectangles(x: Tensor, draw: RandomNumbers, area: tuple[float, float], chosen: Tensor) -> Tensor:
    """(N, H, W) bool: a rectangle in each chosen picture, of 0.3 to 3.3 times as high as wide, cut to the picture."""
    height, width = x.shape[2:]
    pixels = draw.uniform(*area) * height * width
    ratio = torch.exp(draw.uniform(math.log(0.3), math.log(3.3)))
    tall = (pixels * ratio).sqrt().round().clamp(1, height)
    wide = (pixels / ratio).sqrt().round().clamp(1, width)
    top = (draw.uniform() * (height - tall + 1)).floor()
    left = (draw.uniform() * (width - wide + 1)).floor()
    row, column = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
    in_rows = (row >= top[:, None]) & (row < (top + tall)[:, None])
    in_columns = (column >= left[:, None]) & (column < (left + wide)[:, None])
    return in_rows[:, :, None] & in_columns[:, None, :] & chosen[:, None, None]
