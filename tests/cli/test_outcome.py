"""The closing lines of a run: each pass and stage, and what the others waited for."""

from __future__ import annotations

from typing import Any

import pytest

from reidtrack.cli.outcome import time_lines


def record(cores_busy: float = 1.9, cores: int = 2, frames: int = 100) -> dict[str, Any]:
    busy = {"decode": 1.0, "detect": 9.8, "track": 0.0}
    reading = {"wall_s": 10.0, "busy_s": busy, "bottleneck": "detect", "cores_busy": cores_busy, "cores": cores}
    return {
        "timings_s": {"prepare": 1.5, "reading": 10.0, **busy, "associate": 0.5},
        "passes": {"reading": reading},
        "cameras": {"a": {"frames": frames}, "b": {"frames": frames}},
    }


def test_a_line_for_each_part_and_stage() -> None:
    assert list(time_lines(record())) == [
        "time: 12.0 s, 60.0 ms a frame",
        "  prepare           1.5 s",
        "  reading          10.0 s   1.9 of 2 cores busy",
        "    decode          1.0 s   at work 10 % of it",
        "    detect          9.8 s   at work 98 % of it, the bottleneck: keeps both cores busy",
        "    track           0.0 s   at work 0 % of it",
        "  associate         0.5 s",
    ]


@pytest.mark.parametrize(
    ("cores_busy", "cores", "why"),
    [
        pytest.param(0.9, 1, "keeps the core busy", id="one core"),
        pytest.param(14.0, 16, "keeps all 16 cores busy", id="many cores"),
        pytest.param(1.0, 2, "the others wait for it", id="the processor is not the limit"),
    ],
)
def test_why_it_is_the_bottleneck(cores_busy: float, cores: int, why: str) -> None:
    assert [line for line in time_lines(record(cores_busy, cores)) if line.endswith(why)]


def test_runs_of_before_say_what_they_know() -> None:
    old = {"timings_s": {"decode": 1.0, "render": 2.0}, "cameras": {"a": {"frames": 0}}}
    assert list(time_lines(old)) == ["time: 3.0 s", "  decode            1.0 s", "  render            2.0 s"]
