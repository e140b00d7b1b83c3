"""What the commands that work on a run share: how they show progress and what they print at the end."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.timing import time_lines
from reidtrack.engines.names import ENGINES
from reidtrack.errors import EXIT_INTERRUPTED, EXIT_OK, InputError

if TYPE_CHECKING:
    from reidtrack.config.run import EmbedConfig
    from reidtrack.pipeline.run.write_outputs import Outcome
    from reidtrack.runtime.progress import Progress


DETECTOR_HELP = "YOLO detection model: a path (.pt, .onnx, OpenVINO folder) or a name (default: the shipped one)"
REID_HELP = (
    "re-ID network: a path (.safetensors, .pth, .onnx, .xml) or a name like osnet_x0_25 (default: the shipped one)"
)

GALLERY_HELP = "recognise people in this file, and keep those of the run there (made where it is not there)"


def add_settings_option(parser: argparse._ActionsContainer, help_text: str) -> None:
    """Add `--set KEY=VALUE ...`, which may be given several times."""
    parser.add_argument(
        "--set", nargs="+", default=[], action="extend", metavar="KEY=VALUE", dest="overrides", help=help_text
    )


def add_threshold_option(parser: argparse._ActionsContainer) -> None:
    """Add `--threshold`, short for `--set associate.threshold=`; beside `add_settings_option`."""
    parser.add_argument(
        "--threshold",
        type=_threshold,
        action="append",
        default=[],
        dest="overrides",
        metavar="T",
        help="largest distance of one person in two cameras, 0 to 2, or auto: found from the recording (default: auto)",
    )


def _threshold(text: str) -> str:
    if text != "auto":
        try:
            fits = 0 <= float(text) <= 2
        except ValueError:
            fits = False
        if not fits:
            raise argparse.ArgumentTypeError(f"got {text!r} (expected auto, or a cosine distance, 0 to 2)")
    return f"associate.threshold={text}"


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add `--quiet` and `--json`."""
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    parser.add_argument("--json", action="store_true", help="print the result as JSON on standard output")


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add `--reid`, `--device` and `--engine`."""
    parser.add_argument("--reid", type=Path, metavar="WEIGHTS", help=REID_HELP)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="what runs networks (default: auto)")


def embed_config(args: argparse.Namespace) -> EmbedConfig:
    """The network of `--reid`."""
    from reidtrack.config.run import EmbedConfig

    return EmbedConfig() if args.reid is None else EmbedConfig(weights=args.reid)


@contextmanager
def make_progress(args: argparse.Namespace) -> Iterator[Progress]:
    """Bars on a terminal, plain lines elsewhere, errors alone with `--quiet`; log messages go the same way."""
    from reidtrack.cli.progress import Bars, Errors, Lines

    shown = Bars if sys.stderr.isatty() else Lines
    progress: Progress = Errors() if args.quiet else shown()
    handler = _ToProgress(progress)
    logger = logging.getLogger("reidtrack")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield progress
    finally:
        progress.close()
        logger.removeHandler(handler)


@contextmanager
def make_bars(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each piece of work, by its title, where somebody looks at a terminal; told of how many are done."""
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    tasks: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True)) as progress:

        def advance(title: str, count: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = progress.add_task(title, total=total)
            progress.advance(tasks[title], count)

        yield advance


class _ToProgress(logging.Handler):
    """Sends the library's log messages where the progress is shown."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        """Show one message."""
        self._progress.warn(record.getMessage())


def print_outcome(outcome: Outcome, args: argparse.Namespace) -> int:
    """Print what came of a run; the exit code."""
    if args.json:
        print(json.dumps({"folder": str(outcome.folder.path), **outcome.record}, indent=1))
    elif not args.quiet:
        _print_table(outcome)
    return exit_code_of(outcome)


def exit_code_of(outcome: Outcome) -> int:
    """What a run's command exits with; an interrupted one says how to go on."""
    if outcome.interrupted:
        print("interrupted: what was read until then is finalised; --resume goes on", file=sys.stderr)
        return EXIT_INTERRUPTED
    return InputError.exit_code if outcome.failed else EXIT_OK


def _print_table(outcome: Outcome) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("camera")
    for name in ("frames", "visits", "people", "boxes"):
        table.add_column(name, justify="right")
    for camera, entry in outcome.record["cameras"].items():
        visits = sum(t.camera == camera for identity in outcome.identities for t in identity)
        table.add_row(camera, f"{entry['frames']:,}", str(visits), str(entry["people"]), f"{entry['boxes']:,}")
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(table)
    console.print(summary(outcome))
    videos = any(outcome.folder.video(camera).is_file() for camera in outcome.record["cameras"])
    console.print(f"{outcome.folder.path}: report.html, identities.json, sightings.jsonl{', videos' * videos}")


def summary(outcome: Outcome) -> str:
    """How many people there are, and what took how long."""
    several, spent = outcome.record["people_in_several_cameras"], "\n".join(time_lines(outcome.record))
    found = outcome.record.get("association", {}).get("calibration")
    return (
        f"{len(outcome.identities)} people, {several} of them in more than one camera\n"
        f"{f'{found}{chr(10)}' if found else ''}{spent}"
    )
