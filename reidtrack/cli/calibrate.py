"""`reidtrack calibrate`: which threshold, how sure, and what another one would do."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.outcome import written_or_told
from reidtrack.errors import UsageError

if TYPE_CHECKING:
    from reidtrack.pipeline.calibrate import Calibrated

HELP = (
    "Find how alike is alike enough in a finished run, without labels: the threshold, how often it errs, how sure that "
    "is. Writes DIR/calibration.json and leaves the identities as they are. Example: reidtrack calibrate runs/first "
    "--false-accept 0.1%"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack calibrate`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the run")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--threshold", type=float, metavar="T", help="say what this threshold would do")
    asked.add_argument(
        "--false-accept",
        metavar="RATE",
        help="say what the largest threshold would do that takes no more pairs of two people for one, such as 1%%",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Calibrate a run and print the threshold, its errors and how sure it is."""
    false_accept = None if args.false_accept is None else _share(args.false_accept)
    if args.threshold is not None and not 0 <= args.threshold <= 2:
        raise UsageError(f"got {args.threshold}", field="threshold", expected="a cosine distance, 0 to 2")
    from reidtrack.pipeline.calibrate import calibrate_run

    found = calibrate_run(args.folder, threshold=args.threshold, false_accept=false_accept)
    if args.json:
        print(json.dumps(found.record, indent=1))
    else:
        _print(found, args.folder)
    return written_or_told(found.unwritten)


def _share(text: str) -> float:
    """A share from `1%` or `0.01`."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise UsageError(f"got {text!r}", field="false_accept", expected="a share such as 1% or 0.01")
    return value


def _print(found: Calibrated, folder: Path) -> None:
    from rich.table import Table

    from reidtrack.cli.console import SafeConsole

    console, calibration = SafeConsole(highlight=False, soft_wrap=True, markup=False), found.calibration
    used = calibration.rates()
    origin = "by default" if calibration.by_default else "found" if calibration.source == "auto" else "given"
    console.print(
        f"threshold {calibration.threshold:.3f} ({origin}), within a camera {calibration.same_camera_threshold:.3f}: "
        f"{found.people} people"
    )
    console.print(_rates(used.false_accept, used.false_reject))
    console.print(f"confidence: {calibration.confidence}. {calibration.reason[:1].upper()}{calibration.reason[1:]}.")
    console.print(
        f"seen together in one camera: {calibration.seen_together:,} pairs, "
        f"{calibration.seen_together_within:,} of them within the threshold (kept apart all the same)"
    )
    console.print(
        f"halves of one visit: {calibration.halves:,} compared, {calibration.halves_within:,} of them within it\n"
    )
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("cameras")
    for name in ("sure matches", "known apart", "even at", "log-odds per 0.1"):
        table.add_column(name, justify="right")
    for pair in (calibration.everywhere, *calibration.pairs.values()):
        name = "all" if pair is calibration.everywhere else " and ".join(pair.cameras)
        table.add_row(
            name, f"{pair.positives:,}", f"{pair.negatives:,}", f"{pair.midpoint:.3f}", f"{pair.slope / 10:.1f}"
        )
    console.print(table)
    if found.rates.threshold != calibration.threshold:
        _print_other(found, folder, console.print)
    console.print(f"\n{found.path}" if found.unwritten is None else "")


def _print_other(found: Calibrated, folder: Path, say: object) -> None:
    assert callable(say)
    say(f"\nat {found.rates.threshold:.3f}: {_rates(found.rates.false_accept, found.rates.false_reject)}")
    if found.change is not None:
        joined = ", ".join(f"{a} with {b}" for a, b in found.change.joined)
        parted = ", ".join(f"{camera} {track}" for camera, track in found.change.parted)
        details = [f"{word}: {names}" for word, names in (("joined", joined), ("parted", parted)) if names]
        say("; ".join([f"{found.change.identities} people", *details]))
    say(f"to use it: reidtrack associate {folder} --threshold {found.rates.threshold:.3f}")


def _rates(false_accept: float, false_reject: float) -> str:
    return f"of pairs of two people {false_accept:.2%} lie within, of one person's pairs {false_reject:.1%} lie beyond"
