"""How people move in a picture: a Kalman model whose noise is a share of the person's height, in seconds.

The state is centre x, centre y, width, height and the centre's velocity: D = 6, M = 4. Pace changes by white
acceleration; size has no velocity, because that of a half-hidden person would carry the box away.
"""

from __future__ import annotations

import numpy as np
from track.reference.kalman import Belief, constant_velocity, predict, update

from reidtrack.types import DoubleArray, FloatArray

_SIZE = [2, 3]
_MOVING = [0, 1, 4, 5]
_DETECTOR_STD = 0.05
"""Spread of a detected centre or side, heights."""
_SPEED_STD = 1.0
"""Spread of the speed of somebody just seen, heights per second: a brisk walk is about 0.9."""
_SIZE_DRIFT = 0.02
"""Growth of the variance of the sides, heights squared per second."""
_MIN_SIDE = 1.0


def xyxy_to_measured(xyxy: FloatArray) -> DoubleArray:
    """Turn (N, 4) boxes into centre x, centre y, width, height: (N, 4) float64, pixels."""
    boxes = xyxy.astype(np.float64)
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)


def state_to_xyxy(mean: DoubleArray) -> DoubleArray:
    """Boxes (N, 4) of states (N, 6)."""
    half = mean[:, 2:4] / 2
    return np.concatenate([mean[:, :2] - half, mean[:, :2] + half], axis=1)


def begin(measured: DoubleArray) -> Belief:
    """What is believed of people seen once: (N, 4) measurements."""
    n = len(measured)
    unit = np.diag([_DETECTOR_STD] * 4 + [_SPEED_STD] * 2) ** 2
    return Belief(np.concatenate([measured, np.zeros((n, 2))], axis=1), _scaled(unit, measured[:, 3]))


def move(belief: Belief, dt: float, acceleration_noise: float) -> Belief:
    """Predict over `dt` seconds.

    Args:
        belief: N people.
        dt: Seconds.
        acceleration_noise: Spectral density of the acceleration, heights squared per second cubed.
    """
    noise = _scaled(process_noise(dt, acceleration_noise), belief.mean[:, 3])
    moved = predict(belief, constant_velocity(6, 4, dt), noise)
    moved.mean[:, _SIZE] = np.maximum(moved.mean[:, _SIZE], _MIN_SIDE)
    return moved


def correct(belief: Belief, measured: DoubleArray) -> Belief:
    """Correct N people by their (N, 4) measurements."""
    return update(belief, measured, _scaled(np.eye(4) * _DETECTOR_STD**2, belief.mean[:, 3]))


def process_noise(dt: float, acceleration_noise: float) -> DoubleArray:
    """Process noise (6, 6) of a person one pixel high over `dt` seconds."""
    from filterpy.common import Q_continuous_white_noise

    noise = np.zeros((6, 6))
    noise[np.ix_(_MOVING, _MOVING)] = Q_continuous_white_noise(
        2, dt, acceleration_noise, block_size=2, order_by_dim=False
    )
    noise[_SIZE, _SIZE] = _SIZE_DRIFT * dt
    return noise


def distance(belief: Belief, measured: DoubleArray) -> DoubleArray:
    """Squared Mahalanobis distance of each measured centre (M, 4) from each predicted one: (N, M)."""
    covariance = belief.covariance[:, :2, :2] + _scaled(np.eye(2) * _DETECTOR_STD**2, belief.mean[:, 3])
    offset = measured[None, :, :2] - belief.mean[:, None, :2]  # (N, M, 2)
    squared: DoubleArray = np.einsum("nmi,nij,nmj->nm", offset, np.linalg.inv(covariance), offset)
    return squared


def _scaled(unit: DoubleArray, height: DoubleArray) -> DoubleArray:
    """A covariance in units of height, (D, D), for people of `height` (N,): (N, D, D)."""
    scaled: DoubleArray = unit * (height**2)[:, None, None]
    return scaled
