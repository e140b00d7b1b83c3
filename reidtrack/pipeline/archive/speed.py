"""How fast this machine does the tasks of an archive, and how large results are: some seconds of it are tried."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from reidtrack.config.run import RunConfig
from reidtrack.errors import InputError
from reidtrack.pipeline.archive.plan import ArchivePlan
from reidtrack.pipeline.archive.result import encode
from reidtrack.pipeline.archive.tasks import Task
from reidtrack.pipeline.archive.work import do_task
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.runtime.progress import Progress

_SAMPLE_S = 2.0
"""Of recording, in each place that is tried."""
_TRIED_S = 6.0
"""So long it is tried, and at least one sample after the first."""
_MOST_SAMPLES = 60
_EVEN = 0.618033988749895
"""Its multiples modulo 1 are spread evenly, however many there are."""


@dataclass(frozen=True)
class Speed:
    """What was measured.

    Attributes:
        recorded_s: Recording that was done.
        took_s: How long that took one process, by the clock.
        bytes: Of its results.
    """

    recorded_s: float
    took_s: float
    bytes: int

    def work_s(self, plan: ArchivePlan) -> float:
        """Estimate of how long this machine takes for all of a plan."""
        return plan.seconds_with_leads * self.took_s / self.recorded_s

    def bytes_of(self, plan: ArchivePlan) -> int:
        """Estimate of the space that results take."""
        return round(plan.seconds * self.bytes / self.recorded_s)

    def to_json(self, plan: ArchivePlan) -> dict[str, Any]:
        """The same for programs."""
        return {
            "measured": {"recorded_s": round(self.recorded_s, 3), "took_s": round(self.took_s, 3)},
            "work_hours": round(self.work_s(plan) / 3600, 4),
            "result_bytes": self.bytes_of(plan),
        }


def measure(
    plan: ArchivePlan, config: RunConfig, progress: Progress, now_s: Callable[[], float] = time.monotonic
) -> Speed:
    """Do some seconds here and there in an archive; nothing is written.

    The first sample is not counted: with it, networks warm up. As many cores are used as one process takes, which is
    most of them: a pool of processes is about as fast, see docs/scale.md.

    Args:
        plan: The archive.
        config: Every setting.
        progress: Told of it.
        now_s: A clock that never goes back.

    Raises:
        InputError: If none of it can be read.
        WeightsError: If a network cannot be used.
    """
    networks = RunNetworks.load(config, {})
    progress.stage("measuring", {"samples": None}, "samples")
    recorded_s, took_s, size, counted = 0.0, 0.0, 0, 0
    failed: InputError | None = None
    for task in _samples(plan):
        began_s = now_s()
        try:
            result = do_task(task, config, networks)
        except InputError as error:
            failed = error
            continue
        progress.advance("samples")
        if counted:
            took_s += now_s() - began_s
            recorded_s += max(len(result.frame) / float(result.about["nominal_fps"]), 1e-3)
            size += len(encode(result))
        counted += 1
        if counted > 1 and took_s >= _TRIED_S:
            break
    progress.finish("samples")
    if counted < 2:
        raise failed or InputError("too little could be read")
    return Speed(recorded_s, took_s, size)


def _samples(plan: ArchivePlan) -> Iterator[Task]:
    """Short tasks, the first one twice, spread over an archive."""
    visits = Counter[int]()
    for number in range(_MOST_SAMPLES):
        place = int(max(0, number - 1) * _EVEN % 1 * len(plan.tasks))
        task = plan.tasks[place]
        begins_s = max(0.0, min(piece.begins_s for piece in task.pieces)) + visits[place] * _SAMPLE_S
        visits[place] += number > 0
        start = task.start + timedelta(seconds=begins_s)
        shift_s = (start - task.start).total_seconds()
        pieces = tuple(replace(piece, begins_s=piece.begins_s - shift_s) for piece in task.pieces)
        yield Task(task.camera, start, start + timedelta(seconds=_SAMPLE_S), 0.0, pieces)
