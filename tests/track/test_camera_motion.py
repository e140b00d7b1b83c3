"""The motion of a camera, found in pictures drawn for it, and what a tracker makes of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from reidtrack.track.camera_motion import CameraMotionEstimator
from reidtrack.track.cascade import Cascade
from reidtrack.track.walker import begin, follow_camera, state_to_xyxy, xyxy_to_measured
from reidtrack.types import Detections, ImageArray

SIZE = (640, 360)


def background(seed: int = 0) -> ImageArray:
    """A wall with things on it, larger than what the camera sees."""
    rng = np.random.default_rng(seed)
    wall = np.full((800, 1200, 3), 120, np.uint8)
    for _ in range(500):
        x, y, w, h = (int(v) for v in rng.integers((0, 0, 10, 10), (1200, 800, 60, 60)))
        cv2.rectangle(wall, (x, y), (x + w, y + h), [int(v) for v in rng.integers(0, 255, 3)], -1)
    return cv2.GaussianBlur(wall, (5, 5), 0)


def view(wall: ImageArray, x: float, y: float = 200, zoom: float = 1.0, turn: float = 0.0) -> ImageArray:
    """What a camera sees whose picture has its upper left corner at (x, y) of the wall."""
    seen = cv2.getRotationMatrix2D((x, y), turn, zoom)
    seen[:, 2] -= (x, y)
    return np.asarray(cv2.warpAffine(wall, seen, SIZE), np.uint8)


def with_person(picture: ImageArray, left: int, width: int = 60) -> ImageArray:
    picture = picture.copy()
    rng = np.random.default_rng(5)
    coat = rng.integers(0, 255, (20, max(width // 10, 1), 3)).astype(np.uint8)
    picture[60:340, left : left + width] = cv2.resize(coat, (width, 280), interpolation=cv2.INTER_NEAREST)
    return picture


@pytest.mark.parametrize(
    ("x", "y", "zoom", "turn"),
    [
        pytest.param(308, 200, 1, 0, id="pan"),
        pytest.param(300, 193, 1, 0, id="tilt"),
        pytest.param(340, 220, 1, 0, id="far"),
        pytest.param(300, 200, 1.03, 0, id="zoom"),
        pytest.param(300, 200, 1, 2, id="roll"),
    ],
)
def test_a_moving_camera_is_followed(x: float, y: float, zoom: float, turn: float) -> None:
    wall = background()
    estimator = CameraMotionEstimator()
    assert estimator.update(view(wall, 300), 0.0) is None
    motion = estimator.update(view(wall, x, y, zoom, turn), 0.04)
    assert motion is not None
    expected = cv2.getRotationMatrix2D((x, y), turn, zoom)
    expected[:, 2] += expected[:, :2] @ (300, 200) - (x, y)  # a pixel of the first picture lies at (300, 200) + it
    corners = np.array([[0, 0, 1], [640, 0, 1], [0, 360, 1], [640, 360, 1]]).T
    np.testing.assert_allclose(motion @ corners, expected @ corners, atol=1.5)


def standing_scenes() -> list[object]:
    wall, dark = background(), np.zeros((360, 640, 3), np.uint8)
    still = view(wall, 300)
    rng = np.random.default_rng(1)
    noise = [np.clip(still + rng.normal(0, 4, still.shape), 0, 255).astype(np.uint8) for _ in range(9)]
    return [
        pytest.param([still] * 5, id="nothing moves"),
        pytest.param(noise, id="noise"),
        pytest.param([np.clip(still * (1 + 0.02 * i), 0, 255).astype(np.uint8) for i in range(9)], id="dawn"),
        pytest.param([with_person(still, 40 + 15 * i) for i in range(9)], id="somebody walks"),
        pytest.param([with_person(still, 20 + 10 * i, 350) for i in range(9)], id="somebody walks close by"),
        pytest.param([dark] * 5, id="darkness"),
        pytest.param([still, dark, still, dark], id="light switched off and on"),
        pytest.param([still, view(background(7), 300)], id="a cut"),
        pytest.param([still[:40, :40].copy()] * 3, id="tiny"),
        pytest.param([still, still[:200].copy(), still], id="another size"),
        pytest.param([still[:1, :1].copy()] * 3, id="one pixel"),
    ]


@pytest.mark.parametrize("pictures", standing_scenes())
def test_a_standing_camera_stands(pictures: list[ImageArray]) -> None:
    estimator = CameraMotionEstimator()
    assert [estimator.update(picture, i / 5) for i, picture in enumerate(pictures)] == [None] * len(pictures)


def test_a_slow_pan_adds_up() -> None:
    wall, estimator = background(), CameraMotionEstimator()
    motions = [estimator.update(view(wall, 300 + 0.2 * i), i / 25) for i in range(150)]
    assert sum(-motion[0, 2] for motion in motions if motion is not None) == pytest.approx(29.8, abs=2)


def test_the_same_pictures_give_the_same_motion() -> None:
    wall = background()
    pictures = [with_person(view(wall, 300 + 5 * i), 100 + 9 * i) for i in range(10)]
    runs = []
    for _ in range(2):
        estimator = CameraMotionEstimator()
        runs.append([estimator.update(picture, i / 25) for i, picture in enumerate(pictures)])
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("motion", "box"),
    [
        pytest.param([[1, 0, 30], [0, 1, -5]], [130, 95, 170, 195], id="shift"),
        pytest.param([[2, 0, 0], [0, 2, 0]], [200, 200, 280, 400], id="zoom"),
        pytest.param([[0, -1, 0], [1, 0, 0]], [-170, 70, -130, 170], id="quarter turn: the centre turns, sides do not"),
    ],
)
def test_people_are_carried_along(motion: list[list[float]], box: list[float]) -> None:
    people = begin(xyxy_to_measured(np.array([[100.0], [100], [140], [200]])))
    carried = follow_camera(people, np.array(motion, float))
    np.testing.assert_allclose(state_to_xyxy(carried)[:, 0], box)


@pytest.mark.parametrize(("told", "tracks"), [pytest.param(True, 1, id="told"), pytest.param(False, 2, id="not told")])
def test_somebody_hidden_is_found_again_while_the_camera_pans(told: bool, tracks: int) -> None:
    tracker, ids = Cascade(), set()
    pan = np.array([[1, 0, -12.0], [0, 1, 0]])
    for i in range(40):
        xyxy = np.array([[900 - 12.0 * i, 100, 940 - 12.0 * i, 200]], np.float32)
        found = Detections(xyxy, np.full(1, 0.9, np.float32)) if not 14 <= i < 28 else Detections.empty()
        jump = pan if i else None
        if not told and i == 14:
            jump = None
        rows = tracker.update(found, i, i / 10, jump if told else None)
        ids |= set(rows.track_id.tolist())
    assert len(ids) in ({tracks} if told else {1, 2})
