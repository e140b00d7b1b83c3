"""The people of a run as `identities.json` has them, and whom a user means."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from reidtrack.corrections.schema import TrackletRef
from reidtrack.errors import InputError, UsageError
from reidtrack.runs.folder import RunFolder


class Visit(NamedTuple):
    """A tracklet as `identities.json` has it.

    Attributes:
        key: Camera and track id.
        logged_id: Track id in the tracker's log.
        first_time_s: When it begins, seconds.
        last_time_s: When it ends.
        place: What names it in `corrections.yaml`.
        link: The tracklet it was joined to, and how sure that is, a probability or else the negative distance.
    """

    key: tuple[str, int]
    logged_id: int
    first_time_s: float
    last_time_s: float
    place: TrackletRef
    link: tuple[tuple[str, int], float] | None


class Person(NamedTuple):
    """An identity as `identities.json` has it."""

    id: int
    name: str | None
    visits: tuple[Visit, ...]

    @property
    def places(self) -> list[TrackletRef]:
        """What names the visits."""
        return [visit.place for visit in self.visits]


People = Sequence[Person]


def find(people: People, word: str) -> tuple[Person, Visit | None]:
    """Whom a word means: an identity's number, a name, or the person of a tracklet, CAMERA TRACK, and that tracklet.

    Raises:
        UsageError: If there is nobody.
    """
    if word.isdecimal():
        person = next((person for person in people if person.id == int(word)), None)
        if person is None:
            raise UsageError(f"there is no person {word}", expected=f"a number from 1 to {len(people)}")
        return person, None
    for person in people:
        if person.name is not None and person.name.casefold() == word.casefold():
            return person, None
    try:
        place = TrackletRef.model_validate(word)
    except ValidationError:
        names = [person.name for person in people if person.name is not None]
        near = difflib.get_close_matches(word, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else None
        expected = "an identity's number, a name, or 'CAMERA TRACK'"
        raise UsageError(f"there is nobody {word!r}", expected=expected, hint=hint) from None
    for person in people:
        for visit in person.visits:
            if _is(visit, place):
                return person, visit
    cameras = ", ".join(sorted({visit.key[0] for person in people for visit in person.visits}))
    raise UsageError(
        f"there is no tracklet {word!r}", expected=f"CAMERA TRACK as in identities.json; cameras: {cameras}"
    )


def _is(visit: Visit, place: TrackletRef) -> bool:
    if place.time_s is None:
        return visit.key == (place.camera, place.track_id)
    track = visit.key[0], visit.logged_id
    return track == (place.camera, place.track_id) and visit.first_time_s <= place.time_s <= visit.last_time_s


def read_people(folder: RunFolder) -> list[Person]:
    """The people of `identities.json`.

    Raises:
        InputError: If it cannot be read.
    """
    path = folder.path / "identities.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        cut = {(t["camera"], t["split_from"]) for entry in entries for t in entry["tracklets"] if "split_from" in t}
        return [
            Person(entry["id"], entry.get("name"), tuple(_visit(t, cut) for t in entry["tracklets"]))
            for entry in entries
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("cannot be read", where=path, hint=settle_first(folder.path)) from error


def settle_first(path: Path) -> str:
    """What to do where the outputs of a run are not those of its corrections."""
    return f"run `reidtrack associate {path}`"


def _sure(link: dict[str, Any]) -> float:
    return -float(link["distance"]) if link["probability"] is None else float(link["probability"])


def _visit(entry: dict[str, Any], cut: set[tuple[str, int]]) -> Visit:
    camera, track_id, link = entry["camera"], entry["track_id"], entry["link"]
    logged_id = entry.get("split_from", track_id)
    first, last = entry["first_time_s"], entry["last_time_s"]
    middle = round((first + last) / 2, 2)
    moment = (middle if first <= middle <= last else first) if (camera, logged_id) in cut else None
    joined = None if link is None else ((link["camera"], link["track_id"]), _sure(link))
    place = TrackletRef(camera=camera, track_id=logged_id, time_s=moment)
    return Visit((camera, track_id), logged_id, first, last, place, joined)
