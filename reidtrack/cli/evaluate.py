"""`reidtrack evaluate`: a table (or JSON) of HOTA, IDF1, MOTA and switches."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.blame import print_blame
from reidtrack.cli.outcome import written_or_told
from reidtrack.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from reidtrack.pipeline.evaluate.evaluate import Figures

HELP = "Score a run, or plain tracker output, against ground truth in MOTChallenge text files."
_COLUMNS = ("HOTA", "DetA", "AssA", "IDF1", "MOTA", "IDSW", "FP", "FN")
_CAMERA_FILES = "CAMERA=FILE"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack evaluate`."""
    parser.add_argument("dir", metavar="DIR", nargs="?", type=Path, help="folder that `reidtrack run` wrote")
    parser.add_argument(
        "--gt",
        nargs="+",
        metavar=_CAMERA_FILES,
        help="ground truth of each camera's tracks/; CAMERA= may be left out where the file's name contains it",
    )
    parser.add_argument(
        "--gt-person",
        nargs="+",
        default=[],
        metavar=_CAMERA_FILES,
        help="ground truth of the union of the cameras, one id per person over all of them (default: that of --gt)",
    )
    parser.add_argument(
        "--ignore", nargs="+", default=[], metavar=_CAMERA_FILES, help="boxes that need not be found but may be"
    )
    parser.add_argument(
        "--mot",
        type=Path,
        metavar="FOLDER",
        help="in place of DIR: MOTChallenge folders, SEQUENCE/gt/gt.txt; scored by the class rules of MOT15 to MOT20",
    )
    parser.add_argument("--tracks", type=Path, metavar="FOLDER", help="with --mot: tracker output, SEQUENCE.txt")
    parser.add_argument(
        "--sequences", nargs="+", default=[], metavar="SEQUENCE", help="with --mot: only these (default: all)"
    )
    parser.add_argument(
        "--blame",
        action="store_true",
        help="also say what the points were lost by: stage, camera pair, link; DIR/blame.html shows both sides of each",
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")


def run(args: argparse.Namespace) -> int:
    """Evaluate and print.

    Raises:
        UsageError: If neither or both of DIR and --mot are given, or one lacks its other half.
    """
    _check(args)
    unwritten = None
    from reidtrack.pipeline.evaluate.evaluate import evaluate_mot, evaluate_run, figures

    if args.mot is not None:
        mot = evaluate_mot(args.mot, args.tracks, args.sequences)
        rows = {name: figures(score) for name, score in mot.sequences.items()}
        title, last, content = "sequence", ("combined", figures(mot.combined)), mot.to_json()
    else:
        evaluation = evaluate_run(args.dir, args.gt, args.gt_person, args.ignore)
        content, unwritten = evaluation.to_json(), evaluation.unwritten
        if args.blame:
            from reidtrack.pipeline.evaluate.attribution import attribute_run_errors

            blamed = attribute_run_errors(args.dir, evaluation.people)
            content["blame"], unwritten = blamed.to_json(), unwritten or blamed.unwritten
        rows = {name: figures(score) for name, score in evaluation.cameras.items()}
        title, last = "camera", ("cross-camera", evaluation.cross_figures())
    if args.json:
        print(json.dumps(content, indent=2))
        return written_or_told(unwritten)
    from reidtrack.cli.console import SafeConsole

    console = SafeConsole()
    console.print(score_table(title, rows, last))
    if args.blame:
        print_blame(console, blamed.to_json())
    if args.blame and blamed.unwritten is None:
        console.print(f"{args.dir / 'blame.html'}: both sides of each link", markup=False, soft_wrap=True)
    return written_or_told(unwritten)


def _check(args: argparse.Namespace) -> None:
    if args.mot is None:
        if args.dir is None:
            raise UsageError(
                "nothing to evaluate", expected="DIR --gt CAMERA=FILE ..., or --mot FOLDER --tracks FOLDER"
            )
        if not args.gt:
            raise UsageError("no ground truth", expected="--gt CAMERA=FILE ...")
        if args.sequences:
            raise UsageError("--sequences goes with --mot, not with DIR", hint="leave it out")
        if args.tracks is not None:
            raise UsageError("--tracks goes with --mot, not with DIR", hint="DIR brings its own tracks")
    else:
        if args.tracks is None:
            raise UsageError("--mot needs the tracker's output", expected="--tracks FOLDER with SEQUENCE.txt files")
        if args.dir is not None or args.gt or args.gt_person or args.ignore or args.blame:
            raise UsageError(
                "--mot goes with --tracks only", hint="leave out DIR, --gt, --gt-person, --ignore and --blame"
            )


def score_table(title: str, rows: Mapping[str, Figures], last: tuple[str, Figures]) -> Table:
    """Figures of each camera or sequence, and of all of them together under a line."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(title, overflow="fold")
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in rows.items():
        table.add_row(escape(name), *_cells(row))
    table.add_section()
    table.add_row(last[0], *_cells(last[1]))
    return table


def _cells(row: Figures) -> list[str]:
    """Percent to one decimal, counts as they are, blank where a figure does not apply."""
    values = [row.get(name) for name in _COLUMNS]
    return ["" if v is None else f"{v:.1f}" if isinstance(v, float) else str(v) for v in values]
