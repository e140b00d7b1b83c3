r"""What space and time are worth, on a run whose ground truth is known, and on simulated sites.

    reidtrack run --videos samples/entrance.mp4 samples/plaza.mp4 samples/alley.mp4 --no-video --out runs/sample
    python benchmarks/space_time.py runs/sample --site samples/site.yaml --gt samples/gt/{camera}.txt \
        --ignore samples/gt/ignore_{camera}.txt
    python benchmarks/space_time.py --simulated

The first prints cross-camera IDF1 (identities against one id per person, over the union of cameras) of the whole
recording and of parts of it, for each piece alone, all, and all without the homographies; then what is made of a clock
that is wrong by some seconds, for each camera. Both go to `DIR/space_time.json`. *Apart* shows two cameras different
times. The second simulates people who walk from camera to camera and prints the share of the time in which they have
the right number.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from robustness import cut

from reidtrack.associate.associate import associate
from reidtrack.benchmark.tracking import TrackingPair, score_union
from reidtrack.config.run import TrackConfig
from reidtrack.mot import MotRows, read_mot
from reidtrack.pipeline.run.settle import load_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.spacetime.evidence import PIECES, SpaceTime
from reidtrack.spacetime.learned_site import KnownSite
from reidtrack.spacetime.site_yaml import read_homography, read_site
from reidtrack.types import Identity, Tracklet

# Whether homographies are known, and which pieces count.
VARIANTS: Mapping[str, tuple[bool, frozenset[str]]] = {
    "looks alone": (False, frozenset()),
    "travel times": (False, frozenset({"travel_times"})),
    "relation of the pictures": (False, frozenset({"relation"})),
    "all without homographies (default)": (False, PIECES),
    "plan view": (True, frozenset({"plan"})),
    "plan view, clocks": (True, frozenset({"plan", "clocks"})),
    "all with homographies (default)": (True, PIECES),
}
SHIFTS_S = (0.0, 3.4, -3.4, 12.0)
Spans = Mapping[str, tuple[int, int]]


def parts_of(tracklets: Sequence[Tracklet], cameras: Sequence[str]) -> dict[str, Spans]:
    """Frames (first, behind the last) of each camera that a part shows."""
    end = {c: 1 + max(int(t.frame[-1]) for t in tracklets if t.camera == c) for c in cameras}
    shares = {"whole": (0.0, 1.0), "first half": (0.0, 0.5), "second half": (0.5, 1.0), "middle": (0.25, 0.75)}
    parts: dict[str, Spans] = {
        name: {c: (round(low * end[c]), round(high * end[c])) for c in cameras} for name, (low, high) in shares.items()
    }
    if len(cameras) == 2:
        a, b = cameras
        first, second = parts["first half"], parts["second half"]
        parts["apart"] = {a: first[a], b: second[b]}
        parts["apart, swapped"] = {a: second[a], b: first[b]}
    return parts


def rows_of(identities: Sequence[Identity], camera: str) -> MotRows:
    """The boxes of a camera with their identities."""
    parts = [(i.id, t) for i in identities for t in i if t.camera == camera]
    return MotRows.of(
        np.concatenate([t.frame for _, t in parts]),
        np.concatenate([np.full(len(t), number) for number, t in parts]),
        np.concatenate([t.xyxy for _, t in parts]),
        np.concatenate([t.score for _, t in parts]),
    )


def within(rows: MotRows, first: int, end: int) -> MotRows:
    """Rows of some frames."""
    return rows[(rows.frame >= first) & (rows.frame < end)]


def score(
    tracklets: Sequence[Tracklet], evidence: SpaceTime | None, span: Spans, gt: Mapping[str, tuple[MotRows, MotRows]]
) -> float:
    """Cross-camera IDF1 of a part."""
    seen = [piece for t in tracklets if (piece := cut(t, *span[t.camera])) is not None]
    identities = associate(seen, evidence=[] if evidence is None else [evidence]).identities
    pairs = {
        c: TrackingPair(within(truth, *span[c]), rows_of(identities, c), within(ignored, *span[c]))
        for c, (truth, ignored) in gt.items()
    }
    return score_union(pairs).idf1


def ablation(
    tracklets: Sequence[Tracklet], site: KnownSite, gt: Mapping[str, tuple[MotRows, MotRows]]
) -> dict[str, dict[str, float]]:
    """Variant to part to IDF1."""
    parts, results = parts_of(tracklets, list(gt)), {}
    for name, (known, pieces) in VARIANTS.items():
        view = site if known else replace(site, homographies={})
        results[name] = {
            part: score(tracklets, SpaceTime(view, pieces) if pieces else None, span, gt)
            for part, span in parts.items()
        }
    return results


def clocks(tracklets: Sequence[Tracklet], site: KnownSite, cameras: Sequence[str]) -> list[dict[str, object]]:
    """What is made of one clock that is wrong."""
    rows: list[dict[str, object]] = []
    for known in (True, False):
        view = site if known else replace(site, homographies={})
        for camera in cameras:
            for shift in SHIFTS_S if camera == cameras[0] else SHIFTS_S[1:]:
                moved = [replace(t, time_s=t.time_s + shift) if t.camera == camera else t for t in tracklets]
                evidence = SpaceTime(view)
                associate(moved, evidence=[evidence])
                assert evidence.learned is not None
                rows.append(
                    {
                        "homographies": known,
                        "camera": camera,
                        "shift_s": shift,
                        "found": {
                            c: None if k.uncertainty_s is None else [round(k.offset_s, 2), round(k.uncertainty_s, 2)]
                            for c, k in evidence.learned.clocks.items()
                        },
                        "used": {c: round(s, 2) for c, s in evidence.learned.used_offset_s.items()},
                    }
                )
    return rows


def print_runs(results: Mapping[str, Mapping[str, float]], rows: Sequence[Mapping[str, object]]) -> None:
    parts = list(next(iter(results.values())))
    print("| IDF1 |", " | ".join(parts), "|")
    print("| --- |" + " --- |" * len(parts))
    for name, row in results.items():
        print(f"| {name} |", " | ".join(f"{value:.1f}" for value in row.values()), "|")
    print()
    cameras = list(rows[0]["found"])  # type: ignore[call-overload]
    print("| homographies | put in |", " | ".join(cameras), "|")
    print("| --- | --- |" + " --- |" * len(cameras))
    for row in rows:
        found: Mapping[str, list[float] | None] = row["found"]  # type: ignore[assignment]
        cells = ["not known" if v is None else f"{v[0]:+.2f} +- {v[1]:.2f}" for v in found.values()]
        put = f"{row['camera']} {row['shift_s']:+.1f} s" if row["shift_s"] else "nothing"
        print(f"| {'given' if row['homographies'] else 'none'} | {put} |", " | ".join(cells), "|")


def simulate(people: int, cameras: int, noise: float, duration_s: float, seed: int) -> tuple[list[Tracklet], list[int]]:
    """People who walk along a row of cameras, seen for 4 to 15 s by each of two to five; and who each tracklet is.

    Times between two cameras are spread by 20 %; looks are random directions with noise of each visit and each crop.
    """
    rng, dim = np.random.default_rng(seed), 128
    travel_s = rng.uniform(10, 60, (cameras, cameras))
    common = 0.5 * rng.normal(size=dim)
    tracklets: list[Tracklet] = []
    owner: list[int] = []
    for person in range(people):
        look = rng.normal(size=dim) + common
        look /= np.linalg.norm(look)
        time_s, camera, step = float(rng.uniform(0, duration_s)), int(rng.integers(cameras)), int(rng.choice([-1, 1]))
        for _ in range(int(rng.integers(2, 6))):
            stay_s = float(rng.uniform(4, 15))
            frame = np.arange(round(stay_s * 5)) + round(time_s * 5)
            crops = max(2, round(stay_s * 2))
            rows = look + noise / np.sqrt(dim) * (rng.normal(size=dim) + rng.normal(size=(crops, dim)))
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            tracklets.append(
                Tracklet(
                    f"c{camera}",
                    len(tracklets) + 1,
                    frame,
                    frame / 5,
                    np.tile(np.array([10, 10, 40, 100], np.float32), (len(frame), 1)),
                    np.ones(len(frame), np.float32),
                    rows.astype(np.float32),
                    frame[np.linspace(0, len(frame) - 1, crops).astype(int)],
                    np.ones(crops, np.float32),
                )
            )
            owner.append(person)
            step = -step if not 0 <= camera + step < cameras else step
            time_s += stay_s + travel_s[camera, camera + step] * rng.lognormal(0, 0.2)
            camera += step
    return tracklets, owner


def right_share(tracklets: Sequence[Tracklet], owner: Sequence[int], evidence: SpaceTime | None) -> float:
    """Percent of the boxes that carry their owner's number, numbers and owners given to each other at best."""
    from scipy.optimize import linear_sum_assignment

    identities = associate(tracklets, evidence=[] if evidence is None else [evidence]).identities
    number = {t.key: identity.id - 1 for identity in identities for t in identity}
    table = np.zeros((max(owner) + 1, len(identities)))
    for tracklet, person in zip(tracklets, owner, strict=True):
        table[person, number[tracklet.key]] += len(tracklet)
    rows, columns = linear_sum_assignment(-table)
    return float(100 * table[rows, columns].sum() / table.sum())


