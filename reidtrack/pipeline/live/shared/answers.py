"""What an associator tells of who is who, as JSON in a stream, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reidtrack.events import Event, IdentityGiven, Merged, Split
from reidtrack.pipeline.live.shared.checked import (
    MOST_NUMBER,
    RefusedError,
    camera_name,
    listed,
    read_json,
    real,
    whole,
    word,
)

VERSION = 1
_MOST_EVENTS = 2000
_MOST_SPLIT = 2000
Answer = IdentityGiven | Merged | Split


def encode(events: Sequence[Event], origin_s: float) -> list[dict[str, bytes]]:
    """Fields of the entries that tell of events.

    Args:
        events: `IdentityGiven`, `Merged` and `Split`; others are passed over.
        origin_s: From when their times count, seconds since 1970.
    """
    rows = [_row(event, origin_s) for event in events if isinstance(event, IdentityGiven | Merged | Split)]
    parts = [rows[i : i + _MOST_EVENTS // 4] for i in range(0, len(rows), _MOST_EVENTS // 4)]
    return [{"json": json.dumps({"v": VERSION, "events": part}, separators=(",", ":")).encode()} for part in parts]


def _row(event: Answer, origin_s: float) -> dict[str, object]:
    row: dict[str, object] = {"event": event.event, "time": round(event.time_s + origin_s, 3)}
    if isinstance(event, IdentityGiven):
        row |= {"camera": event.camera, "track_id": event.track_id, "identity": event.identity}
        row |= {"provisional": event.provisional, "name": event.name, "probability": event.probability}
    elif isinstance(event, Merged):
        row |= {"from": event.from_, "into": event.into}
    else:
        since_s = None if event.since_s is None else round(event.since_s + origin_s, 3)
        row |= {"from": event.from_, "into": event.into, "tracklets": event.tracklets[:_MOST_SPLIT], "since": since_s}
    return row


def decode(fields: Mapping[bytes, object]) -> list[Answer]:
    """The events of an entry, their times in seconds since 1970.

    Raises:
        RefusedError: If it is none.
    """
    data = read_json(fields.get(b"json"), "answer", VERSION)
    return [_event(row) for row in listed(data.get("events"), "events", _MOST_EVENTS)]


def _event(row: object) -> Answer:
    if not isinstance(row, dict):
        raise RefusedError("event: expected an object")
    time_s = real(row.get("time"), "time", 0)
    match row.get("event"):
        case "identity":
            name, probability = row.get("name"), row.get("probability")
            return IdentityGiven(
                time_s=time_s,
                camera=camera_name(row.get("camera")),
                track_id=whole(row.get("track_id"), "track_id", 0),
                identity=whole(row.get("identity"), "identity", 1),
                provisional=row.get("provisional") is not False,
                name=None if name is None else word(name, "name"),
                probability=None if probability is None else real(probability, "probability", 0, 1),
            )
        case "merge":
            return Merged(time_s=time_s, from_=_number(row, "from"), into=_number(row, "into"))
        case "split":
            keys = [_key(key) for key in listed(row.get("tracklets"), "tracklets", _MOST_SPLIT)]
            since = row.get("since")
            return Split(
                time_s=time_s,
                from_=_number(row, "from"),
                into=_number(row, "into"),
                tracklets=tuple(keys),
                since_s=None if since is None else real(since, "since", 0),
            )
    raise RefusedError("event: expected identity, merge or split")


def _number(row: Mapping[str, object], name: str) -> int:
    return whole(row.get(name), name, 1, MOST_NUMBER)


def _key(value: object) -> tuple[str, int]:
    pair = listed(value, "tracklet", 2)
    if len(pair) != 2:
        raise RefusedError("tracklet: expected camera and track")
    return camera_name(pair[0]), whole(pair[1], "track_id", 0)


def at(event: Answer, time_s: float, since_s: float | None = None) -> Answer:
    """The event at another time."""
    return replace(event, time_s=time_s, since_s=since_s) if isinstance(event, Split) else replace(event, time_s=time_s)
