"""Tracks cut where a person says that they went over from one to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from reidtrack.corrections.schema import Corrections, Place, Split, seconds
from reidtrack.errors import ConfigError
from reidtrack.types import Tracklet

Key = tuple[str, int]


def cut(tracklets: Sequence[Tracklet], corrections: Corrections) -> list[Tracklet]:
    """Cut tracks where somebody said that they went over from one person to another.

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


def _cut_times(tracklets: Sequence[Tracklet], corrections: Corrections) -> dict[Key, set[float]]:
    known = {t.key: t for t in tracklets}
    times: dict[Key, set[float]] = defaultdict(set)
    for entry, line in corrections.of(Split):
        place, at_s, where = entry.split, entry.at_s, f"{corrections.where}:{line}"
        track = known.get((place.camera, place.track_id))
        if track is None:
            raise unknown_tracklet(place, tracklets, where)
        if not track.first_time_s < at_s <= track.last_time_s:
            sight = f"{seconds(track.first_time_s)} and up to {seconds(track.last_time_s)}, where it is in sight"
            raise ConfigError(
                f"{place} cannot be split at {seconds(at_s)} s", where=where, expected=f"a time after {sight}"
            )
        times[track.key].add(at_s)
    return times


def _parts(tracklet: Tracklet, times_s: Sequence[float]) -> list[Tracklet]:
    edges = [-np.inf, *times_s, np.inf]
    boxes_s, features_s = tracklet.time_s, np.interp(tracklet.feature_frame, tracklet.frame, tracklet.time_s)
    spans = [(a, b) for a, b in pairwise(edges) if ((boxes_s >= a) & (boxes_s < b)).any()]
    if len(spans) < 2:
        return [tracklet]
    return [tracklet.part((boxes_s >= a) & (boxes_s < b), (features_s >= a) & (features_s < b)) for a, b in spans]


def unknown_tracklet(place: Place, tracklets: Sequence[Tracklet], where: str) -> ConfigError:
    """The error that says what there is instead."""
    ids = sorted({t.logged_id for t in tracklets if t.camera == place.camera})
    if ids:
        return ConfigError(f"there is no tracklet {place}", where=where, expected=f"{place.camera} {_ranges(ids)}")
    cameras = ", ".join(sorted({t.camera for t in tracklets})) or "none"
    return ConfigError(f"there is no camera {place.camera!r}", where=where, expected=f"one of {cameras}")


def _ranges(ids: Sequence[int]) -> str:
    """1 to 4, 7, 9 to 12."""
    runs: list[list[int]] = []
    for number in ids:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return ", ".join(texts if len(texts) <= 6 else [*texts[:3], "...", *texts[-2:]])
