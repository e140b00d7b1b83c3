"""Where the time of a run went: for each pass how long it took, and how much of that each stage was at work.

Stages overlap, so their times do not add up to that of the pass; the one that is at work nearly all the time is what
the others wait for.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from reidtrack.runtime.queues import closing_generator

T = TypeVar("T")


class StageTimes:
    """How long each stage of a pass is at work, in however many threads at once; and how busy the processor is.

    Attributes:
        busy_s: Stage to the seconds during which at least one thread was at work on it.
    """

    def __init__(self, stages: Iterable[str]) -> None:
        self.busy_s = dict.fromkeys(stages, 0.0)
        self._threads = dict.fromkeys(self.busy_s, 0)
        self._since = dict.fromkeys(self.busy_s, 0.0)
        self._lock = threading.Lock()
        self._began, self._began_cpu = time.perf_counter(), time.process_time()

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Count the time within as work of a stage."""
        with self._lock:
            if self._threads[stage] == 0:
                self._since[stage] = time.perf_counter()
            self._threads[stage] += 1
        try:
            yield
        finally:
            with self._lock:
                self._threads[stage] -= 1
                if self._threads[stage] == 0:
                    self.busy_s[stage] += time.perf_counter() - self._since[stage]

    def measured(self, stage: str, items: Iterable[T]) -> Generator[T]:
        """The given items, unchanged; the time it takes to get each counts as work of a stage."""
        source = iter(items)
        with closing_generator(items):
            while True:
                with self.measure(stage):
                    try:
                        item = next(source)
                    except StopIteration:
                        return
                yield item

    def to_json(self) -> dict[str, Any]:
        """Figures of the pass up to now, as `run.json` keeps them: seconds, the bottleneck, how many cores are busy."""
        wall_s = max(time.perf_counter() - self._began, 1e-9)
        return {
            "wall_s": round(wall_s, 3),
            "busy_s": {stage: round(seconds, 3) for stage, seconds in self.busy_s.items()},
            "bottleneck": max(self.busy_s, key=lambda stage: self.busy_s[stage]),
            "cores_busy": round((time.process_time() - self._began_cpu) / wall_s, 2),
            "cores": cores(),
        }


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
