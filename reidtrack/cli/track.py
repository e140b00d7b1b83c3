"""`reidtrack track`: the tracker alone, on recorded detections."""

from __future__ import annotations

import argparse
from pathlib import Path

from reidtrack.cli.options import add_settings_option
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK

HELP = "Run the tracker alone: MOTChallenge detections in, MOTChallenge tracks out."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack track`."""
    parser.add_argument("--detections", type=Path, required=True, metavar="DET.TXT", help="MOTChallenge detections")
    parser.add_argument("--out", type=Path, required=True, metavar="TRACKS.TXT", help="where the tracks go")
    parser.add_argument(
        "--fps", type=float, metavar="F", help="frames per second (default: that of ../seqinfo.ini, else 25)"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, such as configs/track/sort.yaml")
    add_settings_option(parser, "override settings: max_age=3")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")


def run(args: argparse.Namespace) -> int:
    """Track recorded detections, and say how many tracks came of them."""
    from reidtrack.config.load import load
    from reidtrack.config.run import TrackConfig
    from reidtrack.detect.surest import MOST_BOXES
    from reidtrack.pipeline.track import track_file

    config = load(TrackConfig, args.config, [text.removeprefix("track.") for text in args.overrides])
    summary = track_file(args.detections, args.out, config, args.fps)
    if args.quiet:
        return EXIT_OK
    say(f"{args.out}: {summary.tracks} tracks, {summary.boxes} boxes in {summary.frames} frames")
    if summary.left_out:
        what = f"{summary.left_out:,} boxes were left out, the least sure of frames with more than {MOST_BOXES}"
        say(f"note: {what}", error=True)
    if config.time_unit == "seconds" and summary.fps_source == "assumed":
        say(f"note: {summary.fps:g} frames per second were assumed; --fps says otherwise", error=True)
    return EXIT_OK
