"""Linear Kalman filter over many tracks at once: pure functions on float64 arrays.

The state starts with what is measured (the first M of D values) and ends with velocities of the first D - M of them.
SORT's state (arXiv 1602.00763, section 3.2) is the centre, the area, the aspect ratio (which has no velocity) and three
velocities: D = 7, M = 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reidtrack.types import DoubleArray


class Belief(NamedTuple):
    """What is believed of N tracks.

    Attributes:
        mean: (N, D) float64.
        covariance: (N, D, D) float64.
    """

    mean: DoubleArray
    covariance: DoubleArray


def predict(belief: Belief, transition: DoubleArray, noise: DoubleArray) -> Belief:
    """Move every track on by one step.

    Args:
        belief: N tracks.
        transition: (D, D), or (N, D, D) where the tracks differ.
        noise: Process noise, (D, D) or (N, D, D).

    Returns:
        The prior of the next measurement.
    """
    mean = (transition @ belief.mean[..., None])[..., 0]
    covariance = transition @ belief.covariance @ np.swapaxes(transition, -1, -2) + noise
    return Belief(mean, covariance)


def update(belief: Belief, measured: DoubleArray, noise: DoubleArray) -> Belief:
    """Correct every track by its measurement, in Joseph's form, which keeps covariances symmetric and positive.

    Args:
        belief: N tracks; those without a measurement are left out by the caller.
        measured: (N, M), one measurement per track.
        noise: Measurement noise, (M, M) or (N, M, M).

    Returns:
        The posterior.
    """
    size, states = measured.shape[1], belief.mean.shape[1]
    cross = belief.covariance[:, :, :size]  # (N, D, M)
    innovation = cross[:, :size] + noise  # (N, M, M)
    gain = np.swapaxes(np.linalg.solve(np.swapaxes(innovation, 1, 2), np.swapaxes(cross, 1, 2)), 1, 2)  # (N, D, M)
    mean = belief.mean + (gain @ (measured - belief.mean[:, :size])[..., None])[..., 0]
    keep = np.broadcast_to(np.eye(states), belief.covariance.shape).copy()
    keep[:, :, :size] -= gain
    gain_t = np.swapaxes(gain, 1, 2)
    covariance = keep @ belief.covariance @ np.swapaxes(keep, 1, 2) + gain @ noise @ gain_t
    return Belief(mean, covariance)


def constant_velocity(states: int, measured: int, dt: float) -> DoubleArray:
    """Transition (D, D) over `dt`: the first D - M values move with their velocities, the others stand still."""
    transition = np.eye(states)
    moving = np.arange(states - measured)
    transition[moving, measured + moving] = dt
    return transition
