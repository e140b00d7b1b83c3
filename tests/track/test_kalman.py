"""The filters in closed form against filterpy's KalmanFilter in matrices, one object per track."""

from __future__ import annotations

import numpy as np
import pytest
from filterpy.common import Q_continuous_white_noise
from filterpy.kalman import KalmanFilter
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.track import walker
from reidtrack.track.kalman import spread_later, spread_measured

TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
EVEN, UNEVEN = [1.0] * 60, [0.143, 0.033, 0.0, 2.5, 0.033] * 12


def reference(mean: np.ndarray, covariance: np.ndarray) -> KalmanFilter:
    kalman = KalmanFilter(dim_x=6, dim_z=4)
    kalman.x, kalman.P, kalman.H = mean.copy()[:, None], covariance.copy(), np.eye(4, 6)
    return kalman


def matrix(place: float, cross: float, speed: float, side: float) -> np.ndarray:
    """A covariance (6, 6) of centre, sides and velocity."""
    full = np.diag([place, place, side, side, speed, speed])
    full[[0, 1, 4, 5], [4, 5, 0, 1]] = cross
    return full


def transition(dt: float) -> np.ndarray:
    moving = np.eye(6)
    moving[[0, 1], [4, 5]] = dt
    return moving


@pytest.mark.parametrize("tracks", [pytest.param(0, id="none"), pytest.param(1, id="one"), pytest.param(40, id="many")])
@pytest.mark.parametrize("steps", [pytest.param(EVEN, id="even steps"), pytest.param(UNEVEN, id="uneven steps")])
def test_walkers_equal_filterpy_over_many_steps_with_gaps(tracks: int, steps: list[float]) -> None:
    rng = np.random.default_rng(3)
    measured = rng.uniform([[0], [0], [20], [60]], [[1900], [1000], [80], [200]], (4, tracks))
    people = walker.begin(measured)
    references = [reference(person[:6], matrix(*person[6:])) for person in people.T]
    for dt in steps:
        heights = people[walker.HEIGHT].copy()
        people = walker.move(people, dt, acceleration_noise=0.05)
        for kalman, height in zip(references, heights, strict=True):
            kalman.predict(F=transition(dt), Q=matrix(*walker.process_noise(dt, 0.05)) * height**2)
        seen = rng.random(tracks) < 0.7
        measured = measured + rng.normal(0, [[3], [3], [1], [1]], measured.shape)
        heights = people[walker.HEIGHT].copy()
        people[:, seen] = walker.correct(people[:, seen], measured[:, seen])
        for kalman, z, height, hit in zip(references, measured.T, heights, seen, strict=True):
            kalman.update(z[:, None] if hit else None, R=np.eye(4) * (0.05 * height) ** 2)
    for kalman, person in zip(references, people.T, strict=True):
        np.testing.assert_allclose(person[:6], kalman.x[:, 0], **TOLERANCE)
        np.testing.assert_allclose(matrix(*person[6:]), kalman.P, **TOLERANCE)


def test_distance_is_that_of_mahalanobis() -> None:
    people = walker.move(
        walker.begin(np.array([[50.0, 400], [60, 300], [20, 80], [50, 200]])), 0.4, acceleration_noise=0.05
    )
    measured = np.array([[52.0, 390, 0], [61, 305, 0], [21, 85, 9], [49, 190, 9]])
    squared = walker.distance(people, measured)
    for row, person in enumerate(people.T):
        covariance = matrix(*person[6:])[:2, :2] + np.eye(2) * (0.05 * person[walker.HEIGHT]) ** 2
        for column, offset in enumerate(measured[:2].T - person[:2]):
            assert squared[row, column] == pytest.approx(offset @ np.linalg.solve(covariance, offset))


def test_one_spread_serves_several_coordinates() -> None:
    one, many = np.array([4.0, 1.0, 9.0]), np.tile(np.array([4.0, 1.0, 9.0])[:, None, None], (1, 2, 5))
    np.testing.assert_array_equal(spread_later(many, 0.3)[:, 1, 4], spread_later(one, 0.3))
    for alone, together in zip(spread_measured(one, 2.0), spread_measured(many, 2.0), strict=True):
        np.testing.assert_array_equal(together[:, 1, 4], alone)


def test_process_noise_is_white_acceleration_of_the_centre() -> None:
    place, cross, speed, _ = walker.process_noise(0.5, 0.05)
    np.testing.assert_allclose([[place, cross], [cross, speed]], Q_continuous_white_noise(2, 0.5, 0.05))


@settings(deadline=None)
@given(st.lists(st.floats(0, 5), min_size=1, max_size=8))
def test_walker_does_not_depend_on_how_time_is_cut(steps: list[float]) -> None:
    start = walker.begin(np.array([[100.0], [200.0], [30.0], [90.0]]))
    start[walker.SPEED] = [[40.0], [-10.0]]
    people = start
    for dt in steps:
        people = walker.move(people, dt, acceleration_noise=0.05)
    whole = walker.move(start, sum(steps), acceleration_noise=0.05)
    np.testing.assert_allclose(people, whole, rtol=1e-7, atol=1e-9)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.booleans(), st.floats(-500, 500), st.floats(1, 300)), min_size=1, max_size=30
    )
)
def test_covariance_stays_positive(steps: list[tuple[float, bool, float, float]]) -> None:
    people = walker.begin(np.array([[0.0], [0.0], [30.0], [80.0]]))
    for dt, seen, place, height in steps:
        people = walker.move(people, dt, acceleration_noise=0.05)
        if seen:
            people = walker.correct(people, np.array([[place], [place], [height / 3], [height]]))
    covariance = matrix(*people[6:, 0])
    assert np.linalg.eigvalsh(covariance).min() > -1e-9 * np.trace(covariance)
