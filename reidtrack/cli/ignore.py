"""`reidtrack ignore`: a number that is nobody."""

from __future__ import annotations

import argparse

from reidtrack.cli.correcting import WHO, add_correction_options, add_folder, run_correction

HELP = (
    "Leave people or single tracklets out of every output: a mannequin, a picture on a wall, staff not to be counted."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack ignore`."""
    add_folder(parser)
    parser.add_argument("who", nargs="*", metavar="WHO", help=f"one or more: {WHO}")
    add_correction_options(parser)


def run(args: argparse.Namespace) -> int:
    """Ignore."""
    from reidtrack.pipeline.correct import ignore

    return run_correction(args, ignore(args.who) if args.who else None)
