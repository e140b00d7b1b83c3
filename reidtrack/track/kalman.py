"""Kalman filter over many tracks at once, in closed form: pure functions on float64 arrays, one column per track.

Noise that does not couple the coordinates leaves a box's filter in parts that know nothing of each other: values with a
velocity, whose covariance is 2 x 2, and values without one, whose variance is one number. So no matrix is built,
multiplied or solved. The filter in matrices (Kalman 1960, and Joseph's form of the update, which this equals) is the
reference of the tests.

The spread of a value with a velocity is (3, ..., N): variance of the value, its covariance with the velocity, variance
of the velocity. Parts that share their noise share a spread.
"""

from __future__ import annotations

import numpy as np

from reidtrack.types import DoubleArray


def spread_later(spread: DoubleArray, dt: float) -> DoubleArray:
    """Spread (3, ..., N) of values that have moved with their velocities for `dt`, before any noise is added."""
    later = spread.copy()
    step = dt * spread[2]
    later[0] += dt * (2 * spread[1] + step)
    later[1] += step
    return later


def spread_measured(spread: DoubleArray, noise: DoubleArray | float) -> tuple[DoubleArray, DoubleArray]:
    """What a measurement does to values with a velocity.

    Args:
        spread: (3, ..., N) before it.
        noise: Its variance, (..., N) or one for all.

    Returns:
        The gain (2, ..., N), by which the difference from the measurement moves value and velocity, and the spread
        after it (3, ..., N).
    """
    gain = spread[:2] / (spread[0] + noise)
    after = np.empty_like(spread)
    np.multiply(gain, noise, out=after[:2])
    after[2] = spread[2] - gain[1] * spread[1]
    return gain, after
