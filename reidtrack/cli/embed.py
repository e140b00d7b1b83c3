"""`reidtrack embed`: pictures of people to features."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from reidtrack.cli.options import add_network_options, add_output_options, embed_config
from reidtrack.cli.progress import make_progress
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK, InputError

HELP = """Turn pictures of people into features: an .npz with path (N,), feature (N, D) of unit norm, and sha256.
Example: reidtrack embed crops/ visitor.jpg --out features.npz"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack embed`."""
    parser.add_argument(
        "images",
        nargs="+",
        type=Path,
        metavar="IMAGES",
        help="image files and folders of them, each image one person from edge to edge",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FEATURES.NPZ", help="where the features go")
    parser.add_argument(
        "--dtype", choices=("float32", "float16"), default="float32", help="float16 halves the file (default: float32)"
    )
    add_network_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Embed, write, and tell which images could not be used."""
    from reidtrack.pipeline.embed import embed_to_file

    with make_progress(quiet=args.quiet) as progress:
        found, faults = embed_to_file(
            args.images,
            args.out,
            embed_config(args),
            device=args.device,
            engine=args.engine,
            dtype=args.dtype,
            progress=progress,
        )
        for fault in faults:
            progress.fail(fault)
    count, dim = found.features.shape
    if args.json:
        told = {"out": str(args.out), "images": count, "dim": dim, "sha256": found.sha256, "faults": list(faults)}
        print(json.dumps(told, indent=1))
    elif not args.quiet:
        say(f"{args.out}: {count:,} images, {dim} numbers each")
    return InputError.exit_code if faults else EXIT_OK
