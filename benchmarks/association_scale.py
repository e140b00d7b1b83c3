r"""Time and memory of the association over a growing number of tracklets, cameras and strangers.

    OMP_NUM_THREADS=1 python benchmarks/association_scale.py --tracklets 1000 2000 5000 10000 --cameras 8

The tracklets are drawn, not recorded: people around whom features vary from visit to visit and from crop to crop, a
cast for each camera, and visits spread so that about ten people stand in a camera at once. Each size is a process of
its own. Seconds are CPU seconds of one thread. Memory is the most that the process holds above what the tracklets
themselves take. The shares of right pairs say that the problem is solved, not how hard real ones are. Linux.

With `--linkage N`, problems of up to N tracklets are also given to SciPy's average linkage, cut at our threshold, for
its time and memory: on the same mean looks, whose making is not counted. It keeps the distances of all pairs.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
from scale_loop import Row, each_size, in_a_process, measured

from reidtrack.associate.associate import associate
from reidtrack.types import IntArray, Tracklet

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


def measure(count: int, cameras: int) -> Row:
    """Associate one drawn problem in this process."""
    tracklets, person = draw(count, cameras)
    return {**measured(lambda: associate(tracklets), person), "cameras": cameras}


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
    words = {
        (count, cameras): ["--one", "--tracklets", str(count), "--cameras", str(cameras)]
        for count in args.tracklets
        for cameras in args.cameras
    }
    sizes = [(f"{cameras} cameras", own) for (_, cameras), own in words.items()]
    rows = each_size(__file__, sizes, args.json)
    for row, ((count, _), own) in zip(rows, words.items(), strict=True):
        if count <= args.linkage:
            row["linkage"] = in_a_process(__file__, [*own, "--threshold", str(row["threshold"])])
            other = row["linkage"]
            print(f"| {count:,} | by average linkage | {other['cpu_s']:.1f} | | {other['more_mib']:,} |", flush=True)
    args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
