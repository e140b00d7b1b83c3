"""Positions near the horizon: odds and distances stay numbers, whatever the covariance has become."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.geometry import xywh_to_xyxy
from reidtrack.spacetime.ground import CameraGround, Closeness, Displacement, displacement, ground_path
from reidtrack.types import Tracklet

COVARIANCES = {
    "nothing": (0.0, 0.0, 0.0),
    "ordinary": (0.3, 0.1, 0.2),
    "along one line": (1e4, 1e4, 1e4),
    "a line far away": (1e15, 1e15 * (1 - 1e-16), 1e15),
    "a line at an angle": (3e15, 3**0.5 * 1e15, 1e15),
    "a line so far that rounding has the last word": (2e16, 2e16 * (1 + 2e-16), 2e16),
    "across far, along near": (1e-9, 1e-3, 1e12),
}


@pytest.mark.parametrize("case", COVARIANCES)
@pytest.mark.filterwarnings("error")
def test_odds_are_finite_without_a_warning(case: str) -> None:
    xx, xy, yy = COVARIANCES[case]
    metres = np.array([[0.0, 0.0], [1.0, -1.0], [100.0, 100.0], [9e3, 9e3], [-9e3, 9e3]])
    found = Displacement(metres, np.tile([xx, xy, xy, yy], (len(metres), 1)))
    for closeness in (Closeness(), Closeness(1e3, 1e-3), Closeness(1e-3, 1e3)):
        for extra in (0.0, 1.0, np.full(len(metres), 1e6)):
            assert np.isfinite(closeness.log_odds(found, extra)).all()
        surprise = closeness.surprise(found)
        assert np.isfinite(surprise).all()
        assert (surprise >= 0).all()


@pytest.mark.filterwarnings("error")
def test_somebody_who_walks_to_the_horizon_is_compared_without_a_warning() -> None:
    count = 400
    foot = np.linspace(400, 100.0000001, count)  # the horizon is at 100
    box = np.stack([np.full(count, 300.0), foot - 40, np.full(count, 20.0), np.full(count, 40.0)], axis=1)
    frame = np.arange(count)
    tracklet = Tracklet(
        camera="a",
        track_id=1,
        frame=frame,
        time_s=frame * 0.04,
        xyxy=xywh_to_xyxy(box).astype(np.float32),
        score=np.ones(count, np.float32),
        features=np.zeros((0, 4), np.float32),
        feature_frame=np.zeros(0, np.int64),
        feature_quality=np.zeros(0, np.float32),
    )
    for scale in (1e-9, 1.0, 1e9):
        camera = CameraGround(scale * np.array([[1.0, 0, 0], [0, 0, 1.0], [0, 1, -100]]), (640, 480))
        path = ground_path(tracklet, camera)
        apart = displacement(path, path)
        assert np.isfinite(Closeness().log_odds(apart)).all()
