"""Makes the trackers of a run from its configuration."""

from __future__ import annotations

from collections.abc import Mapping

from reidtrack.config.run import TrackConfig
from reidtrack.pipeline.track import tracker_values
from reidtrack.track.tracker import Tracker, build_tracker


def make_trackers(config: TrackConfig, interval_s: Mapping[str, float]) -> dict[str, Tracker]:
    """One tracker for each camera.

    Args:
        config: Their settings.
        interval_s: Camera to the seconds between two frames in which people are detected: a track that is not confirmed
            yet lives at least until the next one.
    """
    values = tracker_values(config)
    return {
        camera: build_tracker(**values | {"patience": max(config.patience, 1.5 * seconds)})
        for camera, seconds in interval_s.items()
    }
