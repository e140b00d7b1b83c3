"""A pool of processes on this machine that does the tasks of an archive."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from reidtrack.distributed.room import Room
from reidtrack.errors import OutputError, UsageError, param
from reidtrack.pipeline.archive.job import Done, Job, do_job
from reidtrack.runtime.cancel import CancelToken

_LOOK_EVERY_S = 0.2


class ProcessPool:
    """Does jobs in processes of its own, each with networks of its own; a job is begun as soon as one is free.

    Args:
        workers: How many processes, at least 1.

    Raises:
        UsageError: If there are none.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise UsageError(f"got {workers}", field="workers", expected="1 or more")
        self._workers = workers

    def work(self, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Done]:
        """Do them, and tell of each when it is done.

        Processes are ended at once when the token is cancelled: a result is written whole or not at all.

        Raises:
            OutputError: If a process was killed, as by the system where there is too little memory, or the disk has no
                room for another result.
        """
        if not jobs:
            return
        context = multiprocessing.get_context("spawn")  # threads of inference engines do not survive a fork
        count = min(self._workers, len(jobs))
        pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(self._threads(count),))
        waiting, room = deque(jobs), Room(jobs[0].path.parents[1])
        running: dict[Future[Done], Job] = {}
        try:
            while (waiting or running) and not cancel.cancelled:
                while waiting and len(running) < 2 * count and room.for_another(len(running)):
                    job = waiting.popleft()
                    running[pool.submit(do_job, job)] = job
                for future in wait(running, _LOOK_EVERY_S, FIRST_COMPLETED).done:
                    room.note(running.pop(future).path)
                    yield future.result()
        except BrokenProcessPool as error:
            what = "a process of the pool was killed, as happens where there is too little memory"
            raise OutputError(what, hint=f"run again with fewer {param('workers')}; what is done stays done") from error
        finally:
            _end(pool)

    @staticmethod
    def _threads(count: int) -> int:
        return max(1, (os.cpu_count() or 1) // count)


def _begin(threads: int) -> None:
    """Leave Ctrl-C to the process that asked, and share the processor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)


def _end(pool: ProcessPoolExecutor) -> None:
    processes = list((pool._processes or {}).values())  # gone from it once it is shut down
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()
