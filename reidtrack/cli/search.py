"""`reidtrack search`: find a person of a photo in pictures, in a run, or in a gallery over runs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.options import DETECTOR_HELP, add_network_options, add_output_options, embed_config
from reidtrack.cli.progress import make_progress
from reidtrack.errors import EXIT_OK, InputError

if TYPE_CHECKING:
    from rich.table import Table

    from reidtrack.pipeline.people.search import SearchRequest, SearchResult

HELP = """Rank pictures, or the people of a run or a gallery, by how much they look like somebody in a photo.
In a run or gallery the answer is who, in which camera and when, one line for each person.
Example: reidtrack search visitor.jpg --gallery runs/mall --picture hits.png"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack search`."""
    parser.add_argument("photo", type=Path, metavar="PHOTO", help="an image of the person")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("where", type=Path, nargs="?", metavar="GALLERY", help="the same as --gallery")
    where.add_argument(
        "--gallery",
        type=Path,
        metavar="DIR|FEATURES.NPZ|RUN_DIR|PEOPLE.DB",
        help="a folder of images, the output of `reidtrack embed`, the folder of a run, or a gallery over runs",
    )
    parser.add_argument("--top", type=int, default=10, metavar="N", help="length of the list (default: 10)")
    who = parser.add_argument_group("which person, where a photo shows more than one from edge to edge")
    who.add_argument("--box", type=float, nargs=4, metavar=("X1", "Y1", "X2", "Y2"), help="their box, pixels")
    who.add_argument("--detector", type=Path, metavar="WEIGHTS", help=DETECTOR_HELP)
    who.add_argument("--person", type=int, metavar="N", help="the N-th person found, from 1, left to right")
    parser.add_argument("--picture", type=Path, metavar="OUT.PNG", help="draw the photo's person and the hits")
    parser.add_argument(
        "--index",
        action="store_true",
        help="make an index beside FEATURES.NPZ if there is none, for millions of images (needs the extra faiss)",
    )
    add_network_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Search, draw, print; the exit code tells of images of the gallery that could not be used."""
    from reidtrack.pipeline.people.search import search
    from reidtrack.pipeline.people.search_output import check_picture, search_to_json, write_picture

    request = _request(args)
    if args.picture is not None:
        check_picture(args.picture)
    with make_progress(quiet=args.quiet) as progress:
        result = search(request, progress)
        for fault in result.faults:
            progress.fail(fault)
        if args.picture is not None:
            write_picture(args.picture, result)
    if args.json:
        print(json.dumps(search_to_json(request, result), indent=1))
    elif not args.quiet:
        _print(result, args.picture)
    return InputError.exit_code if result.faults else EXIT_OK


def _request(args: argparse.Namespace) -> SearchRequest:
    from reidtrack.config.run import DetectConfig
    from reidtrack.pipeline.people.search import SearchRequest

    return SearchRequest(
        photo=args.photo,
        gallery=args.gallery or args.where,
        embed=embed_config(args),
        detect=None if args.detector is None else DetectConfig(weights=args.detector),
        top=args.top,
        box_xyxy=None if args.box is None else tuple(args.box),
        person=args.person,
        device=args.device,
        engine=args.engine,
        index=args.index,
    )


def _print(result: SearchResult, picture: Path | None) -> None:
    from reidtrack.cli.console import SafeConsole

    console = SafeConsole(highlight=False, soft_wrap=True)
    lasting = any(hit.sighting is not None for hit in result.hits)
    table = _known(result) if lasting else _images(result) if result.origin is None else _people(result)
    wide = console.options.update(max_width=10_000)
    console.width = max(console.width, console.measure(table, options=wide).maximum)  # no path is cut short
    console.print(table)
    if result.origin is not None and not result.origin_known:
        console.print("times are the run's own clock; `reidtrack run --origin` makes them times of day", markup=False)
    if picture is not None:
        console.print(str(picture), markup=False)


def _images(result: SearchResult) -> Table:
    from rich.markup import escape

    table = _empty("rank", "distance", "image")
    for rank, hit in enumerate(result.hits, 1):
        table.add_row(str(rank), f"{hit.distance:.3f}", escape(str(hit.picture)))
    return table


def _people(result: SearchResult) -> Table:
    """One line for each person: who, which camera, when."""
    from rich.markup import escape

    from reidtrack.pipeline.people.search_output import when

    table = _empty("rank", "distance", "person", "camera", "first", "last", "cameras in all")
    for rank, hit in enumerate(result.hits, 1):
        visit = hit.visit
        if visit is None:
            continue
        first, last = when(result, visit.first_time_s), when(result, visit.last_time_s)
        cameras = escape(", ".join(visit.cameras))
        table.add_row(str(rank), f"{hit.distance:.3f}", str(visit.identity), escape(visit.camera), first, last, cameras)
    return table


def _known(result: SearchResult) -> Table:
    """One line for each person of a gallery: who, and where and when the likest view is from."""
    from rich.markup import escape

    from reidtrack.pipeline.people.gallery import utc

    table = _empty("rank", "distance", "key", "name", "camera", "first", "last", "from")
    for rank, hit in enumerate(result.hits, 1):
        seen = hit.sighting
        if seen is None:
            continue
        times = [(utc(t) or "")[:19].replace("T", " ") for t in (seen.first_utc, seen.last_utc)]
        texts = (seen.key, seen.name or "", seen.camera, *times, seen.source.path)
        table.add_row(str(rank), f"{hit.distance:.3f}", *(escape(text) for text in texts))
    return table


def _empty(*columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in ("rank", "distance", "person") else "left")
    return table
