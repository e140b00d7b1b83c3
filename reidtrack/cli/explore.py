"""`reidtrack explore`: what is in a data set, as a table and as one HTML page."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.options import add_dataset_options, add_output_options, dataset_options
from reidtrack.cli.progress import make_progress
from reidtrack.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from reidtrack.pipeline.images.explore import Exploration

HELP = "Look at a data set: counts, cameras, imbalance, sizes, colours and samples, as a table and one HTML page."

_WIDTH = 120


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack explore`."""
    add_dataset_options(parser, several=True)
    add_output_options(parser)
    parser.add_argument("--out", type=Path, metavar="PAGE.html", help="the page (default: explore-DATASET.html)")
    parser.add_argument(
        "--images",
        type=int,
        default=20_000,
        metavar="N",
        help="open at most N images, random ones where there are more (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Explore, print, write the page.

    Raises:
        UsageError: If options contradict, or `--images` is not positive.
    """
    if args.images < 1:
        raise UsageError(f"got {args.images}", field="images", expected="1 or more")
    from reidtrack.pipeline.images.explore import explore, write_page
    from reidtrack.pipeline.images.open_datasets import open_datasets

    with make_progress(quiet=args.quiet) as progress:
        dataset = open_datasets(args.dataset, args.root, dataset_options(args), args.hold_out)
        source = ", ".join(str(root) for root in args.root)
        found = explore(dataset, source=source, opened=args.images, progress=progress)
    out = write_page(found, args.out)
    if args.json:
        print(json.dumps({**found.to_json(), "page": str(out)}, indent=1))
    elif not args.quiet:
        _print(found, out)
    return EXIT_OK


def _print(found: Exploration, out: Path) -> None:
    from reidtrack.cli.console import SafeConsole

    # Where nobody looks at a terminal there is no width to keep to.
    console = SafeConsole(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDTH)
    console.print(_split_table(found))
    if found.page.cameras:
        console.print(_camera_table(found))
    console.print(
        f"imbalance: the tenth of the persons with the most images holds {found.page.top_tenth:.0%} of them;"
        f" Gini {found.page.gini:.2f}"
    )
    for note in found.page.notes:
        console.print(f"note: {note}", style="yellow", markup=False)
    console.print(f"page: {out}", markup=False)


def _split_table(found: Exploration) -> Table:
    splits = found.page.splits
    nobody = [name for name in ("junk", "distractors") if any(getattr(row, name) for row in splits)]
    table = _table("split", "images", "persons", "cameras", *nobody, "images each", "one image")
    for row in splits:
        per_person = "–"
        if row.people:
            per_person = f"{row.per_person[-1]}–{row.per_person[0]}, mean {row.per_person.mean():.1f}"
        counts = [row.images, row.people, row.cameras, *(getattr(row, name) for name in nobody), row.one_image]
        cells = [f"{count:,}" if count else "–" for count in counts]
        table.add_row(row.name, *cells[:-1], per_person, cells[-1])
    return table


def _camera_table(found: Exploration) -> Table:
    table = _table("camera", "images", "persons", "brightness", "contrast", "red", "green", "blue")
    for camera in found.page.cameras:
        figures = [f"{camera.brightness[2]:.0f}", f"{camera.contrast:.0f}", *(str(value) for value in camera.rgb)]
        table.add_row(camera.name, f"{camera.images:,}", f"{camera.people:,}", *figures)
    return table


def _table(first: str, *others: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table
