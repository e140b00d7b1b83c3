r"""What times alone say about who is who: ST-ReID's histograms at the full scale of Market-1501, without an image.

    python benchmarks/times.py --shared ../shared

Learned from the 12,936 names of the training list; the 3,368 queries of the official lists rank the gallery of 15,913
(19,732 without junk) by place and time alone. Images by the query's own camera, of which nothing is learned, come last.
"""

from __future__ import annotations

import argparse
import gzip
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from reidtrack.benchmark.distance import FeatureDistances
from reidtrack.benchmark.measure import Labels, measure
from reidtrack.benchmark.ranking import JUNK_ID
from reidtrack.benchmark.st_reid import JointDistances, SpaceTime, sequence_offsets, times_of
from reidtrack.datasets.record import Sample
from reidtrack.types import IntArray

NAME = re.compile(r"(-?\d+)_c(\d)s(\d)_(\d+)_")
SIGMAS = (5.0, 10.0, 20.0, 30.0, 50.0, 80.0)


def read_list(path: Path) -> list[Sample]:
    with gzip.open(path, "rt") as file:
        found = [NAME.search(Path(line).name) for line in file.read().split()]
    return [Sample(Path(), *(int(value) for value in match.groups())) for match in found if match is not None]


def column(samples: list[Sample], value: Callable[[Sample], int]) -> IntArray:
    return np.array([value(sample) for sample in samples], np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="the folder of real material")
    folder = parser.parse_args().shared / "data" / "market1501-lists"
    train, query, gallery = (read_list(folder / f"{name}.txt.gz") for name in ("train", "probe", "gallery"))
    gallery = [sample for sample in gallery if sample.person_id != JUNK_ID]
    clock = sequence_offsets(train + query + gallery)
    tested = query + gallery
    person, camera = (column(tested, value) for value in (lambda s: s.person_id, lambda s: s.camera_id))
    q = len(query)
    print(f"{len(train):,} training names, {q:,} queries, {len(gallery):,} gallery names without junk")
    print("| smoothing, bins | Rank-1 | Rank-10 | mAP | AUC over pairs | s |\n| --- | --- | --- | --- | --- | --- |")
    blind = FeatureDistances(np.zeros((len(tested), 1), np.float32))
    for sigma in SIGMAS:
        start = time.perf_counter()
        learned = SpaceTime(
            column(train, lambda s: s.person_id),
            column(train, lambda s: s.camera_id),
            times_of(train, clock),
            sigma_bins=sigma,
        )
        joint = JointDistances(blind, learned, camera, times_of(tested, clock))
        found = measure(joint, Labels(person[:q], camera[:q], person[q:], camera[q:]))
        cmc, seconds = found.result.cmc, time.perf_counter() - start
        figures = f"{100 * cmc[0]:.1f} | {100 * cmc[9]:.1f} | {100 * found.result.mean_ap:.1f} | {found.pairs.auc:.3f}"
        print(f"| {sigma:g} | {figures} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
