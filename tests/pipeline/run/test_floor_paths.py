"""Paths on the floor plan from `mtmc.txt`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reidtrack.pipeline.run.floor_paths import even_path, read_plan
from reidtrack.types import Identity, Tracklet


def visit(camera: str, track_id: int, frames: range, fps: float = 2.0) -> Tracklet:
    n = len(frames)
    frame = np.array(frames, np.int64)
    empty = np.zeros(0, np.int64)
    boxes = np.tile(np.array([[0, 0, 4, 9]], np.float32), (n, 1))
    scores, features = np.ones(n, np.float32), np.zeros((0, 0), np.float32)
    return Tracklet(camera, track_id, frame, frame / fps, boxes, scores, features, empty, np.zeros(0, np.float32))


def person(number: int, *visits: Tracklet) -> Identity:
    return Identity(number, visits, np.zeros(0, np.float32))


def test_each_visit_gets_its_own_rows(tmp_path: Path) -> None:
    path = tmp_path / "mtmc.txt"
    rows = [
        *(f"1 7 {f} 0 0 4 9 {f} {10 + f}" for f in (0, 1, 2, 10, 11)),
        "2 7 1 0 0 4 9 50.5 -1",
        "2 8 1 0 0 4 9 -1 -1",
        "3 7 1 0 0 4 9 9 9",
    ]
    path.write_text("\n".join(rows) + "\n")
    first, again = visit("A", 1, range(3)), visit("A", 2, range(10, 13))
    plan = read_plan(
        path, ["A", "B"], [person(7, first, visit("B", 1, range(3)), again), person(8, visit("B", 2, range(3)))]
    )
    assert plan is not None and plan.step_s == 0.5
    assert set(plan.paths) == {("A", 1), ("B", 1), ("A", 2)}
    np.testing.assert_allclose(plan.paths["A", 1], [[0, 10], [1, 11], [2, 12]])
    np.testing.assert_allclose(plan.paths["A", 2], [[10, 20], [11, 21], [11, 21]])
    np.testing.assert_allclose(plan.paths["B", 1], np.tile([50.5, -1], (3, 1)), err_msg="one coordinate may be -1")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="no file"),
        pytest.param("", id="empty"),
        pytest.param("1 1 0 0 0 4 9 -1 -1\n", id="nowhere"),
    ],
)
def test_without_places_there_is_no_plan(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "mtmc.txt"
    if text is not None:
        path.write_text(text)
    assert read_plan(path, ["A"], [person(1, visit("A", 1, range(2)))]) is None


def test_a_path_is_the_mean_of_each_step() -> None:
    time_s = np.array([0.0, 0.1, 0.2, 1.0, 3.0])
    places = np.array([[0, 0], [1, 2], [2, 4], [np.nan, np.nan], [7, 7]])
    np.testing.assert_allclose(even_path(time_s, places, 1.0), [[1, 2], [3, 11 / 3], [5, 16 / 3], [7, 7]])
