"""Where people walk and when: routes with waypoints, smoothed, and the motion along them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.render_sample.gaits import STRIDE_M, amplitude
from tools.render_sample.meshes import Points
from tools.render_sample.skeleton import REST_HEIGHT_M

_STEP_S = 1 / 120
_GRID_M = 0.05
_SMOOTH_M = 1.4
"""Corners are rounded over this length to either side."""
_LEAD_M, _TAIL_M = 2.0, 30.0
"""Lengthening of a route before its first and after its last waypoint."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way over the plan.

    Attributes:
        points: Waypoints, metres.
        speed_mps: Speed of the walk.
        stands_s: Time stood at the first waypoint before.
    """

    points: tuple[tuple[float, float], ...]
    speed_mps: float
    stands_s: float = 0.0

    def vary(self, rng: np.random.Generator, reach_m: float = 0.25) -> Route:
        """The same route with every waypoint moved by up to `reach_m` along x and y and another speed."""
        moved = np.asarray(self.points) + rng.uniform(-reach_m, reach_m, (len(self.points), 2))
        points = tuple((float(x), float(y)) for x, y in moved)
        return replace(self, points=points, speed_mps=self.speed_mps * float(rng.uniform(0.94, 1.06)))

    def beside(self, x_m: float, y_m: float) -> Route:
        """The same walk at an offset."""
        return replace(self, points=tuple((x + x_m, y + y_m) for x, y in self.points))


@dataclass(frozen=True, eq=False, slots=True)
class Motion:
    """A person's motion, sampled at T times.

    Attributes:
        place_m: (T, 2) plan position.
        heading: (T,) radians from east.
        phase: (T,) of the walking cycle, radians.
        amplitude: (T,) of the steps.
    """

    place_m: Points
    heading: Points
    phase: Points
    amplitude: Points


def move(route: Route, height_m: float, first_phase: float, time_s: Points) -> Motion:
    """Walk a route from time 0 on; the phase follows the way, so feet do not slide."""
    steps = np.arange(0, time_s[-1] + 2 * _STEP_S, _STEP_S)
    start = np.clip((steps - route.stands_s) / 0.9, 0, 1) if route.stands_s else np.ones_like(steps)
    speed = route.speed_mps * start * start * (3 - 2 * start)
    size = np.array([amplitude(v, height_m) for v in speed])
    stride = STRIDE_M * height_m / REST_HEIGHT_M * np.maximum(size, 0.05)
    way = np.concatenate([[0], np.cumsum(speed[:-1]) * _STEP_S])
    phase = first_phase + np.concatenate([[0], np.cumsum(2 * np.pi * speed[:-1] / stride[:-1]) * _STEP_S])
    at = np.interp(time_s, steps, way)
    line = _smooth(np.asarray(route.points))
    ahead, behind = _along(line, at + 0.25), _along(line, at - 0.25)
    return Motion(
        _along(line, at),
        np.arctan2(*(ahead - behind).T[::-1]),
        np.interp(time_s, steps, phase),
        np.interp(time_s, steps, size),
    )


def clear_of(place_m: Points, others: Sequence[Points], least_m: float) -> bool:
    """Whether positions (T, 2) keep `least_m` from all `others` at all times."""
    return all(np.linalg.norm(place_m - other, axis=1).min() >= least_m for other in others)


def avoids(place_m: Points, obstacles: Sequence[tuple[float, float, float]], least_m: float) -> bool:
    """Whether positions (T, 2) keep `least_m` from round obstacles (x, y, radius)."""
    return all(math.dist(p, (x, y)) >= radius + least_m for x, y, radius in obstacles for p in place_m)


def _smooth(points: Points) -> Points:
    """Points every `_GRID_M` along the polyline, its corners rounded, both ends lengthened straight."""
    first, last = points[0] - points[1], points[-1] - points[-2]
    before = points[0] + first / np.linalg.norm(first) * _LEAD_M
    after = points[-1] + last / np.linalg.norm(last) * _TAIL_M
    knots = np.concatenate([before[None], points[1:-1], after[None]])
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
    grid = np.arange(0, length[-1], _GRID_M)
    line = np.stack([np.interp(grid, length, knots[:, k]) for k in (0, 1)], axis=1)
    window = np.hanning(2 * round(_SMOOTH_M / _GRID_M) + 1)
    return np.stack([np.convolve(line[:, k], window / window.sum(), mode="valid") for k in (0, 1)], axis=1)


def _along(line: Points, way_m: Points) -> Points:
    """Points of a smoothed line at distances from the route's first waypoint; smoothing took part of the lead."""
    index = (way_m + _LEAD_M - _SMOOTH_M) / _GRID_M
    return np.stack([np.interp(index, np.arange(len(line)), line[:, k]) for k in (0, 1)], axis=1)
