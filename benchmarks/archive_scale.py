r"""Time, memory and accuracy of the association of an archive: from 1,000 tracklets to a day of 100 cameras.

    OMP_NUM_THREADS=1 python benchmarks/archive_scale.py --tracklets 1000 10000 100000 1000000 --dense 20000

Looks are drawn as in `drawn_recordings.py` from its documented sizes (a normal distribution, so that there is no end of
people): 101 numbers each, where networks have 512. Each of count/7 people comes for some minutes, seen by one camera
after another of 100 in a row; three in ten come once more, any time later. A million tracklets fill a day: fewer fill a
part of one, ten minutes at least. Nothing but looks and who stood beside whom counts.

Each size is a process of its own. Seconds are CPU seconds of one thread; memory is the largest resident set above what
the tracklets themselves take. `right pairs`: of joined pairs; `joined pairs`: of right ones. With `--dense N` sizes up
to N are also solved at once. Linux.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from association_scale import pair_scores

from reidtrack.associate.associate import associate
from reidtrack.types import DoubleArray, IntArray, Tracklet

DIM, VISITS, CAMERAS, DAY_S = 101, 7, 100, 86_400
FULL = 1_000_000
"""Tracklets of a day."""
LEAST_S = 600.0
RATE, BOXES_A_CROP = 10, 5
AGAIN = 0.3
"""Share of people who come twice."""


def draw(count: int, seed: int = 0) -> tuple[list[Tracklet], IntArray]:
    """Tracklets of a day, or a part of one, and who each of them is."""
    rng = np.random.default_rng(seed)
    people = max(2, count // VISITS)
    face = _normal(rng, people, 0.505, 26)
    face[:, DIM - 1] = 0.691
    shift = _normal(rng, CAMERAS, 0.127, 5)
    who = np.sort(np.arange(count) % people)
    crops = rng.integers(3, 13, count)
    first, camera = _walks(rng, who, people, max(LEAST_S, DAY_S * count / FULL))
    visit = (face[who] + _normal(rng, count, 0.422, 77) + shift[camera]).astype(np.float32)
    frames = np.arange(int(first.max()) + BOXES_A_CROP * 13)
    seconds, box = frames / RATE, np.tile(np.array([10, 10, 30, 70], np.float32), (BOXES_A_CROP * 13, 1))
    sure, good = np.ones(len(box), np.float32), np.ones(13, np.float32)
    tracklets = []
    for i, (k, begin) in enumerate(zip(crops.tolist(), first.tolist(), strict=True)):
        feature = visit[i] + _normal(rng, k, 0.403, 100).astype(np.float32)
        feature /= np.linalg.norm(feature, axis=1, keepdims=True)
        part, n = slice(begin, begin + k * BOXES_A_CROP), k * BOXES_A_CROP
        frame = frames[part]
        tracklets.append(
            Tracklet(
                f"camera{camera[i]:03d}",
                i + 1,
                frame,
                seconds[part],
                box[:n],
                sure[:n],
                feature,
                frame[::BOXES_A_CROP],
                good[:k],
            )
        )
    return tracklets, who


def _normal(rng: np.random.Generator, count: int, size: float, dimensions: int) -> DoubleArray:
    rows = np.zeros((count, DIM))
    rows[:, :dimensions] = rng.normal(size=(count, dimensions)) * size / np.sqrt(dimensions)
    return rows


def _walks(rng: np.random.Generator, who: IntArray, people: int, span_s: float) -> tuple[IntArray, IntArray]:
    """First frames (N,) and cameras (N,): each person walks from camera to camera, some come once more."""
    number = np.arange(len(who)) - np.searchsorted(who, who)  # of each person's visits
    second = (number >= VISITS // 2) & (rng.random(people) < AGAIN)[who]
    gap_s = 8 + rng.exponential(30, len(who))
    along_s = np.cumsum(gap_s) - np.cumsum(gap_s)[np.searchsorted(who, who)]
    arrives_s = rng.random((2, people)) * max(span_s - 300, 1)
    arrives_s.sort(axis=0)
    arrives_s[1] = np.maximum(arrives_s[1], arrives_s[0] + 600)
    start_s = np.where(second, arrives_s[1][who], arrives_s[0][who]) + along_s
    place = rng.integers(0, CAMERAS, people)[who] + number
    return (start_s * RATE).astype(np.int64), place % CAMERAS


def measure(count: int, at_once: int | None) -> dict[str, Any]:
    """Associate one drawn archive in this process."""
    tracklets, person = draw(count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, wall = time.process_time(), time.perf_counter()
    found = associate(tracklets) if at_once is None else associate(tracklets, at_once=at_once)
    seconds, wall = time.process_time() - start, time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    right, joined = pair_scores(found.identities, person)
    return {
        "tracklets": count,
        "at_once": at_once,
        "cpu_s": round(seconds, 2),
        "wall_s": round(wall, 2),
        "tracklets_mib": round(before / 1024),
        "more_mib": round((after - before) / 1024),
        "threshold": round(found.threshold, 4),
        "people": len(found.identities),
        "true_people": len(np.unique(person)),
        "right_pairs": round(right, 1),
        "joined_pairs": round(joined, 1),
    }


def picture(rows: list[dict[str, Any]], path: Path) -> None:
    """Time, memory and accuracy over tracklets."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.subplots(1, 3)
    for name, own in (("blocks", [r for r in rows if not r["dense"]]), ("at once", [r for r in rows if r["dense"]])):
        count = [r["tracklets"] for r in own]
        axes[0].plot(count, [r["cpu_s"] for r in own], marker="o", label=name)
        axes[1].plot(count, [r["more_mib"] for r in own], marker="o", label=name)
        axes[2].plot(count, [r["right_pairs"] for r in own], marker="o", label=f"{name}: right pairs")
        axes[2].plot(count, [r["joined_pairs"] for r in own], marker="s", ls="--", label=f"{name}: joined pairs")
    for axis, title in zip(axes, ("CPU s", "more memory, MiB", "%"), strict=True):
        axis.set(title=title, xlabel="tracklets", xscale="log")
        axis.legend(fontsize="x-small")
    axes[0].set_yscale("log")
    axes[1].set_yscale("log")
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracklets", nargs="+", type=int, default=[1000, 10_000])
    parser.add_argument("--dense", type=int, default=0, metavar="N", help="up to N tracklets also at once")
    parser.add_argument("--at-once", type=int, metavar="N", help="tracklets that are solved at once; default: as a run")
    parser.add_argument("--picture", type=Path, help="draw the rows of the JSON file, those of earlier calls too")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, default=Path("archive_scale.json"))
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.tracklets[0], args.at_once)))
        return
    rows: list[dict[str, Any]] = json.loads(args.json.read_text()) if args.json.exists() else []
    print("| tracklets | solved | CPU s | MiB | threshold | people (true) | right pairs | joined pairs |")
    print("| ---: |" + " ---: |" * 7)
    for count in args.tracklets:
        for dense in (False, True) if count <= args.dense else (False,):
            at_once = count if dense else args.at_once
            words = [] if at_once is None else ["--at-once", str(at_once)]
            done = subprocess.run(
                [sys.executable, __file__, "--one", "--tracklets", str(count), *words],
                check=True,
                capture_output=True,
                text=True,
            )
            row = {**json.loads(done.stdout), "dense": dense}
            rows.append(row)
            args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
            how = "at once" if dense else "in blocks"
            print(
                f"| {count:,} | {how} | {row['cpu_s']:.1f} | {row['more_mib']:,} | {row['threshold']:.3f} "
                f"| {row['people']:,} ({row['true_people']:,}) | {row['right_pairs']} | {row['joined_pairs']} |",
                flush=True,
            )
    if args.picture:
        picture(sorted(rows, key=lambda r: int(r["tracklets"])), args.picture)


if __name__ == "__main__":
    main()
