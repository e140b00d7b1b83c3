"""Whether somebody is in a zone or over a line, from box to box, without flickering at the border.

A person is where the middle of the box's lower edge is. Boxes tremble by a share of their height; so a person is in a
zone who is that far inside, or inside for a second, and is out who is that far outside; and is over a line who is that
far on its other side. All distances are in such margins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from reidtrack.geometry import foot_points
from reidtrack.spacetime.ground import visible_feet
from reidtrack.spacetime.zones import Line, Outline, Zone, beside_line, beyond_border, breadth, depth_in_polygon
from reidtrack.types import DoubleArray, FloatArray

Locate = Callable[[str, FloatArray], DoubleArray]
"""Where on the plan the boxes (N, 4) of a camera stand, (N, 2), nan where that is not known."""
TREMBLE = 0.05
"""Share of a box's height by which its lower edge is off, at most times: 9 cm of a person."""
HOLD_S = 1.0
"""Who is inside for so long is in the zone, however near the border."""
_LEAST_MARGIN_PX = 1.0


def depth_in_zone(
    zone: Zone, camera: str, size: tuple[float, float], xyxy: FloatArray, locate: Locate | None
) -> DoubleArray | None:
    """How many margins (N,) the boxes (N, 4) of a camera are within a zone, negative outside, nan where not known.

    Args:
        zone: With its outlines.
        camera: Of the boxes.
        size: Width and height of its picture at that moment, pixels.
        xyxy: Boxes, pixels.
        locate: From pixels to the plan; None without a plan.

    Returns:
        None where the zone is not for this camera.
    """
    found = [depth for outline in zone.outlines if (depth := _depth(outline, camera, size, xyxy, locate)) is not None]
    if not found:
        return None
    depths: DoubleArray = np.fmax.reduce(found)  # what is not known by one outline may be by another
    return depths


def _depth(
    outline: Outline, camera: str, size: tuple[float, float], xyxy: FloatArray, locate: Locate | None
) -> DoubleArray | None:
    where = _places(outline, camera, size, xyxy, locate)
    if where is None:
        return None
    polygon, half = _polygon(outline, size)
    points, margin = where
    return depth_in_polygon(points, polygon) / np.fmax(np.fmin(margin, half / 2), np.finfo(np.float64).eps)


@lru_cache(maxsize=1024)
def _polygon(outline: Outline, size: tuple[float, float]) -> tuple[DoubleArray, float]:
    """The polygon to compare places with, and about half its width."""
    polygon = outline.scaled(size)
    return (polygon if outline.camera is None else beyond_border(polygon, size)), breadth(polygon)


def beside(
    line: Line, camera: str, size: tuple[float, float], xyxy: FloatArray, locate: Locate | None
) -> tuple[DoubleArray, DoubleArray] | None:
    """How many margins (N,) boxes are to the left of a line, and where along it (0 to 1 beside it); nan if not known.

    Of several outlines in this camera's picture the first counts. Arguments as of `depth_in_zone`.
    """
    for outline in sorted(line.outlines, key=lambda one: one.camera is None):
        where = _places(outline, camera, size, xyxy, locate)
        if where is not None:
            points, margin = where
            left, along = beside_line(points, outline.scaled(size), y_down=outline.camera is not None)
            return left / margin, along
    return None


def _places(
    outline: Outline, camera: str, size: tuple[float, float], xyxy: FloatArray, locate: Locate | None
) -> tuple[DoubleArray, DoubleArray] | None:
    """Places (N, 2) in the outline's measure and their margins (N,); None where the outline is not for this camera."""
    margin = np.maximum(TREMBLE * (xyxy[:, 3] - xyxy[:, 1]).astype(np.float64), _LEAST_MARGIN_PX)
    if outline.camera is not None:
        return (foot_points(xyxy), margin) if outline.camera == camera else None
    if locate is None:
        return None
    beside = xyxy + np.stack([margin, np.zeros_like(margin)] * 2, axis=1).astype(np.float32)
    points = np.where(visible_feet(xyxy, size)[:, None], locate(camera, xyxy), np.nan)
    return points, np.hypot(*(locate(camera, beside) - points).T)


@dataclass(slots=True)
class InZone:
    """Whether one track is in one zone, from box to box.

    Attributes:
        inside: Whether it is, as far as is known.
        since_s: From when on it has been inside without a break; None outside.
    """

    inside: bool = False
    since_s: float | None = None

    def step(self, time_s: float, depth: float) -> bool:
        """Take the next box, by its depth in margins (nan changes nothing); whether the track is in the zone."""
        if depth >= 0:
            self.since_s = time_s if self.since_s is None else self.since_s
            self.inside |= depth >= 1 or time_s - self.since_s >= HOLD_S
        elif depth <= -1 or (not self.inside and depth < 0):
            self.inside, self.since_s = False, None
        return self.inside


@dataclass(slots=True)
class AtLine:
    """On which side of one line a track is, from box to box."""

    _left: bool | None = None
    _last: tuple[float, float] | None = None
    _crossed_s: float | None = None

    def step(self, time_s: float, left: float, along: float) -> tuple[float, bool] | None:
        """Take the next box; the moment of crossing and whether it went to the left, once that is sure.

        Args:
            time_s: Of the box.
            left: Margins to the left of the line; nan leaves things as they are.
            along: Where along the line, 0 to 1 beside it.
        """
        if not np.isfinite(left):
            return None
        if self._last is None:
            self._left = left >= 0
        else:
            before, place = self._last
            if (before >= 0) != (left >= 0):
                at = place + (along - place) * before / (before - left)
                self._crossed_s = time_s if 0 <= at <= 1 else None
        self._last = (left, along)
        if abs(left) < 1 or self._left == (left >= 0):
            return None
        self._left = left >= 0
        return None if self._crossed_s is None else (self._crossed_s, self._left)
