"""What must hold whatever a command is given, and a place to try it in."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from reidtrack.cli import main as command_line
from reidtrack.errors import ReidtrackError

CODES = (0, 2, 3, 4, 5)
"""Exit codes that odd input may have: done, usage, input, weights, output."""
LONGEST_LINE = 1500
"""Letters that a line of an error may have; folders of tests are long."""
MOST_MEMORY = 3 << 30
"""Bytes that one example may add to what the process holds."""


class ViolationError(AssertionError):
    """Something that must hold did not."""


@dataclass(frozen=True)
class Place:
    """Where one example happens.

    Attributes:
        parent: Around all of it; nothing but what lies in `given` may change here.
        given: The folder that commands may write to.
        inputs: What they read.
    """

    parent: Path
    given: Path
    inputs: Path

    def run(self, *words: object) -> int:
        """Run a command within the process and check its end."""
        before = _contents(self.parent, self.given)
        code, said = _call([str(word) for word in words])
        _check_end(code, said)
        after = _contents(self.parent, self.given)
        changed = sorted(str(path) for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        if changed:
            raise ViolationError(f"changed outside the given folder: {changed}")
        return code

    def call(self, function: Callable[[], object]) -> None:
        """Call a function of the package: it ends, or raises an error of the package's own with a line to show."""
        with limited_memory():
            try:
                function()
            except ReidtrackError as error:
                _check_end(error.exit_code, f"error: {error}")


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """A place of its own, in which the process works meanwhile."""
    parent = Path(tempfile.mkdtemp(prefix="fuzz-"))
    here = Path.cwd()
    try:
        made = Place(parent, parent / "one/two/given", parent / "inputs")
        made.given.mkdir(parents=True)
        made.inputs.mkdir()
        (parent / "elsewhere").mkdir()
        (parent / "escape").write_text("not yours", encoding="utf-8")
        os.chdir(parent / "elsewhere")
        yield made
    finally:
        os.chdir(here)
        shutil.rmtree(parent, ignore_errors=True)


@contextlib.contextmanager
def limited_memory() -> Iterator[None]:
    """Let memory end soon, so that what asks for too much fails and is seen (Linux)."""
    if sys.platform != "linux":
        yield
        return
    import resource

    status = Path("/proc/self/status").read_text(encoding="utf-8")
    now = 1024 * int(re.findall(r"VmData:\s+(\d+)", status)[0])
    former = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (now + MOST_MEMORY, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, former)


def _call(words: list[str]) -> tuple[int, str]:
    error, output = io.StringIO(), io.StringIO()
    with (
        limited_memory(),
        mock.patch.object(command_line, "_bug", _raise),
        contextlib.redirect_stderr(error),
        contextlib.redirect_stdout(output),
    ):
        try:
            code = command_line.main(words)
        except SystemExit as end:  # of argparse
            code = int(end.code or 0)
            if code:
                return code, error.getvalue().splitlines()[-1]
    return code, error.getvalue()


def _raise(error: Exception, *, debug: bool) -> int:
    del debug
    raise error


def _check_end(code: int, said: str) -> None:
    if code not in CODES:
        raise ViolationError(f"exit code {code}: {said}")
    lines = said.removesuffix("\n").split("\n")
    if code and not any("error: " in line for line in lines):
        raise ViolationError(f"exit code {code} without a word: {said!r}")
    for line in lines:
        if len(line) > LONGEST_LINE:
            raise ViolationError(f"a line of {len(line)} letters: {line[:300]}")
        odd = [letter for letter in line if unicodedata.category(letter) in ("Cc", "Zl", "Zp")]
        if odd:
            raise ViolationError(f"{odd[0]!r} in a line: {line!r}")


def _contents(parent: Path, given: Path) -> dict[Path, object]:
    """Every path under `parent` but those in `given`, with what is in it."""
    found: dict[Path, object] = {}
    for folder, names, files in os.walk(parent):
        if Path(folder) == given:
            names.clear()
            continue
        for name in (*names, *files):
            path = Path(folder) / name
            found[path] = path.read_bytes() if path.is_file() else path.is_dir()
    return found
