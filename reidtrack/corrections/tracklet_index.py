"""The tracklet that a reference in a correction names, or an error that says what there is instead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from reidtrack.corrections.schema import TrackletRef, seconds
from reidtrack.errors import ConfigError
from reidtrack.types import Tracklet, TrackletKey


class TrackletIndex:
    """Finds the tracklets that corrections name.

    Args:
        tracklets: Cut where corrections say so, and where association cuts.
        where: Path of the corrections, for messages.

    Attributes:
        tracklets: The same, by camera and track id.
    """

    def __init__(self, tracklets: Sequence[Tracklet], where: str) -> None:
        self.tracklets = {t.key: t for t in tracklets}
        self._where = where
        self._parts: dict[TrackletKey, list[Tracklet]] = defaultdict(list)  # parts of each track by time
        for tracklet in sorted(tracklets, key=lambda t: t.first_time_s):
            self._parts[tracklet.camera, tracklet.logged_id].append(tracklet)

    def key(self, ref: TrackletRef, line: int) -> TrackletKey:
        """Camera and track id of the tracklet that a reference names.

        Args:
            ref: What the correction says.
            line: Its line, from 1.

        Raises:
            ConfigError: If there is none.
        """
        where = f"{self._where}:{line}"
        parts = self._parts.get((ref.camera, ref.track_id))
        if parts is None:
            part = self.tracklets.get((ref.camera, ref.track_id))
            if part is None:
                raise unknown_tracklet(ref, list(self.tracklets.values()), where)
            better = f"{part.camera} {part.logged_id}@{seconds(middle_s(part))}"
            raise ConfigError(
                f"{ref} is a part of a track, and its number may change", where=where, expected=f"{better!r}"
            )
        if ref.time_s is None:
            return parts[0].key
        if not parts[0].first_time_s <= ref.time_s <= parts[-1].last_time_s:
            raise ConfigError(
                f"{ref} is not in sight then",
                where=where,
                expected=f"a time from {seconds(parts[0].first_time_s)} to {seconds(parts[-1].last_time_s)} s",
            )
        return next(part.key for part in reversed(parts) if part.first_time_s <= ref.time_s)

    def around(self, ref: TrackletRef, at_s: float) -> tuple[TrackletKey, TrackletKey]:
        """Keys of the parts of a track just before a cut and just behind it."""
        parts = self._parts[ref.camera, ref.track_id]
        after = next(i for i, part in enumerate(parts) if part.first_time_s >= at_s)
        return parts[after - 1].key, parts[after].key

    def name(self, key: TrackletKey) -> str:
        """A tracklet as a correction would name it, for messages."""
        tracklet = self.tracklets[key]
        if tracklet.split_from is None:
            return f"{key[0]} {key[1]}"
        return f"{key[0]} {tracklet.split_from}@{seconds(middle_s(tracklet))}"


def middle_s(tracklet: Tracklet) -> float:
    """A time in the middle of a tracklet at which it is in sight, to two decimals where that is possible."""
    exact = float(tracklet.time_s[len(tracklet) // 2])
    short = round(exact, 2)
    return short if tracklet.first_time_s <= short <= tracklet.last_time_s else exact


def unknown_tracklet(ref: TrackletRef, tracklets: Sequence[Tracklet], where: str) -> ConfigError:
    """The error for a reference to no tracklet; it says what there is instead."""
    ids = sorted({t.logged_id for t in tracklets if t.camera == ref.camera})
    if ids:
        return ConfigError(f"there is no tracklet {ref}", where=where, expected=f"{ref.camera} {_ranges(ids)}")
    cameras = ", ".join(sorted({t.camera for t in tracklets})) or "none"
    return ConfigError(f"there is no camera {ref.camera!r}", where=where, expected=f"one of {cameras}")


def _ranges(ids: Sequence[int]) -> str:
    """Increasing ids in few words: 1 to 4, 7, 9 to 12."""
    runs: list[list[int]] = []
    for one in ids:
        if runs and one == runs[-1][-1] + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return ", ".join(texts if len(texts) <= 6 else [*texts[:3], "...", *texts[-2:]])
