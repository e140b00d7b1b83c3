"""`reidtrack merge`, `split`, `name`, `lock`, `ignore`: from numbers and names of people to `corrections.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from reidtrack.config.load import load
from reidtrack.config.run import RunConfig
from reidtrack.corrections.apply import correct, read_text
from reidtrack.corrections.edit import append, remove
from reidtrack.corrections.schema import (
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
    parse,
)
from reidtrack.errors import UsageError
from reidtrack.files import write_whole
from reidtrack.pipeline.associate import open_finished
from reidtrack.pipeline.run.settle import association_settings, load_tracklets
from reidtrack.runs.identities import IdentityEntry, TrackletEntry, find_identity, read_identities, settle_first
from reidtrack.runs.lock import RunLock


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


People = Sequence[IdentityEntry]
Make = Callable[[People, Corrections], Edit]


def edit_corrections(path: Path, make: Make) -> Edited:
    """Change the corrections of a run; they are not settled yet.

    Args:
        path: Folder of the run.
        make: From the people of the run and its corrections so far to the change.

    Raises:
        UsageError: If who is meant is not there, there is nothing to take back, or another process is at work there.
        ConfigError: If corrections contradict each other; nothing is written then.
        InputError: If the folder holds no finished run.
        OutputError: If the file cannot be written.
    """
    with RunLock(path):
        folder, manifest = open_finished(path)
        file, where, used = folder.corrections, str(folder.corrections), manifest.corrections
        if used is not None and used.entries and used.file != file.name:
            raise UsageError(f"its identities were settled with {used.file}", where=path, hint=settle_first(path))
        text = read_text(file) if file.exists() else ""
        before = parse(text, where)
        edit = make(read_identities(folder.identities), before)
        kept = remove(text, edit.drop)
        after = append(kept, edit.add, where) if edit.add else kept
        config = load(RunConfig, base=manifest.settings)
        correct(load_tracklets(folder, config.track), association_settings(config, manifest.prior), parse(after, where))
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
        found = [find_identity(people, word) for word in words]
        places = list(dict.fromkeys(place for who in found for place in _places(*who)))
        if len(found) < 2 or len(places) < 2 or len({(person.id, tracklet) for person, tracklet in found}) < len(found):
            raise UsageError("nothing to merge", expected="two different people, such as 3 7")
        return Edit([(Merge(merge=tuple(places)), f"merge {' '.join(words)}")])

    return make


def split(words: Sequence[str], at_s: float | None) -> Make:
    """A person is two: a track at a time, a tracklet and the rest of its person, or a person at the weakest link."""

    def make(people: People, _: Corrections) -> Edit:
        word = " ".join(words)
        person, tracklet = find_identity(people, word)
        remark = f"split {word}"
        if at_s is not None:
            tracklet = tracklet or (person.tracklets[0] if len(person.tracklets) == 1 else None)
            if tracklet is None:
                raise UsageError(
                    f"{word} has {len(person.tracklets)} tracklets",
                    where="--at",
                    expected=f"one, such as {person.places[0]}",
                )
            return Edit([(Split(split=Place(camera=tracklet.camera, track_id=tracklet.logged_id), at_s=at_s), remark)])
        if len(person.tracklets) < 2:
            raise UsageError(f"{word} has one tracklet", expected="--at SECONDS, when it goes over to somebody else")
        side = [tracklet] if tracklet is not None else _behind_weakest_link(person)
        others = [other for other in person.tracklets if other not in side]
        entry = Apart(apart=(tuple(t.place for t in side), tuple(t.place for t in others)))
        return Edit([(entry, remark)])

    return make


def name(word: str, called: str) -> Make:
    """A person has a name, in place of an earlier one."""

    def make(people: People, corrections: Corrections) -> Edit:
        person, tracklet = find_identity(people, word)
        longest = tracklet or max(person.tracklets, key=lambda t: t.last_time_s - t.first_time_s)
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
        found = [find_identity(people, word)[0] for word in words]
        return Edit([(Lock(lock=tuple(person.places)), f"lock {person.id}") for person in found])

    return make


def ignore(words: Sequence[str]) -> Make:
    """People, or single tracklets, are left out of every output."""

    def make(people: People, _: Corrections) -> Edit:
        found = [(word, _places(*find_identity(people, word))) for word in words]
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


def _places(person: IdentityEntry, tracklet: TrackletEntry | None) -> list[Place]:
    return person.places if tracklet is None else [tracklet.place]


def _behind_weakest_link(person: IdentityEntry) -> list[TrackletEntry]:
    """The tracklets that only the least certain link joins to the first one's."""
    links = {tracklet: tracklet.link for tracklet in person.tracklets if tracklet.link is not None}
    side = [min(links, key=lambda tracklet: links[tracklet].sureness)]
    for tracklet, link in links.items():  # by time: a tracklet is linked to an earlier one
        if tracklet not in side and link.key in [t.key for t in side]:
            side.append(tracklet)
    return side
