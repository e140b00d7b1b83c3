"""Work that overlaps: three ways to put a stage into threads of its own, none of which changes what comes out.

`ahead` pulls from a source while its consumer is busy, `spread` computes several items at once and gives the results in
the items' order, `Behind` takes what it is given and does it later. Between stages lie lines of a few items, so that
memory is bounded and the slowest stage sets the pace. Each stage sees the same items in the same order as without
threads: results do not depend on timing. What goes wrong in a thread is raised where its results are taken; whoever
stops taking them stops the threads, and waits for what they are in the midst of.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Line(Generic[T]):
    """Up to `length` items on their way from one thread to another.

    Args:
        length: Items at most; who adds another waits.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._ended = self._closed = False
        self._error: BaseException | None = None

    def put(self, item: T) -> bool:
        """Add one when there is room; False if nobody takes any more."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._length or self._closed)
            if not self._closed:
                self._items.append(item)
                self._changed.notify_all()
            return not self._closed

    def end(self, error: BaseException | None = None) -> None:
        """None follows; or an error does."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody takes any more; what is in the line is dropped."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Generator[T]:
        """Take items until the end.

        Raises:
            BaseException: The one that the line ended with.
        """
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._ended or self._closed)
                if not self._items:
                    if self._error is not None and not self._closed:
                        raise self._error
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item


@contextmanager
def closing_generator(items: object) -> Iterator[None]:
    """Close a generator on leaving, so that threads it may hold end now rather than when its memory is freed."""
    try:
        yield
    finally:
        if isinstance(items, Generator):
            items.close()


def ahead(items: Iterable[T], length: int = 2) -> Generator[T]:
    """The same items, pulled in a thread that is up to `length` ahead; a generator is closed at the end.

    Raises:
        BaseException: What pulling raised, behind the items that came before.
    """
    line: Line[T] = Line(length)

    def pull() -> None:
        try:
            with closing_generator(items):
                for item in items:
                    if not line.put(item):
                        break
        except BaseException as error:
            line.end(error)
        else:
            line.end()

    thread = threading.Thread(target=pull, name="ahead", daemon=True)
    thread.start()
    try:
        yield from line
    finally:
        line.close()
        thread.join()


def spread(work: Callable[[T], R], items: Iterable[T], workers: int) -> Generator[R]:
    """`work(item)` for each item, computed in up to `workers` threads, in the items' order; a generator is closed.

    One item more than there are workers is held, so that none of them waits for the consumer.

    Raises:
        BaseException: What `work` raised, in its place, or what the items raised.
    """
    waiting: deque[Future[R]] = deque()
    with closing_generator(items), ThreadPoolExecutor(workers, thread_name_prefix="spread") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class Behind(Generic[T]):
    """Does `work(item)` for each item it is given, one after another, in a thread that is up to `length` behind.

    On leaving the context what is left is done; if it is left by an error, it is dropped.

    Args:
        work: What to do.
        length: Items that wait at most; who gives another waits too.
    """

    def __init__(self, work: Callable[[T], object], length: int = 2) -> None:
        self._work = work
        self._line: Line[T] = Line(length)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="behind", daemon=True)

    def put(self, item: T) -> None:
        """Give it one more.

        Raises:
            BaseException: What `work` raised for an earlier one; nothing was done since.
        """
        if not self._line.put(item):
            self._raise()

    def close(self) -> None:
        """Wait until everything is done.

        Raises:
            BaseException: What `work` raised.
        """
        self._line.end()
        self._thread.join()
        self._raise()

    def _run(self) -> None:
        try:
            for item in self._line:
                self._work(item)
        except BaseException as error:
            self._error = error
            self._line.close()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._line.close()
            with suppress(BaseException):  # the first error is the one to tell
                self.close()
        else:
            self.close()
