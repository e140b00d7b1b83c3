"""Options of the command line stand for the parameters that errors name."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reidtrack
from reidtrack.cli.main import COMMANDS, build_parser
from reidtrack.cli.options import option, told
from reidtrack.errors import InputError, UsageError, param


@pytest.mark.parametrize(
    ("name", "value", "spelt"),
    [
        pytest.param("device", "", "--device", id="a name"),
        pytest.param("keep_days", "", "--keep-days", id="of two words"),
        pytest.param("overwrite", "True", "--overwrite", id="a switch"),
        pytest.param("engine", "'torch'", "--engine torch", id="with a value"),
        pytest.param("top", "3", "--top 3", id="with a number"),
        pytest.param("settings", "", "--set", id="called otherwise"),
        pytest.param("name", "", "NAME", id="no option, but a place"),
    ],
)
def test_option(name: str, value: str, spelt: str) -> None:
    assert option(name, value) == spelt


def test_told() -> None:
    error = UsageError("exists", where="runs/a", hint=f"use {param('overwrite', True)} or another {param('out')}")
    assert told(error) == "runs/a: exists; use --overwrite or another --out"
    assert told(UsageError("got 0", field="top")) == "--top: got 0"
    assert told(InputError("--x is no option of ours", where="--y.mp4")) == "--y.mp4: --x is no option of ours"
    assert told("a line") == "a line"


def named() -> Iterator[tuple[str, str]]:
    """Where a parameter is named in the package, and its name; the server's are those of its requests."""
    root = Path(reidtrack.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if path.is_relative_to(root / "server"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id == "param":
                names = node.args[:1]
            else:
                names = [keyword.value for keyword in node.keywords if keyword.arg == "field"]
            for name in names:
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    yield f"{path.relative_to(root)}:{node.lineno}", name.value


def typed() -> set[str]:
    """All options of all commands, and the names of what stands without one."""
    found = set()
    for command in COMMANDS:
        subcommands = next(
            action for action in build_parser(command)._actions if isinstance(action, argparse._SubParsersAction)
        )
        for action in subcommands.choices[command]._actions:
            found |= {*action.option_strings, *([action.metavar] if not action.option_strings else [])}
    return found


def test_every_parameter_that_an_error_names_can_be_typed() -> None:
    options, places = typed(), list(named())
    assert len(places) > 60
    assert [(place, name) for place, name in places if option(name) not in options] == []
