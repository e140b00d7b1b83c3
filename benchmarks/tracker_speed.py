r"""What a frame costs the trackers, from five people to five hundred: the trackers' table of docs/results/parts.md.

    OMP_NUM_THREADS=1 python benchmarks/tracker_speed.py --out runs/tracker_speed.json

Every tracker follows the same crowds as its reference in matrices and tables (tests/track/reference), which has to say
the same. Both take the recording in turn, in one process, several times over; time is that of the processor, and each
frame counts with the fastest of its rounds, since whatever else runs on the machine can only add to it.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from reidtrack.track.cascade import Cascade
from reidtrack.track.sort import Sort
from reidtrack.track.tracker import Tracker
from reidtrack.types import Detections, DoubleArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from track.crowd import FPS, walkers
from track.reference import cascade as reference_cascade
from track.reference import sort as reference_sort

PEOPLE = (5, 20, 50, 100, 200, 500)
AIM_MS = {200: 0.8, 500: 3.0}
TRACKERS: dict[str, tuple[Callable[[], Tracker], Callable[[], Tracker]]] = {
    "cascade (default)": (reference_cascade.Cascade, Cascade),
    "sort": (reference_sort.Sort, Sort),
}


def timed(tracker: Tracker, found: Sequence[Detections]) -> tuple[DoubleArray, list[bytes]]:
    """Milliseconds of each frame, (F,), and what was said."""
    spent, said = np.zeros(len(found)), []
    for index, detections in enumerate(found):
        began = time.process_time_ns()
        rows = tracker.update(detections, index, index / FPS)
        spent[index] = (time.process_time_ns() - began) / 1e6
        said.append(rows.track_id.tobytes() + rows.frame.tobytes())
    return spent, said


def compare(people: int, makers: Sequence[Callable[[], Tracker]], frames: int, rounds: int) -> dict[str, float]:
    """Milliseconds a frame of reference and tracker, once the tracks of the first second are there."""
    found, warm_up = walkers(people, frames + int(FPS), seed=0), int(FPS)
    spent = np.full((len(makers), rounds, len(found)), np.inf)
    for nth in range(rounds):
        said = []
        for place, maker in enumerate(makers):
            spent[place, nth], words = timed(maker(), found)
            said.append(words)
        if said[0] != said[1]:
            raise AssertionError(f"{people} people: the trackers differ")
    before, after = spent.min(axis=1)[:, warm_up:].mean(axis=1)
    detections = float(np.mean([len(part) for part in found[warm_up:]]))
    return {
        "people": people,
        "detections": detections,
        "before_ms": before,
        "after_ms": after,
        "ratio": before / after,
        "after_all_rounds_ms": float(spent[1, :, warm_up:].mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=PEOPLE)
    parser.add_argument("--frames", type=int, default=60, help="frames measured, after one second of warming up")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="JSON file")
    args = parser.parse_args()
    tables: dict[str, list[dict[str, float]]] = {}
    for name, makers in TRACKERS.items():
        print(f"\n| {name}: people | detections | before, ms | now, ms | all rounds, ms | ratio | aim, ms |")
        print("| --- " * 7 + "|")
        tables[name] = []
        for people in args.people:
            row = compare(people, makers, args.frames, args.rounds)
            tables[name].append(row)
            cells = " | ".join(f"{row[key]:.2f}" for key in ("before_ms", "after_ms", "after_all_rounds_ms", "ratio"))
            print(f"| {people} | {row['detections']:.0f} | {cells} | {AIM_MS.get(people, '')} |", flush=True)
    if args.out is not None:
        machine = {"python": platform.python_version(), "numpy": np.__version__, "machine": platform.machine()}
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(
            json.dumps({"machine": machine, "frames": args.frames, "trackers": tables}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
