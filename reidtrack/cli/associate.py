"""`reidtrack associate`: identities of a run settled anew."""

from __future__ import annotations

import argparse
from pathlib import Path

from reidtrack.cli.options import (
    GALLERY_HELP,
    PARQUET_HELP,
    add_output_options,
    add_settings_option,
    add_site_options,
    add_threshold_option,
    homographies,
    site_path,
)
from reidtrack.cli.outcome import print_outcome
from reidtrack.cli.progress import make_progress

HELP = "Settle the identities of a finished run anew, in seconds and without inference; all outputs but videos follow."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack associate`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the run")
    parser.add_argument("--video", action="store_true", help="render the videos anew as well")
    parser.add_argument("--mosaic", action="store_true", help="and one tiled video of all cameras")
    parser.add_argument("--parquet", action="store_true", help=PARQUET_HELP)
    parser.add_argument(
        "--corrections",
        type=Path,
        metavar="FILE",
        help="what to keep to (default: corrections.yaml in DIR, where it is there)",
    )
    add_site_options(parser)
    parser.add_argument("--gallery", type=Path, metavar="PEOPLE.DB", help=GALLERY_HELP)
    add_threshold_option(parser)
    add_settings_option(parser, "other settings than the run's, such as associate.threshold=0.7")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Settle the identities of a run anew and print the outcome."""
    from reidtrack.pipeline.associate import associate_again
    from reidtrack.runtime.cancel import CancelToken, cancel_on_signals

    cancel = CancelToken()
    with cancel_on_signals(cancel), make_progress(quiet=args.quiet) as progress:
        outcome = associate_again(
            args.folder,
            args.overrides,
            video=args.video,
            mosaic=args.mosaic,
            parquet=args.parquet,
            progress=progress,
            cancel=cancel,
            corrections=args.corrections,
            site=site_path(args),
            homographies=homographies(args),
            gallery=None if args.gallery is None else args.gallery.resolve(),
        )
    return print_outcome(outcome, args)
