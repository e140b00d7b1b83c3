"""Delays of the last while and of a whole session."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from runtime.fake_clock import FakeClock

from reidtrack.runtime.delays import Arrivals, DelayFigures, DelayWindow


class SetClock(FakeClock):
    """A clock that is set."""

    def set(self, now_s: float) -> None:
        self._now_s = now_s


@pytest.mark.parametrize(
    ("delays_s", "expected"),
    [
        pytest.param([], None, id="none"),
        pytest.param([0.2], DelayFigures(1, 0.2, 0.2), id="one"),
        pytest.param([0.3, 0.1], DelayFigures(2, 0.1, 0.3), id="two"),
        pytest.param([i / 100 for i in range(1, 101)], DelayFigures(100, 0.5, 0.95), id="a hundred"),
        pytest.param([-0.1, -0.1], DelayFigures(2, 0.0, 0.0), id="before they came"),
    ],
)
def test_recent(delays_s: Sequence[float], expected: DelayFigures | None) -> None:
    window = DelayWindow(clock=SetClock())
    for delay_s in delays_s:
        window.add(delay_s)
    assert window.recent() == expected


def test_what_is_old_counts_in_the_whole_alone() -> None:
    clock = SetClock()
    window = DelayWindow(60.0, clock=clock)
    window.add(9.0)
    clock.set(60.0)
    window.add(1.0)
    assert window.recent() == DelayFigures(2, 1.0, 9.0)
    clock.set(60.1)
    assert window.recent() == DelayFigures(1, 1.0, 1.0)
    clock.set(500.0)
    assert window.recent() is None
    whole = window.overall()
    assert whole is not None
    assert (whole.count, whole.p95_s) == (2, pytest.approx(9.0, rel=0.011))


def test_the_whole_is_near_the_truth() -> None:
    window = DelayWindow(clock=SetClock())
    delays_s = np.random.default_rng(1).lognormal(-2, 1, 20_000)
    for delay_s in delays_s.tolist():
        window.add(delay_s)
    whole = window.overall()
    assert whole is not None
    assert (whole.p50_s, whole.p95_s) == pytest.approx(np.quantile(delays_s, [0.5, 0.95]).tolist(), rel=0.02)


def test_memory_is_bounded() -> None:
    """However many come, and however long they take."""
    window, arrivals = DelayWindow(most=100, clock=SetClock()), Arrivals(most=100, clock=SetClock())
    for number in range(20_000):
        window.add(10.0 ** (number % 40 - 20))
        arrivals.came("a", number)
    assert len(window._recent) == 100
    assert len(window._bins) < 1000
    assert arrivals.delay_s("a", 19_899) is None
    assert arrivals.delay_s("a", 19_900) == 0.0


def test_arrivals() -> None:
    clock = SetClock()
    arrivals = Arrivals(clock=clock)
    arrivals.came("a", 3)
    clock.set(0.25)
    assert arrivals.delay_s("a", 3) == 0.25
    assert arrivals.delay_s("a", 4) is None
    assert arrivals.delay_s("b", 3) is None
    arrivals.forget("a")
    assert arrivals.delay_s("a", 3) is None
