"""`reidtrack archive`: recordings of many cameras and days in many files; the plan, then the work."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidtrack.cli.options import (
    DETECTOR_HELP,
    GALLERY_HELP,
    PARQUET_HELP,
    REID_HELP,
    add_output_options,
    add_settings_option,
    add_site_options,
    add_threshold_option,
    homographies,
    site_path,
    told,
)
from reidtrack.cli.outcome import print_outcome
from reidtrack.cli.progress import make_progress
from reidtrack.cli.quantities import duration_s
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_INTERRUPTED, EXIT_OK, InputError, UsageError
from reidtrack.pipeline.archive.tasks import DEFAULT_LEAD_S, DEFAULT_TASK_S

if TYPE_CHECKING:
    from reidtrack.pipeline.archive.plan import ArchivePlan
    from reidtrack.pipeline.archive.run import Workers
    from reidtrack.runtime.progress import Progress

HELP = """Give every person one identity over an archive: many cameras, each with many files.
Example: reidtrack archive plan archive.yaml; reidtrack archive run archive.yaml --out week"""
_SPEED = 0.5
"""Seconds of recording that one process does in a second, where nothing was measured: docs/scale.md."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack archive`."""
    parser.add_argument(
        "action", choices=("plan", "run"), help="plan: what there is, what is missing, how long it takes; run: do it"
    )
    parser.add_argument("archive", type=Path, metavar="ARCHIVE.YAML", help="the cameras and their files")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of results and outputs; it is gone on with")
    parser.add_argument(
        "--task", type=duration_s, default=DEFAULT_TASK_S, metavar="TIME", help="length of a task (default: 5m)"
    )
    parser.add_argument(
        "--lead",
        type=duration_s,
        default=DEFAULT_LEAD_S,
        metavar="TIME",
        help="how much before its beginning each task reads, so that its tracker knows who is there (default: 20s)",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes at work; 1: this one alone (default: one for each core)"
    )
    parser.add_argument("--parquet", action="store_true", help=PARQUET_HELP)
    group = parser.add_argument_group("models and settings")
    group.add_argument("--detector", metavar="WEIGHTS", help=DETECTOR_HELP)
    group.add_argument("--reid", metavar="WEIGHTS", help=REID_HELP)
    add_site_options(group)
    group.add_argument("--gallery", type=Path, metavar="PEOPLE.DB", help=GALLERY_HELP)
    group.add_argument("--device", help="auto, cpu, cuda or cuda:N (default: auto)")
    group.add_argument("--engine", help="auto, openvino, onnxruntime, tensorrt or torch (default: auto)")
    group.add_argument("--config", type=Path, metavar="FILE", help="all settings (`reidtrack config` prints them)")
    add_threshold_option(group)
    add_settings_option(group, "single settings, such as detect.motion_gate=true")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Do what is asked for."""
    if args.action == "run" and args.out is None:
        raise UsageError("no folder is named", field="out", expected="where results and outputs go")
    workers = os.cpu_count() or 1 if args.workers is None else args.workers
    if workers < 1:
        raise UsageError(f"got {workers}", field="workers", expected="1 or more")
    with make_progress(quiet=args.quiet) as progress:
        from reidtrack.pipeline.archive.plan import plan_archive

        plan = plan_archive(args.archive, progress, task_s=args.task, lead_s=args.lead)
        if args.action == "run":
            return _run(plan, args, workers, progress)
    _print_plan(plan, args, workers)
    return InputError.exit_code if plan.failed else EXIT_OK


def _run(plan: ArchivePlan, args: argparse.Namespace, count: int, progress: Progress) -> int:
    from reidtrack.config.archive import read_archive
    from reidtrack.config.load import load
    from reidtrack.config.run import RunConfig
    from reidtrack.distributed.pool import ProcessPool
    from reidtrack.pipeline.archive.run import ArchiveRequest, ThisProcess, run_archive
    from reidtrack.runtime.cancel import CancelToken, cancel_on_signals
    from reidtrack.video.part import Part

    archive = read_archive(args.archive)
    for error in plan.failed.values():
        progress.fail(error)
    for line in plan.remarks():
        progress.info(line)
    request = ArchiveRequest(
        plan,
        {camera.name: camera.source for camera in archive.cameras},
        args.out,
        load(RunConfig, args.config, args.overrides, options=_options(args)),
        Part(time_pattern=archive.time_pattern, time_zone=archive.time_zone),
    )
    cancel = CancelToken()
    workers: Workers = ThisProcess() if count == 1 else ProcessPool(count)
    with cancel_on_signals(cancel):
        outcome = run_archive(request, workers, progress, cancel)
    progress.close()
    if outcome is None:
        print("interrupted: what is done stays done; the same command goes on", file=sys.stderr)
        return EXIT_INTERRUPTED
    return print_outcome(outcome, args)


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """Settings that have an option of their own, where it was given; videos are not rendered."""
    options: dict[str, Any] = {
        "detect.weights": args.detector,
        "embed.weights": args.reid,
        "site.path": site_path(args),
        "site.homographies": homographies(args),
        "gallery.path": None if args.gallery is None else args.gallery.resolve(),
        "device": args.device,
        "engine": args.engine,
        "output.video": False,
        "output.parquet": True if args.parquet else None,
        "output.mosaic": False,
    }
    return {key: value for key, value in options.items() if value is not None}


def _print_plan(plan: ArchivePlan, args: argparse.Namespace, workers: int) -> None:
    if args.json:
        print(json.dumps(plan.to_json(), indent=1))
        return
    for error in plan.failed.values():
        say(f"error: {told(error)}", error=True)
    if args.quiet:
        return
    for line in [*plan.lines(), *plan.remarks()]:
        say(line)
    hours, again = plan.seconds / 3600, plan.seconds_with_leads / plan.seconds - 1
    say(f"{len(plan.tasks)} tasks, {hours:.2f} h at most, {100 * again:.1f} % of it read twice as leads")
    estimate_h = plan.work_s(_SPEED, workers) / 3600
    say(f"about {estimate_h:.2f} h of work for {workers} processes at {_SPEED:g} times real time each (a guess)")
    say(f"about {plan.bytes_of_results / 1e9:.2f} GB of results")
