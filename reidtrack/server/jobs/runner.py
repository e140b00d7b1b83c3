"""Takes jobs from the queue and has a process of its own do each, so many at once as were asked for."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading

from reidtrack.errors import EXIT_INTERRUPTED, EXIT_OK, OutputError
from reidtrack.runtime.background import Faults, SideThread, first_fault
from reidtrack.server.jobs.queue import CANCELLED, DONE, FAILED, Job, JobQueue

_LOOK_S = 1.0
"""How long a finished queue sleeps when nothing wakes it."""
_END_S = 20.0
"""How long a job has to end in good order when the program ends."""


class JobRunner:
    """Works through a queue in threads, from `start` to `close`.

    Args:
        queue: The queue.
        at_once: Most jobs at a time.
        command: What is run for each; a test puts something quicker there.
    """

    def __init__(self, queue: JobQueue, at_once: int = 1, command: tuple[str, ...] | None = None) -> None:
        self._queue = queue
        self._command = command or (sys.executable, "-m", "reidtrack.server.jobs.worker")
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._cancelled: set[str] = set()
        self._lock = threading.Lock()
        self._faults = Faults("jobs")
        self._threads = [SideThread(self._work, f"jobs-{n}") for n in range(at_once)]

    @property
    def fault(self) -> BaseException | None:
        """The first bug that was met; None where there was none."""
        return first_fault(self._threads) or self._faults.first

    def start(self) -> None:
        """Begin; what was running when the program ended last goes on."""
        self._queue.recover()
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is something new in the queue."""
        self._wake.set()

    def cancel(self, identifier: str) -> bool:
        """End a job early, in good order; whether it was waiting or running."""
        if self._queue.cancel_queued(identifier):
            return True
        with self._lock:
            process = self._processes.get(identifier)
            if process is None:
                return False
            self._cancelled.add(identifier)
            process.send_signal(signal.SIGINT)
        return True

    def close(self) -> None:
        """Have what is running end in good order; it goes on when the program is started again."""
        self._ending.set()
        self._wake.set()
        with self._lock:
            for process in self._processes.values():
                process.send_signal(signal.SIGINT)
        for thread in self._threads:
            thread.join(_END_S)
        with self._lock:
            for process in self._processes.values():
                process.kill()

    def _work(self) -> None:
        while not self._ending.is_set():
            try:
                job = self._queue.take()
                if job is not None:
                    self._do(job)
                    continue
            except Exception as error:  # a full disk, say: the next look may find room
                self._faults.note(error)
            self._wake.wait(_LOOK_S)
            self._wake.clear()

    def _do(self, job: Job) -> None:
        """Have a job done; what goes wrong here is what it failed by."""
        try:
            self._run(job)
        except OutputError:  # of the queue, which cannot be told either
            raise
        except OSError as error:
            self._queue.end(job.id, FAILED, f"no process can be begun: {error.strerror or error}")
        except Exception as error:
            self._faults.note(error)
            self._queue.end(job.id, FAILED, f"a bug: {type(error).__name__}: {error}")

    def _run(self, job: Job) -> None:
        with self._lock:
            if self._ending.is_set():
                return
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
            self._processes[job.id] = process
        try:
            error = self._follow(job, process)
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            with self._lock:
                del self._processes[job.id]
                cancelled = job.id in self._cancelled
                self._cancelled.discard(job.id)
        if self._ending.is_set() and code != EXIT_OK and not cancelled:
            return  # it stays `running` in the queue, and goes on when the program is started again
        if code == EXIT_OK:
            self._queue.end(job.id, DONE)
        elif cancelled or code == EXIT_INTERRUPTED:
            self._queue.end(job.id, CANCELLED)
        else:
            self._queue.end(job.id, FAILED, error or f"the process ended with {code}")

    def _follow(self, job: Job, process: subprocess.Popen[str]) -> str | None:
        """Pass on what a process tells; the last error among it."""
        error = None
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(json.dumps(dict(job.request)))
        with process.stdout:
            for line in process.stdout:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    told = json.loads(line)
                    error = told.get("error", error)
                    if "progress" in told:
                        self._queue.tell(job.id, told["progress"])
        return error
