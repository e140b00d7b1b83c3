"""YAML as it is read everywhere here: plain, so that a small file is little work and its lines mean what they say.

Refused are aliases (a file of 300 bytes can stand for a billion values), a key that stands twice in a section (the
first one would be lost without a word), deep nesting, and texts of more than 8 MB.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

from reidtrack.errors import shortened
from reidtrack.plain_file import read_plain_text

MOST_BYTES = 8 << 20
"""20,000 corrections are 1 MB, a site of a thousand cameras 0.3 MB."""
MOST_DEPTH = 32
"""Sections within sections; settings have four, Ultralytics' metadata three."""
_MOST_VALUES = 300_000
_MOST_LETTERS = 16_384
"""In one value: "1:1:1:..." is a number in base 60, and long ones take long."""


class PlainYamlError(ValueError):
    """A text that is no YAML, or none that is read here.

    Args:
        problem: What is wrong, in a few words.
        line: Its line, from 1; None where it has none.
    """

    def __init__(self, problem: str, line: int | None = None) -> None:
        self.problem, self.line = problem, line
        super().__init__(self.what)

    @property
    def what(self) -> str:
        """What is wrong and in which line."""
        return self.problem if self.line is None else f"{self.problem} at line {self.line}"


class RepeatedKeyError(PlainYamlError):
    """A key that stands twice in one section.

    Args:
        key: It.
        line: The second one's, from 1.
    """

    def __init__(self, key: str, line: int) -> None:
        self.key = key
        super().__init__(f"{shortened(key, 60)!r} stands twice, again", line)


def load_plain(text: str) -> Any:
    """Values of a YAML text.

    Raises:
        PlainYamlError: If it is no YAML, has aliases, a key twice, or is too deep or too long.
    """
    return compose_plain(text)[1]


def read_plain_yaml(path: Path) -> Any:
    """Values of a YAML file.

    Raises:
        PlainYamlError: If it is no YAML, has aliases, a key twice, or is too deep or too long.
        OSError: If it cannot be read, or is no file on disk.
    """
    try:
        return load_plain(read_plain_text(path, MOST_BYTES))
    except UnicodeDecodeError as error:
        raise PlainYamlError("not valid YAML, which is text in UTF-8") from error


def compose_plain(text: str) -> tuple[yaml.Node | None, Any]:
    """Nodes of a YAML text, which know their lines, and its values.

    Raises:
        PlainYamlError: If it is no YAML, has aliases, a key twice, or is too deep or too long.
    """
    if len(text) > MOST_BYTES:
        raise PlainYamlError(f"longer than {MOST_BYTES >> 20} MB")
    try:
        _check_events(text)
        loader = _loader()(text)
        try:
            node = loader.get_single_node()
            return node, None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except PlainYamlError:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        last = text.count("\n") + 1
        raise PlainYamlError("not valid YAML", None if mark is None else min(mark.line + 1, last)) from error
    except (ValueError, OverflowError, RecursionError) as error:  # a date such as 2024-13-45, a number of 5,000 digits
        raise PlainYamlError("not valid YAML") from error


def _check_events(text: str) -> None:
    """Raise at the first alias and the first value that is nested too deeply."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_scanner())):
        line = None if event.start_mark is None else event.start_mark.line + 1
        if count > _MOST_VALUES:
            raise PlainYamlError(f"more than {_MOST_VALUES:,} values", line)
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > _MOST_LETTERS:
            raise PlainYamlError(f"a value of more than {_MOST_LETTERS:,} letters", line)
        if isinstance(event, yaml.AliasEvent):
            raise PlainYamlError("an alias (*name), which is not read here,", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                raise PlainYamlError(f"nested more than {MOST_DEPTH} deep", line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _scanner() -> Any:
    """The scanner in C where PyYAML has it, ten times as fast."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.cache
def _loader() -> Any:
    """A safe loader that refuses a key that stands twice."""

    class PlainLoader(_scanner()):  # type: ignore[misc]  # which of the two is known when it runs
        def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
            if isinstance(node, yaml.MappingNode):
                seen: set[tuple[str, Any]] = set()
                for key, _ in node.value:
                    name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else None
                    if name in seen:
                        raise RepeatedKeyError(key.value, key.start_mark.line + 1)
                    if name is not None:
                        seen.add(name)
            found: dict[Any, Any] = super().construct_mapping(node, deep)
            return found

    return PlainLoader
