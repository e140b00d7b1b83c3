"""Reading `corrections.yaml`: each entry checked, each fault told with its line and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from reidtrack.corrections.schema import KINDS, REF_FORM, Correction, Corrections, Entry, TrackletRef
from reidtrack.errors import ConfigError
from reidtrack.plain_yaml import PlainYamlError, RepeatedKeyError, compose_plain


def parse(text: str, where: str) -> Corrections:
    """Read corrections from the text of their file.

    Args:
        text: YAML.
        where: The file's path, for messages.

    Raises:
        ConfigError: If it is no list of corrections; the line says which line and what was expected.
    """
    try:
        node, data = compose_plain(text)
    except RepeatedKeyError as error:
        hint = "give each correction a dash of its own"
        raise ConfigError(f"{error.key!r} stands twice", where=f"{where}:{error.line}", hint=hint) from error
    except PlainYamlError as error:
        at = where if error.line is None else f"{where}:{error.line}"
        raise ConfigError(f"is {error.problem}", where=at, expected="- VERB: [CAMERA TRACK, ...] lines") from error
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
    """Check one entry."""
    if not isinstance(item, yaml.MappingNode) or not isinstance(value, dict):
        raise ConfigError(f"{value!r} is no correction", where=where, expected="such as merge: [hall 3, door 7]")
    keys = [str(key.value) for key, _ in item.value]
    verbs = [key for key in keys if key in KINDS]
    if not verbs:
        raise ConfigError(f"unknown correction {', '.join(keys)!r}", where=where, hint=_did_you_mean(keys, KINDS))
    kind = KINDS[verbs[0]]
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise _explain(kind, error, where) from error


def _explain(kind: type[Entry], error: ValidationError, where: str) -> ConfigError:
    """Say in one line what is wrong with an entry."""
    fault = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")  # it explains what lacks
    key = str(fault["loc"][0]) if fault["loc"] else kind.verb
    if fault["type"] == "extra_forbidden":
        wrong = str(fault["loc"][-1])
        known = TrackletRef.model_fields if len(fault["loc"]) > 1 else kind.model_fields
        near = "give each correction a dash of its own" if wrong in KINDS else _did_you_mean([wrong], known)
        return ConfigError(f"unknown key {wrong!r} in {kind.verb}", where=where, hint=near)
    if fault["type"] == "missing":
        fields = (kind if len(fault["loc"]) == 1 else TrackletRef).model_fields
        keys = " and ".join(name for name, field in fields.items() if field.is_required())
        return ConfigError(f"{kind.verb} lacks {str(fault['loc'][-1])!r}", where=where, expected=keys)
    if fault["type"] == "too_short":
        least, found = fault["ctx"]["min_length"], fault["ctx"]["actual_length"]
        return ConfigError(f"{key} has {found} of them", where=where, expected=f"a list of {least} or more")
    hint: str | None = None
    if isinstance(fault["input"], int) and fault["msg"].endswith(REF_FORM):
        hint = "numbers of identities change; `reidtrack merge DIR 3 7` writes such lines for you"
    expected = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    expected = "a list" if fault["type"] == "tuple_type" else expected
    return ConfigError(f"{key}: got {fault['input']!r}", where=where, expected=expected, hint=hint)


def _did_you_mean(words: Sequence[str], known: Mapping[str, object]) -> str:
    near = [match for word in words for match in difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)]
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
