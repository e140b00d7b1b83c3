"""Frames of several cameras in one stream: by their time, or as they are ready."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator

import numpy as np
import pytest
from runtime.fake_clock import FakeClock

from reidtrack.errors import InputError
from reidtrack.runtime.batches import timed_batches
from reidtrack.runtime.queues import EndOfItems
from reidtrack.types import Frame
from reidtrack.video.merge import ReadyFrames, merge_by_time

PICTURE = np.zeros((2, 2, 3), np.uint8)


def stream(camera: str, times_s: list[float], *, fails: bool = False) -> Iterator[Frame]:
    for index, time_s in enumerate(times_s):
        yield Frame(camera, index, time_s, PICTURE)
    if fails:
        raise InputError("reading stopped", where=camera)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        pytest.param({}, [], id="no cameras"),
        pytest.param({"a": []}, [], id="a camera without frames"),
        pytest.param({"a": [0, 1], "b": []}, ["a0", "a1"], id="one of two without frames"),
        pytest.param({"b": [0, 1, 2], "a": [0, 1, 2]}, ["b0", "a0", "b1", "a1", "b2", "a2"], id="ties by place"),
        pytest.param({"a": [0, 0.1, 0.2, 0.3], "b": [0.15]}, ["a0", "a1", "b0", "a2", "a3"], id="other rates"),
        pytest.param({"a": [-1, 5], "b": [100]}, ["a0", "a1", "b0"], id="far apart"),
    ],
)
def test_order(times: dict[str, list[float]], expected: list[str]) -> None:
    failed: list[str] = []
    ended: list[str] = []
    streams = {camera: stream(camera, values) for camera, values in times.items()}
    merged = merge_by_time(streams, lambda camera, error: failed.append(camera), ended.append)
    assert [f"{frame.camera}{frame.index}" for frame in merged] == expected
    assert failed == []
    assert sorted(ended) == sorted(times)


def test_a_camera_that_fails_leaves_the_others() -> None:
    failed: list[str] = []
    streams = {"a": stream("a", [0, 1], fails=True), "b": stream("b", [0, 1, 2, 3]), "c": stream("c", [], fails=True)}
    merged = merge_by_time(streams, lambda camera, error: failed.append(f"{camera}: {error.what}"))
    assert [f"{frame.camera}{frame.index}" for frame in merged] == ["a0", "b0", "a1", "b1", "b2", "b3"]
    assert failed == ["c: reading stopped", "a: reading stopped"]


def never(camera: str, error: InputError) -> None:
    raise AssertionError(f"{camera} failed: {error}")


def told(frame: Frame) -> str:
    return f"{frame.camera}{frame.index}"


class Live:
    """A camera whose frames come when the test says so."""

    def __init__(self, camera: str) -> None:
        self.camera = camera
        self.closed = threading.Event()
        self._given, self._count, self._changed = 0, 0, threading.Condition()

    def frames(self) -> Generator[Frame]:
        """As many frames as `give` said; `len(given)` is reached when the reader asks for one more."""
        try:
            while True:
                with self._changed:
                    self._count += 1
                    self._changed.notify_all()
                    assert self._changed.wait_for(lambda: self._given >= self._count or self._given < 0, 60)
                    if self._given < 0:
                        return
                yield Frame(self.camera, self._count - 1, 0.1 * self._count, PICTURE)
        finally:
            self.closed.set()

    def give(self, count: int) -> None:
        """Let so many more frames come, and wait until they are where the reader puts them."""
        with self._changed:
            self._given += count
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._count > self._given, 60)

    def end(self) -> None:
        with self._changed:
            self._given = -1
            self._changed.notify_all()
        assert self.closed.wait(60)


@pytest.fixture
def cameras() -> Iterator[tuple[Live, Live]]:
    pair = Live("a"), Live("b")
    yield pair
    for camera in pair:
        camera.end()


def streams(cameras: tuple[Live, ...]) -> dict[str, Generator[Frame]]:
    return {camera.camera: camera.frames() for camera in cameras}


def test_a_silent_camera_holds_up_nobody(cameras: tuple[Live, Live]) -> None:
    a, b = cameras
    with ReadyFrames(streams(cameras), never) as frames:
        for index in range(20):
            a.give(1)
            assert told(frames.take()) == f"a{index}"
        b.give(1)
        assert told(frames.take()) == "b0"
        with pytest.raises(TimeoutError):
            frames.take(0.0)
        for camera in cameras:
            camera.end()


def test_cameras_that_are_ready_take_turns(cameras: tuple[Live, Live]) -> None:
    a, b = cameras
    with ReadyFrames(streams(cameras), never, length=4) as frames:
        a.give(4)
        b.give(2)
        assert [told(frames.take()) for _ in range(6)] == ["a0", "b0", "a1", "b1", "a2", "a3"]
        for camera in cameras:
            camera.end()


def test_the_oldest_frames_are_dropped_and_counted(cameras: tuple[Live, Live]) -> None:
    a, b = cameras
    with ReadyFrames(streams(cameras), never, length=2) as frames:
        a.give(10)
        b.give(1)
        assert [told(frames.take()) for _ in range(3)] == ["a8", "b0", "a9"]
        assert frames.dropped == {"a": 8, "b": 0}
        for camera in cameras:
            camera.end()


@pytest.mark.parametrize(
    ("rates", "takes"),
    [
        pytest.param((1, 1), 1, id="half of what comes"),
        pytest.param((5, 1), 1, id="one camera gives more"),
        pytest.param((3, 2), 3, id="more than half"),
    ],
)
def test_under_load_cameras_lose_evenly(cameras: tuple[Live, Live], rates: tuple[int, int], takes: int) -> None:
    """Nobody waits longer because another gives more, what is taken is recent, and every frame is accounted for."""
    taken: dict[str, list[int]] = {"a": [], "b": []}
    given = {"a": 0, "b": 0}
    with ReadyFrames(streams(cameras), never, length=2) as frames:
        for _ in range(30):
            for camera, rate in zip(cameras, rates, strict=True):
                camera.give(rate)
                given[camera.camera] += rate
            for _ in range(takes):
                frame = frames.take()
                taken[frame.camera].append(frame.index)
                assert given[frame.camera] - frame.index <= 2, "one of the newest two"
        for camera in cameras:
            camera.end()
        waiting = dict.fromkeys(taken, 0)
        for frame in frames:
            waiting[frame.camera] += 1
    assert max(waiting.values()) <= 2
    fair = {name: min(30 * takes / 2, given[name]) for name in taken}
    for name, seen in taken.items():
        assert seen == sorted(seen)
        assert len(seen) >= fair[name] - 3
        assert len(seen) + frames.dropped[name] + waiting[name] == given[name]


def test_blocking_loses_no_frame() -> None:
    ended: list[str] = []
    every = {"a": stream("a", [0.1 * i for i in range(30)]), "b": stream("b", [0.1 * i for i in range(30)])}
    with ReadyFrames(every, never, ended.append, on_full="block") as frames:
        seen = list(map(told, frames))
    for camera in ("a", "b"):
        assert [name for name in seen if name[0] == camera] == [f"{camera}{i}" for i in range(30)]
    assert sorted(ended) == ["a", "b"]
    assert frames.dropped == {"a": 0, "b": 0}


def test_a_live_camera_that_fails_leaves_the_others() -> None:
    failed: list[str] = []
    every = {"a": stream("a", [0, 1], fails=True), "b": stream("b", [0, 1, 2, 3])}
    with ReadyFrames(every, lambda camera, error: failed.append(camera), on_full="block") as frames:
        seen = list(map(told, frames))
    assert sorted(seen) == ["a0", "a1", "b0", "b1", "b2", "b3"]
    assert failed == ["a"]
    with pytest.raises(EndOfItems):
        frames.take()


def test_a_bug_in_a_source_is_not_hidden() -> None:
    def broken() -> Generator[Frame]:
        yield from stream("a", [0])
        raise ZeroDivisionError

    with ReadyFrames({"a": broken()}, never, on_full="block") as frames, pytest.raises(ZeroDivisionError):
        list(frames)


def test_closing_does_not_wait_for_a_hanging_camera(cameras: tuple[Live, Live]) -> None:
    with ReadyFrames(streams(cameras), never, patience_s=0.0):
        pass
    for camera in cameras:
        camera.end()  # its thread is still there, and ends once the camera lets it


def test_batches_of_live_frames_close_by_time() -> None:
    """A late camera's frame is in the next batch, not waited for."""
    clock, cameras = FakeClock(), (Live("a"), Live("b"))
    a, b = cameras
    comes: list[tuple[float, Callable[[], None]]] = [
        (1.0, lambda: a.give(1)),
        (1.1, lambda: b.give(1)),
        (2.0, lambda: a.give(1)),
        (2.9, lambda: b.give(1)),
        (3.0, a.end),
        (3.1, b.end),
    ]
    for time_s, event in comes:
        clock.at(time_s, event)
    with ReadyFrames(streams(cameras), never, clock=clock) as frames:
        found = [list(map(told, batch)) for batch in timed_batches(frames, 8, 0.5, clock=clock)]
    assert found == [["a0", "b0"], ["a1"], ["b1"]]


def test_cameras_come_and_go_while_others_are_read() -> None:
    released = threading.Event()

    def endless(camera: str) -> Generator[Frame]:
        index = 0
        while not released.is_set():
            yield Frame(camera, index, index / 10, PICTURE)
            index += 1

    with ReadyFrames({"a": endless("a")}, never, on_full="block") as frames:
        assert frames.take().camera == "a"
        frames.add("b", endless("b"))
        assert {frames.take().camera for _ in range(20)} == {"a", "b"}
        frames.remove("a")
        assert {frames.take().camera for _ in range(5)} == {"b"}
        frames.add("a", endless("a"))
        assert {frames.take().camera for _ in range(20)} == {"a", "b"}
        released.set()
