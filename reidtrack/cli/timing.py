"""Where the time of a run went, in lines: one for each pass and stage, the bottleneck named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_BUSY = 0.85
"""Share of the processor from which it is the limit."""


def time_lines(record: Mapping[str, Any]) -> Iterator[str]:
    """Of what `run.json` says: seconds of each part, and how much of its pass each stage was at work."""
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
