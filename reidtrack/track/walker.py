"""How people move in a picture: a Kalman model whose noise is a share of the person's height, in seconds.

The state is centre x, centre y, width, height and the centre's velocity. Pace changes by white acceleration; size has
no velocity, because that of a half-hidden person would carry the box away. Both coordinates of the centre have the same
noise, and both sides: what is believed of N people is (10, N) float64, the six values in pixels and seconds, the spread
of either coordinate (`kalman`) and the variance of either side.
"""

from __future__ import annotations

import numpy as np

from reidtrack.track.kalman import spread_later, spread_measured
from reidtrack.types import DoubleArray

CENTRE, SIDES, SPEED, SPREAD = slice(0, 2), slice(2, 4), slice(4, 6), slice(6, 9)
HEIGHT, SIDE_VARIANCE = 3, 9
_NOISE = slice(6, 10)
_ROWS = 10
_DETECTOR_STD = 0.05
"""Spread of a detected centre or side, heights."""
_SPEED_STD = 1.0
"""Spread of the speed of somebody just seen, heights per second: a brisk walk is about 0.9."""
_SIZE_DRIFT = 0.02
"""Growth of the variance of the sides, heights squared per second."""
_MIN_SIDE = 1.0


def xyxy_to_measured(xyxy: DoubleArray) -> DoubleArray:
    """Turn (4, N) left, top, right, bottom into centre x, centre y, width, height: (4, N), pixels."""
    return np.concatenate([(xyxy[:2] + xyxy[2:]) / 2, xyxy[2:] - xyxy[:2]])


def state_to_xyxy(people: DoubleArray) -> DoubleArray:
    """Boxes (4, N) of people (10, N)."""
    half = people[SIDES] / 2
    return np.concatenate([people[CENTRE] - half, people[CENTRE] + half])


def begin(measured: DoubleArray) -> DoubleArray:
    """What is believed of people seen once, (10, N): (4, N) measurements."""
    people = np.zeros((_ROWS, measured.shape[1]))
    people[:4] = measured
    unit = np.array([_DETECTOR_STD, 0, _SPEED_STD, _DETECTOR_STD]) ** 2
    people[_NOISE] = unit[:, None] * measured[HEIGHT] ** 2
    return people


def move(people: DoubleArray, dt: float, acceleration_noise: float) -> DoubleArray:
    """Predict over `dt` seconds.

    Args:
        people: (10, N).
        dt: Seconds.
        acceleration_noise: Spectral density of the acceleration, heights squared per second cubed.
    """
    moved = people.copy()
    moved[CENTRE] += dt * people[SPEED]
    np.maximum(people[SIDES], _MIN_SIDE, out=moved[SIDES])
    moved[SPREAD] = spread_later(people[SPREAD], dt)
    moved[_NOISE] += process_noise(dt, acceleration_noise)[:, None] * people[HEIGHT] ** 2
    return moved


def follow_camera(people: DoubleArray, motion: DoubleArray) -> DoubleArray:
    """Carry people (10, N) into the next picture of a camera that moved by a similarity (2, 3), pixels.

    Places and velocities turn, boxes and all spreads are scaled (BoT-SORT, arXiv 2206.14651, section 3.2).
    """
    turn, scale = motion[:, :2], float(np.sqrt(abs(np.linalg.det(motion[:, :2]))))
    carried = people.copy()
    carried[CENTRE] = turn @ people[CENTRE] + motion[:, 2:]
    carried[SPEED] = turn @ people[SPEED]
    carried[SIDES] *= scale
    carried[_NOISE] *= scale**2
    return carried


def correct(people: DoubleArray, measured: DoubleArray) -> DoubleArray:
    """Correct N people (10, N) by their (4, N) measurements."""
    noise = _DETECTOR_STD**2 * people[HEIGHT] ** 2
    after = people.copy()
    gain, after[SPREAD] = spread_measured(people[SPREAD], noise)
    surprise = measured[:2] - people[CENTRE]
    after[CENTRE] += gain[0] * surprise
    after[SPEED] += gain[1] * surprise
    side_gain = people[SIDE_VARIANCE] / (people[SIDE_VARIANCE] + noise)
    after[SIDES] += side_gain * (measured[2:] - people[SIDES])
    after[SIDE_VARIANCE] = side_gain * noise
    return after


def process_noise(dt: float, acceleration_noise: float) -> DoubleArray:
    """What `dt` seconds add to the spread and to the sides' variance of a person one pixel high: (4,).

    White acceleration: Bar-Shalom, Li, Kirubarajan, "Estimation with Applications to Tracking", 2001, section 6.2.2.
    """
    return np.array(
        [acceleration_noise * dt**3 / 3, acceleration_noise * dt**2 / 2, acceleration_noise * dt, _SIZE_DRIFT * dt]
    )


def distance(people: DoubleArray, measured: DoubleArray) -> DoubleArray:
    """Squared Mahalanobis distance of each measured centre (4, M) from each predicted one (10, N): (N, M)."""
    variance = people[SPREAD.start] + _DETECTOR_STD**2 * people[HEIGHT] ** 2
    offset = measured[:2, None, :] - people[CENTRE, :, None]  # (2, N, M)
    squared: DoubleArray = (offset[0] ** 2 + offset[1] ** 2) / variance[:, None]
    return squared
