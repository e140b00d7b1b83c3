"""Where tracklets stand on the ground, how sure that is, and what two positions say about one person.

The middle of a box's lower edge is where a person stands, give or take a share of the box's height; through the
homography's slope that becomes metres, few near the camera and many far away. Where the feet are not in the picture
nothing is known.

The constants are round numbers that were not varied on their own (docs/results/space_time.md); `Closeness` learns from
a recording what of them matters most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reidtrack.geometry import foot_points, project, projection_jacobian
from reidtrack.types import BoolArray, DoubleArray, FloatArray, Tracklet

TICK_S = 0.1
"""Seconds between the steps of all paths, whatever the cameras' rates."""
PERSON_M = 1.75
"""Height of a box around somebody, metres; what tells the unit of a plan that does not say it."""
_FOOT_NOISE = 0.05
"""Deviation of a foot point, shares of the box's height."""
_FLOOR_M = 0.15
"""Two views of one person agree no better than this."""
_COMPANY = 0.1
"""Share of people who walk beside another one, and how far from them in each direction, metres."""
_COMPANY_M = 1.0
_CHANCE = 0.02
"""Share of positions that are simply wrong: hidden feet, a box around two."""
_BORDER = 0.005
"""Share of the picture's sides within which a box counts as cut off."""
_LONGEST_GAP_S = 1.0
"""Between two boxes farther apart, nobody knows where the person was."""
_FARTHEST_M = 1e4
"""Positions farther from the plan's origin are a pixel at the horizon."""


class CameraGround(NamedTuple):
    """How a camera looks at the ground.

    Attributes:
        homography: (3, 3) from pixels of the ground to a plane; of pixels that show ground, the third coordinate is
            above zero (`facing`).
        size: Width and height of the picture, pixels.
        unit_m: Metres in a unit of the plane; None where that differs from place to place, as in another picture.
        region: Left, top, right, bottom of the part of the picture for which the homography is known to hold; None for
            all of it.
    """

    homography: DoubleArray
    size: tuple[float, float]
    unit_m: float | None = 1.0
    region: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class GroundPath:
    """Where a tracklet stood, in steps of `TICK_S`.

    Attributes:
        first: Number of the first step since the run's origin.
        position: (T, 2) in the plane's units.
        covariance: (T, 2, 2) of that from the boxes' noise.
        unit_m: (T,) metres in a unit there.
        known: (T,) whether the position is known.
    """

    first: int
    position: DoubleArray
    covariance: DoubleArray
    unit_m: DoubleArray
    known: BoolArray

    def __len__(self) -> int:
        return len(self.position)


def visible_feet(xyxy: FloatArray, size: tuple[float, float]) -> BoolArray:
    """Mask (N,) of the boxes (N, 4), xyxy in pixels, that do not touch the sides or the bottom of a picture."""
    width, height = size
    edge_x, edge_y = max(2.0, _BORDER * width), max(2.0, _BORDER * height)
    inside: BoolArray = (xyxy[:, 0] > edge_x) & (xyxy[:, 2] < width - edge_x) & (xyxy[:, 3] < height - edge_y)
    return inside


def facing(homography: DoubleArray, points: DoubleArray) -> DoubleArray:
    """The homography (3, 3) with the sign at which most of some points (N, 2), pixels, are ground."""
    return homography if below_horizon(homography, points).mean() >= 0.5 else -homography


def below_horizon(homography: DoubleArray, points: DoubleArray) -> BoolArray:
    """Mask (N,) of the points (N, 2), pixels, that can be ground."""
    below: BoolArray = points @ homography[2, :2] + homography[2, 2] > 0
    return below


