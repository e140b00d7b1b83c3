"""`reidtrack run`: several cameras' recordings in, one identity per person out."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidtrack import clock
from reidtrack.cli.options import (
    DETECTOR_HELP,
    GALLERY_HELP,
    PARQUET_HELP,
    REID_HELP,
    add_output_options,
    add_settings_option,
    add_site_options,
    add_threshold_option,
    add_time_options,
    homographies,
    site_path,
)
from reidtrack.cli.outcome import print_outcome
from reidtrack.cli.progress import make_progress
from reidtrack.errors import UsageError

if TYPE_CHECKING:
    from reidtrack.pipeline.run.prepare import RunRequest

HELP = """Give every person one identity over recordings of several cameras.
Example: reidtrack run --videos cam1.mp4 cam2.mp4 --out runs/mall"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack run`."""
    _add_inputs(parser)
    _add_models(parser)
    _add_outputs(parser)
    add_output_options(parser)


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("inputs")
    group.add_argument(
        "--videos",
        nargs="+",
        required=True,
        metavar="SOURCE",
        help="video files, folders of a camera's video files, folders of images or patterns of them "
        "('door/img%%06d.jpg', 'door/*.jpg'), one per camera",
    )
    group.add_argument("--cameras", nargs="+", metavar="NAME", help="names of the cameras (default: the files' stems)")
    group.add_argument(
        "--offsets",
        nargs="+",
        type=float,
        default=[],
        metavar="S",
        help="seconds after the run's origin at which each camera's first frame was taken (default: what the files say "
        "of when they were recorded, where all say it; else 0)",
    )
    group.add_argument("--start", type=float, default=0.0, metavar="S", help="first second to read of each recording")
    group.add_argument("--end", type=float, metavar="S", help="second to stop before (default: the end)")
    group.add_argument("--stride", type=int, default=1, metavar="N", help="read every N-th frame (default: 1)")
    group.add_argument("--fps", type=float, help="frames a second in folders of images (default: seqinfo.ini's, or 25)")
    add_time_options(group)
    group.add_argument("--origin", metavar="TIME", help="when the run's time begins, ISO 8601 (2026-11-20T10:00:00Z)")
    group.add_argument(
        "--detections",
        nargs="+",
        default=[],
        metavar="[CAMERA=]FILE",
        help="MOTChallenge det.txt files that take the detector's place",
    )


def _add_models(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("models and settings")
    group.add_argument("--detector", metavar="WEIGHTS", help=DETECTOR_HELP)
    group.add_argument("--reid", metavar="WEIGHTS", help=REID_HELP)
    group.add_argument(
        "--detect-every", type=int, metavar="N", help="detect in every N-th frame, fill in between (default: 1)"
    )
    group.add_argument(
        "--motion-gate", action="store_true", help="look only where something moves (for long, quiet recordings)"
    )
    add_site_options(group)
    group.add_argument("--gallery", type=Path, metavar="PEOPLE.DB", help=GALLERY_HELP)
    group.add_argument("--device", help="auto, cpu, cuda or cuda:N (default: auto)")
    group.add_argument("--engine", help="auto, openvino, onnxruntime, tensorrt or torch (default: auto)")
    group.add_argument(
        "--hwaccel", metavar="NAME", help="decode and encode on a GPU: auto, none, cuda... (default: none)"
    )
    group.add_argument("--tracker", type=Path, metavar="FILE", help="tracker settings, such as configs/track/sort.yaml")
    group.add_argument("--config", type=Path, metavar="FILE", help="all settings (`reidtrack config` prints them)")
    add_threshold_option(group)
    add_settings_option(group, "single settings, such as track.max_age=30")


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("outputs")
    group.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default: runs/<UTC time>)")
    group.add_argument("--overwrite", action="store_true", help="replace an earlier run in that folder")
    group.add_argument("--resume", action="store_true", help="go on with an interrupted run in that folder")
    group.add_argument("--no-video", action="store_true", help="render no videos")
    group.add_argument("--mosaic", action="store_true", help="also render one tiled video of all cameras")
    group.add_argument("--parquet", action="store_true", help=PARQUET_HELP)
    crops = group.add_mutually_exclusive_group()
    crops.add_argument("--crops", action="store_true", help="keep every embedded crop, by identity")
    crops.add_argument("--no-crops", action="store_true", help="keep no picture of anybody, also not in the report")


def run(args: argparse.Namespace) -> int:
    """Run the whole way from recordings to identities, and print the outcome."""
    request = _request(args)
    from reidtrack.pipeline.run.run import run as run_pipeline
    from reidtrack.runtime.cancel import CancelToken, cancel_on_signals

    cancel = CancelToken()
    with cancel_on_signals(cancel), make_progress(quiet=args.quiet) as progress:
        outcome = run_pipeline(request, progress, cancel)
    return print_outcome(outcome, args)


def _request(args: argparse.Namespace) -> RunRequest:
    from reidtrack.config.load import dump, load
    from reidtrack.config.run import RunConfig, TrackConfig
    from reidtrack.pipeline.run.prepare import RunRequest
    from reidtrack.video.inputs import pair_detections
    from reidtrack.video.part import Part
    from reidtrack.video.pattern import expand

    for one, other in (("overwrite", "resume"), ("no_video", "mosaic")):
        if getattr(args, one) and getattr(args, other):
            raise UsageError(f"--{one.replace('_', '-')} and --{other} exclude each other", hint="give one of them")
    videos = args.videos if args.time_pattern else expand(args.videos)
    base = {"track": dump(load(TrackConfig, args.tracker))} if args.tracker else None
    return RunRequest(
        sources=tuple(videos),
        out=args.out or Path("runs") / clock.now().strftime("%Y%m%dT%H%M%SZ"),
        config=load(RunConfig, args.config, args.overrides, base=base, options=_options(args)),
        cameras=tuple(args.cameras) if args.cameras else None,
        offsets_s=tuple(args.offsets),
        part=Part(args.start, args.end, args.stride, args.fps, args.time_pattern, args.time_zone),
        origin=_origin(args.origin),
        detections=pair_detections(args.detections, videos, args.cameras),
        overwrite=args.overwrite,
        resume=args.resume,
    )


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """Settings that have an option of their own, where it was given."""
    options: dict[str, Any] = {
        "detect.weights": args.detector,
        "embed.weights": args.reid,
        "detect.every": args.detect_every,
        "detect.motion_gate": True if args.motion_gate else None,
        "site.path": site_path(args),
        "site.homographies": homographies(args),
        "gallery.path": None if args.gallery is None else args.gallery.resolve(),
        "device": args.device,
        "engine": args.engine,
        "hwaccel": args.hwaccel,
        "output.video": False if args.no_video else None,
        "output.parquet": True if args.parquet else None,
        "output.mosaic": True if args.mosaic else None,
        "output.crops": "all" if args.crops else "none" if args.no_crops else None,
    }
    return {key: value for key, value in options.items() if value is not None}


def _origin(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return clock.in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"cannot read {text!r}", field="origin", expected="a time such as 2026-11-20T10:00:00Z"
        ) from error
