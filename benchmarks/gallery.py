r"""Time and memory of an exact search in a large gallery: in blocks, and by faiss where it is installed.

    OMP_NUM_THREADS=1 python benchmarks/gallery.py --vectors 200000 --json runs/gallery.json

Unit vectors drawn at random, 512-d, the ten nearest; CPU seconds, the faster of two rounds. `more memory` is what
tracemalloc sees beside the gallery.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
import tracemalloc
from pathlib import Path

import numpy as np

from reidtrack.embed import nearest

DIM, TOP, FAISS_QUERIES = 512, 10, nearest.FAISS_QUERIES


def unit(rng: np.random.Generator, count: int) -> np.ndarray:
    rows = rng.standard_normal((count, DIM), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def measure(ways: dict[str, int], queries: np.ndarray, gallery: np.ndarray) -> dict[str, tuple[float, float]]:
    """CPU seconds and MiB of each way, whatever `nearest` would choose."""
    found = dict.fromkeys(ways, (np.inf, 0.0))
    for _ in range(2):
        for name, limit in ways.items():
            nearest.FAISS_FROM, nearest.FAISS_QUERIES = limit, len(queries)
            start = time.process_time()
            nearest.nearest(queries, gallery, TOP)
            seconds = time.process_time() - start
            tracemalloc.start()
            nearest.nearest(queries, gallery, TOP)
            peak = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()
            found[name] = min(found[name][0], seconds), peak
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=200_000)
    parser.add_argument("--queries", nargs="+", type=int, default=[1, 8, 16, 64])
    parser.add_argument("--json", type=Path, default=Path("gallery.json"))
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    gallery = unit(rng, args.vectors)
    ways = {"blocks": args.vectors}
    if importlib.util.find_spec("faiss") is not None:
        ways["faiss"] = 0
    rows = []
    print("| vectors | queries | way | CPU s | more memory, MiB |\n| --- | --- | --- | --- | --- |")
    for count in args.queries:
        for name, (seconds, mib) in measure(ways, unit(rng, count), gallery).items():
            rows.append({"vectors": args.vectors, "queries": count, "way": name, "cpu_s": seconds, "mib": mib})
            chosen = "faiss" if count <= FAISS_QUERIES and "faiss" in ways else "blocks"
            mark = " (chosen)" * (name == chosen)
            print(f"| {args.vectors:,} | {count} | {name}{mark} | {seconds:.3f} | {mib:.1f} |", flush=True)
    args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
