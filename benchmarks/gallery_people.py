r"""Time and memory of a lasting gallery of many people: making it, recognising a run in it, replacing the run, listing.

    OMP_NUM_THREADS=1 python benchmarks/gallery_people.py --people 1000 10000 100000 --json runs/gallery_people.json

Everybody in the gallery has two views of 512 numbers drawn at random, in lots of 1,000 people a run; the run that is
recognised has 50 people of two cameras, half of whom are in the gallery. CPU seconds; `memory` is the most that
tracemalloc sees while recognising.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from reidtrack.gallery.compare import compare
from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.recognise import recognise
from reidtrack.gallery.store import Signature
from reidtrack.gallery.views import Source, View

DIM, LOT, RUN = 512, 1000, 50
CAMERAS = ("hall", "door")


def seen(look: np.ndarray, rng: np.random.Generator) -> list[View]:
    """What two cameras see of somebody."""
    views = []
    for camera in CAMERAS:
        feature = look + rng.standard_normal(DIM) * 0.7 / np.sqrt(DIM)
        views.append(View(camera, 1.0, (feature / np.linalg.norm(feature)).astype(np.float32), 0.0, 1.0, (1,)))
    return views


def looks(rng: np.random.Generator, count: int) -> np.ndarray:
    rows = rng.standard_normal((count, DIM))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def measure(people: int, path: Path) -> dict[str, float]:
    rng = np.random.default_rng(0)
    row: dict[str, float] = {"people": people}
    began = time.process_time()
    first = looks(rng, RUN)
    with open_gallery(path, Signature("0", "none"), make=True) as gallery:
        for start in range(0, people, LOT):
            lot = looks(rng, min(LOT, people - start))
            if start == 0:
                lot[: RUN // 2] = first[: RUN // 2]
            views = [seen(look, rng) for look in lot]
            with gallery.writing():
                gallery.add_views(Source(str(start), "run", ""), {gallery.add_person(): view for view in views})
        row["made_s"] = time.process_time() - began
        run = [seen(look, rng) for look in first]
        began = time.process_time()
        found = compare(gallery, run, 0.05)
        matches = recognise(found.short, found.threshold, 0.1)
        row["recognised_s"] = time.process_time() - began
        row["right"] = sum(match.person == number for number, match in enumerate(matches[: RUN // 2], 1))
        row["wrong"] = sum(match.person is not None for match in matches) - row["right"]
        began = time.process_time()
        with gallery.writing():
            gallery.withdraw("run")
            gallery.add_views(
                Source("run", "run", ""),
                {m.person or gallery.add_person(): v for m, v in zip(matches, run, strict=True)},
            )
            gallery.limit(100_000, 16)
        row["kept_s"] = time.process_time() - began
        began = time.process_time()
        gallery.people()
        row["listed_s"] = time.process_time() - began
        tracemalloc.start()
        compare(gallery, run, 0.05)
        row["memory_mib"] = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
    row["file_mib"] = path.stat().st_size / 2**20
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", nargs="+", type=int, default=[1000, 10_000, 100_000])
    parser.add_argument("--json", type=Path, default=Path("gallery_people.json"))
    args = parser.parse_args()
    rows = []
    print("| people | file, MiB | made, s | recognised, s | memory, MiB | right of 25 | wrong | kept, s | listed, s |")
    print("| ---: |" + " ---: |" * 8)
    for people in args.people:
        with tempfile.TemporaryDirectory() as folder:
            row = measure(people, Path(folder) / "people.db")
        rows.append(row)
        print(
            f"| {people:,} | {row['file_mib']:.0f} | {row['made_s']:.2f} | {row['recognised_s']:.2f} | "
            f"{row['memory_mib']:.0f} | {row['right']} | {row['wrong']} | "
            f"{row['kept_s']:.2f} | {row['listed_s']:.2f} |",
            flush=True,
        )
    args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
