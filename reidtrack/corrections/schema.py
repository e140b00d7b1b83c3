"""Entries of `corrections.yaml`, checked word by word.

The file is a list; each entry is one correction, and deleting its lines takes it back:

    - merge: [hall 3, door 7]                 # one person
    - apart: [hall 3, door 9]                 # two people
    - {split: hall 4, at_s: 12.5}             # two people, one until 12.5 s and the other from then on
    - lock: [hall 5, door 2]                  # one person, and all others are somebody else
    - {name: Anna, tracklet: hall 3}          # what the person of that tracklet is called
    - ignore: hall 8                          # nobody: a mannequin, a picture on a wall, staff

A tracklet is named by camera and track id as in `identities.json`, since the numbers of identities change whenever
identities are settled; `hall 3@14.2` is the part of track 3 that holds 14.2 s, where the track is cut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

_TIME = re.compile(r"-?\d+(?:\.\d+)?")
REF_FORM = "a tracklet, CAMERA TRACK or CAMERA TRACK@SECONDS, such as hall 3"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TrackletRef(_Strict):
    """Reference to a tracklet that still holds when identities are settled anew.

    In the file it is text, `CAMERA TRACK` or `CAMERA TRACK@SECONDS`.

    Attributes:
        camera: Name of the camera.
        track_id: Id within the camera, as the tracker gave it.
        time_s: Where the track is cut, a time within the part that is meant, seconds since the run's origin.
    """

    camera: str
    track_id: Annotated[int, Field(ge=1)]
    time_s: Annotated[float, Field(allow_inf_nan=False)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, Mapping | TrackletRef):
            return value
        parts = _parts_of_ref(value) if isinstance(value, str) else None
        if parts is None:
            raise ValueError(REF_FORM)
        return parts

    def __str__(self) -> str:
        moment = "" if self.time_s is None else f"@{seconds(self.time_s)}"
        return f"{self.camera} {self.track_id}{moment}"


def _parts_of_ref(text: str) -> dict[str, str] | None:
    """Camera, track id and time of a reference; None where it is none.

    Taken apart from its end, as the camera's name may hold anything: a regular expression would try each of 50,000
    spaces as the end of that name.
    """
    rest, _, time_s = text.strip().rpartition("@")
    parts = {"time_s": time_s.strip()} if rest and _TIME.fullmatch(time_s.strip()) else {}
    words = (rest if parts else text).strip().rsplit(maxsplit=1)
    if len(words) < 2 or not words[1].isdecimal():
        return None
    return {"camera": words[0], "track_id": words[1], **parts}


def seconds(time_s: float) -> str:
    """Text of a time, seconds, with as many decimals as it has, six at most."""
    return f"{time_s:.6f}".rstrip("0").rstrip(".")


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


TrackletRefs = Annotated[tuple[TrackletRef, ...], BeforeValidator(_several), Field(min_length=1)]
"""One tracklet or a list of them."""


class Merge(_Strict):
    """Tracklets of one person: must-link."""

    verb: ClassVar = "merge"
    merge: Annotated[tuple[TrackletRef, ...], Field(min_length=2)]


class Apart(_Strict):
    """Tracklets of two people or more, a side for each: cannot-link between sides."""

    verb: ClassVar = "apart"
    apart: Annotated[tuple[TrackletRefs, ...], Field(min_length=2)]


class Split(_Strict):
    """A track that passes from one person to another, and when."""

    verb: ClassVar = "split"
    split: TrackletRef
    at_s: Annotated[float, Field(allow_inf_nan=False)]

    @field_validator("split")
    @classmethod
    def _whole(cls, value: TrackletRef) -> TrackletRef:
        if value.time_s is not None:
            raise ValueError("CAMERA TRACK without a time; at_s says when")
        return value


class Lock(_Strict):
    """All tracklets of one person: must-link, and cannot-link with all others."""

    verb: ClassVar = "lock"
    lock: TrackletRefs


def readable_name(text: str) -> str:
    """Strip the space around a name and check it.

    Raises:
        ValueError: If it cannot be shown, or a command would take it for an identity's number.
    """
    text = text.strip()
    if not text or not text.isprintable() or text.isdecimal():
        raise ValueError("a name of letters; one of digits would be an identity's number")
    return text


class Name(_Strict):
    """What the person of some tracklets is called."""

    verb: ClassVar = "name"
    name: Annotated[str, Field(max_length=80)]
    tracklet: TrackletRefs

    @field_validator("name")
    @classmethod
    def _readable(cls, value: str) -> str:
        return readable_name(value)


class Ignore(_Strict):
    """Tracklets that are left out: a mannequin, a picture on a wall, staff."""

    verb: ClassVar = "ignore"
    ignore: TrackletRefs


Entry = Merge | Apart | Split | Lock | Name | Ignore
E = TypeVar("E", Merge, Apart, Split, Lock, Name, Ignore)
KINDS: dict[str, type[Entry]] = {kind.verb: kind for kind in (Merge, Apart, Split, Lock, Name, Ignore)}


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry and its lines in the file.

    Attributes:
        entry: The correction.
        line: First line, from 1.
        last_line: Last line that holds more than a comment.
    """

    entry: Entry
    line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Corrections:
    """All corrections of a file.

    Attributes:
        where: The file's path, for messages.
        entries: In the order of the file.
    """

    where: str
    entries: Sequence[Correction] = ()

    def of(self, kind: type[E]) -> list[tuple[E, int]]:
        """Entries of one kind, each with its first line."""
        return [(c.entry, c.line) for c in self.entries if isinstance(c.entry, kind)]


def refs_of(correction: Correction) -> list[TrackletRef]:
    """Tracklets that an entry names."""
    entry = correction.entry
    if isinstance(entry, Split):
        return [entry.split]
    if isinstance(entry, Apart):
        return [ref for side in entry.apart for ref in side]
    if isinstance(entry, Merge):
        return list(entry.merge)
    if isinstance(entry, Lock):
        return list(entry.lock)
    return list(entry.ignore if isinstance(entry, Ignore) else entry.tracklet)
