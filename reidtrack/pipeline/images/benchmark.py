"""`reidtrack benchmark`: re-identification weights scored on image data sets."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from reidtrack.benchmark.distance import Distances
from reidtrack.benchmark.measure import (
    Measured,
    RankedList,
    Shots,
    choose_queries,
    mean_result,
    measure,
    ranked_list,
)
from reidtrack.benchmark.variants import Reranking, Timing, labels_of, variants
from reidtrack.benchmark.verification import join_verifications
from reidtrack.config.benchmark import BenchmarkConfig
from reidtrack.config.run import EmbedConfig
from reidtrack.datasets.embed_samples import SampleFeatures, embed_samples
from reidtrack.datasets.record import ReidDataset, Sample
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.choose import choose_device
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError, UsageError, param
from reidtrack.networks.build import make_embedder
from reidtrack.pipeline.images.open_datasets import open_splits, own_options
from reidtrack.runtime.progress import Progress, Silent, one_task
from reidtrack.types import FloatArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """A request to score weights on data sets.

    Attributes:
        names: Names of the data sets.
        roots: As many folders or archives.
        weights: Checkpoints; each is scored on each data set.
        config: All settings.
        options: Options of the data sets; with several, each takes those it knows.
        hold_out: This many training identities become the test split; 0 leaves the splits as they are.
    """

    names: Sequence[str]
    roots: Sequence[Path]
    weights: Sequence[Path]
    config: BenchmarkConfig = field(default_factory=BenchmarkConfig)
    options: Mapping[str, object] = field(default_factory=dict)
    hold_out: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Evaluated:
    """Figures of one set of weights on one data set.

    Attributes:
        name: Name of the weights' file without its ending.
        weights: Where the network came from.
        dataset: Query and gallery of the first split, without images that gave no feature.
        shots: Which gallery images are ranked.
        splits: Number of test splits that are averaged.
        measured: Figures of each variant, by name; the last is the one that was asked for.
        lists: Ranked lists of the last variant, by `random`, `worst` and `best`.
        faults: One line for each image that could not be used.
        timings_s: Seconds of embedding, of preparing (times, neighbours) and of each variant's figures.
    """

    name: str
    weights: Weights
    dataset: ReidDataset
    shots: Shots
    splits: int
    measured: Mapping[str, Measured]
    lists: Mapping[str, Sequence[RankedList]]
    faults: Sequence[str]
    timings_s: Mapping[str, float]

    @property
    def final(self) -> Measured:
        """Figures of the last variant, which was asked for."""
        return list(self.measured.values())[-1]


def run_benchmark(request: BenchmarkRequest, progress: Progress | None = None) -> list[Evaluated]:
    """Score each set of weights on each data set.

    Args:
        request: Weights, data sets and settings.
        progress: Told how embedding gets on.

    Returns:
        Figures by weights, then by data set.

    Raises:
        UsageError: If names, options or settings do not fit.
        InputError: If a data set is absent, has nothing to rank, or none of its images can be read.
        WeightsError: If weights cannot be used.
        DeviceError: If the device or engine is not there.
    """
    sets = open_tests(request)
    config = request.config
    found = []
    for path in request.weights:
        embed = EmbedConfig(weights=path, batch=config.batch)
        embedder, weights = make_embedder(embed, config.device, config.engine, "fp32")
        for name, splits in zip(request.names, sets, strict=True):
            title = f"{path.stem} on {splits[0].name}"
            shots = _shots(config, name, request.options)
            found.append(_evaluate(path.stem, weights, embedder, splits, shots, config, title, progress or Silent()))
    return found


def open_tests(request: BenchmarkRequest) -> list[list[ReidDataset]]:
    """Open each data set as the test splits that are averaged: usually one.

    Raises:
        UsageError: If names, folders or options do not fit.
        InputError: If a data set cannot be ranked.
    """
    options = own_options(request.names, request.roots, request.options)
    if not request.weights:
        raise UsageError("no weights given", expected=f"{param('weights')} CHECKPOINT ...")
    return [
        open_splits(name, root, own, request.hold_out, request.config.rank.splits)
        for name, root, own in zip(request.names, request.roots, options, strict=True)
    ]


def _shots(config: BenchmarkConfig, name: str, options: Mapping[str, object]) -> Shots:
    if config.rank.shots != "auto":
        return config.rank.shots
    return "single" if name == "cuhk03" and options.get("protocol") == "classic" else "all"


def _evaluate(
    name: str,
    weights: Weights,
    embedder: Embedder,
    splits: Sequence[ReidDataset],
    shots: Shots,
    config: BenchmarkConfig,
    title: str,
    progress: Progress,
) -> Evaluated:
    began = time.perf_counter()
    tested = list(dict.fromkeys(sample for split in splits for sample in split.query + split.gallery))
    with one_task(progress, "embedding", title, len(tested), "images") as advance:
        features = embed_samples(tested, embedder, flip=config.flip, advance=advance)
    if features.faults:
        logger.warning("%s: %d images are left out; first: %s", title, len(features.faults), features.faults[0])
    row_of = {tested[row]: i for i, row in enumerate(features.rows.tolist())}
    timings = {"embed": time.perf_counter() - began}
    parts: dict[str, list[Measured]] = {}
    lists: dict[str, list[RankedList]] = {}
    usable = [_usable(split, row_of) for split in splits]
    for index, split in enumerate(usable):
        began = time.perf_counter()
        distances = _variants(split, _features_of(split, features, row_of), config)
        timings["prepare"] = timings.get("prepare", 0.0) + time.perf_counter() - began
        for variant, one in distances.items():
            began = time.perf_counter()
            parts.setdefault(variant, []).append(_measure(one, split, shots, config))
            timings[variant] = timings.get(variant, 0.0) + time.perf_counter() - began
        if index == 0:
            lists = _lists(one, split, parts[variant][0], config)
    measured = {variant: _joined(found) for variant, found in parts.items()}
    return Evaluated(name, weights, usable[0], shots, len(splits), measured, lists, features.faults, timings)


def _usable(split: ReidDataset, row_of: Mapping[Sample, int]) -> ReidDataset:
    """A split without images that gave no feature."""
    kept = replace(
        split,
        query=tuple(sample for sample in split.query if sample in row_of),
        gallery=tuple(sample for sample in split.gallery if sample in row_of),
    )
    return kept.require_test()


def _features_of(split: ReidDataset, features: SampleFeatures, row_of: Mapping[Sample, int]) -> FloatArray:
    """Features (Q + G, D) of a split, those of the queries first."""
    found: FloatArray = features.values[[row_of[sample] for sample in split.query + split.gallery]]
    return found


def _variants(split: ReidDataset, features: FloatArray, config: BenchmarkConfig) -> dict[str, Distances]:
    times, rerank = config.times, config.rerank
    logistic = (times.scale, times.rate), (times.time_scale, times.time_rate)
    return variants(
        split,
        features,
        metric=config.metric,
        timing=Timing(times.bin_frames, times.sigma_bins, logistic) if times.use else None,
        reranking=Reranking(rerank.k1, rerank.k2, rerank.weight) if rerank.use else None,
        device=choose_device(config.device),
    )


def _measure(distances: Distances, split: ReidDataset, shots: Shots, config: BenchmarkConfig) -> Measured:
    return measure(
        distances,
        labels_of(split),
        ap_rule=config.rank.ap_rule,
        max_rank=config.rank.max_rank,
        shots=shots,
        draws=config.rank.draws,
        seed=config.seed,
    )


def _lists(
    distances: Distances, split: ReidDataset, measured: Measured, config: BenchmarkConfig
) -> dict[str, list[RankedList]]:
    if config.pictures.queries == 0:
        return {}
    labels = labels_of(split)
    chosen = choose_queries(measured.scores, config.pictures.queries, config.seed)
    return {
        kind: [ranked_list(distances, labels, query, config.pictures.top) for query in np.asarray(rows).tolist()]
        for kind, rows in chosen.items()
    }


def _joined(parts: Sequence[Measured]) -> Measured:
    """Figures of several splits as one: means of the rankings, counts of all pairs added up."""
    result = mean_result([part.result for part in parts])
    if result.queries_used == 0:
        raise InputError("no query has a true match in the gallery")
    return Measured(result, parts[0].scores, join_verifications([part.pairs for part in parts]))
