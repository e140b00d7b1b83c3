"""What the commands that correct a run share: their options, and what they print."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.options import add_output_options, exit_code_of, make_progress, print_outcome
from reidtrack.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from reidtrack.pipeline.correct import Edited, Make
    from reidtrack.pipeline.run.write_outputs import Outcome

WHO = "an identity's number, a name, or 'CAMERA TRACK' as in identities.json"


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add DIR, which comes first."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the run")


def add_correction_options(parser: argparse.ArgumentParser) -> None:
    """Add what all of them take."""
    parser.add_argument("--undo", action="store_true", help="take back the last one in place of adding one")
    parser.add_argument("--no-associate", action="store_true", help="write corrections.yaml alone, settle later")
    parser.add_argument("--video", action="store_true", help="render the videos anew as well")
    add_output_options(parser)


def run_correction(args: argparse.Namespace, make: Make | None) -> int:
    """Write a correction and settle the identities anew.

    Args:
        args: Of the command.
        make: The correction; None where too little was said for one.

    Raises:
        UsageError: If neither a correction nor `--undo` is asked for, or both.
    """
    from reidtrack.pipeline.associate import associate_again
    from reidtrack.pipeline.correct import edit_corrections, undo
    from reidtrack.runtime.cancel import CancelToken, cancel_on_signals

    if args.undo == (make is not None):
        raise UsageError(f"{args.command} needs somebody, or --undo, and not both", expected=f"DIR and {WHO}")
    edited = edit_corrections(args.folder, make or undo(args.command))
    if args.no_associate:
        _tell(edited, None, args)
        return EXIT_OK
    cancel = CancelToken()
    with cancel_on_signals(cancel), make_progress(args) as progress:
        outcome = associate_again(args.folder, (), video=args.video, mosaic=False, progress=progress, cancel=cancel)
    _tell(edited, outcome, args)
    return exit_code_of(outcome) if args.json else print_outcome(outcome, args)


def _tell(edited: Edited, outcome: Outcome | None, args: argparse.Namespace) -> None:
    """What was written, and who has which number now."""
    if args.json:
        change = {"file": str(edited.path), "added": edited.added, "removed": edited.removed}
        record = {} if outcome is None else outcome.record
        print(json.dumps({"folder": str(args.folder), "change": change, **record}, indent=1))
    elif not args.quiet:
        for sign, lines in (("-", edited.removed), ("+", edited.added)):
            for line in lines:
                print(f"{edited.path.name}: {sign} {line}")
        if outcome is not None and edited.people:
            print("; ".join(f"{place} is {_who(outcome, edited, i)} now" for i, place in enumerate(edited.people)))


def _who(outcome: Outcome, edited: Edited, i: int) -> str:
    place = edited.people[i]
    for identity in outcome.identities:
        for tracklet in identity:
            at_s = tracklet.first_time_s if place.time_s is None else place.time_s
            same = (tracklet.camera, tracklet.logged_id) == (place.camera, place.track_id)
            if same and tracklet.first_time_s <= at_s <= tracklet.last_time_s:
                return f"ID {identity.id}" if identity.name is None else f"{identity.name} (ID {identity.id})"
    return "nobody"
