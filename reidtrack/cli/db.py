"""`reidtrack db`: whole galleries, not the people in them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from reidtrack.cli.options import add_output_options
from reidtrack.errors import EXIT_OK, UsageError

HELP = """Put the galleries of several machines together into a new one; they stay as they are.
Example: reidtrack db merge north.db south.db --out all.db"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack db`."""
    parser.add_argument("action", choices=("merge",), help="merge: one new gallery of all people of several")
    parser.add_argument("galleries", type=Path, nargs="+", metavar="PEOPLE.DB", help="the galleries; the first wins")
    parser.add_argument("--out", type=Path, required=True, metavar="ALL.DB", help="the new file")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Merge, and say what does not fit together."""
    from reidtrack.gallery.union import unite

    if len(args.galleries) < 2:
        raise UsageError("got one gallery", expected="two or more")
    done = unite(args.galleries, args.out)
    if args.json:
        print(json.dumps(done._asdict(), indent=1))
    elif not args.quiet:
        for line in done.remarks:
            print(line)
        print(f"{args.out}: {done.people} people, {done.joined} of whom were in several galleries")
    return EXIT_OK
