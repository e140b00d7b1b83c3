"""The command line: every error becomes one line and an exit code, and every command explains itself."""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from reidtrack import __version__, errors
from reidtrack.cli import main as cli
from reidtrack.cli.main import COMMANDS, build_parser, main


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> type[Command]:
    """Puts a command in place of `reidtrack config` that does what the test wants."""
    monkeypatch.setattr(cli, "_command", lambda name: Command)
    return Command


class Command:
    """A command that raises `error`, if there is one."""

    HELP = "Does what the test wants."
    error: BaseException | None = None

    @staticmethod
    def configure(parser: argparse.ArgumentParser) -> None:
        """It has no options."""

    @staticmethod
    def run(args: argparse.Namespace) -> int:
        if Command.error is not None:
            raise Command.error
        return 0


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        pytest.param(None, 0, "", id="nothing went wrong"),
        pytest.param(errors.UsageError("no", where="--x"), 2, "error: --x: no", id="usage"),
        pytest.param(errors.InputError("no", where="a.mp4", hint="do"), 3, "error: a.mp4: no; do", id="input"),
        pytest.param(errors.WeightsError("no"), 4, "error: no", id="weights"),
        pytest.param(errors.OutputError("no"), 5, "error: no", id="output"),
        pytest.param(OSError(28, "No space left", "/a"), 5, "error: /a: No space left", id="any error of the disk"),
        pytest.param(KeyboardInterrupt(), 130, "interrupted", id="Ctrl-C"),
        pytest.param(
            KeyError("k"), 1, "bug: KeyError: 'k'; run again with --debug and report it", id="anything else is a bug"
        ),
        pytest.param(
            ImportError("libGL.so.1: cannot open shared object file: No such file or directory", name="cv2"),
            2,
            "error: cv2: the system lacks libGL.so.1; apt-get install libgl1",
            id="a library that OpenCV needs",
        ),
        pytest.param(
            ImportError("libfancy.so.3: cannot open shared object file"),
            2,
            "error: the system lacks libfancy.so.3; install the system package that brings libfancy.so.3",
            id="a library that nobody knows",
        ),
        pytest.param(
            ModuleNotFoundError("No module named 'lap'", name="lap"),
            2,
            "error: the Python package 'lap' cannot be imported: No module named 'lap'; pip install reidtrack",
            id="a package",
        ),
    ],
)
def test_every_error_is_one_line_and_a_code(
    command: type[Command],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException | None,
    code: int,
    line: str,
) -> None:
    monkeypatch.setattr(command, "error", error)
    assert main(["config"]) == code
    said = capsys.readouterr()
    assert (said.out, said.err.rstrip("\n")) == ("", line)


def test_debug_shows_where(
    command: type[Command], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "error", errors.InputError("no"))
    assert main(["config", "--debug"]) == 3
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.endswith("error: no\n")
    monkeypatch.setattr(command, "error", KeyError("k"))
    with pytest.raises(KeyError):
        main(["config", "--debug"])


def test_a_library_that_is_missing_when_options_are_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str) -> SimpleNamespace:
        raise ImportError("libgomp.so.1: cannot open shared object file", name=name)

    monkeypatch.setattr(cli, "_command", fail)
    assert main(["config"]) == 2
    assert capsys.readouterr().err == "error: config: the system lacks libgomp.so.1; apt-get install libgomp1\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert re.search(rf"^Usage: reidtrack {name} ", told)
    assert "--debug" in told


