"""What cameras and recorders do to a picture, for a whole batch: cut boxes, people in front, compression and noise."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor
from torch.nn import functional

BLOCK = 8
"""Side of the squares that JPEG and H.264's ancestors transform, pixels."""

NATIVE_HEIGHT = 128
"""Compression is that of a picture of this height: crops of people in recordings are rarely larger."""

LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""Quantisation table K.1 of the JPEG standard (ITU-T T.81) at quality 50."""


def compressed(x: Tensor, chosen: Tensor, coarseness: Tensor) -> Tensor:
    """Lossy compression of the chosen pictures: squares of 8x8, a cosine transform, rounded coefficients.

    Args:
        x: (N, 3, H, W) in 0..255.
        chosen: (N,) bool.
        coarseness: (N,) factor on the table of JPEG's quality 50: 1 is that, 5 is quality 10.

    Returns:
        The same shape.
    """
    rows = torch.nonzero(chosen).squeeze(1)
    if not len(rows):
        return x
    scale = max(1, x.shape[2] // NATIVE_HEIGHT)
    small = functional.avg_pool2d(x[rows], scale) if scale > 1 else x[rows]
    height, width = (side - side % BLOCK for side in small.shape[2:])
    basis = x.new_tensor(dct(np.eye(BLOCK), axis=0, norm="ortho"))  # (8, 8), a frequency a row
    table = x.new_tensor(LUMINANCE) * coarseness[rows].view(-1, 1, 1, 1, 1, 1)
    whole = small[:, :, :height, :width]
    squares = whole.reshape(*whole.shape[:2], height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(3, 4)
    frequency = basis @ (squares - 128) @ basis.T  # (n, 3, H / 8, W / 8, 8, 8)
    rounded = (frequency / table).round() * table
    restored = (basis.T @ rounded @ basis + 128).transpose(3, 4).flatten(4, 5).flatten(2, 3)
    # What compression changed is added to the picture, so that a larger one keeps its own detail beyond it.
    change = functional.pad(
        restored - small[:, :, :height, :width], (0, small.shape[3] - width, 0, small.shape[2] - height)
    )
    if scale > 1:
        change = functional.interpolate(change, x.shape[2:], mode="bilinear", align_corners=False)
    out = x.clone()
    out[rows] = (x[rows] + change).clamp(0, 255)
    return out


def occluded(x: Tensor, chosen: Tensor, other: Tensor, side: Tensor, share: Tensor) -> Tensor:
    """Somebody in front of the chosen pictures: another person of the batch comes in from a side or from below.

    Args:
        x: (N, 3, H, W).
        chosen: (N,) bool.
        other: (N,) whose picture stands in front.
        side: (N,) in 0..1: a third each from the left, the right and below.
        share: (N,) of the width, or of the height from below, that is covered, in 0..1.

    Returns:
        The same shape. The one in front is seen from his own border on, as wide as he is.
    """
    height, width = x.shape[2:]
    row = torch.arange(height, device=x.device).view(1, height, 1)
    column = torch.arange(width, device=x.device).view(1, 1, width)
    wide, tall = (share * width).round().long().view(-1, 1, 1), (share * height).round().long().view(-1, 1, 1)
    left, right = (side < 1 / 3).view(-1, 1, 1), ((side >= 1 / 3) & (side < 2 / 3)).view(-1, 1, 1)
    below = ~(left | right)
    covered = (left & (column < wide)) | (right & (column >= width - wide)) | (below & (row >= height - tall))
    # From a side, half of him is outside the box, as in a crowd; from below, his head comes first.
    aside = torch.where(left, width // 2, torch.where(right, -(width // 2), 0))
    taken_column = (column + aside).clamp(0, width - 1).expand(-1, height, -1)
    taken_row = torch.where(below, row - (height - tall), row).clamp(0, height - 1).expand(-1, -1, width)
    front = x.permute(0, 2, 3, 1)[other.view(-1, 1, 1), taken_row, taken_column]  # (N, H, W, 3)
    return torch.where((covered & chosen.view(-1, 1, 1))[:, None], front.permute(0, 3, 1, 2), x)
