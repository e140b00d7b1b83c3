r"""Time and memory of the association over a growing number of tracklets, cameras and strangers.

    OMP_NUM_THREADS=1 python benchmarks/association_scale.py --tracklets 1000 2000 5000 10000 --cameras 8

The tracklets are drawn, not recorded: people around whom features vary from visit to visit and from crop to crop, a
cast for each camera, and visits spread so that about ten people stand in a camera at once. Each size is a process of
its own. Seconds are CPU seconds of one thread. Memory is the largest resident set above what the tracklets themselves
take. The shares of right pairs say that the problem is solved, not how hard real ones are. Linux.

With `--linkage N`, problems of up to N tracklets are also given to SciPy's average linkage, cut at our threshold, for
its time and memory: on the same mean looks, whose making is not counted. It keeps the distances of all pairs.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.associate.associate import associate
from reidtrack.types import Identity, IntArray, Tracklet

DIM, INTRINSIC, CROPS, BOXES = 512, 48, 4, 40
VISITS = 6
"""Of each person, on average."""
AT_ONCE = 10
"""People in a camera."""


def draw(count: int, cameras: int, seed: int = 0) -> tuple[list[Tracklet], IntArray]:
    """Tracklets of `count // VISITS` people in some cameras, and who each of them is."""
    rng = np.random.default_rng(seed)
    space = np.linalg.qr(rng.standard_normal((DIM, INTRINSIC)))[0].T.astype(np.float32)  # (INTRINSIC, DIM)
    people = max(1, count // VISITS)
    person, camera = rng.integers(0, people, count), rng.integers(0, cameras, count)
    centre = _unit(rng.standard_normal((people, INTRINSIC)))
    cast = _unit(rng.standard_normal((cameras, INTRINSIC)))
    frames = max(4 * BOXES, count * BOXES // (cameras * AT_ONCE))
    start = rng.integers(0, frames - BOXES, count)
    tracklets = []
    for i in range(count):
        visit = centre[person[i]] + 0.45 * _unit(rng.standard_normal((1, INTRINSIC))) + 0.8 * cast[camera[i]]
        crops = (visit + 0.05 * rng.standard_normal((CROPS, INTRINSIC))).astype(np.float32) @ space
        frame = np.arange(start[i], start[i] + BOXES)
        tracklets.append(
            Tracklet(
                f"camera{camera[i]:02d}",
                i + 1,
                frame,
                frame / 10,
                np.tile(np.array([10, 10, 30, 70], np.float32), (BOXES, 1)),
                np.ones(BOXES, np.float32),
                _unit(crops).astype(np.float32),
                frame[:: BOXES // CROPS],
                rng.uniform(0.5, 1, CROPS).astype(np.float32),
            )
        )
    return tracklets, person


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def pair_scores(identities: Sequence[Identity], person: IntArray) -> tuple[float, float]:
    """Share of joined pairs that are right, and of right pairs that are joined, percent."""
    owner = np.array([identity.id for identity in identities for _ in identity])
    truth = np.array([person[t.track_id - 1] for identity in identities for t in identity])

    def pairs(labels: np.ndarray) -> int:
        number = np.unique(labels, return_counts=True)[1].astype(np.int64)
        return int((number * (number - 1) // 2).sum())

    both = pairs(owner * (int(truth.max()) + 1) + truth)
    return 100 * both / max(1, pairs(owner)), 100 * both / max(1, pairs(truth))


def measure_linkage(count: int, cameras: int, threshold: float) -> dict[str, float]:
    """Give one drawn problem to average linkage in this process."""
    from association_methods import mean_and_camera
    from scipy.cluster.hierarchy import fcluster, linkage

    look, _ = mean_and_camera(draw(count, cameras)[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, distance = time.process_time(), np.empty(count * (count - 1) // 2)
    place = 0
    for i in range(count - 1):
        distance[place : place + count - 1 - i] = np.clip(1 - look[i + 1 :] @ look[i], 0, 2)
        place += count - 1 - i
    fcluster(linkage(distance, "average"), threshold, "distance")
    seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu_s": round(seconds, 2), "more_mib": round((after - before) / 1024)}


def measure(count: int, cameras: int) -> dict[str, float]:
    """Associate one drawn problem in this process."""
    tracklets, person = draw(count, cameras)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = associate(tracklets)
    seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    right, complete = pair_scores(found.identities, person)
    return {
        "tracklets": count,
        "cameras": cameras,
        "cpu_s": round(seconds, 2),
        "tracklets_mib": round(before / 1024),
        "more_mib": round((after - before) / 1024),
        "threshold": round(found.threshold, 4),
        "people": len(found.identities),
        "true_people": len(np.unique(person)),
        "right_pairs": round(right, 1),
        "joined_pairs": round(complete, 1),
    }


def _in_a_process(words: list[str]) -> dict[str, Any]:
    done = subprocess.run([sys.executable, __file__, *words], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracklets", nargs="+", type=int, default=[1000, 2000, 5000, 10000])
    parser.add_argument("--cameras", nargs="+", type=int, default=[8])
    parser.add_argument("--linkage", type=int, default=0, metavar="N", help="of up to N tracklets average linkage too")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--threshold", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, default=Path("association_scale.json"))
    args = parser.parse_args()
    if args.one:
        size = args.tracklets[0], args.cameras[0]
        print(json.dumps(measure(*size) if args.threshold is None else measure_linkage(*size, args.threshold)))
        return
    rows = []
    print("| tracklets | cameras | CPU s | more memory, MiB | threshold | people (true) | right pairs | joined pairs |")
    print("| --- |" + " --- |" * 7)
    for count in args.tracklets:
        for cameras in args.cameras:
            words = ["--one", "--tracklets", str(count), "--cameras", str(cameras)]
            row = _in_a_process(words)
            if count <= args.linkage:
                row["linkage"] = _in_a_process([*words, "--threshold", str(row["threshold"])])
            rows.append(row)
            figures = f"{row['cpu_s']:.1f} | {row['more_mib']:,} | {row['threshold']:.3f}"
            pairs = f"{row['right_pairs']:.1f} | {row['joined_pairs']:.1f}"
            people = f"{row['people']:,} ({row['true_people']:,})"
            print(f"| {count:,} | {cameras} | {figures} | {people} | {pairs} |", flush=True)
            if "linkage" in row:
                other = row["linkage"]
                print(f"| {count:,} by average linkage | | {other['cpu_s']:.1f} | {other['more_mib']:,} |", flush=True)
    args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
