"""`corrections.yaml`: what a person says about a run, checked word by word.

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

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from reidtrack.errors import ConfigError

_PLACE = re.compile(r"\s*(?P<camera>.*\S)\s+(?P<track_id>\d+)\s*(?:@\s*(?P<time_s>-?\d+(?:\.\d+)?)\s*)?")
_PLACE_FORM = "a tracklet, CAMERA TRACK or CAMERA TRACK@SECONDS, such as hall 3"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Strict):
    """A tracklet, named so that it is still found when identities are settled anew.

    Attributes:
        camera: Name of the camera.
        track_id: Id within the camera, as the tracker gave it.
        time_s: A time within the part that is meant, seconds since the run's origin, where the track is cut.
    """

    camera: str
    track_id: Annotated[int, Field(ge=1)]
    time_s: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, Mapping | Place):
            return value
        found = _PLACE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(_PLACE_FORM)
        return {key: part for key, part in found.groupdict().items() if part is not None}

    def __str__(self) -> str:
        moment = "" if self.time_s is None else f"@{seconds(self.time_s)}"
        return f"{self.camera} {self.track_id}{moment}"


def seconds(time_s: float) -> str:
    """A time with as many decimals as it has, six at most."""
    return f"{time_s:.6f}".rstrip("0").rstrip(".")


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Places = Annotated[tuple[Place, ...], BeforeValidator(_several), Field(min_length=1)]
"""One tracklet or a list of them."""


class Merge(_Strict):
    """Tracklets of one person."""

    verb: ClassVar = "merge"
    merge: Annotated[tuple[Place, ...], Field(min_length=2)]


class Apart(_Strict):
    """Two people or more: no tracklet of one side is of the person of another side's."""

    verb: ClassVar = "apart"
    apart: Annotated[tuple[Places, ...], Field(min_length=2)]


class Split(_Strict):
    """A track that went over from one person to another."""

    verb: ClassVar = "split"
    split: Place
    at_s: float

    @field_validator("split")
    @classmethod
    def _whole(cls, value: Place) -> Place:
        if value.time_s is not None:
            raise ValueError("CAMERA TRACK without a time; at_s says when")
        return value


class Lock(_Strict):
    """All tracklets of one person."""

    verb: ClassVar = "lock"
    lock: Places


def readable_name(text: str) -> str:
    """A name without the space around it.

    Raises:
        ValueError: If it is none that can be shown, or that a command would take for a number.
    """
    text = text.strip()
    if not text or not text.isprintable() or text.isdigit():
        raise ValueError("a name of letters; one of digits would be an identity's number")
    return text


class Name(_Strict):
    """What the person of some tracklets is called."""

    verb: ClassVar = "name"
    name: Annotated[str, Field(max_length=80)]
    tracklet: Places

    @field_validator("name")
    @classmethod
    def _readable(cls, value: str) -> str:
        return readable_name(value)


class Ignore(_Strict):
    """Tracklets of nobody who counts."""

    verb: ClassVar = "ignore"
    ignore: Places


