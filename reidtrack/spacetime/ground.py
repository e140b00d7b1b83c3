"""Where tracklets stand on the ground, how sure that is, and what two places say about one person.

The middle of a box's lower edge is where a person stands, give or take a share of the box's height; through the
homography's slope that becomes metres, few near the camera and many far away. Where the feet are not in the picture
nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reidtrack.geometry import foot_points, project, projection_jacobian
from reidtrack.types import BoolArray, DoubleArray, FloatArray, Tracklet

TICK_S = 0.1
"""All paths are looked at in these steps, whatever the cameras' rates."""
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
"""Share of places that are simply wrong: hidden feet, a box around two."""
_BORDER = 0.005
"""Share of the picture's sides within which a box counts as cut off."""
_LONGEST_GAP_S = 1.0
"""Between two boxes farther apart, nobody knows where the person was."""
_FARTHEST_M = 1e4


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
        place: (T, 2) in the plane's units.
        spread: (T, 2, 2) covariance of that from the boxes' noise.
        unit_m: (T,) metres in a unit there.
        sure: (T,) whether the place is known.
    """

    first: int
    place: DoubleArray
    spread: DoubleArray
    unit_m: DoubleArray
    sure: BoolArray

    def __len__(self) -> int:
        return len(self.place)


def visible_feet(xyxy: FloatArray, size: tuple[float, float]) -> BoolArray:
    """Which boxes (N, 4) do not touch the sides or the bottom of a picture: (N,)."""
    width, height = size
    edge_x, edge_y = max(2.0, _BORDER * width), max(2.0, _BORDER * height)
    inside: BoolArray = (xyxy[:, 0] > edge_x) & (xyxy[:, 2] < width - edge_x) & (xyxy[:, 3] < height - edge_y)
    return inside


def facing(homography: DoubleArray, points: DoubleArray) -> DoubleArray:
    """The same homography (3, 3) with the sign at which most of some points (N, 2) are ground."""
    return homography if below_horizon(homography, points).mean() >= 0.5 else -homography


def below_horizon(homography: DoubleArray, points: DoubleArray) -> BoolArray:
    """Which points (N, 2) can be ground, (N,)."""
    below: BoolArray = points @ homography[2, :2] + homography[2, 2] > 0
    return below


def ground_path(tracklet: Tracklet, camera: CameraGround, offset_s: float = 0.0) -> GroundPath:
    """Where a tracklet stood.

    Args:
        tracklet: Of that camera.
        camera: How it looks at the ground.
        offset_s: Seconds its clock is fast.
    """
    foot, height = foot_points(tracklet.xyxy), np.maximum(tracklet.xyxy[:, 3] - tracklet.xyxy[:, 1], 1.0)
    sure = visible_feet(tracklet.xyxy, camera.size) & below_horizon(camera.homography, foot)
    if camera.region is not None:
        left, top, right, bottom = camera.region
        sure &= ((foot >= [left, top]) & (foot <= [right, bottom])).all(axis=1)
    place = project(camera.homography, foot)
    slope = projection_jacobian(camera.homography, foot)
    spread = (_FOOT_NOISE * height.astype(np.float64))[:, None, None] ** 2 * (slope @ slope.transpose(0, 2, 1))
    unit = PERSON_M / height.astype(np.float64) if camera.unit_m is None else np.full(len(foot), camera.unit_m)
    sure &= (np.abs(place) * unit[:, None] < _FARTHEST_M).all(axis=1)
    return _in_steps(tracklet.time_s - offset_s, place, spread, unit, sure)


def _in_steps(
    time_s: DoubleArray, place: DoubleArray, spread: DoubleArray, unit: DoubleArray, sure: BoolArray
) -> GroundPath:
    """The nearest step stands for a tracklet shorter than one."""
    first, last = int(np.ceil(time_s[0] / TICK_S - 1e-6)), int(np.floor(time_s[-1] / TICK_S + 1e-6))
    step = np.arange(first, max(last, first) + 1)
    at = np.clip(step * TICK_S, time_s[0], time_s[-1])
    after = np.clip(np.searchsorted(time_s, at), 1, max(len(time_s) - 1, 1)) % len(time_s)
    before = np.maximum(after - 1, 0)
    gap = time_s[after] - time_s[before]
    share = np.clip(np.divide(at - time_s[before], gap, out=np.zeros(len(at)), where=gap > 0), 0, 1)[:, None]
    known = sure[before] & sure[after] & (gap <= _LONGEST_GAP_S)
    place = np.where(sure[:, None], place, 0.0)
    spread = np.where(sure[:, None, None], spread, 0.0)
    return GroundPath(
        first,
        place[before] * (1 - share) + place[after] * share,
        spread[before] * (1 - share[:, None]) + spread[after] * share[:, None],
        unit[before] * (1 - share[:, 0]) + unit[after] * share[:, 0],
        known,
    )


class Apart(NamedTuple):
    """How far apart two tracklets stood at the steps at which both were seen.

    Attributes:
        metres: (T, 2) from the second to the first.
        spread: (T, 4) covariance of that from the boxes' noise: xx, xy, yx, yy, square metres.
    """

    metres: DoubleArray
    spread: DoubleArray

    @property
    def distance_m(self) -> DoubleArray:
        """(T,)."""
        length: DoubleArray = np.hypot(self.metres[:, 0], self.metres[:, 1])
        return length


def apart(a: GroundPath, b: GroundPath) -> Apart:
    """Compare two paths in one plane where both are known; a unit is as long as it is for `b`."""
    first = max(a.first, b.first)
    end = max(min(a.first + len(a), b.first + len(b)), first)
    rows_a, rows_b = slice(first - a.first, end - a.first), slice(first - b.first, end - b.first)
    both = a.sure[rows_a] & b.sure[rows_b]
    unit = b.unit_m[rows_b][both]
    metres = (a.place[rows_a][both] - b.place[rows_b][both]) * unit[:, None]
    spread = (a.spread[rows_a][both] + b.spread[rows_b][both]) * unit[:, None, None] ** 2
    return Apart(metres, spread.reshape(-1, 4))


class Closeness(NamedTuple):
    """How near to each other two views of one person lie, and two people who happen to be there.

    Attributes:
        scale: How much farther apart the views lie than the boxes' noise says.
        reach_m: Deviation of one person's place from another's, in each direction.
    """

    scale: float = 1.0
    reach_m: float = 4.0

    def log_odds(self, found: Apart, extra_m2: DoubleArray | float = 0.0) -> DoubleArray:
        """Logarithm of how much likelier each displacement is of one person than of two, (T,).

        Args:
            found: Displacements.
            extra_m2: Further variance in each direction, square metres.
        """
        own = found.spread * self.scale**2
        round_m2 = _FLOOR_M**2 + extra_m2
        same = _log_density(found.metres, own, round_m2)
        other = np.logaddexp(
            np.log1p(-_COMPANY) + _log_density(found.metres, own, round_m2 + self.reach_m**2),
            np.log(_COMPANY) + _log_density(found.metres, own, round_m2 + _COMPANY_M**2),
        )
        odds: DoubleArray = np.logaddexp(np.log1p(-_CHANCE) + same - other, np.log(_CHANCE))
        return odds

    def surprise(self, found: Apart) -> DoubleArray:
        """Squared distances in deviations of one person's, (T,): 1.39 in the middle if the scale is right."""
        xx, xy, yy = _parts(found.spread * self.scale**2, _FLOOR_M**2)
        return _quadratic(found.metres, xx, xy, yy)


