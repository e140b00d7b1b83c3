"""The commands that correct a run: `reidtrack merge`, `split`, `name`, `lock` and `ignore`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.options import add_output_options
from reidtrack.cli.outcome import exit_code_of, print_outcome
from reidtrack.cli.progress import make_progress
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from reidtrack.pipeline.correct import Edited, Make
    from reidtrack.pipeline.run.write_outputs import Outcome

_WHO = "an identity's number, a name, or 'CAMERA TRACK' as in identities.json"
_WHO_SPLIT = "CAMERA TRACK as in identities.json, a number or a name"


class Correction:
    """One command that corrects a run, in the form of a command's file.

    Args:
        help_text: What it does.
        add_who: Adds the words that say who is meant.
        make: From the parsed words to the correction; None where they say too little for one.
    """

    def __init__(
        self,
        help_text: str,
        add_who: Callable[[argparse.ArgumentParser], None],
        make: Callable[[argparse.Namespace], Make | None],
    ) -> None:
        self.HELP = help_text
        self._add_who, self._make = add_who, make

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the run")
        self._add_who(parser)
        parser.add_argument("--undo", action="store_true", help="take back the last one in place of adding one")
        parser.add_argument("--no-associate", action="store_true", help="write corrections.yaml alone, settle later")
        parser.add_argument("--video", action="store_true", help="render the videos anew as well")
        add_output_options(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Write the correction and settle the identities anew.

        Raises:
            UsageError: If neither a correction nor `--undo` is asked for, or both.
        """
        from reidtrack.pipeline.associate import associate_again
        from reidtrack.pipeline.correct import edit_corrections, undo
        from reidtrack.runtime.cancel import CancelToken, cancel_on_signals

        make = self._make(args)
        if args.undo == (make is not None):
            raise UsageError(f"{args.command} needs somebody, or --undo, and not both", expected=f"DIR and {_WHO}")
        edited = edit_corrections(args.folder, make or undo(args.command), settles=not args.no_associate)
        if args.no_associate:
            _tell(edited, None, args)
            return EXIT_OK
        cancel = CancelToken()
        with cancel_on_signals(cancel), make_progress(quiet=args.quiet) as progress:
            outcome = associate_again(args.folder, (), video=args.video, mosaic=False, progress=progress, cancel=cancel)
        _tell(edited, outcome, args)
        return exit_code_of(outcome) if args.json else print_outcome(outcome, args)


def _add_people(parser: argparse.ArgumentParser, *, at_least: str) -> None:
    parser.add_argument("who", nargs="*", metavar="WHO", help=f"{at_least}: {_WHO}")


def _add_split(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("who", nargs="*", metavar="WHO", help=_WHO_SPLIT)
    parser.add_argument(
        "--at", type=float, metavar="SECONDS", help="when the track goes over to somebody else, as in identities.json"
    )


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("who", nargs="?", metavar="WHO", help=_WHO)
    parser.add_argument("name", nargs="?", metavar="NAME", help="what the person is called")


def _merge(args: argparse.Namespace) -> Make | None:
    from reidtrack.pipeline.correct import merge

    return merge(args.who) if args.who else None


def _split(args: argparse.Namespace) -> Make | None:
    from reidtrack.pipeline.correct import split

    return split(args.who, args.at) if args.who else None


def _name(args: argparse.Namespace) -> Make | None:
    from reidtrack.pipeline.correct import name

    if args.who is not None and args.name is None:
        raise UsageError("no name", expected="DIR WHO NAME, such as runs/first 3 Anna")
    return None if args.who is None else name(args.who, args.name)


def _lock(args: argparse.Namespace) -> Make | None:
    from reidtrack.pipeline.correct import lock

    return lock(args.who) if args.who else None


def _ignore(args: argparse.Namespace) -> Make | None:
    from reidtrack.pipeline.correct import ignore

    return ignore(args.who) if args.who else None


def _tell(edited: Edited, outcome: Outcome | None, args: argparse.Namespace) -> None:
    """What was written, and who has which number now."""
    if args.json:
        change = {"file": str(edited.path), "added": edited.added, "removed": edited.removed}
        record = {} if outcome is None else outcome.record
        print(json.dumps({"folder": str(args.folder), "change": change, **record}, indent=1))
    elif not args.quiet:
        for sign, lines in (("-", edited.removed), ("+", edited.added)):
            for line in lines:
                say(f"{edited.path.name}: {sign} {line}")
        if outcome is not None and edited.people:
            say("; ".join(f"{place} is {_who(outcome, edited, i)} now" for i, place in enumerate(edited.people)))


def _who(outcome: Outcome, edited: Edited, i: int) -> str:
    place = edited.people[i]
    for identity in outcome.identities:
        for tracklet in identity:
            at_s = tracklet.first_time_s if place.time_s is None else place.time_s
            same = (tracklet.camera, tracklet.logged_id) == (place.camera, place.track_id)
            if same and tracklet.first_time_s <= at_s <= tracklet.last_time_s:
                return f"ID {identity.id}" if identity.name is None else f"{identity.name} (ID {identity.id})"
    return "nobody"


COMMANDS = {
    "merge": Correction(
        "Say that people of a run are one person; written to corrections.yaml, and identities are settled anew at "
        "once.",
        partial(_add_people, at_least="two or more"),
        _merge,
    ),
    "split": Correction(
        "Say that a person of a run is two: CAMERA TRACK --at SECONDS cuts a track there, CAMERA TRACK takes that "
        "tracklet out of its person, an identity's number or name parts it at its weakest link; identities are "
        "settled anew at once.",
        _add_split,
        _split,
    ),
    "name": Correction(
        "Give a person of a run a name, which stays theirs whenever identities are settled anew; outputs show it at "
        "once.",
        _add_name,
        _name,
    ),
    "lock": Correction(
        "Say that people of a run are right as they are: nobody leaves them and nobody joins, whatever else changes.",
        partial(_add_people, at_least="one or more"),
        _lock,
    ),
    "ignore": Correction(
        "Leave people or single tracklets out of every output: a mannequin, a picture on a wall, staff not to be "
        "counted.",
        partial(_add_people, at_least="one or more"),
        _ignore,
    ),
}
"""The commands of this file, by name."""
