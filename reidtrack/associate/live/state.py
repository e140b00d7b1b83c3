"""What is in memory of live cameras, as arrays to be stored, and back: bounded, no pickle, checked like a stranger's.

It is a table of arrays by name, as `numpy.savez` takes it: `json`, UTF-8 text of what is not an array, and the boxes
and features that the entries of that text refer to by their counts, one entry after another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidtrack.associate.live.parts import Part, thinned
from reidtrack.associate.live.people import PROTOTYPES, Person, Prototypes
from reidtrack.associate.live.register import MOST_OVER, Register
from reidtrack.types import FloatArray, Tracklet

State = dict[str, NDArray[Any]]
VERSION = 1
MOST_BYTES = 256 << 20
"""Of all arrays together; a state has about a tenth of it at most."""
_BOXES, _FEATURES = 8, 8
"""Boxes and features that are kept of a part."""
_MOST_TEXT = 200
"""Characters of a name."""
_MOST_ENTRIES = 100_000
_LARGEST = 1e300
"""Of numbers, so that none is infinite: a whole number of 400 digits would be."""
_UNIT = 0.02
"""How far the length of a stored feature may be from 1: it has half precision."""


@dataclass
class _Writer:
    """Arrays that grow by one entry after another."""

    boxes: list[Tracklet] = field(default_factory=list)
    features: list[NDArray[Any]] = field(default_factory=list)

    def tracklet(self, tracklet: Tracklet) -> dict[str, Any]:
        """Take boxes and features of a tracklet; what is to be written of it besides."""
        few = thinned(tracklet, _BOXES, _FEATURES)
        self.boxes.append(few)
        self.features.append(few.features)
        return {
            "boxes": len(few),
            "features": len(few.features),
            "feature_frame": few.feature_frame.tolist(),
            "quality": [round(float(q), 4) for q in few.feature_quality],
        }

    def arrays(self, text: Mapping[str, Any]) -> State:
        """Everything, with the text."""
        wide = max((rows.shape[1] for rows in self.features), default=0)
        rows = [rows for rows in self.features if len(rows)]
        return {
            "json": np.frombuffer(json.dumps(text).encode(), np.uint8),
            "frame": np.concatenate([np.zeros(0, np.int64), *(t.frame for t in self.boxes)]),
            "time_s": np.concatenate([np.zeros(0), *(t.time_s for t in self.boxes)]),
            "xyxy": np.concatenate([np.zeros((0, 4), np.float32), *(t.xyxy for t in self.boxes)]),
            "features": np.concatenate([np.zeros((0, wide), np.float32), *rows]).astype(np.float16),
        }


def state_of(register: Register, threshold: float | None, *, going_on: bool = False) -> State:
    """What there is to be stored.

    Args:
        register: Who is in memory.
        threshold: In use.
        going_on: Whether tracks are to go on: then parts without a number are stored, too, and which are open.
    """
    writer, index = _Writer(), {}
    parts = [part for part in register.parts.values() if going_on or part.number is not None]
    for i, part in enumerate(parts):
        index[part.serial] = i
    text = {
        "version": VERSION,
        "next_identity": register.next_identity,
        "highest": max(register.people, default=0),
        "threshold": threshold,
        "parts": [{**_part_to_json(part, writer, index), **(_going_on(part) if going_on else {})} for part in parts],
        "people": [
            {**_person_to_json(person, writer), **({"kept": person.kept} if going_on else {})}
            for person in register.people.values()
        ],
        "over": [[*key, number] for key, number in register.over.items()],
    }
    return writer.arrays(text)


def _part_to_json(part: Part, writer: _Writer, index: Mapping[int, int]) -> dict[str, Any]:
    return {
        "camera": part.key[0],
        "track_id": part.key[1],
        "number": part.number,
        "met": sorted(index[serial] for serial in part.met if serial in index),
        "met_people": sorted(part.met_people),
        **writer.tracklet(part.tracklet),
    }


def _going_on(part: Part) -> dict[str, Any]:
    return {"open": part.is_open, "kept": part.kept, "begins_at": part.begins_at, "given_s": part.given_s}


def _person_to_json(person: Person, writer: _Writer) -> dict[str, Any]:
    before = []
    for camera, found in sorted(person.before.items()):
        writer.boxes.append(found.last)
        writer.features.append(found.feature)
        entry = {"camera": camera, "weight": found.weight.tolist(), "first_s": found.first_s}
        before.append(entry | {"score": float(found.last.score[0]), "track_id": found.last.track_id})
    return {
        "number": person.number,
        "first_s": person.first_s,
        "last_s": person.last_s,
        "name": person.name,
        "met": sorted(person.met),
        "asked": person.asked,
        "before": before,
    }


class _Reader:
    """Reads what `_Writer` wrote, and refuses what it did not.

    Args:
        state: The arrays.

    Raises:
        ValueError: If an array lacks, or has another kind.
    """

    def __init__(self, state: Mapping[str, NDArray[Any]]) -> None:
        self._state = state
        self._box, self._row = 0, 0
        kinds = {"json": ("u1", 1), "frame": ("i8", 1), "time_s": ("f8", 1), "xyxy": ("f4", 2), "features": ("f2", 2)}
        for name, (kind, dimensions) in kinds.items():
            array = state.get(name)
            if not isinstance(array, np.ndarray) or array.dtype != np.dtype(kind) or array.ndim != dimensions:
                raise ValueError(f"state.{name}: expected an array of {kind} with {dimensions} dimensions")
        if sum(state[name].nbytes for name in kinds) > MOST_BYTES:
            raise ValueError(f"state: expected {MOST_BYTES >> 20} MiB at most")
        boxes = len(state["frame"])
        if state["time_s"].shape != (boxes,) or state["xyxy"].shape != (boxes, 4):
            raise ValueError("state: frame, time_s and xyxy differ in length")
        if not (np.isfinite(state["time_s"]).all() and np.isfinite(state["xyxy"]).all()):
            raise ValueError("state: expected finite times and boxes")
        rows = state["features"].astype(np.float32)
        size = np.linalg.norm(rows, axis=1)
        if rows.shape[1] > 65_536 or not (np.abs(size - 1) < _UNIT).all():
            raise ValueError("state.features: expected rows of unit norm")
        self._features = rows / size[:, None] if len(rows) else rows

    @property
    def dim(self) -> int:
        """Length of a feature."""
        return int(self._features.shape[1])

    def text(self) -> dict[str, Any]:
        """What is not an array."""
        try:
            found = json.loads(self._state["json"].tobytes().decode())
        except (ValueError, RecursionError) as error:
            raise ValueError("state.json: expected JSON") from error
        if not isinstance(found, dict) or found.get("version") != VERSION:
            raise ValueError(f"state.version: expected {VERSION}")
        return found

    def boxes(self, count: int) -> slice:
        """The next boxes."""
        found = slice(self._box, self._box + count)
        self._box += count
        if self._box > len(self._state["frame"]):
            raise ValueError("state: there are fewer boxes than it says")
        return found

    def rows(self, count: int) -> FloatArray:
        """The next features (count, D)."""
        self._row += count
        if self._row > len(self._features):
            raise ValueError("state: there are fewer features than it says")
        return self._features[self._row - count : self._row]

    def tracklet(self, camera: str, track_id: int, entry: Mapping[str, Any]) -> Tracklet:
        """The next tracklet."""
        n, k = _integer(entry, "boxes", 1, 10_000), _integer(entry, "features", 0, 10_000)
        span, features = self.boxes(n), self.rows(k)
        frames = [_whole(value, "feature_frame", 0, 1 << 62) for value in _list(entry, "feature_frame")]
        quality = [_real(value, "quality") for value in _list(entry, "quality")]
        return Tracklet(
            camera,
            track_id,
            self._state["frame"][span].copy(),
            self._state["time_s"][span].copy(),
            self._state["xyxy"][span].copy(),
            np.ones(n, np.float32),
            features.copy(),
            np.array(frames, np.int64),
            np.array(quality, np.float32),
        )


def fill(register: Register, state: Mapping[str, NDArray[Any]], *, going_on: bool = False) -> float | None:
    """Put into an empty register what `state_of` gave; returns the threshold that was in use.

    Args:
        register: Empty.
        state: What `state_of` gave.
        going_on: Whether tracks that were open go on; all have ended otherwise.

    Raises:
        ValueError: If it is nothing that `state_of` gives; the register is of no use then.
    """
    reader = _Reader(state)
    text = reader.text()
    lowest = _integer(text, "next_identity", 1, 1 << 53)
    register.next_identity = max(register.next_identity, lowest)
    if going_on and "highest" in text:  # people who came from elsewhere have numbers from there
        lowest = max(lowest, _integer(text, "highest", 0, 1 << 53) + 1)
    parts = [_read_part(register, reader, entry, lowest, going_on=going_on) for entry in _list(text, "parts")]
    for entry in _list(text, "people"):
        person = _read_person(reader, _entry(entry), lowest)
        if person.number in register.people:
            raise ValueError(f"state.people: {person.number} is there twice")
        register.people[person.number] = person
    _link_people(register, _list(text, "people"))
    _link(register, parts, _list(text, "parts"))
    for row in _list(text, "over")[-MOST_OVER:]:
        if not isinstance(row, list) or len(row) != 3:
            raise ValueError("state.over: expected camera, track and number")
        camera, track_id, number = row
        known = _number(number, lowest)
        if known in register.people:
            register.over[_text(camera), _whole(track_id, "track_id", -(1 << 53), 1 << 53)] = known
    return None if text.get("threshold") is None else _within(_real(text["threshold"], "threshold"), 0, 2, "threshold")


def _read_part(register: Register, reader: _Reader, entry: Any, lowest: int, *, going_on: bool) -> Part:
    entry = _entry(entry)
    key = _text(entry.get("camera")), _integer(entry, "track_id", -(1 << 53), 1 << 53)
    tracklet = reader.tracklet(*key, entry)
    part = register.add(Part.of(register.serial(), tracklet, tracklet.first_time_s))
    if not going_on:
        part.number, part.kept, part.is_open = _number(entry.get("number"), lowest), True, False
        return part
    number = entry.get("number")
    part.number = None if number is None else _number(number, lowest)
    part.is_open, part.kept = (entry.get(name) is True for name in ("open", "kept"))
    part.begins_at = _integer(entry, "begins_at", 0, 1 << 62)
    part.given_s = _real(entry.get("given_s"), "given_s")
    return part


def _read_person(reader: _Reader, entry: Mapping[str, Any], lowest: int) -> Person:
    first_s, last_s = _real(entry.get("first_s"), "first_s"), _real(entry.get("last_s"), "last_s")
    name = entry.get("name")
    person = Person(_number(entry.get("number"), lowest), first_s, last_s, None if name is None else _text(name), True)
    person.asked, person.kept = _integer(entry, "asked", 0, 1 << 53), entry.get("kept") is not False
    for one in _list(entry, "before"):
        found = _read_prototypes(reader, _entry(one))
        person.before[found.last.camera] = found
    return person


def _read_prototypes(reader: _Reader, entry: Mapping[str, Any]) -> Prototypes:
    weight = np.array([_within(_real(w, "weight"), 1e-9, 1e9, "weight") for w in _list(entry, "weight")], np.float64)
    if not 1 <= len(weight) <= PROTOTYPES:
        raise ValueError(f"state.weight: expected 1 to {PROTOTYPES} numbers")
    one = {"boxes": 1, "features": 0, "feature_frame": [], "quality": []}
    camera, track_id = _text(entry.get("camera")), _integer(entry, "track_id", -(1 << 53), 1 << 53)
    last = reader.tracklet(camera, track_id, one)
    return Prototypes(reader.rows(len(weight)).astype(np.float16), weight, _real(entry.get("first_s"), "first_s"), last)


def _link_people(register: Register, entries: Sequence[Mapping[str, Any]]) -> None:
    for entry in entries:
        met = {_whole(n, "met", 1, 1 << 53) for n in _list(entry, "met")}
        number = _whole(entry.get("number"), "number", 1, 1 << 53)
        register.people[number].met = met & register.people.keys() - {number}


def _link(register: Register, parts: Sequence[Part], entries: Sequence[Mapping[str, Any]]) -> None:
    """Put back who met whom, once everybody is there."""
    for part, entry in zip(parts, entries, strict=True):
        if part.number is not None and part.number not in register.people:
            raise ValueError(f"state.parts: {part.number} is nobody")
        for i in _list(entry, "met"):
            other = parts[_whole(i, "met", 0, len(parts) - 1)]
            if other is not part and other.camera == part.camera:
                part.met.add(other.serial)
                other.met.add(part.serial)
        numbers = {_whole(n, "met_people", 1, 1 << 53) for n in _list(entry, "met_people")}
        part.met_people = numbers & register.people.keys() - {part.number}


def _entry(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("state: expected an object")
    return value


def _list(entry: Mapping[str, Any], name: str) -> list[Any]:
    value = entry.get(name)
    if not isinstance(value, list) or len(value) > _MOST_ENTRIES:
        raise ValueError(f"state.{name}: expected a list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_TEXT or not value.isprintable():
        raise ValueError(f"state: expected a name of up to {_MOST_TEXT} characters")
    return value


def _integer(entry: Mapping[str, Any], name: str, low: int, high: int) -> int:
    return _whole(entry.get(name), name, low, high)


def _whole(value: Any, name: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"state.{name}: expected a whole number from {low} to {high}")
    return value


def _number(value: Any, lowest: int) -> int:
    """An identity below the lowest that nobody has had."""
    return _whole(value, "number", 1, lowest - 1)


def _real(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise ValueError(f"state.{name}: expected a number")
    return float(value)


def _within(value: float, low: float, high: float, name: str) -> float:
    if not low <= value <= high:
        raise ValueError(f"state.{name}: expected {low:g} to {high:g}")
    return value
