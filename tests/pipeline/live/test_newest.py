"""Frames that wait together: what is looked at, how late it is, and what counts as lost; by a simulated clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np
import pytest
from runtime.fake_clock import FakeClock

from reidtrack.pipeline.live.load import FollowLoad
from reidtrack.pipeline.live.newest import BATCH_S, EnoughLooks, NewestFirst
from reidtrack.pipeline.run.looks import EveryNth
from reidtrack.types import Frame
from reidtrack.video.merge import LIVE

PICTURE = np.zeros((2, 2, 3), np.uint8)


class SteppedClock(FakeClock):
    def go_to(self, time_s: float) -> None:
        self._now_s = time_s


class Detecting:
    """Cameras whose frames wait as live ones do, and a detector that takes its time, one batch after another.

    Args:
        cameras: Frames a second of each.
        look_s: Seconds for a look, two at once taking no longer than that if `pairs`.
        busy_share: Share of its time that the machine has for it.
    """

    def __init__(self, cameras: Mapping[str, float], look_s: float, hiccup_s: float = 0.0) -> None:
        self.clock, self._look_s, self._hiccup_s = SteppedClock(), look_s, hiccup_s
        self.rule = FollowLoad(EveryNth(), lambda notice: None, self.clock.now, clock=self.clock)
        self._due = {camera: 0.003 * i for i, camera in enumerate(cameras)}
        self._step = {camera: 1 / fps for camera, fps in cameras.items()}
        self._index = dict.fromkeys(cameras, 0)
        self._waiting: dict[str, deque[Frame]] = {camera: deque() for camera in cameras}
        self.dropped = dict.fromkeys(cameras, 0)
        self.delays_s: dict[str, list[float]] = {camera: [] for camera in cameras}
        self.looked_s: dict[str, list[float]] = {camera: [] for camera in cameras}
        self._busy_s = {"detect": 0.0}

    def run(self, seconds: float) -> None:
        """Let time pass."""
        now_s = self.clock.now()
        ends_s, hiccup_s = now_s + seconds, now_s + 5.0
        while now_s < ends_s:
            self._arrive(now_s)
            self.rule.load(self._busy_s, self.dropped)
            batch = [frame for waiting in self._waiting.values() for frame in waiting]
            for waiting in self._waiting.values():
                waiting.clear()
            looked = [frame for frame in self.rule.in_order(batch) if self.rule.looks_at(frame) != "no"]
            took_s = len(looked) * self._look_s
            self._busy_s["detect"] += took_s
            if self._hiccup_s and now_s >= hiccup_s:  # something else has the processor for a while
                took_s, hiccup_s = took_s + self._hiccup_s, now_s + 5.0
            now_s += took_s or 0.005
            self.clock.go_to(now_s)
            for frame in looked:
                self.delays_s[frame.camera].append(now_s - frame.time_s)
                self.looked_s[frame.camera].append(frame.time_s)

    def _arrive(self, now_s: float) -> None:
        for camera, waiting in self._waiting.items():
            while self._due[camera] <= now_s:
                waiting.append(Frame(camera, self._index[camera], self._due[camera], PICTURE))
                self._index[camera] += 1
                self._due[camera] += self._step[camera]
                if len(waiting) > LIVE.waiting:
                    waiting.popleft()
                    self.dropped[camera] += 1

    def late_s(self, last_s: float = 20.0) -> float:
        """95th percentile of the delays of the slowest camera, of frames of the last while."""
        found = []
        for camera, delays in self.delays_s.items():
            recent = np.array(self.looked_s[camera]) > self.clock.now() - last_s
            found.append(float(np.quantile(np.array(delays)[recent], 0.95)))
        return max(found)

    def looks_per_s(self, last_s: float = 20.0) -> list[float]:
        """Of each camera, of late."""
        since_s = self.clock.now() - last_s
        return [sum(time_s > since_s for time_s in times) / last_s for times in self.looked_s.values()]

    @property
    def missed(self) -> int:
        return sum(self.dropped.values()) + sum(self.rule.lost.values())


def cameras(count: int, fps: float = 10) -> dict[str, float]:
    return {f"camera{number}": fps for number in range(count)}


def test_with_time_for_all_every_frame_is_looked_at() -> None:
    site = Detecting(cameras(2), 0.035, hiccup_s=0.12)
    site.run(40)
    assert min(site.looks_per_s()) > 9.7
    assert site.missed == 0
    assert site.late_s() < 0.2


@pytest.mark.parametrize("count", [3, 4, 5])
def test_with_more_cameras_looks_are_spared_and_boxes_are_not_late(count: int) -> None:
    site = Detecting(cameras(count), 0.045, hiccup_s=0.25)
    site.run(60)
    assert site.missed == 0
    assert min(site.looks_per_s()) >= 3.9
    assert site.late_s() < 0.35


def test_overloaded_the_delay_stays_bounded_and_cameras_take_turns() -> None:
    """Eight cameras of which a third of the looks they need can be had: what is lost is said, nothing is old."""
    site = Detecting(cameras(8), 0.1)
    site.run(60)
    looks = site.looks_per_s()
    assert max(looks) - min(looks) <= 0.3
    assert sum(looks) > 9.5
    assert site.late_s() < 0.5
    assert site.missed > 0


def test_a_camera_that_gives_much_takes_nothing_from_another() -> None:
    site = Detecting({"fast": 30, "slow": 5}, 0.1)
    site.run(60)
    fast, slow = site.looks_per_s()
    assert slow >= 3.8
    assert fast >= 4


def frame(camera: str, index: int) -> Frame:
    return Frame(camera, index, index / 10, PICTURE)


def test_the_newest_of_each_camera_and_whoever_was_looked_at_longest_ago_first() -> None:
    newest = NewestFirst(16)
    for number in range(1, 5):  # a look takes a second
        newest.looked(frame("c", number))
        newest.measure(float(number))
    assert newest.room == 2
    newest.looked(frame("a", 0))
    waiting = [frame(camera, index) for camera in "abc" for index in (1, 2, 3)]
    ordered = newest.take(waiting)
    assert [f.camera for f in ordered] == [*"bbb", *"ccc", *"aaa"]
    looked = []
    for one in ordered:
        if newest.allows(one):
            newest.looked(one)
            looked.append((one.camera, one.index))
    assert looked == [("b", 3), ("c", 3)]


def test_all_that_waits_is_looked_at_where_that_is_fast() -> None:
    newest = NewestFirst(16)
    for number in range(1, 9):
        newest.looked(frame("a", number))
        newest.measure(0.01 * number)
    assert newest.room == int(BATCH_S / 0.0102)
    waiting = [frame("a", 10), frame("b", 3), frame("a", 11)]
    assert newest.take(waiting) == waiting
    assert all(newest.allows(one) for one in waiting)


@pytest.mark.parametrize(
    ("every", "lost"),
    [
        pytest.param(2, 0, id="five looks a second"),
        pytest.param(2.5, 0, id="four looks a second"),
        pytest.param(4, 42, id="two and a half"),
    ],
)
def test_what_is_passed_over_is_lost_below_four_looks_a_second(every: float, lost: int) -> None:
    enough = EnoughLooks(4.0)
    looked = 0
    for index in range(80):
        if index >= looked * every:
            enough.looked(frame("a", index))
            looked += 1
        else:
            enough.passed_over(frame("a", index))
    assert enough.lost.get("a", 0) == pytest.approx(lost, abs=4 if lost else 0)


def test_where_nothing_moved_nothing_is_lost() -> None:
    enough = EnoughLooks(4.0)
    enough.looked(frame("a", 0))
    for index in range(1, 100):
        enough.rested(frame("a", index))
    assert not any(enough.passed_over(frame("a", index)) for index in range(100, 119))
    assert enough.lost == {}
