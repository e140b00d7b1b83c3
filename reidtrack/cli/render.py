"""`reidtrack render`: annotated video of a stretch of time."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.options import add_output_options
from reidtrack.cli.progress import make_progress
from reidtrack.cli.quantities import moment
from reidtrack.cli.terminal import printable
from reidtrack.errors import EXIT_INTERRUPTED, EXIT_OK, InputError

if TYPE_CHECKING:
    from datetime import datetime

    from reidtrack.pipeline.render.video import RenderedVideo

HELP = """Annotated video of a stretch of time of live cameras, from their recordings and with everybody drawn in, also
while they go on; or of a run whose recordings are still where they were.
Example: reidtrack render site --from "10m ago" --cameras door"""

_WHEN = (
    "seconds since the folder's origin, a time such as 2026-11-30T09:15:00Z (UTC where no zone is given), or 10m ago"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack render`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of live cameras, or of a run")
    parser.add_argument("--from", type=moment, required=True, dest="start", metavar="TIME", help=f"first: {_WHEN}")
    parser.add_argument("--to", type=moment, metavar="TIME", help="last, likewise (default: all that is there)")
    parser.add_argument(
        "--cameras", nargs="+", default=[], metavar="NAME", help="which (default: all that were recorded)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where videos go (default: rendered in DIR)")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Render and print what was written; the exit code tells of recordings that could not be read."""
    from reidtrack.pipeline.render.render import RenderRequest, render_stretch
    from reidtrack.runtime.cancel import CancelToken, cancel_on_signals

    request = RenderRequest(args.folder, args.start, args.to, tuple(args.cameras), args.out)
    cancel = CancelToken()
    with cancel_on_signals(cancel), make_progress(quiet=args.quiet) as progress:
        rendered = render_stretch(request, progress, cancel)
    if args.json:
        print(json.dumps([video.to_json(rendered.origin) for video in rendered.videos], indent=1))
    elif not args.quiet:
        for video in rendered.videos:
            print(printable(_line(video, rendered.origin)))
    if cancel.cancelled:
        return EXIT_INTERRUPTED
    return InputError.exit_code if rendered.failed else EXIT_OK


def _line(video: RenderedVideo, origin: datetime) -> str:
    """What a video shows, in one line."""
    facts = video.to_json(origin)
    people = len(video.people)
    text = (
        f"{video.path}: {facts['first_time']} to {facts['last_time']}, {people} {'person' if people == 1 else 'people'}"
    )
    if video.gaps:
        missing = sum(until_s - from_s for from_s, until_s in video.gaps)
        text += f"; nothing was recorded in {missing:.0f} s of it, which are cut short"
    return text