def test_help_lists_commands_and_exit_codes() -> None:
    told = " ".join(build_parser().format_help().split())
    for name, text in COMMANDS.items():
        assert f"{name} {text}"[:40] in told
    for code in (0, 1, 2, 3, 4, 5, 130):
        assert re.search(rf"[:;] {code} ", told)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], id="no command"),
        pytest.param(["runn"], id="unknown command"),
        pytest.param(["run"], id="a required option is missing"),
        pytest.param(["config", "--nonsense"], id="unknown option"),
        pytest.param(["run", "--videos", "a", "--crops", "--no-crops"], id="options that exclude each other"),
        pytest.param(["run", "--videos", "a", "--stride", "two"], id="not a number"),
    ],
)
def test_wrong_words(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err.splitlines()[-1]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"reidtrack {__version__}\n"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        pytest.param("utf-8", "Łukasz, Zoë, \\udcff", id="all letters, but no bytes that are none"),
        pytest.param("latin-1", "\\u0141ukasz, Zoë, \\udcff", id="western letters"),
        pytest.param("ascii", "\\u0141ukasz, Zo\\xeb, \\udcff", id="the C locale"),
    ],
)
def test_letters_that_the_locale_does_not_have(
    command: type[Command], monkeypatch: pytest.MonkeyPatch, encoding: str, expected: str
) -> None:
    def run(args: argparse.Namespace) -> int:
        print("Łukasz, Zoë, \udcff")
        return 0

    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding))
    monkeypatch.setattr(command, "run", run)
    assert main(["config"]) == 0
    assert shown.getvalue().decode(encoding) == expected + "\n"


def test_a_file_name_that_the_locale_does_not_have(tmp_path: Path) -> None:
    """A camera's, of a run that was made elsewhere."""
    code = """
        import sys
        from pathlib import Path
        from types import SimpleNamespace
        from reidtrack.cli import main as cli
        from reidtrack.mot import MotRows, write_mot

        def run(args):
            write_mot(Path("tracks/D\\xf6r-2.txt"), MotRows.empty())

        cli._command = lambda name: SimpleNamespace(HELP="", configure=lambda parser: None, run=run)
        sys.exit(cli.main(["config"]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        errors.OutputError.exit_code,
        "error: tracks/D\\xf6r-2.txt: has letters that file names cannot have in this locale (expected letters of "
        "ascii); set LC_ALL=C.UTF-8, or PYTHONUTF8=1\n",
    )


def test_letters_that_a_bug_could_not_write(command: type[Command], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "error", UnicodeEncodeError("latin-1", "Ł", 0, 1, "ordinal not in range"))
    assert main(["config"]) == errors.EXIT_BUG


def test_as_a_module_whose_reader_leaves_early() -> None:
    """`python -m reidtrack config | head -0`: no traceback, and no fault either."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "reidtrack", "config"], stdout=closed, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_settings_printed_are_settings_taken(tmp_path_factory: pytest.TempPathFactory) -> None:
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", printed)
        assert main(["config", "--set", "track.max_age=3.5", "--set", "output.crops=none"]) == 0
    path = tmp_path_factory.mktemp("config") / "all.yaml"
    path.write_text(printed.getvalue())
    from reidtrack.config.load import load
    from reidtrack.config.run import RunConfig

    config = load(RunConfig, path)
    assert (config.track.max_age, config.output.crops) == (3.5, "none")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["config", "--set", "", "---\n"], id="a line end at the end"),
        pytest.param(["config", "--set", "", "--a\nb\r\nc\x0bd"], id="line ends within"),
        pytest.param(["con\nfig"], id="no command"),
        pytest.param(["run", "--videos", "a", "--fps", "1\n2"], id="no number"),
        pytest.param(["associate", "x", "--threshold", "\n"], id="no threshold"),
    ],
)
def test_complaints_about_words_with_line_ends_are_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (["--webhook", "https://h/hook/key"], ["--webhook", "https://h/***"]),
        (["--webhook=https://joe:pw@h/hook?key=1"], ["--webhook=https://***@h/***"]),
        (["--web", "https://h/key", "--out", "a/b"], ["--web", "https://h/***", "--out", "a/b"]),
        (["--set", "publish.webhook=http://h/key"], ["--set", "publish.webhook=http://h/***"]),
        (["--videos", "rtsp://joe:pw@h/main", "-", "--"], ["--videos", "rtsp://***@h/main", "-", "--"]),
        (["--webhook", "nonsense", "--", "x"], ["--webhook", "***", "--", "x"]),
    ],
)
def test_what_others_see_of_arguments(words: list[str], seen: list[str]) -> None:
    shown = cli._Seen()
    assert [shown(word) for word in words] == seen
