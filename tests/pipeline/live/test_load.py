"""How many frames are looked at when there is too much to do, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from runtime.fake_clock import FakeClock

from reidtrack.events import Notice
from reidtrack.pipeline.live.load import FollowLoad
from reidtrack.pipeline.run.looks import EveryNth
from reidtrack.types import Frame

PICTURE = np.zeros((2, 2, 3), np.uint8)


class StepClock(FakeClock):
    """A clock that goes on when it is told to."""

    def go(self, seconds: float) -> None:
        self._now_s += seconds


class Machine:
    """Cameras, and a processor that manages so many looks a second; what is beyond is dropped.

    Args:
        fps: Camera to its frames a second.
    """

    def __init__(self, fps: Mapping[str, float], *, follows: bool = True) -> None:
        self.clock, self.notices, self.fps = StepClock(), list[Notice](), fps
        self.rule = FollowLoad(EveryNth(), self.notices.append, self.clock.now, follows=follows, clock=self.clock)
        self.busy_s, self.dropped = {"detect": 0.0}, dict.fromkeys(fps, 0)
        self.looked: dict[str, list[float]] = {camera: [] for camera in fps}
        self._number, self._waiting_s = 0, 0.0

    def run(self, seconds: float, looks_per_s: float) -> None:
        """Let time pass, in steps of 50 ms."""
        for _ in range(round(seconds * 20)):
            self.clock.go(0.05)
            self._number += 1
            now_s = self._number / 20
            self.rule.load(self.busy_s, self.dropped)
            for camera, fps in self.fps.items():
                if int(now_s * fps + 1e-9) == int((now_s - 0.05) * fps + 1e-9):
                    continue
                (frame,) = self.rule.in_order([Frame(camera, self._number, now_s, PICTURE)])
                if self.rule.looks_at(frame) == "no":
                    continue
                if self._waiting_s > 0.3:
                    self.dropped[camera] += 1
                    continue
                self._waiting_s += 1 / looks_per_s
                self.looked[camera].append(now_s)
            self.busy_s["detect"] += min(self._waiting_s, 0.05)
            self._waiting_s = max(self._waiting_s - 0.05, 0.0)

    def rate(self, camera: str, seconds: float = 10.0) -> float:
        """Looks a second at a camera in the last while."""
        since_s = self._number / 20 - seconds
        return sum(time_s > since_s + 1e-9 for time_s in self.looked[camera]) / seconds


def test_with_room_every_frame_is_looked_at() -> None:
    machine = Machine({"a": 10, "b": 10})
    machine.run(30, 100)
    assert machine.rate("a") == machine.rate("b") == 10
    assert machine.rule.detect_every == 1
    assert machine.rule.passed_over == {}
    assert machine.notices == []


def test_it_follows_the_load_down_and_up() -> None:
    machine = Machine({"a": 10, "b": 10})
    machine.run(60, 12)
    both = machine.rate("a") + machine.rate("b")
    assert 7 <= both <= 12.5
    assert 1.5 <= machine.rule.detect_every <= 3
    machine.run(60, 200)
    assert machine.rule.detect_every == 1
    assert machine.rate("a") == 10
    begins, ends = machine.notices
    assert (begins.subject, ends.subject) == ("load", "load")
    assert "does not keep up" in begins.text
    assert "keeps up again" in ends.text
    left_out = {camera: n + machine.dropped[camera] for camera, n in machine.rule.passed_over.items()}
    assert ends.figures == left_out


def test_what_is_dropped_is_told_though_it_does_not_follow() -> None:
    machine = Machine({"a": 10, "b": 10}, follows=False)
    machine.run(20, 12)
    assert machine.rule.detect_every == 1
    assert machine.rule.passed_over == {}
    assert [notice.text for notice in machine.notices] == ["the processor does not keep up, frames are left out"]


def test_cameras_lose_evenly() -> None:
    """All down to one rate: what a slow one gives is less than that anyway."""
    machine = Machine({"a": 20, "b": 10, "slow": 2})
    machine.run(80, 14)
    assert machine.rate("a", 20) == pytest.approx(machine.rate("b", 20), rel=0.15)
    assert machine.rate("slow", 20) == pytest.approx(2, abs=0.15)


def test_looks_are_even_in_time() -> None:
    machine = Machine({"a": 20})
    machine.run(60, 8)
    steps = np.diff(machine.looked["a"][-40:])
    assert steps.max() - steps.min() <= 0.1 + 1e-9


def test_it_never_goes_below_its_least() -> None:
    machine = Machine({"a": 10})
    machine.run(60, 0.5)
    assert machine.rule.detect_every == pytest.approx(10 / 4)


def test_a_frame_that_decides_is_always_looked_at() -> None:
    class Decides(EveryNth):
        def looks_at(self, frame: Frame):  # type: ignore[no-untyped-def]
            return "then_decide"

    clock = StepClock()
    rule = FollowLoad(Decides(), lambda notice: None, clock.now, clock=clock)
    for index in range(100):
        clock.go(0.1)
        rule.load({"detect": 0.1 * index}, {"a": index})
        rule.in_order([])
        assert rule.looks_at(Frame("a", index, index / 10, PICTURE)) == "then_decide"
    assert rule.detect_every > 1


def test_a_single_frame_is_not_worth_a_word() -> None:
    machine = Machine({"a": 10})
    machine.run(10, 100)
    machine.dropped["a"] += 1
    machine.run(60, 100)
    assert machine.notices == []
    assert machine.rule.detect_every == 1


def test_crops_are_spared_before_looks_and_given_back() -> None:
    """An embedder that is at work all the time costs crops; looks only if that does not help."""
    machine = Machine({"a": 10})

    def embed(seconds: int) -> None:
        for _ in range(seconds):
            machine.busy_s["embed"] = machine.busy_s.get("embed", 0.0) + 1.0
            machine.run(1, 100)

    embed(3)
    assert machine.rule.crops.sparing == 4
    assert machine.rule.detect_every == 1
    embed(2)
    assert 1 < machine.rule.detect_every < 2
    machine.run(20, 100)
    assert machine.rule.detect_every == 1
    assert machine.rule.passed_over["a"] < 60
    machine.rule.crops.sparing = 4
    machine.run(15, 100)
    assert machine.rule.crops.sparing == 2
    machine.run(15, 100)
    assert machine.rule.crops.sparing == 1
