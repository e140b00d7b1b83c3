"""Boxes and homographies: pure functions over arrays.

Boxes are `xyxy`: left, top, right, bottom in pixels, right and bottom exclusive, counted from
the picture's upper left corner.
`xywh` is left, top, width, height. Homographies are (3, 3), from points (x, y) of one plane to points of another.
"""

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
    shared: Floats = _overlap(a, b, 0)
    shared *= _overlap(a, b, 1)
    return shared


def _overlap(a: Floats, b: Floats, axis: int) -> Floats:
    """Length that every box of `a` has in common with every box of `b` along one axis, (N, M); each in one block."""
    first, last = axis, axis + 2
    length = np.minimum(a[:, None, last], b[None, :, last])
    length -= np.maximum(a[:, None, first], b[None, :, first])
    return np.maximum(length, 0, out=length)


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
    """Suppress boxes that overlap a better one (greedy non-maximum suppression).

    Args:
        xyxy: (N, 4) boxes.
        score: (N,) scores; of equal ones the first wins.
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


def foot_points(xyxy: Floats) -> NDArray[np.float64]:
    """Points where people stand, (N, 2) float64: the middle of the lower edge of (N, 4) boxes."""
    wide = xyxy.astype(np.float64)
    return np.stack([(wide[:, 0] + wide[:, 2]) / 2, wide[:, 3]], axis=1)


def project(homography: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map points of one plane to another.

    Args:
        homography: (3, 3), from the first plane to the second.
        points: (N, 2).

    Returns:
        (N, 2); far away or infinite where a point lies on the horizon.
    """
    wide = points @ homography[:, :2].T + homography[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        flat: NDArray[np.float64] = wide[:, :2] / wide[:, 2:]
    return flat


def projection_jacobian(homography: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Jacobian of `project` at (N, 2) points: (N, 2, 2), a row for each coordinate of the second plane."""
    depth = points @ homography[2, :2] + homography[2, 2]
    flat = project(homography, points)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope: NDArray[np.float64] = (homography[None, :2, :2] - flat[:, :, None] * homography[None, 2:, :2]) / depth[
            :, None, None
        ]
    return slope


def fit_homography(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Fit the homography that best takes some points to others.

    The normalised direct linear transform (Hartley, "In Defense of the Eight-Point Algorithm", PAMI 1997).

    Args:
        source: (N, 2), four or more.
        target: (N, 2).

    Returns:
        (3, 3), its last entry 1 where it is not 0; None where the points do not determine one: fewer than four, or all
        but one of them on a line.
    """
    if len(source) < 4:
        return None
    (a, scale_a), (b, scale_b) = _normalised(source), _normalised(target)
    if scale_a is None or scale_b is None:
        return None
    x, y = a.T
    u, v = b.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    rows = np.concatenate(
        [
            np.stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u], axis=1),
            np.stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v], axis=1),
        ]
    )
    _, strength, basis = np.linalg.svd(rows)
    if strength[7] < _DEGENERATE * strength[0]:
        return None
    found: NDArray[np.float64] = np.linalg.inv(scale_b) @ basis[-1].reshape(3, 3) @ scale_a
    if np.linalg.cond(found) > 1 / np.finfo(np.float64).eps:
        return None
    return found / found[2, 2] if found[2, 2] else found


_DEGENERATE = 1e-6


def _normalised(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Points about their centre at a mean distance of 1, and the (3, 3) that brings them there; None if all are one."""
    centre = points.mean(axis=0)
    size = float(np.linalg.norm(points - centre, axis=1).mean())
    if not np.isfinite(size) or size <= 0:
        return points, None
    return (points - centre) / size, np.array(
        [[1 / size, 0, -centre[0] / size], [0, 1 / size, -centre[1] / size], [0, 0, 1]]
    )
