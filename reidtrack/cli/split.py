"""`reidtrack split`: one number is two people."""

from __future__ import annotations

import argparse

from reidtrack.cli.correcting import add_correction_options, add_folder, run_correction

HELP = (
    "Say that a person of a run is two: CAMERA TRACK --at SECONDS cuts a track there, CAMERA TRACK takes that tracklet "
    "out of its person, an identity's number or name parts it at its weakest link; identities are settled anew at once."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack split`."""
    add_folder(parser)
    parser.add_argument("who", nargs="*", metavar="WHO", help="CAMERA TRACK as in identities.json, a number or a name")
    parser.add_argument(
        "--at", type=float, metavar="SECONDS", help="when the track goes over to somebody else, as in identities.json"
    )
    add_correction_options(parser)


def run(args: argparse.Namespace) -> int:
    """Split."""
    from reidtrack.pipeline.correct import split

    return run_correction(args, split(args.who, args.at) if args.who else None)
