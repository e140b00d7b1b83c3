"""Who is who in a sector as it lies in Redis: a hash of raw arrays, checked like a stranger's by whoever takes over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidtrack.associate.live.state import MOST_BYTES
from reidtrack.pipeline.live.shared.checked import (
    MOST_NUMBER,
    RefusedError,
    camera_name,
    is_owner,
    listed,
    read_json,
    real,
    whole,
)

VERSION = 1
_MOST_GROUPS = 10_000
_MOST_CAMERAS = 10_000
_MOST_TOLD = 100_000
_MOST_ALIASES = 10_000
_COLUMNS = {"frame": ("<i8", 8), "time_s": ("<f8", 8), "xyxy": ("<f4", 16)}


@dataclass(slots=True)
class SectorState:
    """What a sector's associator knows.

    Attributes:
        commit: How often it was stored.
        by: Who stored it.
        origin_s: From when times count, seconds since 1970.
        now_s: The time it had come to, counted from there.
        reserved: The highest number set aside for it.
        seen: Group to the session and number of the last entry that is in it.
        sizes: Camera to width and height of its pictures; (0, 0) where they are not known.
        handed_id: Of the last entry of other sectors that is in it.
        people: As `OnlineIdentities.state` gives it; empty before the first time.
        told: Number to when the person was last seen here, by what other sectors were told, counted from the origin.
        aliases: Number to a lower one that is the same person, as sectors have found.
        watched: Camera to the folder that watches it, and since when another one did not, seconds since 1970.
    """

    commit: int = 0
    by: str = ""
    origin_s: float = 0.0
    now_s: float = 0.0
    reserved: int = 0
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    handed_id: str = "0-0"
    people: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    told: dict[int, float] = field(default_factory=dict)
    aliases: dict[int, int] = field(default_factory=dict)
    watched: dict[str, tuple[str, float]] = field(default_factory=dict)


def encode(state: SectorState) -> dict[str, bytes]:
    """Fields of the hash."""
    people = state.people
    head = {
        "v": VERSION,
        "commit": state.commit,
        "by": state.by,
        "origin": state.origin_s,
        "now": state.now_s,
        "reserved": state.reserved,
        "seen": {owner: list(last) for owner, last in state.seen.items()},
        "sizes": {camera: list(size) for camera, size in state.sizes.items()},
        "handed": state.handed_id,
        "told": list(state.told.items()),
        "aliases": list(state.aliases.items()),
        "watched": {camera: list(folder) for camera, folder in state.watched.items()},
        "dim": int(people["features"].shape[1]) if people else 0,
    }
    columns = {name: people[name].astype(dtype).tobytes() for name, (dtype, _) in _COLUMNS.items()} if people else {}
    if people:
        columns |= {"json": people["json"].tobytes(), "features": people["features"].astype("<f2").tobytes()}
    return {"head": json.dumps(head, separators=(",", ":")).encode(), **columns}


def decode(fields: Mapping[bytes, object]) -> SectorState:
    """The state that `encode` wrote; what is in `people`, `OnlineIdentities.restore` checks.

    Raises:
        RefusedError: If it is none.
    """
    head = read_json(fields.get(b"head"), "state", VERSION)
    by, handed, dim = head.get("by"), head.get("handed"), whole(head.get("dim"), "dim", 0, 65_536)
    if not isinstance(by, str) or len(by) > 100 or not isinstance(handed, str) or len(handed) > 50:
        raise RefusedError("state.by: expected a name")
    if not handed.replace("-", "").isdigit():
        raise RefusedError("state.handed: expected an id")
    return SectorState(
        whole(head.get("commit"), "commit", 0),
        by,
        real(head.get("origin"), "origin", 0),
        real(head.get("now"), "now"),
        whole(head.get("reserved"), "reserved", 0, MOST_NUMBER),
        {str(owner)[:16]: _pair(last) for owner, last in _mapping(head.get("seen"), "seen", _MOST_GROUPS)},
        {camera_name(camera): _pair(size) for camera, size in _mapping(head.get("sizes"), "sizes", _MOST_CAMERAS)},
        handed,
        _people(fields, dim),
        dict(_told(row) for row in listed(head.get("told", []), "told", _MOST_TOLD)),
        dict(_alias(row) for row in listed(head.get("aliases", []), "aliases", _MOST_ALIASES)),
        dict(_watched(*row) for row in _mapping(head.get("watched", {}), "watched", _MOST_CAMERAS)),
    )


def _people(fields: Mapping[bytes, object], dim: int) -> dict[str, NDArray[Any]]:
    if b"json" not in fields:
        return {}
    found: dict[str, NDArray[Any]] = {}
    for name, (dtype, size) in {**_COLUMNS, "json": ("u1", 1), "features": ("<f2", max(1, 2 * dim))}.items():
        data = fields.get(name.encode())
        if not isinstance(data, bytes) or len(data) % size or len(data) > MOST_BYTES:
            raise RefusedError(f"state.{name}: expected rows of {size} bytes")
        found[name] = np.frombuffer(data, dtype).astype(np.dtype(dtype).newbyteorder("="))
    found["xyxy"] = found["xyxy"].reshape(-1, 4)
    found["features"] = found["features"].reshape(len(found["features"]) // max(1, dim), dim)
    return found


def _mapping(value: object, name: str, most: int) -> list[tuple[str, object]]:
    if not isinstance(value, dict) or len(value) > most:
        raise RefusedError(f"state.{name}: expected an object of at most {most} entries")
    return list(value.items())


def _pair(value: object) -> tuple[int, int]:
    found = _two(value)
    return whole(found[0], "pair", 0), whole(found[1], "pair", 0)


def _told(value: object) -> tuple[int, float]:
    found = _two(value)
    return whole(found[0], "told", 1), real(found[1], "told")


def _alias(value: object) -> tuple[int, int]:
    high = whole(_two(value)[0], "alias", 2)
    return high, whole(_two(value)[1], "alias", 1, high - 1)


def _watched(camera: str, value: object) -> tuple[str, tuple[str, float]]:
    folder, since_s = _two(value)
    if not is_owner(folder):
        raise RefusedError("state.watched: expected 16 hexadecimal digits")
    return camera_name(camera), (folder, real(since_s, "watched", 0))


def _two(value: object) -> list[Any]:
    found = listed(value, "pair", 2)
    if len(found) != 2:
        raise RefusedError("state: expected two numbers")
    return found
