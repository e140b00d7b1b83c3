"""Boxes: pure functions over (N, 4) arrays, `xyxy` in pixels unless a name says otherwise."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[Any]
"""float32 or float64; each function returns the type it was given."""


def xywh_to_xyxy(xywh: Floats) -> Floats:
    """Turn (N, 4) left, top, width, height into left, top, right, bottom."""
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)


def xyxy_to_xywh(xyxy: Floats) -> Floats:
    """Turn (N, 4) left, top, right, bottom into left, top, width, height."""
    return np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)


def area(xyxy: Floats) -> Floats:
    """Area of each box, (N,), square pixels; 0 for a box turned inside out."""
    wh = np.clip(xyxy[:, 2:] - xyxy[:, :2], 0, None)
    product: Floats = wh[:, 0] * wh[:, 1]
    return product


def intersection(a: Floats, b: Floats) -> Floats:
    """Shared area of every box of `a` (N, 4) with every box of `b` (M, 4): (N, M), square pixels."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    wh = np.clip(bottom_right - top_left, 0, None)  # (N, M, 2)
    shared: Floats = wh[..., 0] * wh[..., 1]
    return shared


def iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union of every box of `a` (N, 4) with every box of `b` (M, 4): (N, M) in 0..1."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None, :] - shared
    ratio: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ratio


def inside(a: Floats, b: Floats) -> Floats:
    """Share of each box of `a` (N, 4) that lies in each box of `b` (M, 4): (N, M) in 0..1."""
    shared = intersection(a, b)
    own = area(a)[:, None]
    share: Floats = np.divide(shared, own, out=np.zeros_like(shared), where=own > 0)
    return share


def clip(xyxy: Floats, width: float, height: float) -> Floats:
    """Cut (N, 4) boxes to a picture of `width` x `height` pixels."""
    limit = np.array([width, height, width, height], dtype=xyxy.dtype)
    cut: Floats = np.clip(xyxy, 0, limit)
    return cut


def suppress(xyxy: Floats, score: Floats, max_iou: float) -> NDArray[np.int64]:
    """Greedy non-maximum suppression.

    Args:
        xyxy: (N, 4) boxes.
        score: (N,) scores; ties are settled by position.
        max_iou: A box that overlaps a better one by more than this is dropped.

    Returns:
        Indices of the boxes that stay, (K,), best first.
    """
    order = np.argsort(-score, kind="stable")
    overlaps = iou(xyxy[order], xyxy[order]) > max_iou
    alive = np.ones(len(order), np.bool_)
    for i in range(len(order)):
        if alive[i]:
            alive[i + 1 :] &= ~overlaps[i, i + 1 :]
    return order[alive]
