"""Work in processes of their own that gives what it gives in this one, in the items' order.

A process is a fresh interpreter that imports what the work needs and nothing of the program that asked: no `__main__`,
no threads of inference engines that would not survive a fork. Each computes with one thread, so that what comes out
does not depend on how many there are.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import queue
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from reidtrack.errors import OutputError

T = TypeVar("T")
R = TypeVar("R")
logger = logging.getLogger(__name__)

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_BEGIN = "from reidtrack.runtime.processes import serve; serve()"
_TRIES = 2
"""Processes that are lost over one item before it is given up."""


def cores() -> int:
    """Number of cores that this process may use."""
    mine = getattr(os, "sched_getaffinity", None)  # of Linux alone
    return os.cpu_count() or 1 if mine is None else len(mine(0))


def process_map(work: Callable[[T], R], items: Iterable[T], workers: int) -> Generator[R]:
    """`work(item)` of each item, computed in `workers` processes, in the items' order; 0 computes in this process.

    One item more than there are workers is held. A process that is killed is replaced, and its item done anew. Whoever
    stops taking results, or is interrupted, ends the processes at once; Ctrl-C does not reach them otherwise.

    Args:
        work: What to do; a function of a module, or a partial of one, since it is pickled.
        items: Likewise, and what comes out.
        workers: How many processes. What this one computes may differ from what they do in the last digits, since it
            may use more threads.

    Raises:
        Exception: What `work` raised, in its place, or what the items raised.
        OutputError: If one item's process is killed again.
    """
    if workers < 1:
        yield from map(work, items)
        return
    pool, waiting = _Processes(work, workers), deque[Future[R]]()
    with ThreadPoolExecutor(workers, thread_name_prefix="process_map") as threads:
        try:
            for item in items:
                waiting.append(threads.submit(pool.do, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
            pool.end()


class _Processes:
    """Some processes that do one thing, begun when they are needed."""

    def __init__(self, work: Callable[[Any], Any], count: int) -> None:
        self._work, self._ended = work, False
        self._idle: queue.SimpleQueue[_Process | None] = queue.SimpleQueue()
        self._all: list[_Process] = []
        for _ in range(count):
            self._idle.put(None)

    def do(self, item: Any) -> Any:
        """What the work gives for an item; waits for a process that is free."""
        process = self._idle.get()
        try:
            for _ in range(_TRIES):
                if process is None:
                    process = self._begin()
                try:
                    done, result = process.do(item)
                except (EOFError, OSError, pickle.UnpicklingError):
                    process.kill()
                    process = None
                    if self._ended:
                        raise
                    logger.warning("a process was killed, as happens where there is too little memory; another begins")
                    continue
                if not done:
                    raise result
                return result
            raise OutputError(
                "a process was killed twice at the same work, as happens where there is too little memory"
            )
        finally:
            self._idle.put(process)

    def _begin(self) -> _Process:
        process = _Process(self._work)
        self._all.append(process)
        if self._ended:
            process.kill()
        return process

    def end(self) -> None:
        """End them, whatever they are at."""
        self._ended = True
        for process in self._all:
            process.kill()


class _Process:
    """One process: takes items and gives results, one after another, as pickles over its pipes."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-P", "-c", _BEGIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(os.environ),
            start_new_session=True,  # Ctrl-C is for who asked
        )
        self._first = [work]

    def do(self, item: Any) -> tuple[bool, Any]:
        """Whether the work was done, and what it gave or raised."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        while self._first:
            pickle.dump(self._first.pop(), self._popen.stdin, 5)
        pickle.dump(item, self._popen.stdin, 5)
        self._popen.stdin.flush()
        found: tuple[bool, Any] = pickle.load(self._popen.stdout)
        return found

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was left in it has nobody to go to
                    pipe.close()


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    return {**own, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def serve() -> None:
    """What a process does: work that comes first, then items, until there are no more."""
    given, found = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what work prints is no result
    with contextlib.suppress(EOFError, BrokenPipeError), found:  # who began this process has ended
        work = pickle.load(given)
        while True:
            item = pickle.load(given)
            try:
                answer = True, work(item)
            except Exception as error:
                answer = False, error
            del item
            pickle.dump(answer, found, 5)
            found.flush()
            del answer
