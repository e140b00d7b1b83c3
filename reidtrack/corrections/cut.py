"""Cutting tracks where a correction says that they pass from one person to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from reidtrack.corrections.schema import Corrections, Split, seconds
from reidtrack.corrections.tracklet_index import unknown_tracklet
from reidtrack.errors import ConfigError
from reidtrack.types import Tracklet, TrackletKey


def cut(tracklets: Sequence[Tracklet], corrections: Corrections) -> list[Tracklet]:
    """Cut tracks where corrections say that they pass from one person to another.

    Returns:
        The tracklets by camera and track id, each cut one replaced by its parts: the first keeps the track id, the
        others get the camera's next free ones.

    Raises:
        ConfigError: If a track is not there, or the time is not within it.
    """
    times = _cut_times(tracklets, corrections)
    free: dict[str, int] = {}
    for tracklet in tracklets:
        free[tracklet.camera] = max(free.get(tracklet.camera, 1), tracklet.track_id + 1)
    result = []
    for tracklet in sorted(tracklets, key=lambda t: t.key):
        first, *others = _parts(tracklet, sorted(times.get(tracklet.key, ())))
        result.append(first)
        for part in others:
            result.append(replace(part, track_id=free[part.camera], split_from=tracklet.track_id))
            free[part.camera] += 1
    return result


def _cut_times(tracklets: Sequence[Tracklet], corrections: Corrections) -> dict[TrackletKey, set[float]]:
    """Times at which each track is cut, seconds."""
    known = {t.key: t for t in tracklets}
    times: dict[TrackletKey, set[float]] = defaultdict(set)
    for entry, line in corrections.of(Split):
        ref, at_s, where = entry.split, entry.at_s, f"{corrections.where}:{line}"
        track = known.get((ref.camera, ref.track_id))
        if track is None:
            raise unknown_tracklet(ref, tracklets, where)
        if not track.first_time_s < at_s <= track.last_time_s:
            sight = f"{seconds(track.first_time_s)} and up to {seconds(track.last_time_s)}, where it is in sight"
            raise ConfigError(
                f"{ref} cannot be split at {seconds(at_s)} s", where=where, expected=f"a time after {sight}"
            )
        times[track.key].add(at_s)
    return times


def _parts(tracklet: Tracklet, times_s: Sequence[float]) -> list[Tracklet]:
    """Parts of a tracklet between increasing times; the tracklet itself where only one would have boxes."""
    edges = [-np.inf, *times_s, np.inf]
    boxes_s, features_s = tracklet.time_s, np.interp(tracklet.feature_frame, tracklet.frame, tracklet.time_s)
    spans = [(a, b) for a, b in pairwise(edges) if ((boxes_s >= a) & (boxes_s < b)).any()]
    if len(spans) < 2:
        return [tracklet]
    return [tracklet.part((boxes_s >= a) & (boxes_s < b), (features_s >= a) & (features_s < b)) for a, b in spans]
