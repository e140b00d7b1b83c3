"""`reidtrack erase`: a person removed from a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from reidtrack.cli.options import add_output_options
from reidtrack.cli.progress import make_progress
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK

HELP = """Remove everything that a run keeps of a person: boxes, embeddings, pictures, names, videos that show them.
Example: reidtrack erase runs/monday 3"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack erase`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the run")
    parser.add_argument("person", metavar="PERSON", help="a number, a name, or a tracklet, 'CAMERA TRACK'")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Erase, and say what went and what is left to do."""
    from reidtrack.pipeline.erase import erase
    from reidtrack.runtime.cancel import CancelToken, cancel_on_signals

    cancel = CancelToken()
    with cancel_on_signals(cancel), make_progress(quiet=args.quiet) as progress:
        done = erase(args.folder, args.person, progress, cancel)
    if args.json:
        print(json.dumps(done._asdict(), indent=1))
    elif not args.quiet:
        counts = (
            f"{done.boxes} boxes, {done.detections} detections, {done.embeddings} embeddings, {done.pictures} pictures"
        )
        say(f"{args.folder}: removed {counts}, {done.corrections} corrections, {done.events} events")
        if done.videos:
            say(f"{', '.join(done.videos)} showed the person and went too: `reidtrack associate {args.folder} --video`")
        if done.known:
            say("the run's gallery has forgotten the person")
        for camera, (source, first, last) in done.recordings.items():
            say(f"still to be seen in the recording of {camera}, {source}, {first:.1f} to {last:.1f} s of the run")
        if done.recordings:
            say("recordings show everybody, so they stay as they are: remove them, or cut them, if the person is to go")
    return EXIT_OK