def ground_path(tracklet: Tracklet, camera: CameraGround, offset_s: float = 0.0) -> GroundPath:
    """Path of a tracklet on the ground.

    Args:
        tracklet: A tracklet of the camera.
        camera: How it looks at the ground.
        offset_s: Seconds its clock is fast.
    """
    foot, height = foot_points(tracklet.xyxy), np.maximum(tracklet.xyxy[:, 3] - tracklet.xyxy[:, 1], 1.0)
    known = visible_feet(tracklet.xyxy, camera.size) & below_horizon(camera.homography, foot)
    if camera.region is not None:
        left, top, right, bottom = camera.region
        known &= ((foot >= [left, top]) & (foot <= [right, bottom])).all(axis=1)
    position = project(camera.homography, foot)
    slope = projection_jacobian(camera.homography, foot)
    covariance = (_FOOT_NOISE * height.astype(np.float64))[:, None, None] ** 2 * (slope @ slope.transpose(0, 2, 1))
    unit = PERSON_M / height.astype(np.float64) if camera.unit_m is None else np.full(len(foot), camera.unit_m)
    known &= (np.abs(position) * unit[:, None] < _FARTHEST_M).all(axis=1)
    known &= covariance[:, [0, 1], [0, 1]].max(axis=1) * unit**2 < _FARTHEST_M**2
    return _in_steps(tracklet.time_s - offset_s, position, covariance, unit, known)


def _in_steps(
    time_s: DoubleArray, position: DoubleArray, covariance: DoubleArray, unit: DoubleArray, known: BoolArray
) -> GroundPath:
    """Path interpolated to steps from positions at any times; of a tracklet shorter than a step, the nearest one."""
    first, last = int(np.ceil(time_s[0] / TICK_S - 1e-6)), int(np.floor(time_s[-1] / TICK_S + 1e-6))
    step = np.arange(first, max(last, first) + 1)
    at = np.clip(step * TICK_S, time_s[0], time_s[-1])
    after = np.clip(np.searchsorted(time_s, at), 1, max(len(time_s) - 1, 1)) % len(time_s)
    before = np.maximum(after - 1, 0)
    gap = time_s[after] - time_s[before]
    share = np.clip(np.divide(at - time_s[before], gap, out=np.zeros(len(at)), where=gap > 0), 0, 1)[:, None]
    between = known[before] & known[after] & (gap <= _LONGEST_GAP_S)
    position = np.where(known[:, None], position, 0.0)
    covariance = np.where(known[:, None, None], covariance, 0.0)
    return GroundPath(
        first,
        position[before] * (1 - share) + position[after] * share,
        covariance[before] * (1 - share[:, None]) + covariance[after] * share[:, None],
        unit[before] * (1 - share[:, 0]) + unit[after] * share[:, 0],
        between,
    )


class Displacement(NamedTuple):
    """How far apart two tracklets stood at the steps at which both were seen.

    Attributes:
        metres: (T, 2) from the second to the first.
        covariance: (T, 4) of that from the boxes' noise: xx, xy, yx, yy, square metres.
    """

    metres: DoubleArray
    covariance: DoubleArray

    @property
    def distance_m(self) -> DoubleArray:
        """Distances (T,), metres."""
        length: DoubleArray = np.hypot(self.metres[:, 0], self.metres[:, 1])
        return length


def displacement(a: GroundPath, b: GroundPath) -> Displacement:
    """Displacement of two paths in one plane where both are known; a unit is as long as it is for `b`."""
    first = max(a.first, b.first)
    end = max(min(a.first + len(a), b.first + len(b)), first)
    rows_a, rows_b = slice(first - a.first, end - a.first), slice(first - b.first, end - b.first)
    both = a.known[rows_a] & b.known[rows_b]
    unit = b.unit_m[rows_b][both]
    metres = (a.position[rows_a][both] - b.position[rows_b][both]) * unit[:, None]
    covariance = (a.covariance[rows_a][both] + b.covariance[rows_b][both]) * unit[:, None, None] ** 2
    return Displacement(metres, covariance.reshape(-1, 4))


