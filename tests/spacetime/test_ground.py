"""Where tracklets stand, and what two places say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from spacetime.site_data import SIZE, SOUTH, WEST, looks, seen, walk

from reidtrack.spacetime.ground import (
    TICK_S,
    CameraGround,
    Closeness,
    Displacement,
    below_horizon,
    displacement,
    facing,
    ground_path,
    metres_in_unit,
    visible_feet,
)

PATH = walk((-2, 1), (3, -1), 1, 5)
LOOK = looks(1)[0]


def ground(view, unit_m: float = 1.0, scale: float = 1.0) -> CameraGround:
    return CameraGround(np.diag([scale, scale, 1]) @ facing(view.to_plan, np.array([[320, 479.0]])), SIZE, unit_m)


def test_a_path_lies_where_the_person_walked() -> None:
    path = ground_path(seen(SOUTH, 1, PATH, LOOK), ground(SOUTH))
    at = (path.first + np.arange(len(path))) * TICK_S
    assert path.known.all()
    for axis in (1, 2):
        np.testing.assert_allclose(path.position[:, axis - 1], np.interp(at, PATH[:, 0], PATH[:, axis]), atol=1e-3)


def test_a_fast_clock_is_put_back() -> None:
    late = ground_path(seen(SOUTH, 1, PATH, LOOK, late_s=3.4), ground(SOUTH), offset_s=3.4)
    right = ground_path(seen(SOUTH, 1, PATH, LOOK), ground(SOUTH))
    assert late.first == right.first
    np.testing.assert_allclose(late.position, right.position, atol=1e-3)


def test_two_views_of_one_person_lie_on_each_other() -> None:
    a, b = (ground_path(seen(view, 1, PATH, LOOK), ground(view)) for view in (SOUTH, WEST))
    found = displacement(a, b)
    assert len(found.metres) == len(a)
    assert found.distance_m.max() < 1e-2
    assert (Closeness().log_odds(found) > 3).all()


def test_a_unit_is_learned_from_the_height_of_people() -> None:
    tracklet = seen(SOUTH, 1, PATH, LOOK)
    metre = metres_in_unit([tracklet], ground(SOUTH))
    assert metre == pytest.approx(1, rel=0.1)
    assert metres_in_unit([tracklet], ground(SOUTH, scale=100)) == pytest.approx(metre / 100)
    assert metres_in_unit([], ground(SOUTH)) is None


@pytest.mark.parametrize(
    ("box", "known"),
    [
        pytest.param((100, 100, 150, 300), True, id="inside"),
        pytest.param((100, 100, 150, 479), False, id="feet below the picture"),
        pytest.param((0, 100, 50, 300), False, id="cut off on the left"),
        pytest.param((600, 100, 640, 300), False, id="cut off on the right"),
        pytest.param((100, 0, 150, 300), True, id="head above the picture"),
    ],
)
def test_feet_that_are_cut_off_are_not_known(box: tuple[float, ...], known: bool) -> None:
    assert visible_feet(np.array([box], np.float32), SIZE).item() is known


def test_points_above_the_horizon_are_no_ground() -> None:
    points = np.array([[320.0, 470.0], [320.0, 5.0]])
    assert below_horizon(ground(SOUTH).homography, points).tolist() == [True, False]


def test_unknown_steps_are_left_out() -> None:
    path = ground_path(seen(SOUTH, 1, PATH, LOOK), ground(SOUTH)._replace(region=(0, 0, 300, 480)))
    assert 0 < path.known.sum() < len(path)
    whole = ground_path(seen(SOUTH, 1, PATH, LOOK), ground(SOUTH))
    assert len(displacement(path, whole).metres) == path.known.sum()


@pytest.mark.parametrize("distance_m", [0.5, 1.0, 3.0, 30.0])
def test_the_nearer_the_likelier(distance_m: float) -> None:
    def odds(metres: float, noise: float = 0.05) -> float:
        found = Displacement(np.array([[metres, 0.0]]), np.array([[noise, 0.0, 0.0, noise]]))
        return Closeness().log_odds(found).item()

    assert odds(distance_m - 0.4) > odds(distance_m) or distance_m > 2
    assert odds(distance_m) >= np.log(0.02) - 1e-9  # a place may always be wrong
    assert abs(odds(distance_m, noise=1e6)) < 0.1  # what is not known says nothing


@pytest.mark.parametrize("rows", [1, 2])
def test_the_shortest_tracklets_have_a_place(rows: int) -> None:
    whole = seen(SOUTH, 1, PATH, LOOK)
    short = whole.part(np.arange(len(whole)) < rows, np.zeros(len(whole.features), np.bool_))
    path = ground_path(short, ground(SOUTH))
    assert len(path) >= 1
    assert path.known.all()
    np.testing.assert_allclose(path.position[0], PATH[0, 1:], atol=1e-3)


def test_feet_on_the_horizon_are_nowhere() -> None:
    level = CameraGround(np.array([[1.0, 0, 0], [0, 1, 0], [0, 0.01, -2]]), SIZE)  # the horizon is row 200
    tracklet = seen(SOUTH, 1, PATH, LOOK)
    boxes = np.tile(np.array([100, 50, 140, 200], np.float32), (len(tracklet), 1))
    path = ground_path(replace(tracklet, xyxy=boxes), level)
    assert not path.known.any()
    assert np.isfinite(path.position).all()
    assert metres_in_unit([replace(tracklet, xyxy=boxes)], level) is None
