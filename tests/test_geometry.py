"""Boxes and homographies: known cases and the properties that hold for all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reidtrack.geometry import (
    area,
    clip,
    fit_homography,
    foot_points,
    inside,
    intersection,
    iou,
    project,
    projection_jacobian,
    suppress,
    xywh_to_xyxy,
    xyxy_to_xywh,
)

UNIT = np.array([[0.0, 0, 10, 10]])


@st.composite
def boxes(draw: st.DrawFn, max_count: int = 6, least: int = 0) -> np.ndarray:
    """(N, 4) xyxy on a grid of quarter pixels, sides from `least` quarters."""
    n = draw(st.integers(0, max_count))
    corner = draw(arrays(np.int64, (n, 2), elements=st.integers(-400, 400)))
    size = draw(arrays(np.int64, (n, 2), elements=st.integers(least, 400)))
    return np.concatenate([corner, corner + size], axis=1) / 4


@pytest.mark.parametrize(
    ("other", "shared", "overlap", "share"),
    [
        pytest.param([0, 0, 10, 10], 100, 1, 1, id="same"),
        pytest.param([0, 0, 10, 5], 50, 0.5, 0.5, id="half of it"),
        pytest.param([5, 0, 15, 10], 50, 1 / 3, 0.5, id="half beside it"),
        pytest.param([-10, -10, 20, 20], 100, 1 / 9, 1, id="around it"),
        pytest.param([10, 0, 20, 10], 0, 0, 0, id="edge to edge"),
        pytest.param([50, 50, 60, 60], 0, 0, 0, id="far away"),
        pytest.param([5, 5, 5, 5], 0, 0, 0, id="a point"),
        pytest.param([8, 8, 2, 2], 0, 0, 0, id="turned inside out"),
    ],
)
def test_overlap_of_two_boxes(other: list[float], shared: float, overlap: float, share: float) -> None:
    b = np.array([other], float)
    assert intersection(UNIT, b).item() == shared
    assert iou(UNIT, b).item() == pytest.approx(overlap)
    assert inside(UNIT, b).item() == pytest.approx(share)


def test_overlap_of_two_points_is_none() -> None:
    point = np.array([[3.0, 3, 3, 3]])
    assert iou(point, point).item() == 0
    assert inside(point, UNIT).item() == 0


@pytest.mark.parametrize("function", [intersection, iou, inside])
@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 3), (2, 0), (2, 3)])
def test_shapes_and_types_pass_through(function, n: int, m: int) -> None:
    for dtype in (np.float32, np.float64):
        result = function(np.ones((n, 4), dtype), np.ones((m, 4), dtype))
        assert result.shape == (n, m)
        assert result.dtype == dtype


@given(boxes(), boxes())
def test_iou_is_symmetric_and_between_nothing_and_the_share_inside(a: np.ndarray, b: np.ndarray) -> None:
    overlap = iou(a, b)
    assert ((overlap >= 0) & (overlap <= 1)).all()
    np.testing.assert_array_equal(overlap, iou(b, a).T)
    assert (overlap <= inside(a, b) + 1e-12).all()


@given(boxes(least=1))
def test_a_box_is_itself(a: np.ndarray) -> None:
    np.testing.assert_allclose(np.diag(iou(a, a)), 1)
    np.testing.assert_allclose(np.diag(intersection(a, a)), area(a))


@given(boxes(), boxes(), st.integers(-100, 100), st.integers(1, 8))
def test_iou_does_not_depend_on_place_and_scale(a: np.ndarray, b: np.ndarray, shift: int, scale: int) -> None:
    np.testing.assert_allclose(iou((a + shift) * scale, (b + shift) * scale), iou(a, b), atol=1e-12)


@given(boxes())
def test_formats_convert_both_ways(a: np.ndarray) -> None:
    np.testing.assert_array_equal(xywh_to_xyxy(xyxy_to_xywh(a)), a)
    np.testing.assert_array_equal(xyxy_to_xywh(a)[:, 2:].prod(axis=1), area(a))


@given(boxes())
def test_clipped_boxes_lie_in_the_picture_and_clipping_again_changes_nothing(a: np.ndarray) -> None:
    cut = clip(a, 64, 48)
    assert (cut >= 0).all()
    assert (cut[:, [0, 2]] <= 64).all()
    assert (cut[:, [1, 3]] <= 48).all()
    assert (cut[:, 2:] >= cut[:, :2]).all()
    np.testing.assert_array_equal(clip(cut, 64, 48), cut)
    np.testing.assert_array_equal(area(cut), intersection(a, np.array([[0.0, 0, 64, 48]]))[:, 0])


@pytest.mark.parametrize(
    ("xyxy", "score", "kept"),
    [
        pytest.param(np.zeros((0, 4)), [], [], id="empty"),
        pytest.param(UNIT, [0.5], [0], id="one"),
        pytest.param([[0, 0, 10, 10], [0, 0, 10, 10]], [0.5, 0.6], [1], id="the stronger of two"),
        pytest.param([[0, 0, 10, 10], [0, 0, 10, 10]], [0.5, 0.5], [0], id="the first of two equals"),
        pytest.param([[0, 0, 10, 10], [0, 0, 10, 5]], [0.9, 0.8], [0, 1], id="at the threshold both stay"),
        pytest.param([[0, 0, 10, 10], [0, 0, 10, 5.1]], [0.9, 0.8], [0], id="above the threshold"),
        pytest.param(
            [[0, 0, 10, 10], [0, 0, 10, 5.1], [0, 0, 10, 3]], [0.9, 0.8, 0.7], [0, 2], id="a dropped box drops none"
        ),
    ],
)
def test_suppression_keeps_the_strongest(xyxy: list, score: list[float], kept: list[int]) -> None:
    assert suppress(np.asarray(xyxy, float), np.asarray(score, float), 0.5).tolist() == kept


@given(boxes(max_count=8), st.data())
def test_what_is_kept_overlaps_little_and_what_is_dropped_much(a: np.ndarray, data: st.DataObject) -> None:
    score = data.draw(arrays(np.int64, len(a), elements=st.integers(0, 100))) / 100
    kept = suppress(a, score, 0.5)
    assert (np.diff(score[kept]) <= 0).all()
    overlap = iou(a, a)
    np.fill_diagonal(overlap, 0)
    assert (overlap[np.ix_(kept, kept)] <= 0.5).all()
    for dropped in np.setdiff1d(np.arange(len(a)), kept):
        assert ((overlap[dropped, kept] > 0.5) & (score[kept] >= score[dropped])).any()


@st.composite
def tilted(draw: st.DrawFn) -> np.ndarray:
    """A homography that leaves the points about the origin in front of the horizon."""
    entries = draw(arrays(np.float64, 8, elements=st.floats(-0.3, 0.3)))
    matrix = np.eye(3) + np.append(entries, 0).reshape(3, 3)
    matrix[2, :2] /= 10
    return matrix


CORNERS = np.array([[-1.0, -1], [2, -1], [-1, 2], [2, 2], [0.5, 0.2]])


@given(tilted())
def test_a_homography_is_found_from_its_points_and_undone_by_its_inverse(matrix: np.ndarray) -> None:
    there = project(matrix, CORNERS)
    np.testing.assert_allclose(project(np.linalg.inv(matrix), there), CORNERS, atol=1e-8)
    found = fit_homography(CORNERS, there)
    assert found is not None
    np.testing.assert_allclose(project(found, CORNERS), there, atol=1e-7)
    np.testing.assert_allclose(found, matrix / matrix[2, 2], atol=1e-5)


@given(tilted())
def test_the_slope_of_a_projection(matrix: np.ndarray) -> None:
    slope = projection_jacobian(matrix, CORNERS)
    for axis in (0, 1):
        step = np.zeros(2)
        step[axis] = 1e-6
        moved = (project(matrix, CORNERS + step) - project(matrix, CORNERS - step)) / 2e-6
        np.testing.assert_allclose(slope[:, :, axis], moved, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(CORNERS[:3], id="three"),
        pytest.param(np.array([[0.0, 0], [1, 1], [2, 2], [3, 3]]), id="on a line"),
        pytest.param(np.array([[0.0, 0], [1, 1], [2, 2], [5, 0]]), id="three of four on a line"),
        pytest.param(np.zeros((6, 2)), id="one place"),
    ],
)
def test_points_that_determine_no_homography(points: np.ndarray) -> None:
    assert fit_homography(points, points) is None


def test_more_points_than_needed_are_weighed() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 500, (60, 2))
    matrix = np.array([[1.1, 0.1, 5], [-0.05, 0.9, 3], [1e-4, 2e-4, 1]])
    found = fit_homography(points, project(matrix, points) + rng.normal(size=points.shape))
    assert np.abs(project(found, points) - project(matrix, points)).max() < 2


def test_feet_are_the_middle_of_the_lower_edge() -> None:
    assert foot_points(np.array([[10, 20, 30, 80]], np.float32)).tolist() == [[20.0, 80.0]]
