"""Stages in threads: the same items in the same order, errors where results are taken, and no thread left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Iterator

import pytest

from reidtrack.runtime.threads import BackgroundWorker, parallel_map, prefetch


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def numbers(count: int, fails: bool = False, closed: list[bool] | None = None) -> Generator[int]:
    try:
        yield from range(count)
        if fails:
            raise OSError("read")
    finally:
        if closed is not None:
            closed.append(True)


def late_square(number: int) -> int:
    time.sleep(0.002 * (3 - number % 3))  # earlier items take longer
    return number**2


def through(way: str, items: Iterable[int]) -> Generator[int]:
    return prefetch(items, 2) if way == "prefetch" else parallel_map(lambda number: number, items, 3)


@pytest.mark.parametrize("way", ["prefetch", "parallel_map"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_the_same_items_in_the_same_order(way: str, count: int) -> None:
    assert list(through(way, numbers(count))) == list(range(count))


@pytest.mark.parametrize("way", ["prefetch", "parallel_map"])
@pytest.mark.parametrize("count", [0, 1, 50])
def test_an_error_comes_behind_the_items_before_it(way: str, count: int) -> None:
    seen = []
    with pytest.raises(OSError, match="read"):
        for number in through(way, numbers(count, fails=True)):
            seen.append(number)
    # `parallel_map` holds a few results back to keep its workers busy; none comes twice or out of order
    assert seen == list(range(len(seen)))
    assert way == "parallel_map" or len(seen) == count


@pytest.mark.parametrize("way", ["prefetch", "parallel_map"])
def test_who_stops_taking_stops_the_threads_and_closes_the_source(way: str) -> None:
    closed: list[bool] = []
    items = through(way, numbers(1000, closed=closed))
    assert next(items) == 0
    items.close()
    assert closed == [True]


def test_prefetch_waits_when_it_is_far_enough_ahead() -> None:
    pulled = []

    def pull() -> Generator[int]:
        for number in range(100):
            pulled.append(number)
            yield number

    items = prefetch(pull(), 3)
    assert next(items) == 0
    time.sleep(0.05)
    assert len(pulled) <= 5  # one taken, three in the line, one that waits for room
    items.close()


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_keep_the_order_whoever_is_first(workers: int) -> None:
    assert list(parallel_map(late_square, range(12), workers)) == [number**2 for number in range(12)]


def test_an_error_of_the_work_is_raised_in_its_place() -> None:
    found = []
    with pytest.raises(ZeroDivisionError):
        for result in parallel_map(lambda number: 6 // number, [3, 2, 1, 0, 1], 2):
            found.append(result)
    assert found == [2, 3, 6]


def test_stages_one_behind_the_other() -> None:
    items = parallel_map(late_square, prefetch(prefetch(numbers(40), 1), 2), 2)
    assert list(items) == [number**2 for number in range(40)]


def test_a_worker_does_everything_in_order() -> None:
    done: list[int] = []
    with BackgroundWorker(done.append, 2) as worker:
        for number in range(50):
            worker.put(number)
    assert done == list(range(50))


def test_a_worker_raises_on_a_later_item_or_at_the_end() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number == 3:
            raise OSError("disk full")
        done.append(number)

    with pytest.raises(OSError, match="disk full"), BackgroundWorker(work, 2) as worker:
        for number in range(50):
            worker.put(number)
    assert done == [0, 1, 2]
    with pytest.raises(OSError, match="disk full"), BackgroundWorker(work, 2) as worker:
        worker.put(3)


def test_a_worker_drops_what_waits_when_something_else_goes_wrong() -> None:
    going, done = threading.Event(), []

    def work(number: int) -> None:
        going.set()
        time.sleep(0.02)
        done.append(number)

    with pytest.raises(KeyboardInterrupt), BackgroundWorker(work, 10) as worker:
        for number in range(10):
            worker.put(number)
        going.wait(5)
        raise KeyboardInterrupt
    assert len(done) < 10


def test_an_error_far_down_ends_everything() -> None:
    """The second of two that do work behind each other fails while the first waits for room: nothing hangs."""

    def fail(number: int) -> None:
        raise OSError("encoder")

    with (
        pytest.raises(OSError, match="encoder"),
        BackgroundWorker(fail, 1) as second,
        BackgroundWorker(second.put, 1) as first,
    ):
        for number in range(100):
            first.put(number)
