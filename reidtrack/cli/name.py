"""`reidtrack name`: what a person is called."""

from __future__ import annotations

import argparse

from reidtrack.cli.correcting import WHO, add_correction_options, add_folder, run_correction
from reidtrack.errors import UsageError

HELP = (
    "Give a person of a run a name, which stays theirs whenever identities are settled anew; outputs show it at once."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack name`."""
    add_folder(parser)
    parser.add_argument("who", nargs="?", metavar="WHO", help=WHO)
    parser.add_argument("name", nargs="?", metavar="NAME", help="what the person is called")
    add_correction_options(parser)


def run(args: argparse.Namespace) -> int:
    """Name somebody.

    Raises:
        UsageError: If no name is given.
    """
    from reidtrack.pipeline.correct import name

    if args.who is not None and args.name is None:
        raise UsageError("no name", expected="DIR WHO NAME, such as runs/first 3 Anna")
    return run_correction(args, None if args.who is None else name(args.who, args.name))
