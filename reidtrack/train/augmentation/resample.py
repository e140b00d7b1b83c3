"""Moving and resizing pictures: flips, shifts, zoom, cuts and lower resolution, a whole batch at once."""

from __future__ import annotations

import torch
from torch import Tensor

from reidtrack.train.augmentation.settings import Augmentation, RandomNumbers

MOST_COARSE = 3
"""Pixels that a picture of lower resolution may put into one."""


def moved(images: Tensor, how: Augmentation, draw: RandomNumbers) -> Tensor:
    """Flip and shift by whole pixels."""
    n, height, width, _ = images.shape
    reach = round(how.shift * height)
    flip, dy, dx = draw.chance(how.flip), draw.uniform(), draw.uniform()
    row = torch.arange(height, device=images.device) + _whole(dy, reach)[:, None]  # (N, H)
    column = torch.arange(width, device=images.device) + _whole(dx, reach)[:, None]  # (N, W)
    column = torch.where(flip[:, None], width - 1 - column, column)
    seen = _inside(row, height)[:, :, None] & _inside(column, width)[:, None, :]  # (N, H, W)
    first = torch.arange(n, device=images.device)[:, None, None] * (height * width)
    index = first + row.clamp(0, height - 1)[:, :, None] * width + column.clamp(0, width - 1)[:, None, :]
    taken = images.reshape(-1, 3).index_select(0, index.flatten()).reshape(n, height, width, 3)
    return _to_planes(taken) * seen[:, None]


def _whole(unit: Tensor, reach: int) -> Tensor:
    """0..1 to whole numbers from -reach to reach."""
    return (unit * (2 * reach + 1)).long().clamp(max=2 * reach) - reach


def _inside(index: Tensor, length: int) -> Tensor:
    return (index >= 0) & (index < length)


def _to_planes(images: Tensor) -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32."""
    return images.permute(0, 3, 1, 2).float().contiguous()


def resampled(images: Tensor, how: Augmentation, draw: RandomNumbers) -> Tensor:
    """Flip, shift, change the size and lower the resolution: one matrix for the rows and one for the columns."""
    _, height, width, _ = images.shape
    flip = 1 - 2 * draw.chance(how.flip).float()
    dy, dx = draw.uniform(-1, 1) * how.shift * height, draw.uniform(-1, 1) * how.shift * height
    size, shape = draw.uniform(-how.zoom, how.zoom), draw.uniform(-how.zoom / 4, how.zoom / 4)
    coarse = torch.where(draw.chance(how.blur), draw.uniform(1, MOST_COARSE), 1.0)
    kept_rows, kept_columns = draw.kept(how.cut_below, how.cut_most), draw.kept(how.cut_side, how.cut_most)
    # What is cut off lies below, or to a side, left or right by the sign; the rest fills the picture.
    up, aside = (kept_rows - 1) * (height - 1) / 2, (kept_columns - 1) * (width - 1) / 2
    if how.cut_side:
        aside = aside * draw.sign()
    rows = _resampling(height, kept_rows * (1 + size + shape), up + dy, coarse)  # (N, H, H)
    columns = _resampling(width, flip * kept_columns * (1 + size - shape), aside + dx, coarse)  # (N, W, W)
    return rows[:, None] @ _to_planes(images) @ columns.transpose(1, 2)[:, None]


def _resampling(length: int, step: Tensor, shift: Tensor, reach: Tensor) -> Tensor:
    """(N, length, length) matrices that resample a line about its middle with a triangular filter.

    Args:
        length: Pixels.
        step: (N,) distance in the source between neighbours of the result; negative mirrors.
        shift: (N,) pixels of the source.
        reach: (N,) half the filter's base, pixels of the source; 1 interpolates linearly.
    """
    index = torch.arange(length, device=step.device)
    middle = (length - 1) / 2
    source = middle + shift[:, None] + step[:, None] * (index - middle)  # (N, length)
    weight = (1 - (source[:, :, None] - index).abs() / reach[:, None, None]).clamp_(min=0)
    # Over pixels beyond the border too, which are black: the weights of all others must not make up for them.
    near = torch.arange(-MOST_COARSE, MOST_COARSE + 2, device=step.device)
    total = (1 - (source.frac()[:, :, None] - near).abs() / reach[:, None, None]).clamp_(min=0).sum(dim=2)
    return weight / total[:, :, None]