def simulated() -> None:
    print("| people, cameras | noise of looks | looks alone | and travel times |")
    print("| --- | --- | --- | --- |")
    for people, cameras, duration_s in ((10, 4, 120.0), (30, 4, 300.0), (100, 6, 900.0), (300, 8, 1800.0)):
        for noise in (0.8, 1.0, 1.1):
            found = []
            for seed in range(4):
                tracklets, owner = simulate(people, cameras, noise, duration_s, seed)
                sizes = {f"c{i}": (640.0, 360.0) for i in range(cameras)}
                travel_times = SpaceTime(KnownSite(sizes), frozenset({"travel_times"}))
                found.append([right_share(tracklets, owner, e) for e in (None, travel_times)])
            alone, with_times = np.mean(found, axis=0)
            print(f"| {people}, {cameras} | {noise} | {alone:.1f} | {with_times:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--site", type=Path, help="site.yaml of the run")
    parser.add_argument("--homography", nargs="+", default=[], metavar="CAMERA=FILE")
    parser.add_argument("--gt", help="path with {camera} in it")
    parser.add_argument("--ignore", help="the same")
    parser.add_argument("--simulated", action="store_true")
    args = parser.parse_args()
    if args.simulated:
        simulated()
        return
    folder = RunFolder(args.run)
    inputs = folder.read_manifest().inputs
    cameras = [entry.camera for entry in inputs]
    sizes = {e.camera: (float(e.size[0]), float(e.size[1])) for e in inputs if e.size is not None}
    file = read_site(args.site, cameras) if args.site else None
    single = {name: read_homography(Path(path), name) for name, path in (h.split("=", 1) for h in args.homography)}
    homographies = {**(file.homographies if file else {}), **single}
    site = KnownSite(sizes, homographies, file.unit_m if file else None)
    tracklets = load_tracklets(folder, TrackConfig())
    gt = {c: (read_mot(Path(args.gt.format(camera=c))), read_mot(Path(args.ignore.format(camera=c)))) for c in cameras}
    results, rows = ablation(tracklets, site, gt), clocks(tracklets, site, cameras)
    print_runs(results, rows)
    content = {"idf1": results, "clocks": rows}
    (args.run / "space_time.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