def _parts(spread: DoubleArray, round_m2: DoubleArray | float) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    return spread[:, 0] + round_m2, spread[:, 1], spread[:, 3] + round_m2


def _quadratic(metres: DoubleArray, xx: DoubleArray, xy: DoubleArray, yy: DoubleArray) -> DoubleArray:
    x, y = metres.T
    value: DoubleArray = (yy * x * x - 2 * xy * x * y + xx * y * y) / (xx * yy - xy * xy)
    return value


def _log_density(metres: DoubleArray, spread: DoubleArray, round_m2: DoubleArray | float) -> DoubleArray:
    xx, xy, yy = _parts(spread, round_m2)
    density: DoubleArray = -0.5 * (_quadratic(metres, xx, xy, yy) + np.log(xx * yy - xy * xy))
    return density


def metres_in_unit(tracklets: list[Tracklet], camera: CameraGround) -> float | None:
    """Metres in a unit of a camera's plan, from the height of the people it sees.

    A person is as high as this many metres lie side by side where it stands, as long as the camera does not look
    straight down.

    Args:
        tracklets: Of the camera.
        camera: How it looks at the ground; `unit_m` does not matter.

    Returns:
        The median over all boxes; None where nobody's feet are seen.
    """
    found = [np.zeros(0)]
    for tracklet in tracklets:
        foot = foot_points(tracklet.xyxy)
        sure = visible_feet(tracklet.xyxy, camera.size) & below_horizon(camera.homography, foot)
        height = (tracklet.xyxy[:, 3] - tracklet.xyxy[:, 1]).astype(np.float64)[sure]
        slope = projection_jacobian(camera.homography, foot[sure])[:, :, 0]
        found.append(np.hypot(slope[:, 0], slope[:, 1]) * height)
    units = np.concatenate(found)
    units = units[np.isfinite(units) & (units > 0)]
    return PERSON_M / float(np.median(units)) if len(units) else None
