"""`reidtrack enroll`: photos of somebody into a gallery."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.options import DETECTOR_HELP, add_network_options, add_output_options, embed_config, told
from reidtrack.cli.progress import make_progress
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK, InputError

if TYPE_CHECKING:
    from reidtrack.pipeline.people.enroll import Enrolled, EnrollRequest

HELP = """Put photos of somebody into a gallery, under a name: runs with that gallery recognise the person.
Example: reidtrack enroll Anna anna1.jpg anna2.jpg --gallery people.db"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack enroll`."""
    parser.add_argument("name", metavar="NAME", help="what the person is called")
    parser.add_argument("photos", type=Path, nargs="+", metavar="PHOTO", help="images that show the person")
    parser.add_argument(
        "--gallery", type=Path, required=True, metavar="PEOPLE.DB", help="the gallery, made where it is not there"
    )
    parser.add_argument("--consent", metavar="DATE", help="when the person agreed to be known, such as 2026-11-30")
    parser.add_argument(
        "--until", metavar="DATE", help="the last day (UTC) on which they are kept; after it they are forgotten"
    )
    who = parser.add_argument_group("which person, where a photo shows several")
    who.add_argument("--box", type=float, nargs=4, metavar=("X1", "Y1", "X2", "Y2"), help="their box, pixels")
    who.add_argument("--person", type=int, metavar="N", help="the N-th person found, from 1, left to right")
    who.add_argument("--detector", type=Path, metavar="WEIGHTS", help=DETECTOR_HELP)
    add_network_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Enroll; the exit code tells of photos that could not be used."""
    from reidtrack.pipeline.people.enroll import enroll

    with make_progress(quiet=args.quiet) as progress:
        done = enroll(_request(args))
        for fault in done.faults:
            progress.fail(fault)
    if args.json:
        alike = None if done.alike is None else {"key": done.alike[0].key, "distance": round(done.alike[1], 4)}
        print(
            json.dumps(
                {**asdict(done.person), "alike": alike, "faults": [told(fault) for fault in done.faults]}, indent=1
            )
        )
    elif not args.quiet:
        _print(done, args.gallery)
    return InputError.exit_code if done.faults else EXIT_OK


def _request(args: argparse.Namespace) -> EnrollRequest:
    from reidtrack.config.run import DetectConfig, GalleryConfig
    from reidtrack.pipeline.people.enroll import EnrollRequest

    return EnrollRequest(
        name=args.name,
        photos=tuple(args.photos),
        gallery=GalleryConfig(path=args.gallery),
        embed=embed_config(args),
        detect=DetectConfig() if args.detector is None else DetectConfig(weights=args.detector),
        box_xyxy=None if args.box is None else tuple(args.box),
        person=args.person,
        consent=args.consent,
        until=args.until,
        device=args.device,
        engine=args.engine,
    )


def _print(done: Enrolled, gallery: Path) -> None:
    person = done.person
    photos = "1 photo" if person.photos == 1 else f"{person.photos} photos"
    say(f"{gallery}: {person.name} has the key {person.key}; {photos}, seen by {person.runs} runs")
    if done.alike is not None:
        other, distance = done.alike
        say(
            f"{other.name or other.key} looks like that too (distance {distance:.2f}); if it is the same person: "
            f"reidtrack gallery {gallery} --merge {other.key} {person.key}",
            error=True,
        )
