"""Names never reach the terminal raw, and no stream ends a command."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reidtrack.cli import options
from reidtrack.cli.console import SafeConsole
from reidtrack.cli.main import main
from reidtrack.cli.progress import Lines, make_progress
from reidtrack.cli.terminal import printable
from reidtrack.errors import InputError, UsageError

FULL = Path("/dev/full")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Zoë, Łukasz, 王芳, 😀", "Zoë, Łukasz, 王芳, 😀", id="letters"),
        pytest.param("a\tb\nc", "a\tb\nc", id="tabs and lines"),
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="a colour"),
        pytest.param("\x1b]0;title\x07", "\\x1b]0;title\\x07", id="a window's title"),
        pytest.param("a\rb", "a\\rb", id="over what stands there"),
        pytest.param("a\x08b\x7f", "a\\x08b\\x7f", id="backspace and delete"),
        pytest.param("\x9b31m", "\\x9b31m", id="C1"),
        pytest.param("gpj.\u202egnp", "gpj.\\u202egnp", id="right to left"),
        pytest.param("a\u2028b", "a\\u2028b", id="a line of Unicode's"),
    ],
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_errors_logs_and_tables_are_printable(capsys: pytest.CaptureFixture[str]) -> None:
    name = "\x1b[2Jcam\nerror: x"
    assert options.told(UsageError("no", where=name)) == "\\x1b[2Jcam error: x: no"
    with make_progress(quiet=False) as progress:
        assert isinstance(progress, Lines)
        progress.warn("\x1b[2J")
        progress.fail(InputError("\x1b[2J"))
        import logging

        logging.getLogger("reidtrack.test").warning("%s", name)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["\\x1b[2J", "error: \\x1b[2J", "\\x1b[2Jcam error: x"]


def test_a_console_keeps_its_own_colours() -> None:
    shown = io.StringIO()
    console = SafeConsole(file=shown, force_terminal=True, color_system="standard", highlight=False, width=60)
    console.print("a \x1b[31m name", style="red", markup=False)
    assert shown.getvalue() == "\x1b[31ma \\x1b[31m name\x1b[0m\n"


def test_what_was_typed_is_printable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["config", "\x1b[2J"])
    assert "\x1b[2J" not in capsys.readouterr().err


def started(*words: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "reidtrack", *words], check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.skipif(not FULL.exists(), reason="no such device here")
def test_a_result_that_is_lost_is_told() -> None:
    with FULL.open("wb") as full:
        done = started("config", stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (
        5,
        b"error: standard output: cannot be written; No space left on device\n",
    )


@pytest.mark.skipif(not FULL.exists(), reason="no such device here")
def test_words_that_are_lost_change_nothing() -> None:
    with FULL.open("wb") as full:
        assert started("config", stdout=subprocess.DEVNULL, stderr=full).returncode == 0
        assert started("config", "--set", "no=1", stdout=subprocess.DEVNULL, stderr=full).returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(closed: str, tmp_path: Path) -> None:
    """What is opened next does not get their numbers."""
    code = "import sys; from reidtrack.cli.main import main; c = main(['config']); f = open(sys.argv[1], 'w'); "
    code += "assert f.fileno() > 2; sys.exit(c)"
    words = f'"{sys.executable}" -c "{code}" "{tmp_path / "file"}" {closed}'
    assert subprocess.run(["sh", "-c", words], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8:strict", "cp1252"])
def test_any_encoding(encoding: str) -> None:
    done = started("config", "--set", "nö=\u0141", env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: ")
