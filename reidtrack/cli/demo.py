"""`reidtrack demo`: the main job on the sample scene that ships, scored."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidtrack.cli.evaluate import score_table
from reidtrack.cli.options import (
    DETECTOR_HELP,
    add_network_options,
    add_output_options,
    add_settings_option,
)
from reidtrack.cli.outcome import exit_code_of, summary
from reidtrack.cli.progress import make_progress

if TYPE_CHECKING:
    from rich.table import Table

    from reidtrack.pipeline.demo import Demo
    from reidtrack.pipeline.run.write_outputs import Outcome
    from reidtrack.types import Identity

HELP = """Run on the sample scene that ships (three cameras, ten people, 14 seconds), scored against its ground truth.
Example: reidtrack demo --out runs/demo"""
_OUT = Path("runs/demo")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack demo`."""
    parser.add_argument("--out", type=Path, default=_OUT, metavar="DIR", help=f"folder of the run (default: {_OUT})")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier run in that folder")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run in that folder")
    parser.add_argument("--detector", type=Path, metavar="WEIGHTS", help=DETECTOR_HELP)
    add_network_options(parser)
    add_settings_option(parser, "other settings, such as output.video=false")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Run, score, and say what to look at."""
    from reidtrack.config.load import load
    from reidtrack.config.run import RunConfig
    from reidtrack.pipeline.demo import run_demo
    from reidtrack.runtime.cancel import CancelToken, cancel_on_signals

    config = load(RunConfig, None, args.overrides, base={"output": {"mosaic": True}}, options=_options(args))
    cancel = CancelToken()
    with cancel_on_signals(cancel), make_progress(quiet=args.quiet) as progress:
        demo = run_demo(args.out, config, progress, cancel, overwrite=args.overwrite, resume=args.resume)
    if args.json:
        figures = None if demo.evaluation is None else demo.evaluation.to_json()
        told = {"folder": str(args.out), "evaluation": figures, **demo.outcome.record}
        print(json.dumps(told, indent=1))
    elif not args.quiet:
        _print(demo)
    return exit_code_of(demo.outcome)


def _options(args: argparse.Namespace) -> dict[str, Any]:
    given = {
        "detect.weights": args.detector,
        "embed.weights": args.reid,
        "device": args.device,
        "engine": args.engine,
    }
    return {key: value for key, value in given.items() if value not in (None, "auto")}


def _print(demo: Demo) -> None:
    from reidtrack.cli.console import SafeConsole
    from reidtrack.pipeline.evaluate.evaluate import figures

    console = SafeConsole(highlight=False, soft_wrap=True)
    console.print(_people(demo.outcome))
    console.print(summary(demo.outcome))
    if demo.evaluation is None:
        return
    scores = {camera: figures(score) for camera, score in demo.evaluation.cameras.items()}
    console.print("\nagainst the ground truth, in percent and counts:")
    console.print(score_table("camera", scores, ("cross-camera", demo.evaluation.cross_figures())))
    for line in _next(demo.outcome):
        console.print(line, markup=False)


def _people(outcome: Outcome) -> Table:
    """Everybody, and when they were in sight of each camera."""
    from rich.table import Table

    cameras = list(outcome.record["cameras"])
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("person", justify="right")
    for camera in cameras:
        table.add_column(f"{camera}, s")
    for identity in outcome.identities:
        table.add_row(str(identity.id), *(_times(identity, camera) for camera in cameras))
    return table


def _times(identity: Identity, camera: str) -> str:
    return ", ".join(f"{t.first_time_s:.1f}-{t.last_time_s:.1f}" for t in identity if t.camera == camera)


def _next(outcome: Outcome) -> list[str]:
    """Where everything is, and how to go on."""
    folder = outcome.folder
    videos = [folder.video(camera) for camera in outcome.record["cameras"]]
    places = {
        folder.mosaic: "all cameras side by side: one number and one colour per person",
        folder.report: "who was where, when, and why visits were joined",
        folder.path / "evaluation.json": "the figures above",
    }
    lines = [f"{path}: {text}" for path, text in places.items() if path.is_file()]
    if all(video.is_file() for video in videos):
        lines.insert(1, f"{', '.join(map(str, videos))}: each camera")
    return [*lines, "", "your own recordings: reidtrack run --videos cam1.mp4 cam2.mp4 --out runs/first"]
