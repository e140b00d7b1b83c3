r"""Ranking figures and re-ranking at Market-1501's size, against torchreid's: time, peak memory, the same figures.

    python benchmarks/ranking.py

3,368 queries, 15,913 gallery images of 750 people and distractors, six cameras, 512-d features around a centre for
each person, drawn at random from a seed. torchreid's `evaluate_rank` and `re_ranking` are installed in a virtual
environment of their own, which is removed in the end. Each measurement is a process of its own; time is that of the
work, without imports. Ours begins with the features, torchreid's with finished distance matrices, whose making is not
counted in its time. Linux.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

TORCHREID = "torchreid==0.2.5"
QUERIES, GALLERY, DISTRACTORS, PEOPLE, CAMERAS, DIM = 3368, 15913, 2798, 750, 6, 512
REPEATS = 3
"""Of ours; torchreid's, a minute each, run once."""

Data = dict[str, np.ndarray]


def make_data(seed: int = 0) -> Data:
    """Features and labels; noise and cameras are such that Rank-1 and mAP look like those of a plain network."""
    rng = np.random.default_rng(seed)
    total = QUERIES + GALLERY
    person = rng.integers(1, PEOPLE + 1, total)
    person[-DISTRACTORS:] = 0
    camera = rng.integers(1, CAMERAS + 1, total)
    centres = rng.standard_normal((PEOPLE + 1, DIM), np.float32)
    casts = rng.standard_normal((CAMERAS + 1, DIM), np.float32)
    x = 0.5 * centres[person] + 0.35 * casts[camera] + rng.standard_normal((total, DIM), np.float32)
    lone = person == 0
    x[lone] += 0.5 * (rng.standard_normal((int(lone.sum()), DIM), np.float32) - centres[0])
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return {"features": x.astype(np.float32), "person": person, "camera": camera}


def ours_rank(data: Data) -> Callable[[], dict[str, float]]:
    from reidtrack.benchmark.distance import FeatureDistances, query_blocks
    from reidtrack.benchmark.ranking import Gallery, score_queries, summarise

    person, camera = data["person"], data["camera"]

    def work() -> dict[str, float]:
        distances = FeatureDistances(data["features"])
        gallery = Gallery(person[QUERIES:], camera[QUERIES:])
        blocks = query_blocks(distances, QUERIES)
        result = summarise(score_queries(block, person[rows], camera[rows], gallery) for rows, block in blocks)
        return {"rank1": float(result.cmc[0]), "mAP": result.mean_ap}

    return work


def ours_rerank(data: Data) -> Callable[[], dict[str, float]]:
    import scipy.sparse  # noqa: F401  (loaded when first needed, which is not what is measured)
    import torch  # noqa: F401

    from reidtrack.benchmark.distance import FeatureDistances, query_blocks
    from reidtrack.benchmark.rerank import RerankedDistances

    def work() -> dict[str, float]:
        reranked = RerankedDistances(FeatureDistances(data["features"]), QUERIES)
        sums, check = 0.0, 0.0
        for rows, block in query_blocks(reranked, QUERIES):
            sums += float(block.sum(dtype=np.float64))
            check += float(np.sort(block, axis=1)[:, :10].sum(dtype=np.float64)) if rows.start == 0 else 0.0
        return {"mean": sums / (QUERIES * GALLERY), "nearest": check}

    return work


def theirs_rank(data: Data) -> Callable[[], dict[str, float]]:
    evaluate = installed("rank").evaluate_rank
    person, camera, x = data["person"], data["camera"], data["features"]
    distance = 1 - x[:QUERIES] @ x[QUERIES:].T

    def work() -> dict[str, float]:
        cmc, mean_ap = evaluate(distance, person[:QUERIES], person[QUERIES:], camera[:QUERIES], camera[QUERIES:])
        return {"rank1": float(cmc[0]), "mAP": float(mean_ap)}

    return work


def theirs_rerank(data: Data) -> Callable[[], dict[str, float]]:
    rerank = installed("rerank").re_ranking
    query, gallery = data["features"][:QUERIES], data["features"][QUERIES:]

    def euclidean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        d = a @ b.T
        d *= -2
        d += 2
        return np.sqrt(np.maximum(d, 0, out=d), out=d)

    matrices = euclidean(query, gallery), euclidean(query, query), euclidean(gallery, gallery)

    def work() -> dict[str, float]:
        d = rerank(*matrices)
        first = d[: 8_000_000 // GALLERY]  # the first of our blocks
        return {
            "mean": float(d.mean(dtype=np.float64)),
            "nearest": float(np.sort(first, axis=1)[:, :10].sum(dtype=np.float64)),
        }

    return work


MEASURED = {f.__name__: f for f in (ours_rank, ours_rerank, theirs_rank, theirs_rerank)}


def installed(name: str) -> ModuleType:
    """torchreid's module of that name, without the rest of the package, which wants torchvision and more."""
    package = importlib.util.find_spec("torchreid")
    assert package is not None and package.origin is not None, "run by the interpreter that has torchreid"
    path = next(Path(package.origin).parent.rglob(f"{name}.py"))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it goes without Cython
        spec.loader.exec_module(module)
    return module


def measure(name: str, path: Path) -> dict[str, Any]:
    """Run one of `MEASURED` in this process."""
    with np.load(path) as file:
        work = MEASURED[name](dict(file))
    start = time.perf_counter()
    figures = work()
    seconds = time.perf_counter() - start
    return {"s": seconds, "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, **figures}


def in_process(python: Path, name: str, data: Path) -> dict[str, Any]:
    done = subprocess.run([python, __file__, "--child", name, data], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def make_environment(folder: Path) -> Path:
    """An environment with torchreid's code and numpy; its interpreter."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"numpy=={np.__version__}"], check=True)
    subprocess.run([*pip, "--no-deps", TORCHREID], check=True)
    return python


def compare(title: str, ours: list[dict[str, Any]], theirs: dict[str, Any]) -> None:
    seconds = statistics.median(run["s"] for run in ours)
    memory = max(run["gb"] for run in ours)
    print(
        f"| {title} | {seconds:.2f} s, {memory:.2f} GB | {theirs['s']:.1f} s, {theirs['gb']:.2f} GB "
        f"| {theirs['s'] / seconds:.0f}x faster | {memory / theirs['gb']:.2f} of the memory |"
    )
    for key in sorted(set(theirs) - {"s", "gb"}):
        print(f"|   {key} | {ours[0][key]:.6f} | {theirs[key]:.6f} | | |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs=2, metavar=("NAME", "DATA"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(measure(args.child[0], Path(args.child[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data.npz")
        np.savez(data, **make_data())
        python = make_environment(Path(folder, "venv"))
        print("| | reidtrack | torchreid | | |\n| --- | --- | --- | --- | --- |")
        for title, ours, theirs in (
            ("metrics", "ours_rank", "theirs_rank"),
            ("re-ranking", "ours_rerank", "theirs_rerank"),
        ):
            mine = [in_process(Path(sys.executable), ours, data) for _ in range(REPEATS)]
            compare(title, mine, in_process(python, theirs, data))


if __name__ == "__main__":
    main()
