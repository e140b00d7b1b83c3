r"""What each part of the association is worth, on runs whose ground truth is known.

    python benchmarks/association.py sample=runs/demo:samples/gt pets=runs/pets:../shared/data/pets-s2l1

Each word is NAME=RUN:GROUND-TRUTH, as in `robustness.py`. Prints cross-camera IDF1 (one id per person, over the union
of cameras) of each run for the whole recording, and the mean over parts of it: halves, the middle, and the halves of
different cameras at different times. No inference, nothing but looks: space and time have a table of their own. What
was tried and left out (`association_tried.py`) comes last. Writes `--json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
from association_tried import Fragments, Reciprocal, Views, whitened
from robustness import Recording, cut, parts, read_recordings

from reidtrack.associate import appearance, grouping
from reidtrack.associate.associate import associate
from reidtrack.associate.clustering import cluster_model, hungarian
from reidtrack.types import Identity, Tracklet

Settle = Callable[[Sequence[Tracklet]], Sequence[Identity]]


def with_settings(**settings: object) -> Settle:
    """Association with other settings than the defaults."""
    return lambda tracklets: associate(tracklets, **settings).identities  # type: ignore[arg-type]


@contextmanager
def _changed(*changes: tuple[object, str, object]) -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, value in changes:
            stack.enter_context(mock.patch.object(owner, name, value))
        cluster_model.PldaClusterModel.of_threshold.cache_clear()
        yield
    cluster_model.PldaClusterModel.of_threshold.cache_clear()


def changed(*changes: tuple[object, str, object]) -> Settle:
    """Association with parts of it replaced."""

    def settle(tracklets: Sequence[Tracklet]) -> Sequence[Identity]:
        with _changed(*changes):
            return associate(tracklets).identities

    return settle


def equal_quality(tracklets: Sequence[Tracklet]) -> Sequence[Identity]:
    """Every crop counts alike."""
    means = appearance._means
    with _changed((appearance, "_means", lambda given, rows, power: means(given, rows, 0 * power))):
        return associate(tracklets).identities


VARIANTS: Mapping[str, Settle] = {
    "default": with_settings(),
    "colour casts left in": with_settings(shrink=1e9),
    "crops not weighted by quality": equal_quality,
    "switched tracks not split": with_settings(split_threshold=2.0),
    "costs of pairs added up, no model of people": changed((cluster_model, "CAUTION", 1e6)),
    "the model as sure as the threshold tells": changed((cluster_model, "CAUTION", 1.0)),
    "rounds of assignment alone": changed(
        (hungarian, "local_search", lambda label, *_: hungarian.renumbered(label)),
        (grouping, "cluster", partial(hungarian.cluster, exact=0)),
    ),
    "rounds and local search, nothing exact": changed((grouping, "cluster", partial(hungarian.cluster, exact=0))),
    "threshold 0.6": with_settings(threshold=0.6),
    "threshold 0.7": with_settings(threshold=0.7),
    "threshold 0.8": with_settings(threshold=0.8),
    "tried: four views, nearest two": with_settings(evidence=[Views(4, 0.3, nearest=True)]),
    "tried: four views, each with its nearest": with_settings(evidence=[Views(4, 0.5, nearest=False)]),
    "tried: k-reciprocal, 4 neighbours": with_settings(evidence=[Reciprocal(4, 0.3)]),
    "tried: k-reciprocal, 8 neighbours": with_settings(evidence=[Reciprocal(8, 0.3)]),
    "tried: fragments by motion": with_settings(evidence=[Fragments(1.0, 4.0)]),
    "tried: whitened within tracklets": lambda tracklets: associate(whitened(tracklets, 0.5)).identities,
}


def score(recording: Recording, settle: Settle) -> tuple[float, float]:
    """IDF1 of the whole recording, and the mean over its parts."""
    found = []
    for _, span in parts(recording):
        pieces = [piece for t in recording.tracklets if (piece := cut(t, *span[t.camera])) is not None]
        found.append(recording.idf1(settle(pieces), span=span))
    return recording.idf1(settle(recording.tracklets)), float(np.mean(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN:GT")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    recordings = read_recordings(args.runs)
    print("| whole / parts |", " | ".join(recordings), "| mean |")
    print("| --- |" + " --- |" * (len(recordings) + 1))
    results = {}
    for variant, settle in VARIANTS.items():
        scores = [score(recording, settle) for recording in recordings.values()]
        cells = [f"{whole:.1f} / {part:.1f}" for whole, part in [*scores, tuple(np.mean(scores, axis=0))]]
        print(f"| {variant} |", " | ".join(cells), "|", flush=True)
        results[variant] = dict(zip(recordings, scores, strict=True))
    if args.json:
        args.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
