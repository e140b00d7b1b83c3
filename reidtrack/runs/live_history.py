"""What the events of live cameras come to: who each track is by now, names of people, sizes of pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.runs.jsonl import expecting_records, read_json_lines
from reidtrack.types import DoubleArray, IntArray, TrackletKey


@dataclass
class LiveHistory:
    """Events, taken together.

    Attributes:
        names: Identity to what the person is called.
    """

    names: dict[int, str] = field(default_factory=dict)
    _identity: dict[TrackletKey, int] = field(default_factory=dict)
    _into: dict[int, int] = field(default_factory=dict)
    _sizes: dict[str, list[tuple[float, tuple[int, int]]]] = field(default_factory=lambda: defaultdict(list))

    def identities(self) -> dict[TrackletKey, int]:
        """Tracks to the identity that they have by now."""
        return {key: self._by_now(identity) for key, identity in self._identity.items()}

    def sizes(self, camera: str, time_s: DoubleArray) -> IntArray | None:
        """Width and height (N, 2), pixels, of the pictures of a camera that were looked at, at moments (N,).

        Returns:
            None where nothing is known.
        """
        known = self._sizes.get(camera)
        if not known:
            return None
        since_s = np.array([moment_s for moment_s, _ in known])
        place = np.maximum(np.searchsorted(since_s, time_s, side="right") - 1, 0)
        return np.array([size for _, size in known], np.int64)[place]

    def _by_now(self, identity: int) -> int:
        seen = set()
        while identity in self._into and identity not in seen:
            seen.add(identity)
            identity = self._into[identity]
        return identity

    def take(self, event: Mapping[str, Any]) -> None:
        """Take the next event, as `events.jsonl` holds it; kinds that say nothing of all this are passed over."""
        kind = event["event"]
        if kind == "identity":
            self._identity[event["camera"], event["track_id"]] = event["identity"]
            if event.get("name"):
                self.names[event["identity"]] = event["name"]
        elif kind == "merge":
            self._into[event["from"]] = event["into"]
        elif kind == "split":
            for camera, track_id in event["tracklets"]:
                self._identity[camera, track_id] = event["into"]
        elif kind in ("camera_up", "stream_changed"):
            size = int(event["width"]), int(event["height"])
            if min(size) > 0:
                self._sizes[event["camera"]].append((float(event["time_s"]), size))


def read_history(path: Path) -> LiveHistory:
    """What `events.jsonl` comes to; nothing where there is none.

    Raises:
        InputError: If it cannot be read.
    """
    history = LiveHistory()
    if path.is_file():
        with expecting_records(path):
            for event, _ in read_json_lines(path):
                history.take(event)
    return history
