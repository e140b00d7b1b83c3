"""Zones and lines in which people are counted, and how far a place lies within a zone or beside a line.

A zone is one or more polygons, a line one or more pairs of points, each in the picture of a camera or on the plan:
several of one name are one zone, seen from several sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reidtrack.types import DoubleArray

GAP_S = 5.0
"""Who is out of a zone, or out of sight, for less than so many seconds has not left it."""
_AT_BORDER = 0.01
"""Corners so near to the picture's border, in shares of its larger side, lie on it."""
_BEYOND = 10.0
"""Pictures by which a zone that reaches the border goes on beyond it: feet may be hidden there."""

Measure = Literal["pixels", "shares", "plan"]


@dataclass(frozen=True, eq=False, slots=True)
class Outline:
    """Points of a zone or line in one picture, or on the plan.

    Attributes:
        camera: Whose picture; None on the plan.
        points: (N, 2), corners of a polygon in either sense of rotation, or the two ends of a line.
        measure: `pixels`, `shares` of the picture's width and height, or units of the `plan`.
    """

    camera: str | None
    points: DoubleArray
    measure: Measure

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or self.points.shape[1] != 2 or len(self.points) < 2:
            raise ValueError(f"Outline.points: expected (N, 2) with two points or more, got {self.points.shape}")
        if (self.camera is None) != (self.measure == "plan"):
            raise ValueError(f"Outline: expected a camera or the plan, got {self.camera} in {self.measure}")

    def scaled(self, size: tuple[float, float]) -> DoubleArray:
        """The points in pixels of a picture (width, height), or as they are on the plan."""
        return self.points * np.array(size, np.float64) if self.measure == "shares" else self.points


@dataclass(frozen=True, eq=False, slots=True)
class Zone:
    """An area in which people are counted.

    Attributes:
        name: Of its own among zones and lines.
        outlines: One or more; who is in any of them is in the zone.
        gap_s: Who is out of it for less has not left it.
    """

    name: str
    outlines: tuple[Outline, ...]
    gap_s: float = GAP_S


@dataclass(frozen=True, eq=False, slots=True)
class Line:
    """A line whose crossings are counted: `in` from its right to its left, seen from its first point to its second.

    Right and left are those of the picture; on the plan, those of a plan with x to the right and y up.

    Attributes:
        name: Of its own among zones and lines.
        outlines: One or more, of two points each.
    """

    name: str
    outlines: tuple[Outline, ...]


def depth_in_polygon(points: DoubleArray, polygon: DoubleArray) -> DoubleArray:
    """Distance (N,) of points (N, 2) to the nearest edge of a polygon (V, 2), negative outside; nan for nan."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    along = end - start
    length2 = np.maximum((along**2).sum(axis=1), np.finfo(np.float64).tiny)
    offset = points[:, None] - start  # (N, V, 2)
    share = np.clip((offset * along).sum(axis=2) / length2, 0.0, 1.0)
    distance = np.sqrt(((offset - share[:, :, None] * along) ** 2).sum(axis=2)).min(axis=1)
    # A ray to the right crosses an odd number of edges from within.
    x, y = points[:, :1], points[:, 1:]
    spans = (start[:, 1] > y) != (end[:, 1] > y)
    rise = np.where(along[:, 1] == 0, 1.0, along[:, 1])
    crosses = spans & (x < start[:, 0] + along[:, 0] * (y - start[:, 1]) / rise)
    inside = crosses.sum(axis=1) % 2 == 1
    signed: DoubleArray = np.where(inside, distance, -distance)
    return signed


def beside_line(points: DoubleArray, line: DoubleArray, *, y_down: bool) -> tuple[DoubleArray, DoubleArray]:
    """Distance (N,) of points (N, 2) to the left of a line (2, 2), and where along it they are: 0 to 1 beside it.

    Args:
        points: Pixels, or places on the plan.
        line: Its two ends, not the same.
        y_down: Whether y grows downwards, as in pictures.
    """
    along = line[1] - line[0]
    length = float(np.hypot(*along))
    offset = points - line[0]
    left = (along[0] * offset[:, 1] - along[1] * offset[:, 0]) / length
    return (-left if y_down else left), offset @ along / length**2


def beyond_border(polygon: DoubleArray, size: tuple[float, float]) -> DoubleArray:
    """The polygon (V, 2), pixels, going on beyond the picture's border where one of its edges lies on that.

    Where a person's feet are below the picture, the lower edge of the box is the picture's: who stands there is as far
    within the zone as can be, not on its edge.
    """
    far = _BEYOND * max(size)
    sides = [_side_of_edge(a, b, size) for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True)]
    corners = []
    for index, corner in enumerate(polygon):
        before, after = sides[index - 1], sides[index]
        if before is None and after is None:
            corners.append(corner)
        elif before is None:
            corners += [corner, corner + far * np.array(after)]
        elif after is None:
            corners += [corner + far * np.array(before), corner]
        else:
            both = np.array(before) if before == after else np.array(before) + np.array(after)
            corners.append(corner + far * both)
    return np.array(corners)


def _side_of_edge(a: DoubleArray, b: DoubleArray, size: tuple[float, float]) -> tuple[float, float] | None:
    """Direction out of the picture of the side that an edge lies on; None for an edge within."""
    width, height = size
    near = _AT_BORDER * max(size)
    sides = ((1, height, (0.0, 1.0)), (0, 0.0, (-1.0, 0.0)), (0, width, (1.0, 0.0)), (1, 0.0, (0.0, -1.0)))
    for axis, at, outward in sides:
        if all((point[axis] - at) * outward[axis] >= -near for point in (a, b)):
            return outward
    return None


def breadth(polygon: DoubleArray) -> float:
    """About half the width of a polygon (V, 2) where it is narrow: its area over its circumference."""
    end = np.roll(polygon, -1, axis=0)
    area = abs(float((polygon[:, 0] * end[:, 1] - end[:, 0] * polygon[:, 1]).sum())) / 2
    around = float(np.hypot(*(end - polygon).T).sum())
    return area / around if around > 0 else 0.0
