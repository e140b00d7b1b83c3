"""`reidtrack merge`, `split`, `name`, `lock`, `ignore`: entries added to `corrections.yaml`, or taken back.

The five commands share one file: they differ in the entry they make and in nothing else. People are given by number,
name or tracklet; entries name tracklets, which keep their names when identities are settled anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from reidtrack.corrections.apply import correct, read_text
from reidtrack.corrections.edit import append, remove
from reidtrack.corrections.parse import parse
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
    Split,
    TrackletRef,
)
from reidtrack.errors import UsageError, param
from reidtrack.files import refuse_link, write_whole
from reidtrack.pipeline.associate import open_finished
from reidtrack.pipeline.run.settings import settings_of
from reidtrack.pipeline.run.settle import association_settings, load_tracklets
from reidtrack.pipeline.run.site_files import check_site_files
from reidtrack.runs.identities import IdentityEntry, TrackletEntry, find_identity, read_identities, settle_first
from reidtrack.runs.lock import RunLock


@dataclass(frozen=True)
class Edit:
    """A change of `corrections.yaml`.

    Attributes:
        add: Entries to add, each with a remark.
        drop: Entries to remove.
    """

    add: Sequence[tuple[Entry, str]] = ()
    drop: Sequence[Correction] = field(default_factory=list)


@dataclass(frozen=True)
class Edited:
    """The outcome of an edit of `corrections.yaml`.

    Attributes:
        path: The file.
        added: Its new lines.
        removed: The lines that were removed.
        people: One tracklet of each person that the new entries are about.
    """

    path: Path
    added: Sequence[str]
    removed: Sequence[str]
    people: Sequence[TrackletRef]


People = Sequence[IdentityEntry]
Make = Callable[[People, Corrections], Edit]
"""From the people of a run and its corrections so far to an edit."""


def edit_corrections(path: Path, make: Make, *, settles: bool = False) -> Edited:
    """Change the corrections of a run; they are not settled yet.

    Args:
        path: Folder of the run.
        make: Makes the edit, see `merge`, `split`, `apart`, `name`, `lock`, `ignore` and `undo`.
        settles: Whether identities are settled at once: until they are, the run is not done.

    Raises:
        UsageError: If who is meant is not there, there is nothing to take back, or another process is at work there.
        ConfigError: If corrections contradict each other; nothing is written then.
        InputError: If the folder holds no finished run.
        OutputError: If the file cannot be written.
    """
    with RunLock(path):
        folder, manifest = open_finished(path)
        manifest.require_settled(path)
        refuse_link(folder.corrections)
        file, where, used = folder.corrections, str(folder.corrections), manifest.corrections
        if used is not None and used.entries and used.file != file.name:
            raise UsageError(f"its identities were settled with {used.file}", where=path, hint=settle_first(path))
        text = read_text(file) if file.exists() else ""
        before = parse(text, where)
        edit = make(read_identities(folder.identities), before)
        kept = remove(text, edit.drop)
        after = append(kept, edit.add, where) if edit.add else kept
        config = settings_of(manifest)
        check_site_files(path, manifest, config.site)
        tracklets = load_tracklets(folder, config.track, manifest.cameras)
        correct(tracklets, association_settings(config, manifest.prior), parse(after, where))
        if settles and manifest.status == "done":
            manifest.status = "rendering"
            folder.write_manifest(manifest)
        write_whole(file, after)
    added = after.splitlines()[len(after.splitlines()) - _added(after, len(edit.add), where) :] if edit.add else []
    gone = [text.splitlines()[c.line - 1 : c.last_line] for c in edit.drop]
    return Edited(file, added, [line for lines in gone for line in lines], [p for e, _ in edit.add for p in _people(e)])


def _added(text: str, count: int, where: str) -> int:
    """Number of lines of the last entries."""
    entries = parse(text, where).entries[-count:]
    return entries[-1].last_line - entries[0].line + 1


def _people(entry: Entry) -> list[TrackletRef]:
    """One tracklet of each person that an entry is about."""
    if isinstance(entry, Split):
        return [entry.split, entry.split.model_copy(update={"time_s": entry.at_s})]
    if isinstance(entry, Apart):
        return [side[0] for side in entry.apart]
    refs = entry.merge if isinstance(entry, Merge) else entry.lock if isinstance(entry, Lock) else ()
    return list((entry.tracklet if isinstance(entry, Name) else refs)[:1])


def merge(words: Sequence[str]) -> Make:
    """Make the edit by which people, or single tracklets, become one person.

    Args:
        words: Each a number, a name, or CAMERA TRACK.
    """

    def make(people: People, _: Corrections) -> Edit:
        found = [find_identity(people, word) for word in words]
        refs = list(dict.fromkeys(ref for who in found for ref in _refs(*who)))
        if len(found) < 2 or len(refs) < 2 or len({(person.id, tracklet) for person, tracklet in found}) < len(found):
            raise UsageError("nothing to merge", expected="two different people, such as 3 7")
        return Edit([(Merge(merge=tuple(refs)), f"merge {' '.join(words)}")])

    return make


def split(words: Sequence[str], at_s: float | None) -> Make:
    """Make the edit by which a person becomes two.

    A track is cut at a time, a tracklet leaves the rest of its person, or a person is parted at the weakest link.

    Args:
        words: A number, a name, or CAMERA TRACK.
        at_s: When the track passes to somebody else, seconds.
    """

    def make(people: People, _: Corrections) -> Edit:
        word = " ".join(words)
        person, tracklet = find_identity(people, word)
        remark = f"split {word}"
        if at_s is not None:
            tracklet = tracklet or (person.tracklets[0] if len(person.tracklets) == 1 else None)
            if tracklet is None:
                raise UsageError(
                    f"{word} has {len(person.tracklets)} tracklets",
                    field="at",
                    expected=f"one, such as {person.refs[0]}",
                )
            track = TrackletRef(camera=tracklet.camera, track_id=tracklet.logged_id)
            return Edit([(Split(split=track, at_s=at_s), remark)])
        if len(person.tracklets) < 2:
            raise UsageError(
                f"{word} has one tracklet", expected=f"{param('at')} SECONDS, when it goes over to somebody else"
            )
        side = [tracklet] if tracklet is not None else _behind_weakest_link(person)
        others = [other for other in person.tracklets if other not in side]
        entry = Apart(apart=(tuple(t.ref for t in side), tuple(t.ref for t in others)))
        return Edit([(entry, remark)])

    return make


def apart(words: Sequence[str]) -> Make:
    """Make the edit by which people, or single tracklets, are each somebody else than the others.

    Args:
        words: Each a number, a name, or CAMERA TRACK.
    """

    def make(people: People, _: Corrections) -> Edit:
        found = [find_identity(people, word) for word in words]
        sides = [tuple(_refs(*who)) for who in found]
        if len(found) < 2 or len({ref for side in sides for ref in side}) < sum(map(len, sides)):
            raise UsageError("nothing to take apart", expected="two tracklets, such as 'hall 3' and 'door 7'")
        return Edit([(Apart(apart=tuple(sides)), f"apart {' '.join(words)}")])

    return make


def name(word: str, called: str) -> Make:
    """Make the edit by which a person gets a name, in place of an earlier one."""

    def make(people: People, corrections: Corrections) -> Edit:
        person, tracklet = find_identity(people, word)
        longest = tracklet or max(person.tracklets, key=lambda t: t.last_time_s - t.first_time_s)
        try:
            entry = Name(name=called, tracklet=(longest.ref,))
        except ValidationError as error:
            expected = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise UsageError(f"{called!r} cannot be a name", expected=expected) from error
        former = [c for c in corrections.entries if isinstance(c.entry, Name) and c.entry.name == person.name]
        return Edit([(entry, f"name {word}")], former)

    return make


def lock(words: Sequence[str]) -> Make:
    """Make the edit by which people stay as they are: nobody leaves, nobody joins."""

    def make(people: People, _: Corrections) -> Edit:
        found = [find_identity(people, word)[0] for word in words]
        return Edit([(Lock(lock=tuple(person.refs)), f"lock {person.id}") for person in found])

    return make


def ignore(words: Sequence[str]) -> Make:
    """Make the edit by which people, or single tracklets, are left out of every output."""

    def make(people: People, _: Corrections) -> Edit:
        found = [(word, _refs(*find_identity(people, word))) for word in words]
        return Edit([(Ignore(ignore=tuple(refs)), f"ignore {word}") for word, refs in found])

    return make


def undo(verb: str) -> Make:
    """Make the edit that takes back the last entry of a command."""

    def make(_: People, corrections: Corrections) -> Edit:
        kinds = (Split, Apart) if verb == "split" else (KINDS[verb],)
        found = [c for c in corrections.entries if isinstance(c.entry, kinds)]
        if not found:
            raise UsageError(f"no {verb} to take back", where=corrections.where)
        return Edit(drop=found[-1:])

    return make


def _refs(person: IdentityEntry, tracklet: TrackletEntry | None) -> list[TrackletRef]:
    return person.refs if tracklet is None else [tracklet.ref]


def _behind_weakest_link(person: IdentityEntry) -> list[TrackletEntry]:
    """Tracklets that only the least certain link joins to the first tracklet."""
    links = {tracklet: tracklet.link for tracklet in person.tracklets if tracklet.link is not None}
    side = [min(links, key=lambda tracklet: links[tracklet].sureness)]
    for tracklet, link in links.items():  # by time: a tracklet is linked to an earlier one
        if tracklet not in side and link.key in [t.key for t in side]:
            side.append(tracklet)
    return side
