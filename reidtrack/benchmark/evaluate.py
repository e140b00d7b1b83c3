"""Data sets meet networks: images to features, features to distances, each made better as it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reidtrack.benchmark.distance import Distances, FeatureDistances, Metric, PairDistances
from reidtrack.benchmark.measure import Labels
from reidtrack.benchmark.rerank import RerankedDistances
from reidtrack.benchmark.st_reid import LOGISTIC, JointDistances, SpaceTime, clock_of, times_of
from reidtrack.datasets.images import ImageStore
from reidtrack.datasets.record import ReidDataset, ranking_ids
from reidtrack.embed.embedder import Embedder
from reidtrack.errors import InputError, UsageError
from reidtrack.types import FloatArray, IntArray, Sample

IMAGES_AT_ONCE = 1024
"""Decoded and embedded together: what bounds the memory, however many there are."""


@dataclass(frozen=True, eq=False, slots=True)
class Features:
    """What a network sees in images.

    Attributes:
        values: (K, D) float32, as the network gives them, not of unit norm.
        rows: (K,) int64, the sample each belongs to.
        faults: One line for each image that could not be read or gave nothing.
    """

    values: FloatArray
    rows: IntArray
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reranking:
    """Values of `RerankedDistances`."""

    k1: int = 20
    k2: int = 6
    weight: float = 0.3


@dataclass(frozen=True, slots=True)
class Timing:
    """Values of `SpaceTime` and `JointDistances`."""

    bin_frames: int = 100
    sigma_bins: float = 50.0
    logistic: tuple[tuple[float, float], tuple[float, float]] = LOGISTIC


def embed_samples(
    samples: Sequence[Sample],
    embedder: Embedder,
    *,
    flip: bool = False,
    advance: Callable[[int], None] | None = None,
) -> Features:
    """Embed images, a thousand at a time.

    Args:
        samples: Whose images.
        embedder: The network.
        flip: Add the features of the mirrored image.
        advance: Told how many more are done.

    Raises:
        InputError: If no image can be read.
        WeightsError: If the network gives nothing usable.
    """
    values, rows, faults = [np.zeros((0, embedder.feature_dim), np.float32)], [np.zeros(0, np.int64)], []
    for start in range(0, len(samples), IMAGES_AT_ONCE):
        part = samples[start : start + IMAGES_AT_ONCE]
        try:
            store = ImageStore(part, embedder.size_hw)
        except InputError as error:
            faults.append(str(error))
            continue
        found, kept = _embed(store, embedder, flip)
        lost = np.setdiff1d(np.arange(len(store)), kept)
        faults += [*store.bad, *(f"{store.samples[row].path}: no usable feature" for row in lost.tolist())]
        values.append(found)
        rows.append(start + store.rows[kept])
        if advance is not None:
            advance(len(part))
    if samples and sum(len(part) for part in rows) == 0:
        raise InputError(f"none of {len(samples)} images gave a feature; first: {faults[0]}")
    return Features(np.concatenate(values), np.concatenate(rows), tuple(faults))


def _embed(store: ImageStore, embedder: Embedder, flip: bool) -> tuple[FloatArray, IntArray]:
    """Features of a store's images and their rows in it; with `flip` the sum with those of the mirrored."""
    plain = embedder.embed(store.images)
    values = np.zeros((len(store), embedder.feature_dim), np.float32)
    values[plain.rows] = plain.features * plain.length[:, None]
    kept = plain.rows
    if flip:
        mirrored = embedder.embed(store.images[:, :, ::-1])
        values[mirrored.rows] += mirrored.features * mirrored.length[:, None].astype(np.float32)
        kept = np.intersect1d(plain.rows, mirrored.rows)
    return values[kept], kept


def labels_of(dataset: ReidDataset) -> Labels:
    """Who and where, of a data set's queries and gallery."""
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
    """Distances by appearance alone, then with each improvement that was asked for on top of those before it.

    Args:
        dataset: Its training split teaches the times.
        features: (Q + G, D), those of the queries first.
        metric: Of appearance.
        timing: ST-ReID, where not None.
        reranking: k-reciprocal re-ranking, where not None.
        device: Where products are worked out.

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


def _with_times(dataset: ReidDataset, distances: PairDistances, timing: Timing) -> JointDistances:
    dataset.require_train()
    if any(sample.frame is None for sample in dataset.samples):
        raise UsageError("file names tell no frames, so ST-ReID has nothing to go by", where=dataset.name)
    clock = clock_of(dataset.samples)
    person, camera = (
        np.array([getattr(s, key) for s in dataset.train], np.int64) for key in ("person_id", "camera_id")
    )
    learned = SpaceTime(
        person,
        camera,
        times_of(dataset.train, clock),
        bin_frames=timing.bin_frames,
        sigma_bins=timing.sigma_bins,
    )
    if not learned.pairs.any():
        raise UsageError("nobody is seen by two cameras in the training images", where=dataset.name)
    tested = dataset.query + dataset.gallery
    cameras = np.array([sample.camera_id for sample in tested], np.int64)
    return JointDistances(distances, learned, cameras, times_of(tested, clock), timing.logistic)
