"""What somebody may know of what happens live: nothing of cameras that are not theirs, and nothing that is of none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from reidtrack.server.access.rules import Principal

_OF_ONE_CAMERA = frozenset(
    {
        "camera_up",
        "camera_down",
        "camera_retry",
        "stream_changed",
        "stream_restarted",
        "gap",
        "tracklet_started",
        "tracklet_ended",
        "identity",
        "zone_entered",
        "zone_left",
        "line_crossed",
    }
)
_OF_ALL = ("people_total", "memory_bytes", "disk_free_bytes", "recorded_bytes", "uptime_s", "detect_every")


def event_seen(
    event: Mapping[str, Any], user: Principal, cameras_of: Callable[[int], Collection[str]]
) -> dict[str, Any] | None:
    """An event as somebody may know of it; None where they may not. Kinds that are not known here are for nobody.

    Args:
        event: As `events.jsonl` holds it.
        user: Who.
        cameras_of: The cameras in which a person was.
    """
    if user.cameras is None:
        return dict(event)
    kind = event["event"]
    if kind in _OF_ONE_CAMERA:
        if not user.sees(event["camera"]):
            return None
        # That somebody left a zone says where they were all along, also in other cameras.
        return {key: value for key, value in event.items() if key != "dwell_s"}
    if kind == "started":
        cameras = [camera for camera in event["cameras"] if user.sees(camera)]
        return {**event, "cameras": cameras} if cameras else None
    if kind == "merge":
        return dict(event) if user.sees_any(cameras_of(event["into"])) else None
    if kind == "split":
        over = [pair for pair in event["tracklets"] if user.sees(pair[0])]
        return {**event, "tracklets": over} if over else None
    return None


def status_seen(
    status: Mapping[str, Any], user: Principal, *, people_now: int, cameras: Collection[str]
) -> dict[str, Any]:
    """How it stands, as somebody may know it.

    Args:
        status: A `LiveStatus` as plain values; empty before there is one.
        user: Who.
        people_now: People in the user's cameras.
        cameras: Every camera.
    """
    known = status.get("cameras", {})
    seen = {name: dict(known.get(name, {"state": "starting"})) for name in cameras if user.sees(name)}
    whole = {key: status.get(key) for key in _OF_ALL} if user.cameras is None else {}
    return {"cameras": seen, "people_now": people_now, **whole}
