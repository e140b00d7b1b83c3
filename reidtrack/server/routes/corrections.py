"""Corrections: what was said, saying more, taking it back; identities are settled anew at once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from reidtrack.corrections.apply import read_corrections
from reidtrack.corrections.schema import (
    Apart,
    Correction,
    Corrections,
    Ignore,
    Lock,
    Merge,
    Name,
    Split,
    TrackletRef,
    refs_of,
)
from reidtrack.errors import UsageError
from reidtrack.pipeline import correct
from reidtrack.pipeline.associate import associate_again
from reidtrack.runs.identities import find_identity
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Silent
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import CorrectionsGiven, SettledAnew
from reidtrack.server.data.library import RunSeen
from reidtrack.server.endpoint import Call, Endpoint, Words, not_there
from reidtrack.server.routes.found import a_run
from reidtrack.server.routes.runs import summary

Verb = Literal["merge", "split", "apart", "name", "lock", "ignore"]
_FEWEST = {"merge": 2, "apart": 2}


class Said(Words):
    """A correction.

    Attributes:
        verb: As the command of that name; `apart` says that two are two.
        who: Each a number, a name, or `CAMERA TRACK` as `ref` of a tracklet gives it.
        at_s: With `split`: when a track passes to somebody else, seconds since the run's origin.
        name: With `name`: what the person is called.
    """

    verb: Verb
    who: Annotated[list[Annotated[str, Field(min_length=1, max_length=300)]], Field(min_length=1, max_length=100)]
    at_s: Annotated[float, Field(allow_inf_nan=False)] | None = None
    name: Annotated[str, Field(max_length=80)] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Touched:
    """A run, and which cameras a correction is about."""

    run: RunSeen
    cameras: Iterable[str]
    entry: Correction | None = None


def touched_by_words(call: Call) -> Touched:
    """Whom a correction is about: of a person, every camera that saw them, whether the user sees it or not."""
    run, said = a_run(call), call.body
    cameras: set[str] = set()
    for word in said.who:
        try:
            person, tracklet = find_identity(run.whole.people, word)
        except UsageError as error:
            if not run.is_whole:
                not_there()
            raise error
        cameras |= set(person.cameras) if tracklet is None or said.verb == "split" else {tracklet.camera}
    return Touched(run, cameras)


def touched_by_entry(call: Call) -> Touched:
    """The entry of `{correction}`, and the cameras that it names."""
    run, entries = a_run(call), None
    entries = _entries(run)
    if call.path["correction"] == "last":
        found = entries[-1] if entries else None
    else:
        found = next((c for c in entries if identifier(c) == call.path["correction"]), None)
    if found is None:
        not_there()
    return Touched(run, {ref.camera for ref in refs_of(found)}, found)


def list_corrections(call: Call) -> Any:
    """What was said, in order; entries about cameras that the user does not see are left out."""
    run: RunSeen = call.loaded
    seen = set(run.cameras)
    kept = [c for c in _entries(run) if {ref.camera for ref in refs_of(c)} <= seen]
    return {"items": [to_json(c) for c in kept], "version": run.version}


def add_correction(call: Call) -> Any:
    """Say something, and settle identities anew."""
    said: Said = call.body
    if len(said.who) < _FEWEST.get(said.verb, 1):
        raise UsageError(f"{said.verb} is about two or more", expected="two different people")
    return _settle(call, make_of(said))


def take_back(call: Call) -> Any:
    """Take something back, and settle identities anew."""
    wanted = identifier(call.loaded.entry)

    def make(_: Sequence[Any], corrections: Corrections) -> correct.Edit:
        found = [c for c in corrections.entries if identifier(c) == wanted]
        if not found:
            raise UsageError("it has been taken back already")
        return correct.Edit(drop=found[-1:])

    return _settle(call, make)


def make_of(said: Said) -> correct.Make:
    """The edit of what was said.

    Raises:
        UsageError: If it lacks something.
    """
    if said.verb == "name":
        if said.name is None:
            raise UsageError("no name", field="name", expected="what the person is called")
        return correct.name(said.who[0], said.name)
    if said.verb == "split":
        return correct.split(said.who[:1], said.at_s)
    return {
        "merge": correct.merge,
        "apart": correct.apart,
        "lock": correct.lock,
        "ignore": correct.ignore,
    }[said.verb](said.who)


def _settle(call: Call, make: correct.Make) -> Any:
    run: RunSeen = call.loaded.run
    path, began = run.folder.path, time.monotonic()
    with call.services.settling[run.id]:
        edited = correct.edit_corrections(path, make, settles=True)
        associate_again(path, (), video=False, mosaic=False, progress=Silent(), cancel=CancelToken())
    lines = {"added": list(edited.added), "removed": list(edited.removed)}
    # Of whom, by their tracklets: the lines may hold names, which stay out of the log.
    verb = "take back" if call.body is None else call.body.verb
    call.services.audit.write(call.who.name, "corrected", run=run.id, verb=verb, of=[str(ref) for ref in edited.people])
    settled = call.runs.get(run.id)
    now = [] if settled is None else [_number_now(settled, ref) for ref in edited.people]
    return {**lines, "seconds": round(time.monotonic() - began, 3), "now": now, "run": settled and summary(settled)}


def _number_now(run: RunSeen, ref: TrackletRef) -> int | None:
    """The number of the person of a tracklet; None where it is nobody's any more."""
    found = (person.id for person in run.whole.people for t in person.tracklets if t.is_at(ref))
    return next(found, None)


def identifier(correction: Correction) -> str:
    """What names an entry, as long as nothing in it is changed."""
    text = f"{type(correction.entry).__name__}{correction.entry.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def to_json(correction: Correction) -> dict[str, Any]:
    """An entry as the interface gives it."""
    entry = correction.entry
    return {
        "id": identifier(correction),
        "verb": entry.verb if isinstance(entry, Merge | Apart | Lock | Name | Ignore) else "split",
        "tracklets": [str(ref) for ref in refs_of(correction)],
        **({"name": entry.name} if isinstance(entry, Name) else {}),
        **({"at_s": entry.at_s} if isinstance(entry, Split) else {}),
    }


def _entries(run: RunSeen) -> Sequence[Correction]:
    return read_corrections(run.folder.corrections, wanted=False).entries


PLACE = "/runs/{run}/corrections"
ENDPOINTS = (
    Endpoint(
        "GET", PLACE, Rule(Role.VIEWER, a_run), list_corrections, "What was corrected in a run", gives=CorrectionsGiven
    ),
    Endpoint(
        "POST",
        PLACE,
        Rule(Role.REVIEWER, touched_by_words, "all"),
        add_correction,
        "Correct a run; identities are settled anew at once",
        body=Said,
        gives=SettledAnew,
    ),
    Endpoint(
        "DELETE",
        PLACE + "/{correction}",
        Rule(Role.REVIEWER, touched_by_entry, "all"),
        take_back,
        "Take a correction back, or the `last` one; identities are settled anew at once",
        gives=SettledAnew,
    ),
)
