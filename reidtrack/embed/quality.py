"""How much of a person a box shows: which crops of a tracklet are worth embedding, and how much each counts.

A product of five factors, each 0..1, after what was measured on PETS2009 S2L1 (ground-truth boxes of both views,
OSNet x0.25 of MSMT17). The similarity of a crop to its own person less that to the nearest other is 0.25 for people
in full view; 0.20 where people in front cover 40 % of the box, 0.08 where they cover 70 %; 0.08 at the picture's
border; 0.08 for boxes less than twice as high as wide. People behind cost little, 0.20 where they fill 40 %, and so
does size down to 60 px.
"""

from __future__ import annotations

import numpy as np

from reidtrack.geometry import inside
from reidtrack.types import BoolArray, FloatArray

FULL_HEIGHT_PX = 64.0
"""Below this height, a crop counts in proportion to it."""

FULL_ASPECT = 2.0
"""Height over width of a person who stands in full view; below it, parts are missing or a neighbour is inside."""

CUT_OFF = 0.3
"""What a box at the picture's border keeps: an unknown part of the person is outside."""

BORDER_SHARE = 0.003
"""Share of the picture's side (and at least 2 px) within which a box counts as being at the border."""


def crop_quality(xyxy: FloatArray, score: FloatArray, width: int, height: int) -> FloatArray:
    """Rate the boxes of one frame as pictures of their persons.

    Args:
        xyxy: (N, 4) float32 pixels, all people known in the frame, since they cover one another.
        score: (N,) float32 in 0..1, of the detector.
        width: Of the picture, pixels.
        height: Of the picture, pixels.

    Returns:
        (N,) float32 in 0..1: score x size x shape x uncovered share x border.
    """
    box_wh = np.maximum(xyxy[:, 2:] - xyxy[:, :2], 0)
    size = np.minimum(1, box_wh[:, 1] / FULL_HEIGHT_PX)
    shape = np.minimum(1, box_wh[:, 1] / np.maximum(FULL_ASPECT * box_wh[:, 0], 1e-6))
    border = np.where(at_border(xyxy, width, height), CUT_OFF, 1)
    quality: FloatArray = (score * size * shape * uncovered(xyxy) * border).astype(np.float32)
    return quality


def uncovered(xyxy: FloatArray) -> FloatArray:
    """Share of each box, (N,) in 0..1, that no box in front of it covers.

    In front is whose lower edge is lower: on common ground, that person stands nearer to the camera. Several in front
    are taken to cover independent parts, so the share left is the product of what each leaves.
    """
    bottom = xyxy[:, 3]
    in_front = bottom[None, :] > bottom[:, None]  # (N, N): column in front of row
    left: FloatArray = np.prod(1 - np.where(in_front, inside(xyxy, xyxy), 0), axis=1)
    return left


def at_border(xyxy: FloatArray, width: int, height: int) -> BoolArray:
    """(N,) whether each box reaches the border of a `width` x `height` picture."""
    margin = np.maximum(2.0, BORDER_SHARE * np.array([width, height]))
    limit = np.array([width, height]) - margin
    return np.logical_or((xyxy[:, :2] <= margin).any(axis=1), (xyxy[:, 2:] >= limit).any(axis=1))
