"""What benchmarks of the association over many sizes share: a process for each size, its peak memory, tables, JSON."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.associate.associate import Association
from reidtrack.types import Identity, IntArray

Row = dict[str, Any]
_LOOK_EVERY_S = 0.1
_COLUMNS = ("CPU s", "elapsed, s", "more memory, MiB", "threshold", "people (true)", "right pairs", "joined pairs")
HEADER = "| tracklets | solved | " + " | ".join(_COLUMNS) + " |\n| ---: |" + " ---: |" * (len(_COLUMNS) + 1)


def pair_scores(identities: Sequence[Identity], person: IntArray) -> tuple[float, float]:
    """Share of joined pairs that are right, and of right pairs that are joined, percent."""
    owner = np.array([identity.id for identity in identities for _ in identity])
    truth = np.array([person[t.track_id - 1] for identity in identities for t in identity])

    def pairs(labels: np.ndarray) -> int:
        number = np.unique(labels, return_counts=True)[1].astype(np.int64)
        return int((number * (number - 1) // 2).sum())

    both = pairs(owner * (int(truth.max()) + 1) + truth)
    return 100 * both / max(1, pairs(owner)), 100 * both / max(1, pairs(truth))


class PeakMemory:
    """Most memory, MiB, that this process and those it began hold of their own (files that are mapped left out).

    Looked at ten times a second. Linux.
    """

    def __init__(self) -> None:
        self.before = self.most = _own_mib(os.getpid())
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(_LOOK_EVERY_S):
            self.most = max(self.most, _own_mib(os.getpid()))


def _own_mib(pid: int) -> float:
    found = 0.0
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        found += sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += sum(_own_mib(int(child)) for child in (task / "children").read_text().split())
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        pass
    return found


def _cpu_s() -> float:
    """Of this process and of those it began that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def measured(work: Callable[[], Association], person: IntArray) -> Row:
    """Time, memory and accuracy of one association; `person` (N,) is whose the tracklet of each number less 1 is."""
    began, wall = _cpu_s(), time.perf_counter()
    with PeakMemory() as memory:
        found = work()
    seconds, wall = _cpu_s() - began, time.perf_counter() - wall
    right, joined = pair_scores(found.identities, person)
    return {
        "tracklets": len(person),
        "cpu_s": round(seconds, 2),
        "wall_s": round(wall, 2),
        "tracklets_mib": round(memory.before),
        "more_mib": round(memory.most - memory.before),
        "threshold": round(found.threshold, 4),
        "people": len(found.identities),
        "true_people": len(np.unique(person)),
        "right_pairs": round(right, 1),
        "joined_pairs": round(joined, 1),
    }


def in_a_process(script: str, words: Sequence[str]) -> Row:
    """What a script prints as JSON, in a process of its own."""
    done = subprocess.run([sys.executable, script, *words], check=True, stdout=subprocess.PIPE, text=True)
    found: Row = json.loads(done.stdout)
    return found


def each_size(script: str, sizes: Iterable[tuple[str, Sequence[str]]], path: Path, *, keep: bool = False) -> list[Row]:
    """Measure size after size, print a line of each and write all there are so far, so that it may be ended.

    Args:
        script: Which of its words gives a row of each.
        sizes: How each is called in the table, and its words.
        path: JSON of the rows.
        keep: Whether rows that the file holds already stay.
    """
    rows: list[Row] = json.loads(path.read_text(encoding="utf-8")) if keep and path.exists() else []
    print(HEADER, flush=True)
    for name, words in sizes:
        row = {**in_a_process(script, words), "solved": name}
        rows.append(row)
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        figures = f"{row['cpu_s']:.1f} | {row['wall_s']:.1f} | {row['more_mib']:,} | {row['threshold']:.3f}"
        pairs = f"{row['right_pairs']:.1f} | {row['joined_pairs']:.1f}"
        people = f"{row['people']:,} ({row['true_people']:,})"
        print(f"| {row['tracklets']:,} | {name} | {figures} | {people} | {pairs} |", flush=True)
    return rows
