r"""Our association against pairwise Hungarian assignment and agglomerative clustering, on problems with known truth.

    tar xzf ../shared/data/market1501-train.tar.gz -C /tmp
    reidtrack embed /tmp/Market-1501-v15.09.15/bounding_box_train --out /tmp/market.npz \
        --reid ../shared/weights/osnet_x0_25_msmt17.pth
    OMP_NUM_THREADS=1 python benchmarks/association_methods.py --features /tmp/market.npz --tracklets 1000 5000
    OMP_NUM_THREADS=1 python benchmarks/association_methods.py --features /tmp/market.npz --people 50 150 751

Recordings are drawn from measured looks (`drawn_recordings.py`); without `--features` from documented figures. With
`--people` visits are those of so many of the people themselves, with nothing known of who was seen together. All
methods are given the same looks: the mean of each tracklet's features freed of its camera's cast, as ours makes it.

- ours: `associate` as it comes.
- Hungarian: for every pair of cameras (and each camera with itself) the assignment of least total distance
  (`scipy.optimize.linear_sum_assignment`), pairs above the threshold and pairs seen together left out; what is
  assigned is one person, over any number of steps.
- agglomerative: average linkage (`scipy.cluster.hierarchy`; scikit-learn's with `--sklearn`), cut at the threshold;
  and the same with pairs seen together at distance 2.

Each at our automatic threshold and at the best of thirty (ours: of four), chosen by the truth. Pairs F1: of pairs of
tracklets that are one person; IDF1: tracklets under the one-to-one naming that fits most; B-cubed and V-measure as
usual. CPU seconds of one thread, for ours with the making of looks and threshold, for theirs without.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from drawn_recordings import Looks, draw, real_visits

from reidtrack.associate.appearance import mean_appearances, mean_features
from reidtrack.associate.associate import associate
from reidtrack.associate.bias import CameraBias
from reidtrack.associate.calibration.prior import GENERIC
from reidtrack.associate.constraints import overlapping_pairs
from reidtrack.types import DoubleArray, FloatArray, IntArray, Tracklet

THRESHOLDS = np.linspace(0.2, 0.9, 30)
OUR_THRESHOLDS = (0.5, 0.6, 0.7, 0.8)


class Problem(NamedTuple):
    """What the other methods are given.

    Attributes:
        distance: (N, N) float32 cosine distances.
        camera: (N,) from 0.
        clash: (Q, 2) pairs seen together in one camera.
    """

    distance: FloatArray
    camera: IntArray
    clash: IntArray


def mean_and_camera(tracklets: list[Tracklet]) -> tuple[DoubleArray, IntArray]:
    """Mean looks (N, D), freed of their cameras' casts as ours frees them, and the camera of each, from 0."""
    camera = np.unique([t.camera for t in tracklets], return_inverse=True)[1]
    bias = CameraBias.of(mean_features(tracklets), camera, np.ones(len(tracklets)), GENERIC)
    return mean_appearances(tracklets, bias.without), camera


def problem(tracklets: list[Tracklet]) -> Problem:
    """The looks' distances."""
    mean, camera = mean_and_camera(tracklets)
    look = mean.astype(np.float32)
    return Problem(np.clip(1 - look @ look.T, 0, 2), camera, overlapping_pairs(tracklets))


def hungarian(given: Problem, threshold: float) -> IntArray:
    """Pairwise assignment, joined."""
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    distance = given.distance.copy()
    np.fill_diagonal(distance, np.inf)
    distance[tuple(given.clash.T)] = distance[tuple(given.clash[:, ::-1].T)] = np.inf
    members = [np.flatnonzero(given.camera == c) for c in range(int(given.camera.max()) + 1)]
    links = [np.zeros((0, 2), np.int64)]
    for i, first in enumerate(members):
        for second in members[i:]:
            cost = np.minimum(distance[np.ix_(first, second)] - threshold, 0)  # what is not to be costs nothing
            rows, columns = linear_sum_assignment(cost)
            taken = cost[rows, columns] < 0
            links.append(np.stack([first[rows[taken]], second[columns[taken]]], axis=1))
    pairs = np.concatenate(links)
    graph = csr_array((np.ones(len(pairs)), tuple(pairs.T)), shape=distance.shape)
    return connected_components(graph, directed=False)[1].astype(np.int64)


