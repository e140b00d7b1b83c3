"""`reidtrack gallery`: who is in a gallery."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.options import add_output_options
from reidtrack.errors import EXIT_OK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reidtrack.gallery.views import KnownPerson

HELP = """List the people of a gallery, name them, or forget them.
Example: reidtrack gallery people.db --rename 3f9a01c2 Anna"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack gallery`."""
    parser.add_argument("gallery", type=Path, metavar="PEOPLE.DB", help="the file of `--gallery` or `reidtrack enroll`")
    parser.add_argument("--rename", nargs=2, metavar=("KEY", "NAME"), help="call somebody by a name; '' takes it away")
    parser.add_argument("--merge", nargs=2, metavar=("KEY", "INTO"), help="two are one person; INTO's key stays")
    parser.add_argument(
        "--consent", nargs=2, metavar=("KEY", "DATE"), help="when they agreed to be known; '' takes it away"
    )
    parser.add_argument(
        "--until", nargs=2, metavar=("KEY", "DATE"), help="forgotten after that day (UTC); '' for no end"
    )
    parser.add_argument(
        "--remove", "--forget", nargs="+", default=[], metavar="KEY", help="forget people: nothing stays in the file"
    )
    parser.add_argument(
        "--keep-days", type=float, metavar="N", help="forget people without a name who were not seen for N days"
    )
    parser.add_argument("--named-too", action="store_true", help="with --keep-days: those who have a name as well")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Change what is asked for and list everybody."""
    from reidtrack.pipeline.people.gallery import GalleryChanges, change_gallery, person_to_json

    changes = GalleryChanges(
        rename=None if args.rename is None else tuple(args.rename),
        merge=None if args.merge is None else tuple(args.merge),
        consent=None if args.consent is None else tuple(args.consent),
        until=None if args.until is None else tuple(args.until),
        remove=tuple(args.remove),
        keep_days=args.keep_days,
        named_too=args.named_too,
    )
    people = change_gallery(args.gallery, changes)
    if args.json:
        print(json.dumps([person_to_json(known) for known in people], indent=1))
    elif not args.quiet:
        _print(people)
    return EXIT_OK


def _print(people: Sequence[KnownPerson]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from reidtrack.cli.console import SafeConsole
    from reidtrack.pipeline.people.gallery import utc

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("key", "name", "runs", "photos", "first seen", "last seen", "consent", "until", "cameras"):
        table.add_column(name, justify="right" if name in ("runs", "photos") else "left")
    for known in people:
        times = [(utc(t) or "")[:16].replace("T", " ") for t in (known.first_utc, known.last_utc)]
        cameras = escape(", ".join(known.cameras))
        days = known.consent or "", known.until or ""
        table.add_row(known.key, escape(known.name or ""), str(known.runs), str(known.photos), *times, *days, cameras)
    console = SafeConsole(highlight=False, soft_wrap=True)
    wide = console.options.update(max_width=10_000)
    console.width = max(console.width, console.measure(table, options=wide).maximum)
    console.print(table)
    console.print(f"{len(people)} people, {sum(known.name is not None for known in people)} with a name; times are UTC")
