"""`reidtrack merge`, `split`, `name`, `lock`, `ignore`: from numbers and names of people to `corrections.yaml`."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from reidtrack.config import RunConfig, load
from reidtrack.errors import InputError, UsageError
from reidtrack.files import write_whole
from reidtrack.identity.corrections import (
    KINDS,
    Apart,
    Correction,
    Corrections,
    Entry,
    Ignore,
    Lock,
    Merge,
    Name,
    Place,
    Split,
    append,
    parse,
    remove,
)
from reidtrack.pipeline.corrections import correct, read_text
from reidtrack.pipeline.folder import RunFolder
from reidtrack.pipeline.rematch import open_finished
from reidtrack.pipeline.settle import load_tracklets


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
    place: Place
    link: tuple[tuple[str, int], float] | None


class Person(NamedTuple):
    """An identity as `identities.json` has it."""

    id: int
    name: str | None
    visits: tuple[Visit, ...]

    @property
    def places(self) -> list[Place]:
        """What names the visits."""
        return [visit.place for visit in self.visits]


@dataclass(frozen=True)
class Edit:
    """A change of `corrections.yaml`.

    Attributes:
        add: Corrections to add, each with a remark.
        drop: Corrections to take back.
    """

    add: Sequence[tuple[Entry, str]] = ()
    drop: Sequence[Correction] = field(default_factory=list)


@dataclass(frozen=True)
class Edited:
    """What became of `corrections.yaml`.

    Attributes:
        path: The file.
        added: Its new lines.
        removed: The lines that went.
        places: Of each person that the new corrections are about, one tracklet.
    """

    path: Path
    added: Sequence[str]
    removed: Sequence[str]
    places: Sequence[Place]


People = Sequence[Person]
Make = Callable[[People, Corrections], Edit]


def edit_corrections(path: Path, make: Make) -> Edited:
    """Change the corrections of a run; they are not settled yet.

    Args:
        path: Folder of the run.
        make: From the people of the run and its corrections so far to the change.

    Raises:
        UsageError: If who is meant is not there, or there is nothing to take back.
        ConfigError: If corrections contradict each other; nothing is written then.
        InputError: If the folder holds no finished run.
        OutputError: If the file cannot be written.
    """
    folder, record = open_finished(path)
    file, where, used = folder.corrections, str(folder.corrections), record.get("corrections", {})
    if used.get("entries") and used["file"] != file.name:
        raise UsageError(f"its identities were settled with {used['file']}", where=path, hint=_settle_first(path))
    text = read_text(file) if file.exists() else ""
    before = parse(text, where)
    edit = make(read_people(folder), before)
    kept = remove(text, edit.drop)
    after = append(kept, edit.add, where) if edit.add else kept
    config = load(RunConfig, base=record["config"])
    correct(load_tracklets(folder, config.track), config.associate.model_dump(), parse(after, where))
    write_whole(file, after)
    added = after.splitlines()[len(after.splitlines()) - _added(after, len(edit.add), where) :] if edit.add else []
    gone = [text.splitlines()[c.line - 1 : c.last_line] for c in edit.drop]
    return Edited(file, added, [line for lines in gone for line in lines], [p for e, _ in edit.add for p in _people(e)])


def _added(text: str, count: int, where: str) -> int:
    """How many lines the last corrections take."""
    entries = parse(text, where).entries[-count:]
    return entries[-1].last_line - entries[0].line + 1


def _people(entry: Entry) -> list[Place]:
    if isinstance(entry, Split):
        return [entry.split, entry.split.model_copy(update={"time_s": entry.at_s})]
    if isinstance(entry, Apart):
        return [side[0] for side in entry.apart]
    places = entry.merge if isinstance(entry, Merge) else entry.lock if isinstance(entry, Lock) else ()
    return list((entry.tracklet if isinstance(entry, Name) else places)[:1])


def merge(words: Sequence[str]) -> Make:
    """The people, or single tracklets, that words stand for are one person."""

    def make(people: People, _: Corrections) -> Edit:
        found = [find(people, word) for word in words]
        places = list(dict.fromkeys(place for who in found for place in _places(*who)))
        if len(found) < 2 or len(places) < 2 or len({(person.id, visit) for person, visit in found}) < len(found):
            raise UsageError("nothing to merge", expected="two different people, such as 3 7")
        return Edit([(Merge(merge=tuple(places)), f"merge {' '.join(words)}")])

    return make


def split(words: Sequence[str], at_s: float | None) -> Make:
    """A person is two: a track at a time, a tracklet and the rest of its person, or a person at the weakest link."""

    def make(people: People, _: Corrections) -> Edit:
        word = " ".join(words)
        person, visit = find(people, word)
        remark = f"split {word}"
        if at_s is not None:
            visit = visit or (person.visits[0] if len(person.visits) == 1 else None)
            if visit is None:
                raise UsageError(
                    f"{word} has {len(person.visits)} tracklets",
                    where="--at",
                    expected=f"one, such as {person.places[0]}",
                )
            return Edit([(Split(split=Place(camera=visit.key[0], track_id=visit.logged_id), at_s=at_s), remark)])
        if len(person.visits) < 2:
            raise UsageError(f"{word} has one tracklet", expected="--at SECONDS, when it goes over to somebody else")
        side = [visit] if visit is not None else _behind_weakest_link(person)
        others = [other for other in person.visits if other not in side]
        entry = Apart(apart=(tuple(v.place for v in side), tuple(v.place for v in others)))
        return Edit([(entry, remark)])

    return make


def name(word: str, called: str) -> Make:
    """A person has a name, in place of an earlier one."""

    def make(people: People, corrections: Corrections) -> Edit:
        person, visit = find(people, word)
        longest = visit or max(person.visits, key=lambda v: v.last_time_s - v.first_time_s)
        try:
            entry = Name(name=called, tracklet=(longest.place,))
        except ValidationError as error:
            expected = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise UsageError(f"{called!r} cannot be a name", expected=expected) from error
        former = [c for c in corrections.entries if isinstance(c.entry, Name) and c.entry.name == person.name]
        return Edit([(entry, f"name {word}")], former)

    return make


def lock(words: Sequence[str]) -> Make:
    """People are as they should be: nobody leaves, nobody joins."""

    def make(people: People, _: Corrections) -> Edit:
        found = [find(people, word)[0] for word in words]
        return Edit([(Lock(lock=tuple(person.places)), f"lock {person.id}") for person in found])

    return make


def ignore(words: Sequence[str]) -> Make:
    """People, or single tracklets, are left out of every output."""

    def make(people: People, _: Corrections) -> Edit:
        found = [(word, _places(*find(people, word))) for word in words]
        return Edit([(Ignore(ignore=tuple(places)), f"ignore {word}") for word, places in found])

    return make


def undo(verb: str) -> Make:
    """Take back the last correction of a command."""

    def make(_: People, corrections: Corrections) -> Edit:
        kinds = (Split, Apart) if verb == "split" else (KINDS[verb],)
        found = [c for c in corrections.entries if isinstance(c.entry, kinds)]
        if not found:
            raise UsageError(f"no {verb} to take back", where=corrections.where)
        return Edit(drop=found[-1:])

    return make


def find(people: People, word: str) -> tuple[Person, Visit | None]:
    """Whom a word means: an identity's number, a name, or the person of a tracklet, CAMERA TRACK, and that tracklet.

    Raises:
        UsageError: If there is nobody.
    """
    if word.isdigit():
        person = next((person for person in people if person.id == int(word)), None)
        if person is None:
            raise UsageError(f"there is no person {word}", expected=f"a number from 1 to {len(people)}")
        return person, None
    for person in people:
        if person.name is not None and person.name.casefold() == word.casefold():
            return person, None
    try:
        place = Place.model_validate(word)
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


def _is(visit: Visit, place: Place) -> bool:
    if place.time_s is None:
        return visit.key == (place.camera, place.track_id)
    track = visit.key[0], visit.logged_id
    return track == (place.camera, place.track_id) and visit.first_time_s <= place.time_s <= visit.last_time_s


def _places(person: Person, visit: Visit | None) -> list[Place]:
    return person.places if visit is None else [visit.place]


def _behind_weakest_link(person: Person) -> list[Visit]:
    """The tracklets that only the least certain link joins to the first one's."""
    sure = {visit: visit.link[1] for visit in person.visits if visit.link is not None}
    side = [min(sure, key=lambda visit: sure[visit])]
    for visit in person.visits:  # by time: a tracklet is linked to an earlier one
        if visit not in side and visit.link is not None and visit.link[0] in [v.key for v in side]:
            side.append(visit)
    return side


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
        raise InputError("cannot be read", where=path, hint=_settle_first(folder.path)) from error


def _settle_first(path: Path) -> str:
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
    place = Place(camera=camera, track_id=logged_id, time_s=moment)
    return Visit((camera, track_id), logged_id, first, last, place, joined)
