"""Clocks: shifts that are found, and evidence that is refused."""

from __future__ import annotations

import numpy as np
import pytest
from spacetime.site_data import EAST, SIZE, SOUTH, WEST, Camera, crowd, looks, seen, walk

from reidtrack.spacetime.clock_scores import (
    LAGS,
    overlap_scores,
    path_ends,
    symmetric_scores,
    way_s,
    way_scores,
)
from reidtrack.spacetime.clocks import solve_clocks
from reidtrack.spacetime.ground import CameraGround, Closeness, facing, ground_path

LOOK = looks(1)[0]


def ground(view: Camera) -> CameraGround:
    return CameraGround(facing(view.to_plan, np.array([[320, 479.0]])), SIZE)


def scores(a: Camera, b: Camera, path: np.ndarray, late_s: float) -> np.ndarray:
    """Of one person whom both see, by the second one's clock."""
    first = ground_path(seen(a, 1, path, LOOK), ground(a))
    second = ground_path(seen(b, 1, path, LOOK, late_s=late_s), ground(b))
    score, together = overlap_scores(first, second, Closeness())
    return score + way_scores(path_ends(first), path_ends(second), together)


@pytest.mark.parametrize("late_s", [0.0, 3.4, -3.4, 12.0, -29.0])
def test_people_whom_two_views_share_tell_the_time(late_s: float) -> None:
    found = sum(
        scores(SOUTH, WEST, walk(start, end, begins, begins + 6), late_s)
        for begins, start, end in ((0, (-3, -2), (3, 2)), (2, (3, -1), (-3, 0)), (5, (0, 3), (1, -3)))
    )
    clocks = solve_clocks(2, {(0, 1): found})
    assert clocks[1].offset_s - clocks[0].offset_s == pytest.approx(late_s, abs=0.15)
    assert clocks[1].uncertainty_s < 0.3
    if late_s:
        assert min(clock.offset_s for clock in clocks) == 0  # of two clocks, the slower is taken for right


@pytest.mark.parametrize("late_s", [0.0, 3.4, -3.4])
def test_so_do_people_who_walk_from_one_view_to_another(late_s: float) -> None:
    ways = [((-4, 0), (26, 1), 22), ((26, -1), (-4, 1), 18), ((-4, 1), (26, 2), 16), ((26, 0), (-4, -1), 21)]
    found = sum(scores(SOUTH, EAST, walk(start, end, 0, 1.0 * ends), late_s) for start, end, ends in ways)
    clocks = solve_clocks(2, {(0, 1): found})
    assert clocks[1].offset_s - clocks[0].offset_s == pytest.approx(late_s, abs=0.3)


def test_one_wrong_clock_of_three_is_named() -> None:
    def bump(lag: int) -> np.ndarray:
        return 50 * np.exp(-(((LAGS - lag) / 4.0) ** 2))

    for wrong in range(3):
        offset = np.zeros(3, int)
        offset[wrong] = 34
        pairs = {(a, b): bump(int(offset[b] - offset[a])) for a, b in ((0, 1), (0, 2), (1, 2))}
        clocks = solve_clocks(3, pairs)
        assert [c.offset_s for c in clocks] == pytest.approx((offset / 10).tolist(), abs=0.05)


def test_a_camera_tied_through_another_is_found() -> None:
    bump = 50 * np.exp(-(((LAGS - 20) / 4.0) ** 2))
    clocks = solve_clocks(4, {(0, 1): bump, (1, 2): bump})
    assert [c.offset_s for c in clocks[:3]] == pytest.approx([-2, 0, 2], abs=0.05)
    assert clocks[3].uncertainty_s is None


@pytest.mark.parametrize(
    "score",
    [
        pytest.param(np.zeros(len(LAGS)), id="nothing"),
        pytest.param(2 * np.exp(-((LAGS / 4.0) ** 2)), id="too weak"),
        pytest.param(50 * (np.isin(LAGS, (-100, 100))), id="two shifts alike"),
        pytest.param(np.full(len(LAGS), 9.0), id="any shift"),
    ],
)
def test_evidence_that_is_not_clear_is_refused(score: np.ndarray) -> None:
    assert all(c.uncertainty_s is None and c.offset_s == 0 for c in solve_clocks(2, {(0, 1): score * 1.0}))


def test_ends_are_where_and_how_fast_somebody_came_and_went() -> None:
    begin, end = path_ends(ground_path(seen(SOUTH, 1, walk((-2, 0), (2, 0), 0, 4), LOOK), ground(SOUTH)))
    assert (begin.time_s, end.time_s) == (0, 4)
    np.testing.assert_allclose([begin.position_m, end.position_m], [[-2, 0], [2, 0]], atol=0.01)
    np.testing.assert_allclose([begin.pace, end.pace], [[1, 0], [1, 0]], atol=0.01)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param((10.0, 0.0), (1.0, 0.0), 10.0, id="straight on"),
        pytest.param((10.0, 0.0), (2.0, 0.0), 10 / 1.5, id="faster at the end"),
        pytest.param((-10.0, 0.0), (1.0, 0.0), None, id="walks away from it"),
        pytest.param((10.0, 0.0), (-1.0, 0.0), None, id="comes from elsewhere"),
        pytest.param((10.0, 0.0), (0.1, 0.0), None, id="stands"),
        pytest.param((1.0, 0.0), (1.0, 0.0), None, id="too short to tell"),
        pytest.param((100.0, 0.0), (1.0, 0.0), None, id="too far to tell"),
    ],
)
def test_how_long_a_way_takes(start: tuple[float, float], end: tuple[float, float], expected: float | None) -> None:
    leave, arrive = path_ends(ground_path(seen(SOUTH, 1, walk((-3, 0), (0, 0), 0, 3), LOOK), ground(SOUTH)))
    leave = leave._replace(time_s=0, position_m=np.zeros(2), pace=np.array([1.0, 0.0]))
    arrive = arrive._replace(position_m=np.array(start), pace=np.array(end))
    found = way_s(leave, arrive)
    assert found is None if expected is None else found == pytest.approx(expected)


def test_journeys_both_ways_tell_a_little() -> None:
    rng = np.random.default_rng(0)
    there, back = 10 + 3.4 + rng.normal(size=30), 10 - 3.4 + rng.normal(size=30)
    clocks = solve_clocks(2, {(0, 1): symmetric_scores(there, back)})
    assert clocks[1].offset_s == pytest.approx(3.4, abs=3 * clocks[1].uncertainty_s)
    assert symmetric_scores(there[:5], back) is None
    assert symmetric_scores(there - 12, back) is None  # views that overlap


def test_a_crowd_of_strangers_ties_nothing() -> None:
    first, second = crowd([SOUTH], 12, seed=1), crowd([WEST], 12, seed=2)
    total = np.zeros(len(LAGS))
    for a, b in zip(first, second, strict=False):
        total += overlap_scores(ground_path(a, ground(SOUTH)), ground_path(b, ground(WEST)), Closeness())[0]
    assert all(c.uncertainty_s is None for c in solve_clocks(2, {(0, 1): total}))
