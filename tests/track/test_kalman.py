"""The batched filter against filterpy's KalmanFilter, one object per track."""

from __future__ import annotations

import numpy as np
import pytest
from filterpy.common import Q_continuous_white_noise
from filterpy.kalman import KalmanFilter
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.track import sort, walker
from reidtrack.track.kalman import Belief, constant_velocity, predict, update

TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}


def reference(mean: np.ndarray, covariance: np.ndarray, noise: np.ndarray) -> KalmanFilter:
    states, measured = len(mean), len(noise)
    kalman = KalmanFilter(dim_x=states, dim_z=measured)
    kalman.x, kalman.P, kalman.R = mean.copy()[:, None], covariance.copy(), noise
    kalman.H = np.eye(measured, states)
    return kalman


def test_transition_moves_what_has_a_velocity() -> None:
    state = np.array([10.0, 20.0, 300.0, 0.5, 2.0, -4.0, 8.0])
    moved = constant_velocity(7, 4, 0.5) @ state
    np.testing.assert_array_equal(moved, [11.0, 18.0, 304.0, 0.5, 2.0, -4.0, 8.0])


@pytest.mark.parametrize("tracks", [pytest.param(0, id="none"), pytest.param(1, id="one"), pytest.param(40, id="many")])
@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([1.0] * 60, id="even steps"),
        pytest.param([0.143, 0.033, 0.0, 2.5, 0.033] * 12, id="uneven steps"),
    ],
)
def test_equals_filterpy_over_many_steps_with_gaps(tracks: int, steps: list[float]) -> None:
    rng = np.random.default_rng(3)
    measured = rng.uniform([0, 0, 500, 0.2], [1900, 1000, 9000, 0.6], (tracks, 4))
    mean = np.concatenate([measured, np.zeros((tracks, 3))], axis=1)
    belief = Belief(mean, np.tile(sort.INITIAL_COVARIANCE, (tracks, 1, 1)))
    references = [reference(m, c, sort.MEASUREMENT_NOISE) for m, c in zip(*belief, strict=True)]
    for dt in steps:
        transition, noise = constant_velocity(7, 4, dt), sort.PROCESS_NOISE * dt
        belief = predict(belief, transition, noise)
        seen = rng.random(tracks) < 0.7
        measured = measured + rng.normal(0, [3, 3, 60, 0.01], measured.shape)
        posterior = update(Belief(belief.mean[seen], belief.covariance[seen]), measured[seen], sort.MEASUREMENT_NOISE)
        belief.mean[seen], belief.covariance[seen] = posterior
        for kalman, z, hit in zip(references, measured, seen, strict=True):
            kalman.predict(F=transition, Q=noise)
            kalman.update(z[:, None] if hit else None)
    for kalman, m, c in zip(references, *belief, strict=True):
        np.testing.assert_allclose(m, kalman.x[:, 0], **TOLERANCE)
        np.testing.assert_allclose(c, kalman.P, **TOLERANCE)


def test_noise_may_differ_between_tracks() -> None:
    belief = walker.begin(np.array([[50.0, 60.0, 20.0, 50.0], [400.0, 300.0, 80.0, 200.0]]))
    measured = np.array([[52.0, 61.0, 21.0, 49.0], [390.0, 305.0, 85.0, 190.0]])
    after = walker.correct(walker.move(belief, 0.2, agility=0.05), measured)
    for row in range(2):
        height = belief.mean[row, 3]
        kalman = reference(belief.mean[row], belief.covariance[row], np.eye(4) * (0.05 * height) ** 2)
        kalman.predict(F=constant_velocity(6, 4, 0.2), Q=walker.process_noise(0.2, 0.05) * height**2)
        kalman.update(measured[row][:, None])
        np.testing.assert_allclose(after.mean[row], kalman.x[:, 0], **TOLERANCE)
        np.testing.assert_allclose(after.covariance[row], kalman.P, **TOLERANCE)


def test_process_noise_is_white_acceleration_of_the_centre() -> None:
    noise = walker.process_noise(0.5, 0.05)
    for position, velocity in ((0, 4), (1, 5)):
        block = noise[np.ix_([position, velocity], [position, velocity])]
        np.testing.assert_allclose(block, Q_continuous_white_noise(2, 0.5, 0.05))
    assert noise[0, 1] == noise[0, 5] == 0


@given(st.lists(st.floats(0, 5), min_size=1, max_size=8))
def test_walker_does_not_depend_on_how_time_is_cut(steps: list[float]) -> None:
    start = walker.begin(np.array([[100.0, 200.0, 30.0, 90.0]]))
    start.mean[:, 4:] = 40.0, -10.0
    belief = start
    for dt in steps:
        belief = walker.move(belief, dt, agility=0.05)
    whole = walker.move(start, sum(steps), agility=0.05)
    np.testing.assert_allclose(belief.mean, whole.mean, rtol=1e-9)
    np.testing.assert_allclose(belief.covariance, whole.covariance, rtol=1e-7, atol=1e-9)


@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.booleans(), st.floats(-500, 500), st.floats(1, 300)), min_size=1, max_size=30
    )
)
def test_covariance_stays_symmetric_and_positive(steps: list[tuple[float, bool, float, float]]) -> None:
    belief = walker.begin(np.array([[0.0, 0.0, 30.0, 80.0]]))
    for dt, seen, place, height in steps:
        belief = walker.move(belief, dt, agility=0.05)
        if seen:
            belief = walker.correct(belief, np.array([[place, place, height / 3, height]]))
    covariance = belief.covariance[0]
    np.testing.assert_allclose(covariance, covariance.T, rtol=1e-9, atol=1e-9)
    assert np.linalg.eigvalsh(covariance).min() > -1e-9 * np.trace(covariance)