def linkage_cuts(given: Problem, constrained: bool) -> Callable[[float], IntArray]:
    """Average linkage; gives the cut at a threshold."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distance = given.distance.copy()
    if constrained:
        distance[tuple(given.clash.T)] = distance[tuple(given.clash[:, ::-1].T)] = 2
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    return lambda threshold: fcluster(tree, threshold, "distance").astype(np.int64)


def sklearn_average(given: Problem, threshold: float) -> IntArray:
    """The same by scikit-learn."""
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(None, metric="precomputed", linkage="average", distance_threshold=threshold)
    return np.asarray(model.fit_predict(given.distance), np.int64)


def figures(label: IntArray, truth: IntArray) -> dict[str, float]:
    """How right a grouping is, percent."""
    from scipy.optimize import linear_sum_assignment

    table = np.zeros((label.max() + 1, truth.max() + 1))
    np.add.at(table, (label, truth), 1)
    found, true, total = table.sum(axis=1), table.sum(axis=0), table.sum()
    found, table = found[found > 0], table[found > 0]

    def pairs(counts: DoubleArray) -> float:
        return float((counts * (counts - 1) / 2).sum())

    precision, recall = pairs(table) / max(pairs(found), 1), pairs(table) / max(pairs(true), 1)
    rows, columns = linear_sum_assignment(-table)
    right = (table**2 / found[:, None]).sum() / total, (table**2 / true).sum() / total
    entropy = [-float((c[c > 0] / total * np.log(c[c > 0] / total)).sum()) for c in (found, true, table)]
    shared = entropy[0] + entropy[1] - entropy[2]
    return {
        "precision": 100 * precision,
        "recall": 100 * recall,
        "pairs_f1": 100 * _f1(precision, recall),
        "idf1": 100 * float(table[rows, columns].sum()) / total,
        "bcubed_f1": 100 * _f1(*right),
        "v_measure": 100 * 2 * shared / max(entropy[0] + entropy[1], 1e-12),
    }


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / max(precision + recall, 1e-12)


def timed(work: Callable[[], IntArray]) -> tuple[IntArray, float]:
    """A grouping and the CPU seconds it took."""
    start = time.process_time()
    label = work()
    return label, time.process_time() - start


def ours(tracklets: list[Tracklet], truth: IntArray, threshold: float | None) -> dict[str, float]:
    """Of our association."""
    start = time.process_time()
    settled = associate(tracklets, threshold=threshold)
    seconds = time.process_time() - start
    owner = {(t.camera, t.logged_id): identity.id for identity in settled.identities for t in identity}
    found = figures(np.array([owner[t.key] for t in tracklets]), truth)
    return found | {"cpu_s": seconds, "threshold": settled.threshold}


def measure(tracklets: list[Tracklet], truth: IntArray, sklearn: bool) -> dict[str, dict[str, float]]:
    """Every method on one recording."""
    results = {"ours": ours(tracklets, truth, None)}
    tried = [ours(tracklets, truth, threshold) for threshold in OUR_THRESHOLDS]
    results["ours, best threshold"] = max(tried, key=lambda found: found["pairs_f1"])
    given, auto = problem(tracklets), results["ours"]["threshold"]
    results |= _at_both("Hungarian, pairwise", lambda at: hungarian(given, at), auto, truth, 0.0)
    if sklearn:  # at other thresholds it finds what scipy does
        label, seconds = timed(lambda: sklearn_average(given, auto))
        results["agglomerative, scikit-learn"] = figures(label, truth) | {"cpu_s": seconds, "threshold": auto}
    for name, constrained in (("agglomerative, scipy", False), ("the same, those seen together far apart", True)):
        begin = time.process_time()
        cut = linkage_cuts(given, constrained)
        results |= _at_both(name, cut, auto, truth, time.process_time() - begin)
    return results


def _at_both(
    name: str, method: Callable[[float], IntArray], auto: float, truth: IntArray, before_s: float
) -> dict[str, dict[str, float]]:
    """Figures at the automatic threshold and at the best there is."""
    label, seconds = timed(lambda: method(auto))
    own = figures(label, truth) | {"cpu_s": before_s + seconds, "threshold": auto}
    tried = [figures(method(at), truth) | {"cpu_s": before_s + seconds, "threshold": float(at)} for at in THRESHOLDS]
    return {name: own, f"{name}, best threshold": max(tried, key=lambda found: found["pairs_f1"])}


def print_table(rows: Mapping[str, list[dict[str, float]]]) -> None:
    """Means over the draws."""
    for name, found in rows.items():
        mean = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
        shares = " | ".join(
            f"{mean[key]:.1f}" for key in ("precision", "recall", "pairs_f1", "idf1", "bcubed_f1", "v_measure")
        )
        print(f"| {name} | {shares} | {mean['threshold']:.2f} | {mean['cpu_s']:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=Path)
    parser.add_argument("--tracklets", nargs="+", type=int, default=[1000, 5000])
    parser.add_argument("--people", nargs="+", type=int, default=[], help="real visits of so many people instead")
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--sklearn", action="store_true", help="scikit-learn's clustering too")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.people and args.features is None:
        parser.error("--people needs --features")
    looks = Looks.measured(args.features) if args.features else Looks.documented()
    print("sizes:", ", ".join(f"{name} {size:.3f}" for name, size in looks.summary().items()))
    everything = {}
    what = "people" if args.people else "tracklets"
    for count in args.people or args.tracklets:
        rows: dict[str, list[dict[str, float]]] = defaultdict(list)
        for seed in range(args.draws):
            drawn = real_visits(args.features, count, seed) if args.people else draw(looks, count, args.cameras, seed)
            for name, found in measure(*drawn, args.sklearn).items():
                rows[name].append(found)
        print(f"\n| {count:,} {what} | precision | recall | pairs F1 | IDF1 | B-cubed | V | threshold | CPU s |")
        print("| --- |" + " --- |" * 8)
        print_table(rows)
        everything[count] = rows
    if args.json:
        args.json.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
