"""Makes the trackers of a run from its configuration."""

from __future__ import annotations

from collections.abc import Mapping

from reidtrack.config.run import TrackConfig
from reidtrack.track.tracker import Tracker, build_tracker


def make_trackers(config: TrackConfig, interval_s: Mapping[str, float]) -> dict[str, Tracker]:
    """One tracker for each camera.

    Args:
        config: Their settings.
        interval_s: Camera to the seconds between two frames in which people are detected: a track that is not confirmed
            yet lives at least until the next one.
    """
    options = config.tracker_options()
    trackers = {}
    for camera, seconds in interval_s.items():
        age = {name: max(options[name], 1.5 * seconds) for name in options if name == "max_unconfirmed_age"}
        trackers[camera] = build_tracker(**options | age)
    return trackers
