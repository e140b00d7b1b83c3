r"""Time, memory and accuracy of the association of an archive: from 1,000 tracklets to a day of 100 cameras.

    OMP_NUM_THREADS=1 python benchmarks/archive_scale.py --tracklets 1000 10000 100000 300000 1000000 --dense 10000 \
        --json runs/archive_scale.json --picture docs/pictures/growth_archive.png

Looks are drawn as in `drawn_recordings.py` from its documented sizes (a normal distribution, so that there is no end of
people): 101 numbers each, where networks have 512. Each of count/7 people comes for some minutes, seen by one camera
after another of 100 in a row; three in ten come once more, any time later. A million tracklets fill a day: fewer fill a
part of one, ten minutes at least. Nothing but looks and who stood beside whom counts.

Drawn features lie in a file that is mapped, as those of a large run do, and boxes are shared: tracklets take 1.5 KiB
each. Each size is a process of its own; after each, its line is printed and written, so that it may be ended at any
time, and gone on with (`--json` keeps what is there). Seconds are CPU seconds, of all processes that solve blocks;
memory is the most that all of them hold above what the tracklets themselves take. `right pairs`: of joined pairs;
`joined pairs`: of right ones. With `--dense N` sizes up to N are also solved at once. Linux.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import json
import tempfile
from pathlib import Path

import numpy as np
from scale_loop import Row, each_size, measured

from reidtrack.associate.associate import associate
from reidtrack.types import DoubleArray, FloatArray, IntArray, Tracklet

DIM, VISITS, CAMERAS, DAY_S = 101, 7, 100, 86_400
FULL = 1_000_000
"""Tracklets of a day."""
LEAST_S = 600.0
RATE, BOXES_A_CROP = 10, 5
LEAST_CROPS, MOST_CROPS = 3, 12
AGAIN = 0.3
"""Share of people who come twice."""
_LOT = 4096
"""Tracklets that are drawn at once."""


def draw(count: int, folder: Path, seed: int = 0) -> tuple[list[Tracklet], IntArray]:
    """Tracklets of a day, or a part of one, with features in a file of a folder; and who each of them is."""
    rng = np.random.default_rng(seed)
    people = max(2, count // VISITS)
    who = np.sort(np.arange(count) % people)
    crops = rng.integers(LEAST_CROPS, MOST_CROPS, count, endpoint=True)
    first, camera = _walks(rng, who, people, max(LEAST_S, DAY_S * count / FULL))
    ends = np.append(0, np.cumsum(crops))
    features = np.memmap(folder / "features", np.float32, "w+", shape=(int(ends[-1]), DIM))
    _draw_features(rng, features, who, camera, ends)
    frames = np.arange(int(first.max()) + BOXES_A_CROP * MOST_CROPS)
    seconds, box = frames / RATE, np.tile(np.array([10, 10, 30, 70], np.float32), (BOXES_A_CROP * MOST_CROPS, 1))
    sure, good = np.ones(len(box), np.float32), np.ones(MOST_CROPS, np.float32)
    names = [f"camera{c:03d}" for c in range(CAMERAS)]
    tracklets = []
    for i, (k, begin, c) in enumerate(zip(crops.tolist(), first.tolist(), camera.tolist(), strict=True)):
        part, n = slice(begin, begin + k * BOXES_A_CROP), k * BOXES_A_CROP
        frame, own = frames[part], np.asarray(features[ends[i] : ends[i + 1]])
        tracklets.append(
            Tracklet(names[c], i + 1, frame, seconds[part], box[:n], sure[:n], own, frame[::BOXES_A_CROP], good[:k])
        )
    return tracklets, who


def _draw_features(
    rng: np.random.Generator, features: FloatArray, who: IntArray, camera: IntArray, ends: IntArray
) -> None:
    """Fill in the features (K, DIM) of all crops; those of tracklet i end at `ends[i + 1]`."""
    face = _normal(rng, int(who.max()) + 1, 0.505, 26)
    face[:, DIM - 1] = 0.691
    shift = _normal(rng, CAMERAS, 0.127, 5)
    for begin in range(0, len(who), _LOT):
        lot = slice(begin, min(begin + _LOT, len(who)))
        visit = face[who[lot]] + _normal(rng, lot.stop - begin, 0.422, 77) + shift[camera[lot]]
        rows = np.repeat(visit, np.diff(ends[begin : lot.stop + 1]), axis=0)
        rows += _normal(rng, len(rows), 0.403, 100)
        features[ends[begin] : ends[lot.stop]] = rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _normal(rng: np.random.Generator, count: int, size: float, dimensions: int) -> FloatArray:
    rows = np.zeros((count, DIM), np.float32)
    rows[:, :dimensions] = rng.standard_normal((count, dimensions), np.float32) * np.float32(size / np.sqrt(dimensions))
    return rows


def _walks(rng: np.random.Generator, who: IntArray, people: int, span_s: float) -> tuple[IntArray, IntArray]:
    """First frames (N,) and cameras (N,): each person walks from camera to camera, some come once more."""
    number = np.arange(len(who)) - np.searchsorted(who, who)  # of each person's visits
    second = (number >= VISITS // 2) & (rng.random(people) < AGAIN)[who]
    gap_s = 8 + rng.exponential(30, len(who))
    along_s = np.cumsum(gap_s) - np.cumsum(gap_s)[np.searchsorted(who, who)]
    arrives_s: DoubleArray = rng.random((2, people)) * max(span_s - 300, 1)
    arrives_s.sort(axis=0)
    arrives_s[1] = np.maximum(arrives_s[1], arrives_s[0] + 600)
    start_s = np.where(second, arrives_s[1][who], arrives_s[0][who]) + along_s
    place = rng.integers(0, CAMERAS, people)[who] + number
    return (start_s * RATE).astype(np.int64), place % CAMERAS


def measure(count: int, at_once: int | None, workers: int | None, profile: Path | None, folder: Path) -> Row:
    """Associate one drawn archive."""
    tracklets, person = draw(count, folder)
    own = {} if at_once is None else {"at_once": at_once}
    with contextlib.ExitStack() as stack:
        if profile is not None:
            profiler = stack.enter_context(cProfile.Profile())
            stack.callback(profiler.dump_stats, profile.with_name(f"{profile.name}.{count}"))
        row = measured(lambda: associate(tracklets, workers=workers, **own), person)
    return {**row, "at_once": at_once, "workers": workers, "dense": at_once is not None and at_once >= count}


def picture(rows: list[Row], path: Path) -> None:
    """Time, memory and accuracy over tracklets."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.subplots(1, 3)
    for name, own in (("blocks", [r for r in rows if not r["dense"]]), ("at once", [r for r in rows if r["dense"]])):
        if not own:
            continue
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
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: one for each core")
    parser.add_argument("--folder", type=Path, help="where features are drawn into; default: a temporary one")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="what took the time, for pstats: FILE.1000, ...")
    parser.add_argument("--picture", type=Path, help="draw the rows of the JSON file, those of earlier calls too")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, default=Path("archive_scale.json"))
    args = parser.parse_args()
    if args.one:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            print(json.dumps(measure(args.tracklets[0], args.at_once, args.workers, args.profile, Path(folder))))
        return
    common = [] if args.workers is None else ["--workers", str(args.workers)]
    common += [] if args.profile is None else ["--profile", str(args.profile)]
    common += [] if args.folder is None else ["--folder", str(args.folder)]
    sizes = []
    for count in args.tracklets:
        for at_once in (args.at_once, count) if count <= args.dense else (args.at_once,):
            words = ["--one", "--tracklets", str(count), *common]
            sizes.append(
                ("at once", [*words, "--at-once", str(at_once)])
                if at_once == count
                else ("in blocks", words if at_once is None else [*words, "--at-once", str(at_once)])
            )
    rows = each_size(__file__, sizes, args.json, keep=True)
    if args.picture:
        picture(sorted(rows, key=lambda r: int(r["tracklets"])), args.picture)


if __name__ == "__main__":
    main()
