"""Outputs of a benchmark: results.json, plots, pictures of ranked lists, one page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack import __version__, clock
from reidtrack.benchmark.measure import Measured, RankedList
from reidtrack.benchmark.pictures import CELL_HW, PictureRow, draw_rows
from reidtrack.benchmark.plots import cmc_plot, distance_plot, roc_plot
from reidtrack.benchmark.ranking import RankingResult
from reidtrack.benchmark.verification import OperatingPoint
from reidtrack.config.load import dump
from reidtrack.datasets.record import JUNK_ID, ReidDataset, Sample
from reidtrack.errors import InputError
from reidtrack.files import write_lines, write_whole
from reidtrack.image import read_image
from reidtrack.pipeline.images.benchmark import BenchmarkRequest, Evaluated
from reidtrack.report.benchmark_page import BenchmarkPage, BenchmarkPart, render_benchmark
from reidtrack.types import ImageArray

RANKS = (1, 5, 10, 20)
AP_RULES = {
    "step": "precision at each true match, averaged (torchreid, scikit-learn)",
    "trapezoid": "averaged with the precision just before (Market-1501 evaluation code)",
}
LISTS = {"random": "Random queries", "worst": "Worst queries", "best": "Best queries"}


@dataclass(frozen=True, slots=True)
class Written:
    """One evaluation, its folder, and the content of its `results.json`."""

    evaluated: Evaluated
    folder: Path
    results: dict[str, Any]


def write_benchmark(found: Sequence[Evaluated], request: BenchmarkRequest, out: Path) -> list[Written]:
    """Write all outputs into `out`; with several evaluations, each into a folder of its own below it.

    Raises:
        OutputError: If something cannot be written.
    """
    folders = [out] if len(found) == 1 else _folders(found, out)
    written, parts = [], []
    for one, folder in zip(found, folders, strict=True):
        results = results_of(one, request)
        files = _files(one, request)
        for name, data in files.items():
            write_lines(folder / name, [data])
        write_whole(folder / "results.json", json.dumps(results, indent=2) + "\n")
        written.append(Written(one, folder, results))
        parts.append(_part(one, results, files))
    if len(found) > 1:
        write_whole(out / "results.json", json.dumps({"matrix": matrix(written)}, indent=2) + "\n")
    write_whole(out / "benchmark.html", render_benchmark(BenchmarkPage(clock.now_text(), parts)))
    return written


def results_of(one: Evaluated, request: BenchmarkRequest) -> dict[str, Any]:
    """Content of `results.json`: figures in 0..1 on top, what they mean below."""
    config, final = request.config, one.final
    return {
        **figures(final.result),
        "protocol": {
            "dataset": one.dataset.name,
            "hold_out": request.hold_out,
            "options": {name: str(v) if isinstance(v, Path) else v for name, v in request.options.items()},
            "splits": one.splits,
            "shots": one.shots,
            "ap_rule": config.rank.ap_rule,
            "ap_rule_meaning": AP_RULES[config.rank.ap_rule],
            "metric": config.metric,
            "flip": config.flip,
            "variant": list(one.measured)[-1],
            "same_camera": "images of the query's person by the query's camera do not count, nor do junk images",
        },
        "counts": counts(one),
        "verification": verification(final, config.rank.far),
        "variants": {name: figures(measured.result) for name, measured in one.measured.items()},
        "cmc": final.result.cmc.round(6).tolist(),
        "weights": {"path": one.weights.path, "sha256": dict(one.weights.sha256), "engine": one.weights.engine},
        "settings": dump(config),
        "notes": list(one.dataset.notes),
        "unreadable": list(one.faults),
        "timings_s": {name: round(seconds, 3) for name, seconds in one.timings_s.items()},
        "reidtrack": __version__,
    }


def figures(result: RankingResult) -> dict[str, float]:
    """Rank-k, mAP and mINP in 0..1."""
    ranks = {f"rank{k}": round(float(result.cmc[k - 1]), 6) for k in RANKS}
    return {**ranks, "mAP": round(result.mean_ap, 6), "mINP": round(result.mean_inp, 6)}


def counts(one: Evaluated) -> dict[str, int]:
    """Number of queries, gallery images, persons and cameras."""
    query, gallery = one.dataset.query, one.dataset.gallery
    asked = {sample.person_id for sample in query}
    result = one.final.result
    return {
        "queries": len(query),
        "queries_used": result.queries_used,
        "queries_left_out": result.queries_left_out,
        "gallery": len(gallery),
        "gallery_junk": sum(sample.person_id == JUNK_ID for sample in gallery),
        "gallery_distractors": sum(s.person_id not in asked and s.person_id != JUNK_ID for s in gallery),
        "persons": len(asked - {JUNK_ID}),
        "cameras": len({sample.camera_id for sample in query + gallery}),
        "unreadable": len(one.faults),
    }


def verification(measured: Measured, far: float) -> dict[str, Any]:
    """Figures of pair verification: AUC, equal error rate, operating points."""
    pairs = measured.pairs
    return {
        "pairs_same": int(pairs.same.sum()),
        "pairs_different": int(pairs.different.sum()),
        "auc": round(pairs.auc, 6),
        "equal_error_rate": round(pairs.equal_error, 6),
        "best_f1": _point(pairs.best_f1()),
        "at_far": {"far_asked": far, **_point(pairs.at_far(far))},
    }


def _point(point: OperatingPoint) -> dict[str, float]:
    named = {"threshold": point.threshold, "recall": point.tpr, "far": point.far}
    named |= {"precision": point.precision, "f1": point.f1}
    return {name: float(f"{value:.6g}") for name, value in named.items()}


def matrix(written: Sequence[Written]) -> list[dict[str, Any]]:
    """Figures of each evaluation, a row for each set of weights and data set."""
    return [
        {
            "weights": one.evaluated.name,
            "dataset": one.evaluated.dataset.name,
            "variant": list(one.evaluated.measured)[-1],
            **figures(one.evaluated.final.result),
            "folder": one.folder.name,
        }
        for one in written
    ]


def _folders(found: Sequence[Evaluated], out: Path) -> list[Path]:
    names: list[str] = []
    for one in found:
        name = base = f"{one.name}--{one.dataset.name}"
        number = 2
        while name in names:
            name, number = f"{base}-{number}", number + 1
        names.append(name)
    return [out / name for name in names]


def _files(one: Evaluated, request: BenchmarkRequest) -> dict[str, bytes]:
    """Plots and pictures by file name."""
    far = request.config.rank.far
    pairs = one.final.pairs
    points = {"best F1": pairs.best_f1(), f"FAR {far:g}": pairs.at_far(far)}
    files = {
        "cmc.png": cmc_plot({name: measured.result.cmc for name, measured in one.measured.items()}),
        "roc.png": roc_plot({name: measured.pairs for name, measured in one.measured.items()}, far),
        "distances.png": distance_plot(pairs, points),
    }
    for kind, lists in one.lists.items():
        rows = [_row(one.dataset, ranked, float(one.final.scores.ap[ranked.query])) for ranked in lists]
        if rows:
            files[f"ranked-{kind}.jpg"] = _jpeg(draw_rows(rows))
    return files


def _row(dataset: ReidDataset, ranked: RankedList, ap: float) -> PictureRow:
    return PictureRow(
        query=_picture(dataset.query[ranked.query]),
        title=f"AP {ap:.2f}",
        found=[_picture(dataset.gallery[column]) for column in ranked.columns.tolist()],
        distance=ranked.distance,
        right=ranked.right,
    )


def _picture(sample: Sample) -> ImageArray:
    try:
        return read_image(sample.path)
    except InputError:  # it could be read a moment ago
        return np.zeros((*CELL_HW, 3), np.uint8)


def _jpeg(image: ImageArray) -> bytes:
    import cv2

    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())


def _part(one: Evaluated, results: Mapping[str, Any], files: Mapping[str, bytes]) -> BenchmarkPart:
    return BenchmarkPart(
        weights=one.name,
        dataset=one.dataset.name,
        results=results,
        plots={name: data for name, data in files.items() if name.endswith(".png")},
        lists={LISTS[kind]: files[f"ranked-{kind}.jpg"] for kind in LISTS if f"ranked-{kind}.jpg" in files},
    )