class Closeness(NamedTuple):
    """How near to each other two views of one person lie, and two people who happen to be there.

    Attributes:
        scale: How much farther apart the views lie than the boxes' noise says.
        reach_m: Deviation of one person's position from another's, in each direction.
    """

    scale: float = 1.0
    reach_m: float = 4.0

    def log_odds(self, found: Displacement, extra_m2: DoubleArray | float = 0.0) -> DoubleArray:
        """Logarithm of how much likelier each displacement is of one person than of two, (T,).

        Args:
            found: Displacements of two tracklets.
            extra_m2: Further variance in each direction, square metres.
        """
        own = found.covariance * self.scale**2
        round_m2 = _FLOOR_M**2 + extra_m2
        same = _log_density(found.metres, own, round_m2)
        other = np.logaddexp(
            np.log1p(-_COMPANY) + _log_density(found.metres, own, round_m2 + self.reach_m**2),
            np.log(_COMPANY) + _log_density(found.metres, own, round_m2 + _COMPANY_M**2),
        )
        odds: DoubleArray = np.logaddexp(np.log1p(-_CHANCE) + same - other, np.log(_CHANCE))
        return odds

    def surprise(self, found: Displacement) -> DoubleArray:
        """Squared distances (T,) in deviations of one person's: 1.39 in the median if the scale is right."""
        xx, xy, yy = _parts(found.covariance * self.scale**2, _FLOOR_M**2)
        return _quadratic(found.metres, xx, xy, yy, _determinant(xx, xy, yy, _FLOOR_M**2))


def _parts(covariance: DoubleArray, round_m2: DoubleArray | float) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """Variances and covariance (T,) of displacements, and what is round added to both variances."""
    return covariance[:, 0] + round_m2, covariance[:, 1], covariance[:, 3] + round_m2


def _determinant(xx: DoubleArray, xy: DoubleArray, yy: DoubleArray, round_m2: DoubleArray | float) -> DoubleArray:
    """Determinants (T,) of covariances that hold `round_m2` in each direction.

    A place near the horizon is known across the line of sight and hardly along it: of two products of 1e16 nothing but
    rounding would be left, which may be negative. It is never less than the round part makes it.
    """
    least = round_m2 * (xx + yy - round_m2)
    return np.asarray(np.maximum(xx * yy - xy * xy, least), np.float64)


def _quadratic(
    metres: DoubleArray, xx: DoubleArray, xy: DoubleArray, yy: DoubleArray, determinant: DoubleArray
) -> DoubleArray:
    x, y = metres.T
    value: DoubleArray = np.maximum(yy * x * x - 2 * xy * x * y + xx * y * y, 0) / determinant
    return value


def _log_density(metres: DoubleArray, covariance: DoubleArray, round_m2: DoubleArray | float) -> DoubleArray:
    xx, xy, yy = _parts(covariance, round_m2)
    determinant = _determinant(xx, xy, yy, round_m2)
    density: DoubleArray = -0.5 * (_quadratic(metres, xx, xy, yy, determinant) + np.log(determinant))
    return density


def metres_in_unit(tracklets: list[Tracklet], camera: CameraGround) -> float | None:
    """Metres in a unit of a camera's plan, from the height of the people it sees; None where nobody's feet are seen.

    A person is as high as this many metres lie side by side where it stands, as long as the camera does not look
    straight down.

    Args:
        tracklets: Tracklets of the camera.
        camera: How it looks at the ground; `unit_m` does not matter.

    Returns:
        The median over all boxes.
    """
    found = [np.zeros(0)]
    for tracklet in tracklets:
        foot = foot_points(tracklet.xyxy)
        known = visible_feet(tracklet.xyxy, camera.size) & below_horizon(camera.homography, foot)
        height = (tracklet.xyxy[:, 3] - tracklet.xyxy[:, 1]).astype(np.float64)[known]
        slope = projection_jacobian(camera.homography, foot[known])[:, :, 0]
        found.append(np.hypot(slope[:, 0], slope[:, 1]) * height)
    units = np.concatenate(found)
    units = units[np.isfinite(units) & (units > 0)]
    return PERSON_M / float(np.median(units)) if len(units) else None
