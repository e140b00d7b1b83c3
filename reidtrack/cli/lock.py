"""`reidtrack lock`: a person is right as they are."""

from __future__ import annotations

import argparse

from reidtrack.cli.correcting import WHO, add_correction_options, add_folder, run_correction

HELP = "Say that people of a run are right as they are: nobody leaves them and nobody joins, whatever else changes."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack lock`."""
    add_folder(parser)
    parser.add_argument("who", nargs="*", metavar="WHO", help=f"one or more: {WHO}")
    add_correction_options(parser)


def run(args: argparse.Namespace) -> int:
    """Lock."""
    from reidtrack.pipeline.correct import lock

    return run_correction(args, lock(args.who) if args.who else None)
