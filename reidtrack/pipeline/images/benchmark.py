"""Score re-identification weights on image data sets."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

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
from reidtrack.datasets.carve import carve
from reidtrack.datasets.embed_samples import Features, embed_samples
from reidtrack.datasets.record import ReidDataset, Sample
from reidtrack.datasets.zoo import load_dataset, option_names
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.base import choose_device
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError, UsageError, param
from reidtrack.networks.build import make_embedder
from reidtrack.runtime.progress import Progress, Silent, one_task
from reidtrack.types import FloatArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """What is to be scored.

    Attributes:
        names: Data sets.
        roots: As many folders or archives.
        weights: Checkpoints; each is scored on each data set.
        config: How.
        options: Of the data sets; with several, each takes those it knows.
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
    """One set of weights on one data set.

    Attributes:
        name: Of the weights' file, without its ending.
        weights: Where they came from.
        dataset: What was ranked, of the first split; images without a feature are left out.
        shots: What has a place in the ranking.
        splits: Test splits averaged.
        measured: Name of each variant to its figures; the last is the one that was asked for.
        lists: `random`, `worst` and `best` to ranked lists of the last variant.
        faults: Images that could not be used.
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
        """The figures of the last variant."""
        return list(self.measured.values())[-1]


def run_benchmark(request: BenchmarkRequest, progress: Progress | None = None) -> list[Evaluated]:
    """Score each set of weights on each data set.

    Args:
        request: What and how.
        progress: Told how embedding gets on.

    Returns:
        By weights, then by data set.

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
    """Each data set, as the test splits that are averaged: usually one.

    Raises:
        UsageError: If names, folders or options do not fit.
        InputError: If a data set cannot be ranked.
    """
    if len(request.names) != len(request.roots):
        what = f"{len(request.names)} data sets but {len(request.roots)} folders"
        raise UsageError(what, expected=f"{param('root')} with one for each")
    if not request.weights:
        raise UsageError("no weights given", expected=f"{param('weights')} CHECKPOINT ...")
    known = {name: option_names(name) for name in request.names}
    for option in request.options:
        if not any(option in own for own in known.values()):
            raise UsageError(f"none of {', '.join(request.names)} has an option {option!r}")
    sets = []
    for name, root in zip(request.names, request.roots, strict=True):
        options = {option: value for option, value in request.options.items() if option in known[name]}
        sets.append([_open(name, root, choice, request.hold_out) for choice in _choices(name, options, request)])
    return sets


def _choices(name: str, options: Mapping[str, object], request: BenchmarkRequest) -> list[dict[str, object]]:
    """The options of each split that is averaged."""
    count = request.config.rank.splits
    if count == 1 or "split" not in option_names(name) or options.get("protocol") not in ("classic", "half"):
        return [dict(options)]  # has one split
    if request.hold_out:
        raise UsageError(f"{param('hold_out')} has no splits to average", where="rank.splits", expected="1")
    first = options.get("split", 0)
    return [{**options, "split": (first if isinstance(first, int) else 0) + place} for place in range(count)]


def _open(name: str, root: Path, options: Mapping[str, Any], hold_out: int) -> ReidDataset:
    dataset = load_dataset(name, root, **options)
    if hold_out:
        dataset = carve(dataset.require_train(), hold_out)
    return dataset.require_test()


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
    place = {tested[row]: at for at, row in enumerate(features.rows.tolist())}
    timings = {"embed": time.perf_counter() - began}
    parts: dict[str, list[Measured]] = {}
    lists: dict[str, list[RankedList]] = {}
    usable = [_usable(split, place) for split in splits]
    for number, split in enumerate(usable):
        began = time.perf_counter()
        distances = _variants(split, _of(split, features, place), config)
        timings["prepare"] = timings.get("prepare", 0.0) + time.perf_counter() - began
        for variant, one in distances.items():
            began = time.perf_counter()
            parts.setdefault(variant, []).append(_measure(one, split, shots, config))
            timings[variant] = timings.get(variant, 0.0) + time.perf_counter() - began
        if number == 0:
            lists = _lists(one, split, parts[variant][0], config)
    measured = {variant: _joined(found) for variant, found in parts.items()}
    return Evaluated(name, weights, usable[0], shots, len(splits), measured, lists, features.faults, timings)


def _usable(split: ReidDataset, place: Mapping[Sample, int]) -> ReidDataset:
    """A split without the images that gave no feature."""
    kept = replace(
        split,
        query=tuple(sample for sample in split.query if sample in place),
        gallery=tuple(sample for sample in split.gallery if sample in place),
    )
    return kept.require_test()


def _of(split: ReidDataset, features: Features, place: Mapping[Sample, int]) -> FloatArray:
    found: FloatArray = features.values[[place[sample] for sample in split.query + split.gallery]]
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
    """The figures of several splits as one: means of the rankings, all pairs together."""
    result = mean_result([part.result for part in parts])
    if result.queries_used == 0:
        raise InputError("no query has a true match in the gallery")
    return Measured(result, parts[0].scores, join_verifications([part.pairs for part in parts]))
