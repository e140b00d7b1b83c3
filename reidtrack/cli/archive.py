"""`reidtrack archive`: recordings of many cameras and days in many files; the plan, then the work."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from reidtrack.cli.options import add_output_options, told
from reidtrack.cli.progress import make_progress
from reidtrack.cli.quantities import duration_s
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK, InputError
from reidtrack.pipeline.archive.plan import ArchivePlan, plan_archive
from reidtrack.pipeline.archive.tasks import DEFAULT_LEAD_S, DEFAULT_TASK_S

HELP = """Give every person one identity over an archive: many cameras, each with many files.
Example: reidtrack archive plan archive.yaml"""
_SPEED = 0.5
"""Seconds of recording that one processor does in a second, where nothing was measured: docs/scale.md."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack archive`."""
    parser.add_argument("action", choices=("plan",), help="plan: what there is, what is missing, how long it takes")
    parser.add_argument("archive", type=Path, metavar="ARCHIVE.YAML", help="the cameras and their files")
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
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes at work")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Do what is asked for."""
    with make_progress(quiet=args.quiet) as progress:
        plan = plan_archive(args.archive, progress, task_s=args.task, lead_s=args.lead)
    _print_plan(plan, args)
    return InputError.exit_code if plan.failed else EXIT_OK


def _print_plan(plan: ArchivePlan, args: argparse.Namespace) -> None:
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
    say(f"{len(plan.tasks)} tasks, {hours:.2f} h of recording, {100 * again:.1f} % of it read twice as leads")
    estimate_h = plan.work_s(_SPEED, args.workers) / 3600
    say(f"about {estimate_h:.2f} h of work for {args.workers} processes at {_SPEED:g} times real time each (a guess)")
    say(f"about {plan.bytes_of_results / 1e9:.2f} GB of results")
