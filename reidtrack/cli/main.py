"""`reidtrack COMMAND ...`: finds the command, runs it, and turns every error into one line and an exit code.

Only the chosen command's file is imported, so that `reidtrack --help` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Sequence
from typing import NoReturn, Protocol

from reidtrack import __version__
from reidtrack.cli.options import told
from reidtrack.cli.terminal import guard_streams, printable, say
from reidtrack.errors import EXIT_BUG, EXIT_INTERRUPTED, DeviceError, OutputError, ReidtrackError
from reidtrack.files import unwritable_name
from reidtrack.runtime.process_title import hide_arguments
from reidtrack.video.secrets import host_alone, redact_within

COMMANDS = {
    "run": "several cameras in, one identity per person out",
    "archive": "recordings of many cameras and days, in many files: what there is, how long it takes",
    "live": "watch live cameras: one identity per person while people are there",
    "demo": "that on the sample scene that ships, scored against its ground truth",
    "associate": "settle the identities of a finished run anew, without inference",
    "calibrate": "the threshold of a run: how sure, how often it errs, what another would do",
    "merge": "correct a run: these are one person",
    "split": "correct a run: this is two people",
    "name": "give a person of a run a name",
    "lock": "keep a person of a run as they are",
    "ignore": "leave a person of a run out: a mannequin, staff",
    "erase": "remove everything that a run keeps of a person",
    "render": "annotated video of a stretch of time of live cameras, from their recordings",
    "export": "write a network as a file for inference engines, checked against torch",
    "evaluate": "score a run, or plain tracker output, against ground truth",
    "track": "run the tracker alone on recorded detections",
    "benchmark": "score weights on image data sets: Rank-k, mAP, verification, plots",
    "explore": "look at a data set: a table and one HTML page",
    "train": "train a re-identification network",
    "embed": "turn pictures of people into features",
    "search": "find a person of a photo in pictures, a run or a gallery: who, which camera, when",
    "enroll": "photos of somebody into a gallery of people over many runs",
    "gallery": "who is in a gallery: list, name, merge, forget",
    "db": "whole galleries: put those of several machines together",
    "serve": "runs in a browser, and the same as an interface for programs",
    "user": "who may come in there: add, list, remove accounts",
    "config": "print every setting with its default, as YAML",
}

_IN_ONE_FILE = dict.fromkeys(("merge", "split", "name", "lock", "ignore"), "correct")
"""Commands whose file is not called like them; its `COMMANDS` holds them by name."""

# Shared libraries that wheels expect of the system, and the Debian package that brings each.
_SYSTEM_PACKAGES = {
    "libGL.so": "libgl1",
    "libgthread-2.0": "libglib2.0-0",
    "libglib-2.0": "libglib2.0-0",
    "libSM.so": "libsm6",
    "libXext.so": "libxext6",
    "libxcb.so": "libxcb1",
    "libgomp.so": "libgomp1",
}

_EPILOG = (
    "exit codes: 0 done; 1 a bug; 2 usage, configuration or a device that is not there; 3 an input could not be read "
    "(the others finished); 4 weights refused; 5 disk full or output not writable; 130 interrupted, outputs finalised"
)


class _Seen:
    """What may be seen of arguments, given one after another: no password, and of a web hook the host alone."""

    def __init__(self) -> None:
        self._hook = False

    def __call__(self, argument: str) -> str:
        """What may be seen of the next argument."""
        hook, self._hook = self._hook, len(argument) > 2 and "--webhook".startswith(argument)
        name, equals, value = argument.partition("=")
        if equals and ("webhook" in name or (len(name) > 2 and "--webhook".startswith(name))):
            return f"{name}={host_alone(value)}"
        return host_alone(argument) if hook else redact_within(argument)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; those of the process if None.

    Returns:
        The exit code (see the epilog of `reidtrack --help`).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    streams = guard_streams()
    hide_arguments(_Seen())
    try:
        args = build_parser(_chosen(arguments)).parse_args(arguments)
    except ImportError as error:
        return _fail(_missing_library(error), debug="--debug" in arguments)
    except SystemExit as ended:  # argparse has said all there is to say
        sys.exit(streams.settle(ended.code) if isinstance(ended.code, int) else ended.code)
    return streams.settle(_guarded(args))


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints about what was typed can be shown."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(" ".join(redact_within(message).split())))  # what was typed may hold line ends


def build_parser(chosen: str | None = None) -> argparse.ArgumentParser:
    """The parser of all commands; only the `chosen` one's options are filled in."""
    from rich_argparse import RichHelpFormatter

    class Formatter(RichHelpFormatter):
        """Brackets are brackets: `reidtrack[int8]` is no markup."""

        help_markup = False
        text_markup = False

    parser = _Parser(
        prog="reidtrack",
        description="Several cameras in, one identity per person out.",
        epilog=_EPILOG,
        formatter_class=Formatter,
    )
    parser.add_argument("--version", action="version", version=f"reidtrack {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, formatter_class=Formatter)
        command.add_argument("--debug", action="store_true", help="show a traceback where something goes wrong")
        if name == chosen:
            chosen_command = _command(name)
            command.description = chosen_command.HELP
            chosen_command.configure(command)
    return parser


def _chosen(arguments: Sequence[str]) -> str | None:
    """The command's name: the first word that is not an option."""
    return next((a for a in arguments if not a.startswith("-")), None)


class Command(Protocol):
    """What a command's file has."""

    HELP: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the exit code."""
        ...


def _command(name: str) -> Command:
    module = importlib.import_module(f"reidtrack.cli.{_IN_ONE_FILE.get(name, name)}")
    command: Command = module.COMMANDS[name] if name in _IN_ONE_FILE else module
    return command


def _guarded(args: argparse.Namespace) -> int:
    """Run a parsed command; errors become one line on stderr unless `--debug` asks for the traceback."""
    try:
        return int(_command(args.command).run(args))
    except ReidtrackError as error:
        return _fail(error, debug=args.debug)
    except KeyboardInterrupt:
        say("interrupted", error=True)
        return EXIT_INTERRUPTED
    except ImportError as error:
        return _fail(_missing_library(error), debug=args.debug)
    except OSError as error:
        return _fail(OutputError(error.strerror or str(error), where=error.filename), debug=args.debug)
    except UnicodeEncodeError as error:
        if error.encoding == "utf-8" or error.encoding != sys.getfilesystemencoding():
            return _bug(error, debug=args.debug)
        return _fail(unwritable_name(error.object, error), debug=args.debug)
    except Exception as error:
        return _bug(error, debug=args.debug)


def _bug(error: Exception, *, debug: bool) -> int:
    """One line for the user, the traceback for us."""
    if debug:
        raise error
    say(f"bug: {type(error).__name__}: {error}; run again with --debug and report it", error=True)
    return EXIT_BUG


def _fail(error: ReidtrackError, *, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error)
    say(f"error: {told(error)}", error=True)
    return error.exit_code


def _missing_library(error: ImportError) -> ReidtrackError:
    """Say which package brings a library that an import did not find."""
    text = str(error)
    found = re.search(r"(lib[\w.+-]+\.so[\w.]*)", text)
    if found is None:
        name = error.name or text
        return DeviceError(f"the Python package {name!r} cannot be imported: {text}", hint="pip install reidtrack")
    library = found.group(1)
    package = next((p for prefix, p in _SYSTEM_PACKAGES.items() if library.startswith(prefix)), None)
    hint = f"apt-get install {package}" if package else f"install the system package that brings {library}"
    return DeviceError(f"the system lacks {library}", where=error.name, hint=hint)
