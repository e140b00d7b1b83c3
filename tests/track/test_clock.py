from __future__ import annotations

from typing import Literal

import pytest

from reidtrack.track.clock import Clock


@pytest.mark.parametrize(
    ("unit", "times_s", "steps"),
    [
        pytest.param("seconds", [7.0], [0.0], id="first frame"),
        pytest.param("seconds", [7.0, 7.5, 10.0], [0.0, 0.5, 2.5], id="seconds"),
        pytest.param("frames", [7.0, 7.5, 10.0], [0.0, 1.0, 1.0], id="frames"),
        pytest.param("seconds", [7.0, 6.0, 6.5], [0.0, 0.0, 0.5], id="jumps back"),
        pytest.param("frames", [7.0, 6.0], [0.0, 1.0], id="jumps back, frames"),
    ],
)
def test_steps(unit: Literal["seconds", "frames"], times_s: list[float], steps: list[float]) -> None:
    clock = Clock(unit)
    assert [clock.tick(time_s) for time_s in times_s] == steps
    assert clock.now == sum(steps)
