"""Batches closed by size and by time."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import pytest
from runtime.fake_clock import FakeClock

from reidtrack.runtime.batches import batches, timed_batches
from reidtrack.runtime.queues import BoundedQueue


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(0, [], id="none"),
        pytest.param(1, [[0]], id="one"),
        pytest.param(3, [[0, 1, 2]], id="full"),
        pytest.param(7, [[0, 1, 2], [3, 4, 5], [6]], id="and some more"),
    ],
)
def test_by_size(count: int, expected: list[list[int]]) -> None:
    assert list(batches(range(count), 3)) == expected


def test_who_stops_taking_closes_the_source() -> None:
    closed = []

    def numbers() -> Generator[int]:
        try:
            yield from range(100)
        finally:
            closed.append(True)

    found = batches(numbers(), 4)
    assert next(found) == [0, 1, 2, 3]
    found.close()
    assert closed == [True]


@pytest.mark.parametrize(
    ("come", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({1.0: "a"}, [("a", 1.5)], id="one is not kept waiting"),
        pytest.param({1.0: "a", 1.1: "b", 1.2: "c"}, [("abc", 1.2)], id="full before its time"),
        pytest.param({1.0: "a", 1.5: "b"}, [("ab", 1.5)], id="in the last moment"),
        pytest.param({1.0: "a", 1.6: "b"}, [("a", 1.5), ("b", 2.1)], id="too late"),
        pytest.param({1.0: "abcd"}, [("abc", 1.0), ("d", 1.5)], id="all at once"),
        pytest.param({5.0: "ab"}, [("ab", 5.5)], id="after a long silence"),
    ],
)
def test_by_time(come: Mapping[float, str], expected: list[tuple[str, float]]) -> None:
    """Up to three items, half a second after the first."""
    clock = FakeClock()
    queue: BoundedQueue[str] = BoundedQueue(10, clock=clock)
    for time_s, items in come.items():
        clock.at(time_s, lambda items=items: [queue.put(item) for item in items])  # type: ignore[misc]
    clock.at(100.0, queue.end)
    found = [("".join(batch), clock.now()) for batch in timed_batches(queue, 3, 0.5, clock=clock)]
    assert found == expected


def test_the_last_batch_does_not_wait() -> None:
    clock = FakeClock()
    queue: BoundedQueue[str] = BoundedQueue(10, clock=clock)
    clock.at(1.0, lambda: queue.put("a"))
    clock.at(1.25, queue.end)
    assert [(batch, clock.now()) for batch in timed_batches(queue, 3, 0.5, clock=clock)] == [(["a"], 1.25)]


def test_empty_batches_while_nothing_comes() -> None:
    clock = FakeClock()
    queue: BoundedQueue[str] = BoundedQueue(10, clock=clock)
    clock.at(2.5, lambda: queue.put("a"))
    clock.at(4.25, queue.end)
    found = [("".join(batch), clock.now()) for batch in timed_batches(queue, 3, 0.5, idle_s=1.0, clock=clock)]
    assert found == [("", 1.0), ("", 2.0), ("a", 3.0), ("", 4.0)]
