"""Queues: what they do when they are full, how long one waits, and what comes at their end."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest
from runtime.fake_clock import FakeClock

from reidtrack.runtime.queues import BoundedQueue, EndOfItems, fill


@pytest.mark.parametrize(
    ("put", "left", "dropped"),
    [
        pytest.param(0, [], 0, id="empty"),
        pytest.param(1, [0], 0, id="one"),
        pytest.param(3, [0, 1, 2], 0, id="full"),
        pytest.param(4, [1, 2, 3], 1, id="one too many"),
        pytest.param(10, [7, 8, 9], 7, id="many too many"),
    ],
)
def test_dropping_the_oldest(put: int, left: list[int], dropped: int) -> None:
    queue: BoundedQueue[int] = BoundedQueue(3, "drop_oldest")
    assert all(queue.put(number) for number in range(put))
    queue.end()
    assert len(queue) == len(left)
    assert (list(queue), queue.dropped) == (left, dropped)
    assert queue.exhausted


def test_blocking_loses_nothing() -> None:
    queue: BoundedQueue[int] = BoundedQueue(2)
    thread = threading.Thread(target=fill, args=(queue, range(50)))
    thread.start()
    assert list(queue) == list(range(50))
    thread.join()
    assert queue.dropped == 0


def test_who_waits_for_room_is_let_go_when_nobody_takes() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    assert queue.put(0)
    said: list[bool] = []
    thread = threading.Thread(target=lambda: said.append(queue.put(1)))
    thread.start()
    queue.close()
    thread.join()
    assert said == [False]
    assert not queue.put(2)
    with pytest.raises(EndOfItems):
        queue.take()


@pytest.mark.parametrize(
    ("comes_s", "timeout_s", "taken_s"),
    [
        pytest.param(2.0, 3.0, 2.0, id="in time"),
        pytest.param(3.0, 3.0, 3.0, id="at the last moment"),
        pytest.param(3.5, 3.0, None, id="too late"),
        pytest.param(99.0, None, 99.0, id="as long as it takes"),
        pytest.param(1.0, 0.0, None, id="not waiting at all"),
    ],
)
def test_waiting_for_an_item(comes_s: float, timeout_s: float | None, taken_s: float | None) -> None:
    clock = FakeClock()
    queue: BoundedQueue[str] = BoundedQueue(2, clock=clock)
    clock.at(comes_s / 2, lambda: None)  # something else happens meanwhile
    clock.at(comes_s, lambda: queue.put("item"))
    if taken_s is None:
        with pytest.raises(TimeoutError):
            queue.take(timeout_s)
        assert clock.now() == timeout_s
    else:
        assert queue.take(timeout_s) == "item"
        assert clock.now() == taken_s


@pytest.mark.parametrize("closed", [False, True])
def test_the_end_while_one_waits(closed: bool) -> None:
    clock = FakeClock()
    queue: BoundedQueue[str] = BoundedQueue(2, clock=clock)
    clock.at(1.0, queue.close if closed else queue.end)
    with pytest.raises(EndOfItems):
        queue.take(5.0)
    assert clock.now() == 1.0


def test_an_error_comes_behind_the_items_before_it() -> None:
    closed = []

    def failing() -> Generator[int]:
        try:
            yield 1
            yield 2
            raise OSError("camera")
        finally:
            closed.append(True)

    queue: BoundedQueue[int] = BoundedQueue(5)
    fill(queue, failing())
    assert closed == [True]
    assert (queue.take(), queue.take()) == (1, 2)
    with pytest.raises(OSError, match="camera"):
        queue.take()
    queue.close()
    with pytest.raises(EndOfItems):
        queue.take()


def test_two_queues_waited_for_together() -> None:
    changed, clock = threading.Condition(), FakeClock()
    queues = [BoundedQueue[str](1, changed=changed, clock=clock) for _ in range(2)]
    told = []
    with changed:
        thread = threading.Thread(target=lambda: told.append(queues[1].put("item")))
        thread.start()
        assert changed.wait_for(lambda: any(len(queue) for queue in queues), timeout=60)
    thread.join()
    assert [len(queue) for queue in queues] == [0, 1]
