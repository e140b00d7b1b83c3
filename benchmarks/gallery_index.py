r"""The index beside a file of millions of features: its making, what it finds, and how much faster.

    OMP_NUM_THREADS=1 python benchmarks/gallery_index.py --vectors 300000 1000000 5000000

Files of `reidtrack embed --dtype float16`, 512 numbers each, of which 411 are zero: looks of people, visits and crops
as `archive_scale.py` draws them, twenty pictures of each person. 200 other pictures of these people are looked for, the
ten nearest of each, one by one and by the index. CPU seconds of one thread, the file in the system's memory. `same
first` and `same ten`: of queries, percent. `a tenth gone`: the file written anew without a tenth of its rows, and how
many queries then have the same ten as by comparing all. Each size is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.embed.file import ImageFeatures, read_features, write_features
from reidtrack.embed.index import FeatureIndex, index_path, make_index, open_index
from reidtrack.embed.nearest import nearest
from reidtrack.types import FloatArray, HalfArray

DIM, PICTURES, QUERIES, TOP = 512, 20, 200, 10
_LOT = 65_536


def drawn(rng: np.random.Generator, face: FloatArray, who: np.ndarray) -> FloatArray:
    """Unit rows (N, DIM): a picture of each of some people."""
    rows = face[who] + part(rng, len(who), 0.422, 77) + part(rng, len(who), 0.403, 100)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def part(rng: np.random.Generator, count: int, size: float, dimensions: int) -> FloatArray:
    """Rows (N, DIM) of a normal distribution of that size over the first dimensions."""
    rows = np.zeros((count, DIM), np.float32)
    rows[:, :dimensions] = rng.standard_normal((count, dimensions), np.float32) * np.float32(size / np.sqrt(dimensions))
    return rows


def write(path: Path, rows: HalfArray | FloatArray) -> None:
    """A file of features."""
    write_features(path, ImageFeatures(tuple(map(str, range(len(rows)))), rows, "0"), "float16")


def compared(index: FeatureIndex, features: HalfArray | FloatArray, queries: FloatArray) -> dict[str, float]:
    """Time of a query both ways, and how many find the same."""
    index.nearest(queries[:1], features, TOP)
    began = time.process_time()
    by_index = [index.nearest(query[None], features, TOP).rows[0] for query in queries]
    index_s = time.process_time() - began
    began = time.process_time()
    nearest(queries[:1], features, TOP)
    exact_s = time.process_time() - began
    rows = nearest(queries, features, TOP).rows
    found = np.array(by_index)
    return {
        "index_ms": round(1000 * index_s / len(queries), 1),
        "exact_ms": round(1000 * exact_s, 1),
        "same_first": round(100 * float((found[:, 0] == rows[:, 0]).mean()), 1),
        "same_ten": round(100 * float((found == rows).all(axis=1).mean()), 1),
    }


def measure(count: int, folder: Path) -> dict[str, Any]:
    """Make, ask, take away, ask again."""
    rng, path = np.random.default_rng(0), folder / "features.npz"
    face = part(rng, max(1, count // PICTURES), 0.505, 26)
    face[:, 100] = 0.691
    rows = np.empty((count, DIM), np.float16)
    for begin in range(0, count, _LOT):
        lot = slice(begin, min(begin + _LOT, count))
        rows[lot] = drawn(rng, face, rng.integers(0, len(face), lot.stop - begin))
    write(path, rows)
    queries = drawn(rng, face, rng.integers(0, len(face), QUERIES))
    features = read_features(path).features
    began = time.process_time()
    make_index(path, features)
    made_s, began = time.process_time() - began, time.process_time()
    index = open_index(path, features)
    opened_s = time.process_time() - began
    assert index is not None
    row = {"vectors": count, "made_s": round(made_s, 1), "opened_s": round(opened_s, 2)}
    row |= {"mib": index_path(path).stat().st_size >> 20, **compared(index, features, queries)}
    del index
    write(path, np.delete(rows, slice(0, None, 10), axis=0))
    features, began = read_features(path).features, time.process_time()
    index = open_index(path, features)
    row["updated_s"] = round(time.process_time() - began, 1)
    assert index is not None
    return {**row, "same_ten_then": compared(index, features, queries)["same_ten"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", nargs="+", type=int, default=[300_000])
    parser.add_argument("--folder", type=Path, help="where files are made; default: a temporary one")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, default=Path("gallery_index.json"))
    args = parser.parse_args()
    if args.one:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            print(json.dumps(measure(args.vectors[0], Path(folder))))
        return
    rows = []
    print(
        "| vectors | index, MiB | made, s | opened, s | photo, ms | all compared, ms | same first, % | same ten, % |",
        end="",
    )
    print(" a tenth gone: up to date, s | same ten, % |\n|" + " ---: |" * 10)
    for count in args.vectors:
        words = [sys.executable, __file__, "--one", "--vectors", str(count)]
        words += [] if args.folder is None else ["--folder", str(args.folder)]
        row = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)
        rows.append(row)
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        names = ("mib", "made_s", "opened_s", "index_ms", "exact_ms", "same_first", "same_ten", "updated_s")
        cells = [f"{row['vectors']:,}", *(f"{row[name]:,}" for name in (*names, "same_ten_then"))]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
