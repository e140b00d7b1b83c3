"""The floor plan: its frame, its scale, fields of view, paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reidtrack.report.run.context import PageContext
from reidtrack.report.run.floor_plan import Frame, hull, y_points_up
from reidtrack.report.run.page import ReportData, render_report
from reidtrack.report.run.report_data import FloorPaths

Read = Callable[[str], Any]

SITE = {
    "unit": "m",
    "bounds": [0.0, 0.0, 10.0, 5.0],
    "cameras": {"A": {"homography": [[1, 0, 0], [0, -1, 0], [0, 0, 1]]}, "B": {"homography": None}},
}
LINE = np.array([[1.0, 1.0], [9.0, 4.0]])


@given(arrays(np.float64, st.tuples(st.integers(3, 40), st.just(2)), elements=st.integers(-20, 20)))
def test_a_hull_is_convex_and_holds_every_point(points: Any) -> None:
    corners = hull(points)
    if len(corners) < 3:
        return
    following = np.roll(corners, -1, axis=0)
    edge = following - corners
    to = points[:, None] - corners
    assert (edge[:, 0] * to[..., 1] - edge[:, 1] * to[..., 0] >= -1e-9).all(), "all points lie left of every edge"
    assert {tuple(corner) for corner in corners.tolist()} <= {tuple(point) for point in points.tolist()}


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([[1, 1]], 1, id="one point"),
        pytest.param([[1, 1], [1, 1], [2, 2]], 2, id="two"),
        pytest.param([[0, 0], [4, 0], [4, 3], [0, 3], [1, 1], [2, 0]], 4, id="a rectangle with points in and on it"),
    ],
)
def test_hull(points: Any, expected: int) -> None:
    assert len(hull(np.array(points, np.float64))) == expected


@pytest.mark.parametrize(
    ("upwards", "expected"),
    [
        pytest.param(True, [[0, 500], [1000, 0]], id="as on a map"),
        pytest.param(False, [[0, 0], [1000, 500]], id="as in a picture"),
    ],
)
def test_the_frame(upwards: bool, expected: Any) -> None:
    frame = Frame(np.array([0.0, 0.0]), np.array([10.0, 5.0]), upwards=upwards)
    assert frame.height == 500
    np.testing.assert_allclose(frame(np.array([[0.0, 0.0], [10.0, 5.0]])), expected)


@pytest.mark.parametrize(
    "bounds",
    [
        pytest.param(None, id="none"),
        pytest.param([0, 0, 0, 5], id="no width"),
        pytest.param([0, 0, float("nan"), 5], id="not a number"),
    ],
)
def test_without_bounds_the_paths_set_the_frame(bounds: Any) -> None:
    frame = Frame.around(FloorPaths(1.0, {("A", 1): LINE}), bounds, upwards=False)
    drawn = frame(LINE)
    assert (drawn > 0).all() and (drawn < (1000, frame.height)).all()


def test_a_single_point_has_a_frame_too() -> None:
    frame = Frame.around(FloorPaths(1.0, {("A", 1): LINE[:1]}), None, upwards=True)
    assert np.isfinite(frame(LINE)).all()


@pytest.mark.parametrize(
    ("homography", "expected"),
    [
        pytest.param(np.eye(3), False, id="the plan is the picture"),
        pytest.param(np.diag([1.0, -1.0, 1.0]), True, id="turned over"),
        pytest.param(np.diag([-1.0, -1.0, 1.0]), False, id="half a turn"),
        pytest.param(-np.eye(3), False, id="any multiple is the same homography"),
        pytest.param([[1, 0, 0], [0, 1, 0], [0, -0.01, 1]], True, id="the ground lies behind the picture's top row"),
        pytest.param(None, True, id="nothing known: as on maps"),
    ],
)
def test_the_plan_is_seen_from_above(small: ReportData, homography: Any, expected: bool) -> None:
    site = {"cameras": {"A": {"homography": homography if homography is None else np.asarray(homography).tolist()}}}
    assert y_points_up(PageContext.of(replace(small, site=site))) is expected


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        pytest.param({"unit": "cm"}, "2 cm", id="the plan's own"),
        pytest.param({"metres_per_unit": 0.5}, "about 1 m", id="metres by the height of people"),
        pytest.param({}, "2 units of the plan", id="not known"),
    ],
)
def test_the_scale_has_a_unit(small: ReportData, read_page: Read, site: Any, expected: str) -> None:
    page = read_page(
        render_report(
            replace(small, floor_paths=FloorPaths(0.5, {("A", 1): LINE}), site={**site, "bounds": [0, 0, 10, 5]})
        )
    )
    assert page.by_id("plan").all(class_="scale")[0].all_text == expected


def test_the_scale_of_a_plan_a_hair_narrower_than_a_round_one(small: ReportData, read_page: Read) -> None:
    site = {"bounds": [0, 0, 4629.629629629627, 5]}  # a fifth of the drawing is 999.9999999999994
    page = read_page(render_report(replace(small, floor_paths=FloorPaths(0.5, {("A", 1): LINE}), site=site)))
    assert page.by_id("plan").all(class_="scale")[0].all_text == "1000 units of the plan"


def test_paths_are_drawn_in_the_colour_of_their_person(small: ReportData, read_page: Read) -> None:
    paths = FloorPaths(0.5, {("A", 1): LINE, ("B", 4): LINE[::-1], ("A", 2): LINE})
    page = read_page(render_report(replace(small, floor_paths=paths, site=SITE)))
    drawing = page.by_id("plan")
    assert drawing.attributes["data-step"] == "0.5"
    groups = [g for g in drawing.all("g") if "data-id" in g.attributes]
    assert [g.attributes["data-id"] for g in groups] == ["1", "2"]
    assert small.colours[1] in groups[0].attributes["style"]
    lines = groups[0].all("polyline")
    assert [(line.attributes["data-v"], line.attributes["data-t"]) for line in lines] == [
        ("v1-1", "2.00"),
        ("v1-2", "12.00"),
    ]
    assert len(lines[0].attributes["points"].split()) == 2
    assert [title.text for title in drawing.all(class_="views")[0].all("title")] == ["A", "B"]
    assert "2 m" in drawing.all(class_="scale")[0].all_text
    assert "#place" in [a.attributes["href"] for a in page.all("a")]
