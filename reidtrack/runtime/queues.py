"""Bounded queues between threads: what they do when they are full, and how long one waits for the next item.

Time comes from a clock that is passed in, so that tests decide what is late.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, Literal, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

FullPolicy = Literal["block", "drop_oldest"]
"""What putting an item into a full queue does: wait for room (recordings: nothing may be missing), or drop the oldest
item and count it (live: what is shown must be recent)."""


class Clock(Protocol):
    """Time, and waiting for a condition, of which the lock is held."""

    def now(self) -> float:
        """Seconds from some fixed moment on, never going back."""
        ...

    def wait(self, condition: threading.Condition, timeout_s: float | None) -> None:
        """Wait until the condition is notified, or so many seconds at most; it may return early."""
        ...


class SystemClock:
    """The computer's own time."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, timeout_s: float | None) -> None:
        """Wait for the condition."""
        condition.wait(timeout_s)


SYSTEM_CLOCK = SystemClock()


def wait_until(
    condition: threading.Condition, true: Callable[[], object], timeout_s: float | None, clock: Clock
) -> bool:
    """Wait, with the condition's lock held, until `true()`; False if that did not come within `timeout_s` seconds."""
    end_s = None if timeout_s is None else clock.now() + timeout_s
    while not true():
        left_s = None if end_s is None else end_s - clock.now()
        if left_s is not None and left_s <= 0:
            return False
        clock.wait(condition, left_s)
    return True


class EndOfItems(Exception):  # noqa: N818 - like StopIteration, which generators cannot let through
    """No item will come any more."""


class TimedSource(Protocol[T_co]):
    """Items that can be waited for, for a while."""

    def take(self, timeout_s: float | None = None) -> T_co:
        """The next item; waits for it `timeout_s` seconds at most, for ever if that is None.

        Raises:
            TimeoutError: If none came in that time.
            EndOfItems: If none will come.
        """
        ...


class BoundedQueue(Generic[T]):
    """Items on their way from one thread to another, no more than some at a time.

    Args:
        length: Most items that wait.
        on_full: What `put` does when as many wait.
        changed: Condition that is notified when anything changes; several queues may share one, to be waited for
            together. Its lock must be re-entrant, as a condition's own lock is.
        clock: Measures how long `take` waits.

    Attributes:
        dropped: Items that were dropped because the queue was full.
    """

    def __init__(
        self,
        length: int,
        on_full: FullPolicy = "block",
        *,
        changed: threading.Condition | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._length, self._on_full, self._clock = length, on_full, clock
        self._items: deque[T] = deque()
        self._changed = threading.Condition() if changed is None else changed
        self._ended = self._closed = False
        self._error: BaseException | None = None
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def exhausted(self) -> bool:
        """Whether no item waits and none will come; `take` then tells why."""
        return not self._items and (self._ended or self._closed)

    def put(self, item: T) -> bool:
        """Add an item, as `on_full` says if the queue is full; False if nobody takes items any more."""
        with self._changed:
            if self._on_full == "block":
                while len(self._items) >= self._length and not self._closed:
                    self._changed.wait()
            elif len(self._items) >= self._length:
                self._items.popleft()
                self.dropped += 1
            if not self._closed:
                self._items.append(item)
                self._changed.notify_all()
            return not self._closed

    def end(self, error: BaseException | None = None) -> None:
        """Tell the taker that no item follows, but an error if one is given."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def close(self) -> None:
        """Tell the giver that nobody takes items any more, and drop what waits (not counted)."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def take(self, timeout_s: float | None = None) -> T:
        """The oldest item that waits; waits for one `timeout_s` seconds at most, for ever if that is None.

        Raises:
            TimeoutError: If none came in that time.
            EndOfItems: If none will come.
            BaseException: The error that the queue ended with.
        """
        with self._changed:
            if not wait_until(
                self._changed, lambda: self._items or self._ended or self._closed, timeout_s, self._clock
            ):
                raise TimeoutError
            if not self._items:
                if self._error is not None and not self._closed:
                    raise self._error
                raise EndOfItems
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def __iter__(self) -> Generator[T]:
        """Take items until the end.

        Raises:
            BaseException: The error that the queue ended with.
        """
        while True:
            try:
                item = self.take()
            except EndOfItems:
                return
            yield item


@contextmanager
def closing_generator(items: object) -> Iterator[None]:
    """Close a generator on leaving, so that threads it may hold end now rather than when its memory is freed."""
    try:
        yield
    finally:
        if isinstance(items, Generator):
            items.close()


def fill(queue: BoundedQueue[T], items: Iterable[T]) -> None:
    """Put items into a queue until they end, they fail, or nobody takes them any more; a generator is closed.

    What goes wrong is what the queue ends with: nothing is raised here, in the thread of the giver.
    """
    try:
        with closing_generator(items):
            for item in items:
                if not queue.put(item):
                    break
    except BaseException as error:
        queue.end(error)
    else:
        queue.end()
