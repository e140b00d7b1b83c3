"""What commands that settle identities print at the end: people, cameras, and where the time went."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reidtrack.cli.options import told
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_INTERRUPTED, EXIT_OK, InputError, OutputError

if TYPE_CHECKING:
    from reidtrack.pipeline.run.write_outputs import Outcome

_BUSY = 0.85
"""Share of the processor from which it is the limit."""


def print_outcome(outcome: Outcome, args: argparse.Namespace) -> int:
    """Print the outcome of a run; the exit code."""
    if args.json:
        print(json.dumps({"folder": str(outcome.folder.path), **outcome.record}, indent=1))
    elif not args.quiet:
        _print_table(outcome)
    return exit_code_of(outcome)


def exit_code_of(outcome: Outcome) -> int:
    """Exit code of a command that settles identities; an interrupted one says how to go on."""
    if outcome.interrupted:
        print("interrupted: what was read until then is finalised; --resume goes on", file=sys.stderr)
        return EXIT_INTERRUPTED
    return InputError.exit_code if outcome.failed else EXIT_OK


def written_or_told(unwritten: OutputError | None) -> int:
    """The exit code of a command that has shown its result, and says so where it could not be written down."""
    if unwritten is None:
        return EXIT_OK
    say(f"error: {told(unwritten)}; the result above is all there is", error=True)
    return unwritten.exit_code


def _print_table(outcome: Outcome) -> None:
    from rich.table import Table

    from reidtrack.cli.console import SafeConsole

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("camera")
    for name in ("frames", "visits", "people", "boxes"):
        table.add_column(name, justify="right")
    for camera, entry in outcome.record["cameras"].items():
        visits = sum(t.camera == camera for identity in outcome.identities for t in identity)
        table.add_row(camera, f"{entry['frames']:,}", str(visits), str(entry["people"]), f"{entry['boxes']:,}")
    console = SafeConsole(highlight=False, soft_wrap=True, markup=False)
    console.print(table)
    console.print(summary(outcome))
    videos = any(outcome.folder.video(camera).is_file() for camera in outcome.record["cameras"])
    console.print(f"{outcome.folder.path}: report.html, identities.json, sightings.jsonl{', videos' * videos}")


def summary(outcome: Outcome) -> str:
    """Closing lines of a run: how many people there are, and what took how long."""
    several, spent = outcome.record["people_in_several_cameras"], "\n".join(time_lines(outcome.record))
    found = outcome.record.get("association", {}).get("calibration")
    return (
        f"{len(outcome.identities)} people, {several} of them in more than one camera\n"
        f"{f'{found}{chr(10)}' if found else ''}{spent}"
    )


def time_lines(record: Mapping[str, Any]) -> Iterator[str]:
    """Lines of where the time went: seconds of each part of a run, and how much of its pass each stage was at work."""
    timings: Mapping[str, float] = record["timings_s"]
    passes: Mapping[str, Mapping[str, Any]] = record.get("passes", {})
    stages = {stage for one in passes.values() for stage in one["busy_s"]}
    parts = {name: seconds for name, seconds in timings.items() if name not in stages}
    frames = sum(entry["frames"] for entry in record["cameras"].values())
    total_s = sum(parts.values())
    yield f"time: {total_s:.1f} s" + (f", {1000 * total_s / frames:.1f} ms a frame" if frames else "")
    for name, seconds in parts.items():
        found = passes.get(name)
        busy = "" if found is None else f"   {found['cores_busy']:.1f} of {found['cores']} cores busy"
        yield f"  {name:<14}{seconds:7.1f} s{busy}"
        if found is not None:
            yield from _stage_lines(found)


def _stage_lines(found: Mapping[str, Any]) -> Iterator[str]:
    wall_s, cores = max(found["wall_s"], 1e-9), found["cores"]
    for stage, seconds in found["busy_s"].items():
        line = f"    {stage:<12}{seconds:7.1f} s   at work {100 * seconds / wall_s:.0f} % of it"
        if stage == found["bottleneck"]:
            every = {1: "the core", 2: "both cores"}.get(cores, f"all {cores} cores")
            why = f"keeps {every} busy" if found["cores_busy"] >= _BUSY * cores else "the others wait for it"
            line += f", the bottleneck: {why}"
        yield line
