"""Everything once before the first frame: what is loaded and compiled on first use would make the first people wait."""

from __future__ import annotations

import numpy as np

from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.online import OnlineIdentities
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.types import Frame, Tracklet

_SIZE = (360, 640, 3)
_BOXES = 20


def warm_up(networks: RunNetworks, prior: AppearancePrior) -> None:
    """Detect and embed in an empty picture, and settle two drawn people in two cameras.

    Args:
        networks: Of the session.
        prior: Of its embeddings.
    """
    networks.detector.detect([Frame("", 0, 0.0, np.zeros(_SIZE, np.uint8))])
    height, width = networks.embedder.size_hw
    networks.embedder.embed([np.zeros((height, width, 3), np.uint8)])
    chance = np.random.default_rng(0)
    looks = chance.normal(size=(2, networks.embedder.feature_dim))
    drawn = [_tracklet(camera, who + 1, looks[who], chance) for camera in ("a", "b") for who in (0, 1)]
    OnlineIdentities(prior=prior).update([], drawn, 10.0)


def _tracklet(camera: str, track_id: int, looks: np.ndarray, chance: np.random.Generator) -> Tracklet:
    features = looks + 0.3 * chance.normal(size=(4, len(looks)))
    frame = np.arange(_BOXES, dtype=np.int64)
    left = 100.0 * track_id + frame
    return Tracklet(
        camera,
        track_id,
        frame=frame,
        time_s=frame / 10,
        xyxy=np.stack([left, 0 * left, left + 40, 0 * left + 100], axis=1).astype(np.float32),
        score=np.ones(_BOXES, np.float32),
        features=(features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32),
        feature_frame=np.arange(0, 16, 4, dtype=np.int64),
        feature_quality=np.ones(4, np.float32),
    )
