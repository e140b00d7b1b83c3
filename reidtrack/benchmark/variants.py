"""Distances between a data set's queries and gallery: by appearance, then with times and re-ranking on top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reidtrack.benchmark.distance import Distances, FeatureDistances, Metric, PairDistances
from reidtrack.benchmark.measure import Labels
from reidtrack.benchmark.rerank import RerankedDistances
from reidtrack.benchmark.st_reid import LOGISTIC, JointDistances, SpaceTime, sequence_offsets, times_of
from reidtrack.datasets.record import ReidDataset, ranking_ids
from reidtrack.errors import UsageError, param
from reidtrack.types import FloatArray


@dataclass(frozen=True, slots=True)
class Reranking:
    """Settings of re-ranking, as `RerankedDistances` takes them."""

    k1: int = 20
    k2: int = 6
    weight: float = 0.3


@dataclass(frozen=True, slots=True)
class Timing:
    """Settings of ST-ReID, as `SpaceTime` and `JointDistances` take them."""

    bin_frames: int = 100
    sigma_bins: float = 50.0
    logistic: tuple[tuple[float, float], tuple[float, float]] = LOGISTIC


def labels_of(dataset: ReidDataset) -> Labels:
    """Person and camera ids of a data set's queries and gallery."""
    return Labels(*ranking_ids(dataset.query, dataset.gallery))


def variants(
    dataset: ReidDataset,
    features: FloatArray,
    *,
    metric: Metric = "cosine",
    timing: Timing | None = None,
    reranking: Reranking | None = None,
    device: str = "cpu",
) -> dict[str, Distances]:
    """Distances by appearance alone, then with each improvement that is asked for on top of those before it.

    Args:
        dataset: Query and gallery; times are learned from its training split.
        features: (Q + G, D), those of the queries first.
        metric: Metric of appearance.
        timing: ST-ReID, where not None.
        reranking: k-reciprocal re-ranking, where not None.
        device: Where products are computed.

    Returns:
        Distances by the name of the variant, the plain ones first.

    Raises:
        UsageError: If times are asked for with Euclidean distance, or the data set does not tell them.
    """
    last: PairDistances = FeatureDistances(features, metric, device)
    found: dict[str, Distances] = {"features": last}
    if timing is not None:
        if metric != "cosine":
            raise UsageError(f"ST-ReID with {metric} distance", expected="cosine")
        found["ST-ReID"] = last = _with_times(dataset, last, timing)
    if reranking is not None:
        name = "re-ranked" if timing is None else "ST-ReID, re-ranked"
        power = 2 if metric == "euclidean" else 1
        found[name] = RerankedDistances(
            last,
            len(dataset.query),
            k1=reranking.k1,
            k2=reranking.k2,
            weight=reranking.weight,
            power=power,
        )
    return found


_WITHOUT = f"leave out {param('st_reid', True)}"


def _with_times(dataset: ReidDataset, distances: PairDistances, timing: Timing) -> JointDistances:
    dataset.require_train()
    if any(sample.frame is None for sample in dataset.samples):
        raise UsageError("file names tell no frames, so nothing is known of times", where=dataset.name, hint=_WITHOUT)
    offsets = sequence_offsets(dataset.samples)
    person, camera = (
        np.array([getattr(s, key) for s in dataset.train], np.int64) for key in ("person_id", "camera_id")
    )
    learned = SpaceTime(
        person,
        camera,
        times_of(dataset.train, offsets),
        bin_frames=timing.bin_frames,
        sigma_bins=timing.sigma_bins,
    )
    if not learned.pairs.any():
        raise UsageError("nobody is seen by two cameras in the training images", where=dataset.name, hint=_WITHOUT)
    tested = dataset.query + dataset.gallery
    cameras = np.array([sample.camera_id for sample in tested], np.int64)
    return JointDistances(distances, learned, cameras, times_of(tested, offsets), timing.logistic)
