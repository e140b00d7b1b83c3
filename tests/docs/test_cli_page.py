"""docs/cli.md names every command, option and exit code; every command line on a page is one that the parser takes."""

from __future__ import annotations

import argparse
import re
import shlex

import pytest
from doc_pages import PAGES, ROOT, commands

from reidtrack import errors
from reidtrack.cli.main import COMMANDS, build_parser
from reidtrack.config.benchmark import BenchmarkConfig
from reidtrack.config.keys import _renamed
from reidtrack.config.run import RunConfig
from reidtrack.config.train import TrainConfig

CLI = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
LINES = sorted({(page.name, line) for page in PAGES for line in commands(page.read_text(encoding="utf-8"))})
TEMPLATES = ("COMMAND", "...", "<", "[")
"""What marks a command line that is no example but a pattern."""


def options(command: str) -> set[str]:
    """Long options of a command."""
    subcommands = next(a for a in build_parser(command)._actions if isinstance(a, argparse._SubParsersAction))
    actions = subcommands.choices[command]._actions
    return {name for action in actions for name in action.option_strings if name.startswith("--")}


OPTIONS = {command: options(command) for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_on_the_page(command: str) -> None:
    assert re.search(rf"`(reidtrack )?{command}`", CLI.split("\n## ")[0])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_on_the_page(command: str) -> None:
    missing = {option for option in OPTIONS[command] - {"--help"} if not re.search(rf"{option}\b(?!-)", CLI)}
    assert missing == set()


@pytest.mark.parametrize(("page", "line"), LINES)
def test_command_lines_are_ones_that_the_parser_takes(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    if any(mark in line.split("#")[0] for mark in TEMPLATES):
        words = [word for word in words if not any(mark in word for mark in TEMPLATES)]
    command, used = words[1], {word.split("=")[0] for word in words[2:] if word.startswith("--")}
    assert command in COMMANDS
    assert used <= OPTIONS[command]


def test_exit_codes() -> None:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ReidtrackError)
    ]
    known = {errors.EXIT_OK, errors.EXIT_BUG, errors.EXIT_INTERRUPTED} | {kind.exit_code for kind in kinds}
    table = CLI[CLI.index("## Exit codes") :]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, flags=re.M)] == sorted(known)


def test_renamed_settings() -> None:
    """Every one, and no other."""
    known = {**_renamed(RunConfig), **_renamed(TrainConfig), **_renamed(BenchmarkConfig)}
    table = CLI[CLI.index("| former | present |") :].split("\n\n")[0]
    rows = [[re.findall(r"`([\w.]+)`", cell) for cell in row.split("|")[1:3]] for row in table.splitlines()[2:]]
    assert {old: new for former, present in rows for old, new in zip(former, present, strict=True)} == known
