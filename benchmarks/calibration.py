r"""Are probabilities of links what they say? Against ground truth, on runs and on drawn parts of them.

    python benchmarks/calibration.py sample=runs/demo:samples/gt pets=runs/pets:../shared/data/pets-s2l1 --draws 10

Each word is NAME=RUN:GROUND-TRUTH. Besides the whole recording, its parts, and draws of it without half of a camera's
people or with few people are associated anew (`robustness.py`). Of every link between two tracklets whose owners are
known, the probability is held against whether it is right: Brier score, the same of always saying the share that is
right, and expected calibration error (ten bins), and a table of the bins. Parts of one recording are not independent.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from robustness import Recording, cut, few, half_gone, parts, read_recordings

from reidtrack.associate.associate import associate
from reidtrack.types import BoolArray, DoubleArray, Tracklet

BINS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


def recordings_of(recording: Recording, draws: int) -> Iterator[list[Tracklet]]:
    """The whole, parts, and draws with people missing."""
    yield recording.tracklets
    for _, span in parts(recording):
        yield [piece for t in recording.tracklets if (piece := cut(t, *span[t.camera])) is not None]
    rng = np.random.default_rng(0)
    for gone in (*half_gone(recording, draws, rng), *few(recording, 3 * draws, rng)):
        yield recording.without(gone)


def links_of(recording: Recording, tracklets: Sequence[Tracklet]) -> list[tuple[float, bool, bool]]:
    """Probability, whether right, whether between two cameras, of each link whose ends have owners."""
    found = []
    for identity in associate(tracklets).identities:
        owner = {t.key: recording.owner(t) for t in identity}
        for link in identity.links:
            a, b = owner[link.a], owner[link.b]
            if a is not None and b is not None and link.probability is not None:
                found.append((link.probability, a == b, link.a[0] != link.b[0]))
    return found


def scores(probability: DoubleArray, right: BoolArray) -> tuple[float, float, float]:
    """Brier score, that of the share alone, expected calibration error."""
    place = np.minimum((10 * probability).astype(int), 9)
    gaps = [abs(probability[place == k].mean() - right[place == k].mean()) * (place == k).sum() for k in set(place)]
    share = right.mean()
    return float(np.mean((probability - right) ** 2)), float(share * (1 - share)), float(sum(gaps) / len(right))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN:GT")
    parser.add_argument("--draws", type=int, default=10)
    args = parser.parse_args()
    everything: list[tuple[float, bool, bool]] = []
    print("| recording | links | right, % | Brier | of the share alone | calibration error |\n| --- |" + " --- |" * 5)
    for name, recording in read_recordings(args.runs).items():
        found = [link for some in recordings_of(recording, args.draws) for link in links_of(recording, some)]
        everything += found
        for kind, across in (("between cameras", True), ("within a camera", False)):
            chosen = [(p, ok) for p, ok, two in found if two == across]
            if len(chosen) < 10:
                continue
            probability, right = np.array([p for p, _ in chosen]), np.array([ok for _, ok in chosen])
            brier, alone, gap = scores(probability, right)
            print(
                f"| {name}, {kind} | {len(right)} | {100 * right.mean():.1f} | {brier:.3f} | {alone:.3f} | {gap:.3f} |"
            )
    print("\n| probability | links | mean | right |\n| --- | --- | --- | --- |")
    probability, right = np.array([p for p, *_ in everything]), np.array([ok for _, ok, _ in everything])
    for low, high in pairwise(BINS):
        rows = (probability >= low) & ((probability < high) | (high == 1))
        if rows.any():
            print(f"| {low} to {high} | {rows.sum()} | {probability[rows].mean():.2f} | {right[rows].mean():.2f} |")


if __name__ == "__main__":
    main()
