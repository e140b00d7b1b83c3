"""Errors: one line each, and the documented exit codes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import reidtrack
from reidtrack import errors
from reidtrack.errors import (
    ConfigError,
    DeviceError,
    InputError,
    OutputError,
    ReidtrackError,
    UsageError,
    WeightsError,
    param,
)

PACKAGE = Path(reidtrack.__file__).parent


@pytest.mark.parametrize(
    ("kind", "code", "parent"),
    [
        pytest.param(ReidtrackError, 1, Exception, id="base"),
        pytest.param(UsageError, 2, ReidtrackError, id="usage"),
        pytest.param(ConfigError, 2, UsageError, id="configuration"),
        pytest.param(DeviceError, 2, UsageError, id="device"),
        pytest.param(InputError, 3, ReidtrackError, id="input"),
        pytest.param(WeightsError, 4, ReidtrackError, id="weights"),
        pytest.param(OutputError, 5, ReidtrackError, id="output"),
    ],
)
def test_exit_codes(kind: type[ReidtrackError], code: int, parent: type[Exception]) -> None:
    assert kind("x").exit_code == code
    assert issubclass(kind, parent)


def test_every_error_stands_in_the_tree_of_the_docstring() -> None:
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, ReidtrackError)]
    assert len(classes) == 7
    for kind in classes:
        assert f"{kind.__name__} ({kind.exit_code})" in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        pytest.param({}, "cannot be read", id="what"),
        pytest.param({"where": "a.mp4"}, "a.mp4: cannot be read", id="where"),
        pytest.param({"expected": "a video"}, "cannot be read (expected a video)", id="expected"),
        pytest.param({"hint": "check it"}, "cannot be read; check it", id="hint"),
        pytest.param(
            {"where": 7, "expected": "a video", "hint": "check it"},
            "7: cannot be read (expected a video); check it",
            id="all",
        ),
        pytest.param(
            {"where": "a\nb", "hint": " two\n\n lines "}, "a b: cannot be read; two lines", id="always one line"
        ),
    ],
)
def test_message(parts: dict[str, str], line: str) -> None:
    error = InputError("cannot be read", **parts)
    assert error.message == line
    assert str(error) == line


def server(name: str, value: str) -> str:
    """As a page might show a parameter."""
    return f"[{name}]" + (f" {value}" if value else "")


@pytest.mark.parametrize(
    ("parts", "in_python", "elsewhere"),
    [
        pytest.param({"field": "device"}, "device: is wrong", "[device]: is wrong", id="field"),
        pytest.param(
            {"field": "settings", "where": "a=1"}, "settings a=1: is wrong", "[settings] a=1: is wrong", id="and where"
        ),
        pytest.param(
            {"hint": f"use {param('resume', True)}, or another {param('out')}"},
            "is wrong; use resume=True, or another out",
            "is wrong; use [resume] True, or another [out]",
            id="a switch and a name in the hint",
        ),
        pytest.param(
            {"expected": param("engine", "torch")},
            "is wrong (expected engine='torch')",
            "is wrong (expected [engine] 'torch')",
            id="a value in what was expected",
        ),
        pytest.param(
            {"where": "{out}/--out <out>", "hint": "out"},
            "{out}/--out <out>: is wrong; out",
            "{out}/--out <out>: is wrong; out",
            id="what a user wrote is no parameter",
        ),
    ],
)
def test_parameters_are_spelt_by_who_shows_the_error(parts: dict[str, str], in_python: str, elsewhere: str) -> None:
    error = UsageError("is wrong", **parts)
    assert str(error) == error.message == in_python
    assert error.told(server) == elsewhere
    assert error.field == parts.get("field")


def test_an_error_within_another_keeps_its_parameters() -> None:
    inner = InputError("nobody is found", field="photo", hint=f"give {param('box')}")
    assert InputError(f"none can be used: {inner.text}").told(server) == (
        "none can be used: [photo]: nobody is found; give [box]"
    )


RECORDED = "--origin"
"""What `run.json` says of an origin that was given, since its first version."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and content of every string of a module, docstrings too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize(
    "room", [path.name for path in sorted(PACKAGE.iterdir()) if path.name not in ("cli", "__pycache__")]
)
def test_only_the_command_line_speaks_of_options(room: str) -> None:
    styles = room == "report"  # where `--bar` is a name of CSS
    files = sorted((PACKAGE / room).rglob("*.py")) if (PACKAGE / room).is_dir() else [PACKAGE / room]
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {option}"
        for path in files
        if not styles and path.suffix == ".py"
        for line, text in texts(path)
        if text != RECORDED and "pip install" not in text
        for option in re.findall(r"(?<![\w-])--[a-z][\w-]*", text)
    ]
    assert found == []
