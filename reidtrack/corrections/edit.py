"""Adding and removing entries of `corrections.yaml`; all other lines, comments too, stay as they are."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import yaml

from reidtrack.corrections.parse import parse
from reidtrack.corrections.schema import Correction, Entry, TrackletRef
from reidtrack.errors import ConfigError
from reidtrack.plain_yaml import compose_plain

HEADER = (
    "# Corrections of this run: one entry each; delete an entry's lines to take it back. See docs/corrections.md.\n"
)


def append(text: str, entries: Sequence[tuple[Entry, str]], where: str) -> str:
    """Add entries at the end of the text of a file; what is there stays as it is, comments too.

    Args:
        text: The file so far; may be empty.
        entries: New entries, each with a remark for the reader.
        where: The file's path, for messages.

    Raises:
        ConfigError: If the file is no list that lines can be added to.
    """
    before = text or HEADER
    count, node = len(parse(text, where).entries), compose_plain(text)[0]
    indent = " " * (node.start_mark.column if isinstance(node, yaml.SequenceNode) else 0)
    result = before + "\n" * (not before.endswith("\n")) + "".join(_as_text(*entry, indent) for entry in entries)
    fits = not (isinstance(node, yaml.SequenceNode) and node.flow_style)
    with contextlib.suppress(ConfigError):
        if fits and len(parse(result, where).entries) == count + len(entries):
            return result
    raise ConfigError(
        "cannot be added to", where=where, expected="a list of lines that begin with a dash, nothing behind"
    )


def remove(text: str, corrections: Sequence[Correction]) -> str:
    """Remove entries from the text of a file by deleting their lines; all other lines stay as they are."""
    gone = {number for c in corrections for number in range(c.line, c.last_line + 1)}
    return "".join(line for number, line in enumerate(text.splitlines(keepends=True), start=1) if number not in gone)


def _as_text(entry: Entry, remark: str, indent: str) -> str:
    plain = _plain(entry.model_dump())
    lines = yaml.safe_dump(
        [plain], default_flow_style=None, sort_keys=False, allow_unicode=True, width=10_000
    ).splitlines()
    lines[0] += f"  # {' '.join(remark.split())}" if remark else ""
    return "".join(f"{indent}{line}\n" for line in lines)


def _plain(value: Any) -> Any:
    """Plain values in their shortest form: tracklets as text, lists of one as what they hold."""
    if isinstance(value, dict):
        if value.keys() == TrackletRef.model_fields.keys():
            return str(TrackletRef.model_validate(value))
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [_plain(part) for part in value]
        return parts[0] if len(parts) == 1 else parts
    return value
