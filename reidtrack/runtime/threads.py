"""Work that overlaps: three ways to put a stage into threads of its own, none of which changes what comes out.

`prefetch` pulls from a source while its consumer is busy, `parallel_map` computes several items at once and gives the
results in the items' order, `BackgroundWorker` takes what it is given and does it later. Between stages lie queues of a
few items, so that memory is bounded and the slowest stage sets the pace. Each stage sees the same items in the same
order as without threads: results do not depend on timing. What goes wrong in a thread is raised where its results are
taken; whoever stops taking them stops the threads, and waits for what they are in the midst of.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Generic, Self, TypeVar

from reidtrack.runtime.queues import BoundedQueue, closing_generator, fill

T = TypeVar("T")
R = TypeVar("R")


def prefetch(items: Iterable[T], length: int = 2) -> Generator[T]:
    """The given items, pulled by a thread that is up to `length` ahead; a generator is closed at the end.

    Raises:
        BaseException: What pulling raised, behind the items that came before.
    """
    queue: BoundedQueue[T] = BoundedQueue(length)
    thread = threading.Thread(target=fill, args=(queue, items), name="prefetch", daemon=True)
    thread.start()
    try:
        yield from queue
    finally:
        queue.close()
        thread.join()


def parallel_map(work: Callable[[T], R], items: Iterable[T], workers: int) -> Generator[R]:
    """`work(item)` of each item, computed in up to `workers` threads, in the items' order; a generator is closed.

    One item more than there are workers is held, so that none of them waits for the consumer.

    Raises:
        BaseException: What `work` raised, in its place, or what the items raised.
    """
    waiting: deque[Future[R]] = deque()
    with closing_generator(items), ThreadPoolExecutor(workers, thread_name_prefix="parallel_map") as pool:
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


class BackgroundWorker(Generic[T]):
    """Does `work(item)` for each item it is given, one after another, in a thread that is up to `length` behind.

    On leaving the context what is left is done; if it is left by an error, it is dropped.

    Args:
        work: What to do.
        length: Items that wait at most; who gives another waits too.
    """

    def __init__(self, work: Callable[[T], object], length: int = 2) -> None:
        self._work = work
        self._queue: BoundedQueue[T] = BoundedQueue(length)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="background worker", daemon=True)

    def put(self, item: T) -> None:
        """Give it one more item.

        Raises:
            BaseException: What `work` raised for an earlier item; nothing was done since.
        """
        if not self._queue.put(item):
            self._raise()

    def close(self) -> None:
        """Wait until everything is done.

        Raises:
            BaseException: What `work` raised.
        """
        self._queue.end()
        self._thread.join()
        self._raise()

    def _run(self) -> None:
        try:
            for item in self._queue:
                self._work(item)
        except BaseException as error:
            self._error = error
            self._queue.close()

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
            self._queue.close()
            with suppress(BaseException):  # the first error is the one to tell
                self.close()
        else:
            self.close()
