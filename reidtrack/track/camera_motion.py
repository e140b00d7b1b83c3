"""How a camera has moved between two of its pictures, from the flow of points of the background.

Corners are followed by pyramidal Lucas-Kanade flow and a similarity (shift, turn, zoom) is fitted to them by RANSAC,
as BoT-SORT (arXiv 2206.14651, section 3.2) does it. Pictures are compared at a width of at most 320 pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reidtrack.types import DoubleArray, FloatArray, ImageArray

_LONGER_SIDE = 320
"""Pixels at which pictures are compared."""
_CORNERS = 500
"""Points to choose from."""
_CELLS, _CELL_CORNERS = 4, 8
"""Cells along each side of the picture, and most points that are followed in each: so nobody near has them all."""
_LEAST_POINTS = 12
"""Fewer that agree on a motion are no evidence of one."""
_LEAST_SHARE = 0.5
"""Least share of the followed points that has to agree: fewer may be people who walk before a camera that stands."""
_STILL_PX = 0.5
"""Shift of the picture's corners, compared pixels, up to which a camera counts as standing still."""
_POINT_STILL_PX = 0.15
"""Shift of a point that noise of compression explains."""
_STILL_SHARE = 0.15
"""Share of points at their old places that means a standing camera, whatever the others do: they are on people."""
_STANDING_LOOK_S = 0.2
"""Time between two looks at a camera that stands: 1 to 2 ms each."""
_TOLERANCE_PX = 1.0
"""Distance within which a point agrees with a motion, compared pixels."""


class CameraMotionEstimator:
    """Follows the background of one camera's pictures.

    While a camera stands, pictures are compared with one and the same earlier picture, so that a slow pan adds up until
    it is seen, and noise does not.
    """

    def __init__(self) -> None:
        self._reference: ImageArray | None = None
        self._standing, self._looked_s = False, 0.0
        self._points: FloatArray = np.zeros((0, 1, 2), np.float32)

    def update(self, image: ImageArray, time_s: float) -> DoubleArray | None:
        """Take the next picture.

        Args:
            image: (H, W, 3) uint8 BGR.
            time_s: Its time, seconds.

        Returns:
            (2, 3) float64, the similarity that maps pixels of the last picture to this one's; None where the camera
            stands still, or where pictures do not tell (darkness, a cut, a crowd that fills the picture).
        """
        if self._standing and 0 <= time_s - self._looked_s < _STANDING_LOOK_S - 1e-6:
            return None
        self._looked_s, self._standing = time_s, False
        grey, scale = _small(image)
        if self._reference is None or self._reference.shape != grey.shape or len(self._points) < _LEAST_POINTS:
            self._refer_to(grey)
            return None
        found = _similarity(self._reference, grey, self._points)
        if found is not None and _shift_of_corners(found, grey.shape) <= _STILL_PX:
            self._standing = True
            return None
        self._refer_to(grey)
        if found is not None:
            found[:, 2] /= scale
        return found

    def _refer_to(self, grey: ImageArray) -> None:
        import cv2

        self._reference = grey
        corners: Any = cv2.goodFeaturesToTrack(grey, _CORNERS, 0.01, 5)
        self._points = np.zeros((0, 1, 2), np.float32) if corners is None else _spread(corners, grey.shape)


def _small(image: ImageArray) -> tuple[ImageArray, float]:
    """Grey picture of at most `_LONGER_SIDE`, and its pixels per pixel of the whole one."""
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, _LONGER_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shrunk = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR) if scale < 1 else image
    grey: Any = cv2.cvtColor(shrunk, cv2.COLOR_BGR2GRAY)
    return grey, scale


def _spread(corners: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """The first corners (N, 1, 2) of each cell of the picture, (K, 1, 2)."""
    cell = (corners[:, 0] * _CELLS / (shape[1], shape[0])).astype(int) @ (1, _CELLS)
    order = cell.argsort(kind="stable")
    first = np.searchsorted(cell[order], cell[order])
    chosen: FloatArray = corners[np.sort(order[np.arange(len(order)) - first < _CELL_CORNERS])]
    return chosen


def _similarity(before: ImageArray, after: ImageArray, points: FloatArray) -> DoubleArray | None:
    """The similarity that most points agree on, (2, 3); None where too few do."""
    import cv2

    flow: Callable[..., Any] = cv2.calcOpticalFlowPyrLK
    moved, status, _ = flow(before, after, points, None, winSize=(15, 15), maxLevel=3)
    followed = status.ravel() == 1
    if followed.sum() < _LEAST_POINTS:
        return None
    a, b = points[followed], moved[followed]
    stayed = np.abs(b - a).max(axis=(1, 2)) <= _POINT_STILL_PX
    if stayed.sum() >= _STILL_SHARE * len(points):
        return np.eye(2, 3)
    cv2.setRNGSeed(0)
    fit, agree = cv2.estimateAffinePartial2D(a, b, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE_PX)
    if fit is None or not np.isfinite(fit).all():
        return None
    count = int(agree.sum())
    enough = count >= _LEAST_POINTS and count >= _LEAST_SHARE * len(points)
    return np.asarray(fit, np.float64) if enough else None


def _shift_of_corners(motion: DoubleArray, shape: tuple[int, ...]) -> float:
    """Farthest that a motion moves a corner of the picture, pixels."""
    height, width = shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float).T
    return float(np.linalg.norm(motion @ corners - corners[:2], axis=0).max())
