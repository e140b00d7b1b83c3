"""Items in batches, closed by size or by time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from reidtrack.runtime.queues import SYSTEM_CLOCK, Clock, EndOfItems, TimedSource, closing_generator

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Generator[list[T]]:
    """Batches of `size` items in their order, the last one of what is left; a generator is closed at the end."""
    source = iter(items)
    with closing_generator(items):
        while batch := list(itertools.islice(source, size)):
            yield batch


def timed_batches(
    source: TimedSource[T],
    size: int | Callable[[], int],
    max_wait_s: float,
    *,
    idle_s: float | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Generator[list[T]]:
    """Batches that do not wait to be full: each is closed a while after its first item came.

    None is ever empty, but for those that come while there is nothing else, so that whoever takes batches can look
    whether it shall end.

    Args:
        source: Where items come from.
        size: Most items of a batch; asked before each where it may change.
        max_wait_s: Seconds after its first item until a batch is closed; at 0 it takes what is there already.
        idle_s: Seconds without any item after which an empty batch is given; None gives none.
        clock: Measures all of them.
    """
    try:
        while True:
            try:
                batch = [source.take(idle_s)]
            except TimeoutError:
                yield []
                continue
            closes_s = clock.now() + max_wait_s
            most = size if isinstance(size, int) else size()
            try:
                while len(batch) < most:
                    batch.append(source.take(max(0.0, closes_s - clock.now())))
            except TimeoutError:
                pass
            except EndOfItems:
                yield batch
                return
            yield batch
    except EndOfItems:
        return
