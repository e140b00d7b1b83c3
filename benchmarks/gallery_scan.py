r"""Time and memory of the exact search in a file of features, mapped: from ten thousand vectors to millions.

    OMP_NUM_THREADS=1 python benchmarks/gallery_scan.py --vectors 10000 100000 1000000

Files of `reidtrack embed --dtype float16`: 512 numbers each, 4,096 of them drawn at random, the others these with their
numbers moved along. CPU seconds of the second of two searches of the ten nearest, so that the file is in the system's
memory; `own memory` is what the process holds of its own (RssAnon) above what it held before, after the searches. Each
size is a process of its own. Linux.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from reidtrack.embed.file import ImageFeatures, read_features, write_features
from reidtrack.embed.nearest import nearest

DIM, DRAWN, TOP = 512, 4096, 10


def draw(count: int) -> np.ndarray:
    """(count, DIM) float16 unit rows."""
    rng = np.random.default_rng(0)
    some = rng.standard_normal((DRAWN, DIM), np.float32)
    some = (some / np.linalg.norm(some, axis=1, keepdims=True)).astype(np.float16)
    rows = np.empty((count, DIM), np.float16)
    for k, begin in enumerate(range(0, count, DRAWN)):
        part = rows[begin : begin + DRAWN]
        part[:] = np.roll(some, k, axis=1)[: len(part)]
    return rows


def own_kib() -> int:
    """Memory of the process that no file holds."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("RssAnon")))


def measure(path: Path, queries: list[int]) -> list[dict[str, float]]:
    """Search a file in this process."""
    before, rows = own_kib(), []
    began = time.process_time()
    found = read_features(path)
    opened = time.process_time() - began
    for count in queries:
        wanted = np.asarray(found.features[:count], np.float32)
        seconds = 0.0
        for _ in range(2):
            began = time.process_time()
            nearest(wanted, found.features, TOP)
            seconds = time.process_time() - began
        mib = round((own_kib() - before) / 1024)
        rows.append({"vectors": len(found.paths), "queries": count, "opened_s": opened, "cpu_s": seconds, "mib": mib})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", nargs="+", type=int, default=[10_000, 100_000])
    parser.add_argument("--queries", nargs="+", type=int, default=[1, 16])
    parser.add_argument("--folder", type=Path, help="where files are made; default: a temporary one")
    parser.add_argument("--json", type=Path, default=Path("gallery_scan.json"))
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one, args.queries)))
        return
    rows = []
    print("| vectors | file, MiB | photos | CPU s | CPU ms a photo | own memory, MiB |")
    print("| ---: |" + " ---: |" * 5)
    for count in args.vectors:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            path = Path(folder) / "features.npz"
            write_features(path, ImageFeatures(tuple(f"{i}.jpg" for i in range(count)), draw(count), "0"), "float16")
            words = [sys.executable, __file__, "--one", str(path), "--queries", *map(str, args.queries)]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
            size = path.stat().st_size >> 20
        for row in json.loads(done.stdout):
            rows.append({**row, "file_mib": size})
            each = 1000 * row["cpu_s"] / row["queries"]
            figures = f"{row['queries']} | {row['cpu_s']:.3f} | {each:.1f} | {row['mib']:,}"
            print(f"| {count:,} | {size:,} | {figures} |", flush=True)
    args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
