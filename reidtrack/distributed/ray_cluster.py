"""The tasks of an archive on Ray: on this machine, or on those of a cluster that this one belongs to."""

from __future__ import annotations

import logging
import math
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reidtrack.distributed.ray_hands import Ended, Hands
from reidtrack.distributed.room import Room
from reidtrack.errors import OutputError, UsageError, param
from reidtrack.files import write_lines
from reidtrack.pipeline.archive.job import Done, Job
from reidtrack.runtime.cancel import CancelToken

LOCAL = "local"
"""In place of an address: Ray on this machine, begun and ended with the work."""
_TRIES = 4
"""Of a job whose machines are lost."""
_BEGINNINGS = 3
_LOOK_EVERY_S = 0.2
_SAME = "reidtrack[ray], recordings and weights there as here"


class RayCluster:
    """Does jobs on machines of a Ray cluster, which need the recordings and weights under the same paths as here.

    Results come back here and are written here: no machine needs to write anywhere. A job whose machine or process was
    lost is done by another one; machines that join are put to work.

    Args:
        out: Folder of the archive, whose disk must have room for results.
        tell: Told of machines that come, are lost, or do not see the recordings.
        address: Of the cluster, `auto` for that of this machine, or `LOCAL`.
        workers: Most jobs at a time; None for as many as there is room for.
        cpus: Cores that each one takes, more than 0.
        gpus: Share of a GPU that each one takes.

    Raises:
        UsageError: If Ray is not installed, or a number is none.
    """

    def __init__(
        self,
        out: Path,
        tell: Callable[[str], None],
        *,
        address: str = LOCAL,
        workers: int | None = None,
        cpus: float = 1.0,
        gpus: float = 0.0,
    ) -> None:
        if workers is not None and workers < 1:
            raise UsageError(f"got {workers}", field="workers", expected="1 or more")
        if not (_is_share(cpus) and cpus > 0):
            raise UsageError(f"got {cpus:g}", field="cpus", expected="0.5, 1, 2, ...")
        if not _is_share(gpus):
            raise UsageError(f"got {gpus:g}", field="gpus", expected="0, 0.25, 0.5, 1, 2, ...")
        self._ray = _import_ray(local=address == LOCAL)
        self._out, self._tell, self._address = out, tell, address
        self._workers, self._cpus, self._gpus = workers, cpus, gpus
        self.hands: Hands | None = None
        """Who is at work; None before and after."""

    def work(self, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Done]:
        """Do them, and tell of each when its result is written.

        Raises:
            UsageError: If the cluster cannot be joined, or no machine has room for a job.
            WeightsError: If a machine has other networks than this one.
            OutputError: If a result cannot be written, or a job was lost again and again.
        """
        if not jobs:
            return
        samples = {job.task.camera: job.task.pieces[0].path for job in jobs}
        with self._joined():
            ray, cpus, gpus = self._ray, self._cpus, self._gpus
            self.hands = Hands(ray, cpus=cpus, gpus=gpus, most=self._workers, samples=list(samples.values()))
            try:
                places = self.hands.places()
                if not places:
                    what = f"no machine has {cpus:g} CPU and {gpus:g} GPU for a task"
                    raise UsageError(what, field="ray", expected="machines that have")
                self._tell(f"Ray has room for {sum(places.values())} tasks at a time (machines: {len(places)})")
                yield from self._do(self.hands, jobs, cancel)
            finally:
                self.hands.close()
                self.hands = None

    def _do(self, hands: Hands, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Done]:
        waiting, lost, room = deque(jobs), Counter[str](), Room(self._out)
        given_up = told = 0
        while (waiting or hands.at_work) and not cancel.cancelled:
            hands.hire(len(waiting))
            for hand in hands.free:
                if waiting and room.for_another(len(hands.at_work)):
                    hands.give(hand, waiting.popleft())
            for job, answer in hands.ended(_LOOK_EVERY_S):
                if answer is not None:
                    yield self._taken(Ended(job, answer), room)
                    continue
                lost[job.key] += 1
                given_up += lost[job.key] == _TRIES
                self._tell(f"{job.task.camera}: the machine or process of a task was lost")
                if lost[job.key] < _TRIES:
                    waiting.appendleft(job)
            for reason in list(hands.left_out.values())[told:]:
                told += 1
                self._tell(f"a machine gets nothing to do: {reason}")
            if hands.left_out and not hands.places().keys() - hands.left_out.keys():
                reason = next(reversed(hands.left_out.values()))
                raise UsageError(f"no machine can do a task: {reason}", field="ray", expected=_SAME)
        if given_up and not cancel.cancelled:
            what = f"{given_up} tasks were lost {_TRIES} times with the machines that did them"
            raise OutputError(what, where=self._out, hint="too little memory there? Run again: what is done stays done")

    @staticmethod
    def _taken(ended: Ended, room: Room) -> Done:
        """Write what came of a job."""
        job, answer = ended
        assert answer is not None
        if answer.error is not None:
            raise answer.error
        assert answer.done is not None
        if answer.content:
            write_lines(job.path, [answer.content])
            room.note(job.path)
        return answer.done

    @contextmanager
    def _joined(self) -> Iterator[None]:
        """Connected while in the context, unless this process is already."""
        if self._ray.is_initialized():
            yield
            return
        former = _signals()
        try:
            self._join()
        finally:
            _restore(former)
        try:
            yield
        finally:
            self._ray.shutdown()
            _restore(former)

    def _join(self) -> None:
        """Connect; what is begun here may take longer at first than Ray waits, where others are at work."""
        tries = _BEGINNINGS if self._address == LOCAL else 1
        while True:
            try:
                self._ray.init(**self._options())
                return
            except (
                Exception
            ) as error:  # of any kind: what did not start, whom nobody answers, other versions, a wrong token
                self._ray.shutdown()
                tries -= 1
                if tries:
                    continue
                said = str(error).strip().splitlines() or [type(error).__name__]
                if self._address == LOCAL:
                    hint = f"where the machine is too busy, run again, or without {param('ray')}"
                    raise UsageError(f"Ray did not begin here: {said[0]}", field="ray", hint=hint) from error
                what = f"cannot join Ray at {self._address}: {said[0]}"
                expected = "'auto' on a machine of the cluster, or HOST:PORT"
                raise UsageError(what, field="ray", expected=expected) from error

    def _options(self) -> dict[str, Any]:
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        if self._address != LOCAL:
            return {"address": self._address, **quiet}
        cores = max(os.cpu_count() or 1, round((self._workers or 1) * self._cpus + 0.5))
        return {
            "address": LOCAL,
            "num_cpus": cores,
            "include_dashboard": False,
            **quiet,
        }


def _is_share(amount: float) -> bool:
    """Whether Ray can give it: beyond 1 only whole ones."""
    return math.isfinite(amount) and amount >= 0 and (amount <= 1 or amount == round(amount))


def _import_ray(*, local: bool) -> Any:
    """Ray, which tells nobody that it is used and is quiet.

    Args:
        local: Whether it is to be begun here, and reached by nobody else.

    Raises:
        UsageError: If it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # as any process of the user; Ray's own is 15
    if local:  # as on Windows and macOS, it listens at 127.0.0.1 alone
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        hint = "pip install 'reidtrack[ray]'"
        raise UsageError("Ray is not installed", field="ray", expected="the package ray", hint=hint) from error
    worker: Any = ray._private.worker
    worker._worker_logs_enabled = False  # as Ray's debugger does: logs of machines that die would go to our output
    return ray


def _signals() -> dict[int, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}


def _restore(handlers: dict[int, Any]) -> None:
    """Ray takes the signals for itself; they are whose they were."""
    for number, handler in handlers.items():
        signal.signal(number, handler)
