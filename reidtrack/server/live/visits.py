"""Who is where, and who was where since the session began: tracks with their people, out of events and boxes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reidtrack.types import TrackletKey

MOST = 5_000
"""Visits that are known; the oldest go."""


@dataclass
class Visit:
    """One track.

    Attributes:
        camera: Where.
        track_id: Its number there.
        since_s: When it began, seconds since the origin.
        last_s: When it was seen last.
        identity: Who; None while that is not decided.
        over: Whether the track has ended.
    """

    camera: str
    track_id: int
    since_s: float
    last_s: float
    identity: int | None = None
    over: bool = False

    def to_json(self) -> dict[str, Any]:
        """For an answer."""
        until_s = self.last_s if self.over else None
        return {"camera": self.camera, "track_id": self.track_id, "since_s": self.since_s, "until_s": until_s}


class Visits:
    """Keeps the visits of a session. Not for several threads at once."""

    def __init__(self) -> None:
        self._visits: OrderedDict[TrackletKey, Visit] = OrderedDict()
        self.names: dict[int, str] = {}
        self._into: dict[int, int] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        """Take an event, as `events.jsonl` holds it; kinds that say nothing of people are passed over."""
        kind = event["event"]
        if kind in ("tracklet_started", "identity", "tracklet_ended"):
            visit = self._visit(event["camera"], event["track_id"], event["time_s"])
            if event.get("identity") is not None:
                visit.identity = event["identity"]
            if kind == "tracklet_ended":
                visit.over, visit.last_s = True, event["time_s"]
            if event.get("name"):
                self.names[event["identity"]] = event["name"]
        elif kind == "merge":
            for visit in self._visits.values():
                if visit.identity == event["from"]:
                    visit.identity = event["into"]
            self._into[event["from"]] = event["into"]
        elif kind == "split" and "since_s" not in event:
            for camera, track_id in event["tracklets"]:
                if (camera, track_id) in self._visits:
                    self._visits[camera, track_id].identity = event["into"]
        elif kind in ("camera_down", "stopped"):
            for visit in self._visits.values():
                visit.over = visit.over or kind == "stopped" or visit.camera == event["camera"]

    def seen(self, camera: str, time_s: float, track_id: int, identity: int | None) -> None:
        """Take a box."""
        visit = self._visit(camera, track_id, time_s)
        visit.last_s = max(visit.last_s, time_s)
        visit.identity = visit.identity if identity is None else identity

    def of(self, identity: int, sees: Callable[[str], bool]) -> list[Visit]:
        """Visits of somebody in cameras that are seen, the newest first; a number that was merged is who it is now."""
        number = self.by_now(identity)
        found = [v for v in self._visits.values() if v.identity == number and sees(v.camera)]
        return sorted(found, key=lambda visit: visit.since_s, reverse=True)

    def by_now(self, identity: int) -> int:
        """The number that a number has become."""
        seen: set[int] = set()
        while identity in self._into and identity not in seen:
            seen.add(identity)
            identity = self._into[identity]
        return identity

    def present(self, sees: Callable[[str], bool]) -> dict[int, list[Visit]]:
        """Who is in a camera that is seen, by number."""
        found: dict[int, list[Visit]] = {}
        for visit in self._visits.values():
            if not visit.over and visit.identity is not None and sees(visit.camera):
                found.setdefault(visit.identity, []).append(visit)
        return found

    def cameras_of(self, identity: int) -> frozenset[str]:
        """Every camera in which somebody was."""
        return frozenset(visit.camera for visit in self.of(identity, lambda _: True))

    def _visit(self, camera: str, track_id: int, time_s: float) -> Visit:
        key = (camera, track_id)
        if key not in self._visits:
            self._visits[key] = Visit(camera, track_id, time_s, time_s)
            while len(self._visits) > MOST:
                self._visits.popitem(last=False)
        return self._visits[key]