Entry = Merge | Apart | Split | Lock | Name | Ignore
E = TypeVar("E", Merge, Apart, Split, Lock, Name, Ignore)
KINDS: dict[str, type[Entry]] = {kind.verb: kind for kind in (Merge, Apart, Split, Lock, Name, Ignore)}


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry and where it stands.

    Attributes:
        entry: What is said.
        line: First line, from 1.
        last_line: Last line that holds more than a comment.
    """

    entry: Entry
    line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Corrections:
    """A whole file.

    Attributes:
        where: Its path, for messages.
        entries: In the order of the file.
    """

    where: str
    entries: Sequence[Correction] = ()

    def of(self, kind: type[E]) -> list[tuple[E, int]]:
        """Those of one kind, each with its line."""
        return [(c.entry, c.line) for c in self.entries if isinstance(c.entry, kind)]


def parse(text: str, where: str) -> Corrections:
    """Read corrections.

    Args:
        text: YAML.
        where: The file's path, for messages.

    Raises:
        ConfigError: If it is no list of corrections; the line says which line and what was expected.
    """
    try:
        node, data = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2024-13-45
        mark = getattr(error, "problem_mark", None)
        place = where if mark is None else f"{where}:{mark.line + 1}"
        raise ConfigError("is not valid YAML", where=place, expected="- VERB: [CAMERA TRACK, ...] lines") from error
    if node is None or data is None:
        return Corrections(where)
    if not isinstance(node, yaml.SequenceNode):
        raise ConfigError("is not a list", where=where, expected="lines such as - merge: [hall 3, door 7]")
    lines = text.splitlines()
    found = []
    for item, value in zip(node.value, data, strict=True):
        first, last = _lines(item, lines)
        found.append(Correction(_entry(item, value, f"{where}:{first}"), first, last))
    return Corrections(where, tuple(found))


def _lines(item: yaml.Node, lines: Sequence[str]) -> tuple[int, int]:
    """First and last line of an entry, from 1."""
    first, last = item.start_mark.line, item.end_mark.line
    while first > 0 and "-" not in lines[first][: item.start_mark.column]:  # the dash stands on a line of its own
        first -= 1
    if item.end_mark.column == 0 and last > first:
        last -= 1
    while last > first and (last >= len(lines) or not lines[last].strip() or lines[last].lstrip().startswith("#")):
        last -= 1
    return first + 1, last + 1


def _entry(item: yaml.Node, value: Any, where: str) -> Entry:
    if not isinstance(item, yaml.MappingNode) or not isinstance(value, dict):
        raise ConfigError(f"{value!r} is no correction", where=where, expected="such as merge: [hall 3, door 7]")
    keys = [key.value for key, _ in item.value]
    if repeated := next((key for key in keys if keys.count(key) > 1), None):
        raise ConfigError(f"{repeated!r} stands twice", where=where, hint="give each correction a dash of its own")
    verbs = [key for key in keys if key in KINDS]
    if not verbs:
        raise ConfigError(f"unknown correction {', '.join(keys)!r}", where=where, hint=_did_you_mean(keys, KINDS))
    kind = KINDS[verbs[0]]
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise _explain(kind, error, where) from error


def _explain(kind: type[Entry], error: ValidationError, where: str) -> ConfigError:
    fault = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")  # it explains what lacks
    key = str(fault["loc"][0]) if fault["loc"] else kind.verb
    if fault["type"] == "extra_forbidden":
        wrong = str(fault["loc"][-1])
        known = Place.model_fields if len(fault["loc"]) > 1 else kind.model_fields
        near = "give each correction a dash of its own" if wrong in KINDS else _did_you_mean([wrong], known)
        return ConfigError(f"unknown key {wrong!r} in {kind.verb}", where=where, hint=near)
    if fault["type"] == "missing":
        fields = (kind if len(fault["loc"]) == 1 else Place).model_fields
        keys = " and ".join(name for name, field in fields.items() if field.is_required())
        return ConfigError(f"{kind.verb} lacks {str(fault['loc'][-1])!r}", where=where, expected=keys)
    if fault["type"] == "too_short":
        least, found = fault["ctx"]["min_length"], fault["ctx"]["actual_length"]
        return ConfigError(f"{key} has {found} of them", where=where, expected=f"a list of {least} or more")
    hint: str | None = None
    if isinstance(fault["input"], int) and fault["msg"].endswith(_PLACE_FORM):
        hint = "numbers of identities change; `reidtrack merge DIR 3 7` writes such lines for you"
    expected = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    expected = "a list" if fault["type"] == "tuple_type" else expected
    return ConfigError(f"{key}: got {fault['input']!r}", where=where, expected=expected, hint=hint)


def _did_you_mean(words: Sequence[str], known: Mapping[str, object]) -> str:
    near = [match for word in words for match in difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)]
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
