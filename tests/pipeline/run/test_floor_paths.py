"""Paths on the floor plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reidtrack.pipeline.run.floor_paths import even_path, floor_paths
from reidtrack.types import DoubleArray, FloatArray, Identity, Tracklet


def visit(camera: str, track_id: int, frames: range, fps: float = 2.0) -> Tracklet:
    n = len(frames)
    frame = np.array(frames, np.int64)
    empty = np.zeros(0, np.int64)
    boxes = np.tile(np.array([[0, 0, 4, 9]], np.float32), (n, 1))
    scores, features = np.ones(n, np.float32), np.zeros((0, 0), np.float32)
    return Tracklet(camera, track_id, frame, frame / fps, boxes, scores, features, empty, np.zeros(0, np.float32))


def person(number: int, *visits: Tracklet) -> Identity:
    return Identity(number, visits, np.zeros(0, np.float32))


def on_a_plan(camera: str, xyxy: FloatArray) -> DoubleArray:
    """Camera A has a plan, and its boxes stand at their left top corner; B has none."""
    return xyxy[:, :2].astype(np.float64) if camera == "A" else np.full((len(xyxy), 2), np.nan)


def at(tracklet: Tracklet, points: list[tuple[float, float]]) -> Tracklet:
    corners = np.array(points, np.float32)
    return replace(tracklet, xyxy=np.concatenate([corners, corners + 9], axis=1))


def test_each_tracklet_has_its_own_path() -> None:
    first = at(visit("A", 1, range(3)), [(0, 10), (1, 11), (2, 12)])
    again = at(visit("A", 2, range(10, 13)), [(10, 20), (11, 21), (np.nan, np.nan)])
    other = visit("B", 1, range(3))
    plan = floor_paths([person(7, first, other, again), person(8, visit("B", 2, range(3)))], on_a_plan)
    assert plan is not None and plan.step_s == 0.5
    assert list(plan.paths) == [("A", 1), ("A", 2)]
    np.testing.assert_allclose(plan.paths["A", 1], [[0, 10], [1, 11], [2, 12]])
    np.testing.assert_allclose(plan.paths["A", 2], [[10, 20], [11, 21], [11, 21]])


def test_paths_have_the_decimals_of_mtmc_txt() -> None:
    plan = floor_paths([person(1, at(visit("A", 1, range(1)), [(1.23456, 2.5)]))], on_a_plan)
    assert plan is not None
    np.testing.assert_array_equal(plan.paths["A", 1], [[1.235, 2.5]])


@pytest.mark.parametrize(
    "identities",
    [
        pytest.param([], id="nobody"),
        pytest.param([person(1, visit("B", 1, range(2)))], id="nowhere"),
    ],
)
def test_without_positions_there_is_no_plan(identities: list[Identity]) -> None:
    assert floor_paths(identities, on_a_plan) is None


def test_a_path_is_the_mean_of_each_step() -> None:
    time_s = np.array([0.0, 0.1, 0.2, 1.0, 3.0])
    places = np.array([[0, 0], [1, 2], [2, 4], [np.nan, np.nan], [7, 7]])
    np.testing.assert_allclose(even_path(time_s, places, 1.0), [[1, 2], [3, 11 / 3], [5, 16 / 3], [7, 7]])
