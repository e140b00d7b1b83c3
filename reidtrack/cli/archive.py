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
    from reidtrack.pipeline.archive.run import ArchiveRequest, Workers
    from reidtrack.pipeline.archive.speed import Speed
    from reidtrack.runtime.progress import Progress

HELP = """Give every person one identity over an archive: many cameras, each with many files.
Example: reidtrack archive plan archive.yaml; reidtrack archive run archive.yaml --out week"""


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
    parser.add_argument(
        "--no-measure",
        action="store_true",
        help="plan: do not try some seconds of the recordings to tell how long all of them take",
    )
    _add_ray_options(parser.add_argument_group("other machines"))
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


def _add_ray_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="do the tasks on Ray: auto (the cluster that this machine belongs to) or HOST:PORT; with neither, Ray is "
        "begun here (needs the extra ray)",
    )
    group.add_argument("--cpus", type=float, default=1.0, metavar="N", help="with --ray: cores of a task (default: 1)")
    group.add_argument(
        "--gpus",
        type=float,
        metavar="SHARE",
        help="with --ray: GPUs of a task, such as 0.25 (default: 1 where networks run on one, else 0)",
    )


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
        speed = _measured(plan, args, progress)
    _print_plan(plan, args, speed)
    return InputError.exit_code if plan.failed else EXIT_OK


def _measured(plan: ArchivePlan, args: argparse.Namespace, progress: Progress) -> Speed | None:
    """How fast this machine is at it; None where nobody wants to know, or nothing can be read."""
    if args.no_measure or (args.quiet and not args.json):
        return None
    from reidtrack.config.load import load
    from reidtrack.config.run import RunConfig
    from reidtrack.pipeline.archive.speed import measure

    config = load(RunConfig, args.config, args.overrides, options=_options(args))
    try:
        return measure(plan, config, progress)
    except InputError as error:
        progress.warn(f"how long it takes cannot be told: {told(error)}")
        return None


def _run(plan: ArchivePlan, args: argparse.Namespace, count: int, progress: Progress) -> int:
    from reidtrack.config.archive import read_archive
    from reidtrack.config.load import load
    from reidtrack.config.run import RunConfig
    from reidtrack.pipeline.archive.run import ArchiveRequest, run_archive
    from reidtrack.runtime.cancel import CancelToken, cancel_on_signals
    from reidtrack.video.part import Part

    archive = read_archive(args.archive)
    for error in plan.failed.values():
        progress.fail(error)
    for line in plan.remarks():
        progress.info(line)
    request = ArchiveRequest(
        plan,
        archive.cameras,
        args.out,
        load(RunConfig, args.config, args.overrides, options=_options(args)),
        Part(time_pattern=archive.time_pattern, time_zone=archive.time_zone),
    )
    cancel = CancelToken()
    workers = _workers(request, args, count, progress)
    with cancel_on_signals(cancel):
        outcome = run_archive(request, workers, progress, cancel)
    progress.close()
    if outcome is None:
        print("interrupted: what is done stays done; the same command goes on", file=sys.stderr)
        return EXIT_INTERRUPTED
    return print_outcome(outcome, args)


def _workers(request: ArchiveRequest, args: argparse.Namespace, count: int, progress: Progress) -> Workers:
    """Who does the tasks."""
    if args.ray is not None:
        from reidtrack.distributed.ray_cluster import RayCluster
        from reidtrack.engines.choose import choose_device

        gpus = args.gpus
        if gpus is None:
            gpus = 0.0 if choose_device(request.config.device) == "cpu" else 1.0
        return RayCluster(request.out, progress.info, address=args.ray, workers=args.workers, cpus=args.cpus, gpus=gpus)
    if count == 1:
        from reidtrack.pipeline.archive.run import ThisProcess

        return ThisProcess()
    from reidtrack.distributed.pool import ProcessPool

    return ProcessPool(count)


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """Settings that have an option of their own, where it was given; videos are not rendered."""
    options: dict[str, Any] = {
        "detect.weights": args.detector,
        "embed.weights": args.reid,
        "site.path": site_path(args),
        "site.homographies": homographies(args),
        "gallery.path": None if args.gallery is None else args.gallery.resolve(),
        "associate.workers": args.workers,
        "device": args.device,
        "engine": args.engine,
        "output.video": False,
        "output.parquet": True if args.parquet else None,
        "output.mosaic": False,
    }
    return {key: value for key, value in options.items() if value is not None}


def _print_plan(plan: ArchivePlan, args: argparse.Namespace, speed: Speed | None) -> None:
    if args.json:
        print(json.dumps(plan.to_json() | ({} if speed is None else speed.to_json(plan)), indent=1))
        return
    for error in plan.failed.values():
        say(f"error: {told(error)}", error=True)
    if args.quiet:
        return
    for line in [*plan.lines(), *plan.remarks()]:
        say(line)
    hours, again = plan.seconds / 3600, plan.seconds_with_leads / plan.seconds - 1
    say(f"{len(plan.tasks)} tasks, {hours:.2f} h at most, {100 * again:.1f} % of it read twice as leads")
    if speed is None:
        say("how long it takes was not measured")
        return
    say(f"measured: {speed.recorded_s:.1f} s of the recordings took one process {speed.took_s:.1f} s here")
    hours, size = speed.work_s(plan) / 3600, speed.bytes_of(plan) / 1e9
    say(f"so about {hours:.2f} h of work on this machine, and {size:.2f} GB of results")
