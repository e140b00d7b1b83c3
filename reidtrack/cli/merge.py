"""`reidtrack merge`: two numbers are one person."""

from __future__ import annotations

import argparse

from reidtrack.cli.correcting import WHO, add_correction_options, add_folder, run_correction

HELP = "Say that people of a run are one person; written to corrections.yaml, and identities are settled anew at once."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack merge`."""
    add_folder(parser)
    parser.add_argument("who", nargs="*", metavar="WHO", help=f"two or more: {WHO}")
    add_correction_options(parser)


def run(args: argparse.Namespace) -> int:
    """Merge."""
    from reidtrack.pipeline.correct import merge

    return run_correction(args, merge(args.who) if args.who else None)
