"""An archive of many cameras and days, drawn: what its report, search and pages of the server take.

    python benchmarks/drawn_archive.py --out /tmp/week

writes a run of 16 cameras, 7 days and 50,000 visits with drawn pictures, as `reidtrack archive run` leaves one but for
the logs of the tracking pass, then measures its report by day, a search, and what a server answers. People walk from
camera to camera, more of them by day than by night; some come back on other days; files are missing here and there; and
the clocks go back on the last day.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from serve_load import memory_mb, processor_s

from reidtrack.pipeline.run.days_report import DaysReport
from reidtrack.pipeline.run.settle import Settled
from reidtrack.report.days.recorded import spans_of
from reidtrack.report.run.report_data import CameraSummary, ReportData
from reidtrack.runs.features import FeatureTable, write_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.outputs import OutputContext, write_identities, write_sightings
from reidtrack.types import Identity, Link, Tracklet
from reidtrack.video.palette import colour_of

ZONE = "Europe/Berlin"
FIRST = datetime(2026, 10, 19, tzinfo=ZoneInfo(ZONE))
"""Monday; on the Sunday after, clocks go back."""
NAMES = (
    *("entrance", "lobby", "stairs", "corridor", "lift", "office", "kitchen", "server room"),
    *("car park", "gate", "yard", "loading bay", "store", "workshop", "canteen", "roof"),
)
DIM = 64
BOX_EVERY_S = 2.0


def people_of(visits: int, days: int, cameras: int, seed: int) -> list[Identity]:
    """Everybody, with links as sure as those of real runs."""
    rng = np.random.default_rng(seed)
    at, drawn = [], 0
    while drawn < visits:  # arrivals by day, a fifth of everybody on several days
        count = int(min(visits - drawn, 2 + rng.poisson(5)))
        on = np.sort(rng.choice(days, int(min(days, 1 + (rng.random() < 0.2) * rng.integers(1, 4))), replace=False))
        hour = np.clip(rng.normal(rng.choice([8.5, 12.5, 17.5]), 2.2), 0, 23.9)
        start = np.sort(rng.choice(on, count)) * 86_400 + hour * 3600 + np.cumsum(30 + rng.exponential(150, count))
        at.append((start, np.clip(20 + rng.exponential(40, count), 20, 900)))
        drawn += count
    order = np.argsort([start[0] for start, _ in at], kind="stable")
    number = dict.fromkeys(range(cameras), 0)
    return [_person(rank, *at[person], cameras, number, rng) for rank, person in enumerate(order.tolist(), 1)]


def _person(
    id_: int, start: Any, length: Any, cameras: int, number: dict[int, int], rng: np.random.Generator
) -> Identity:
    tracklets, links = [], []
    camera = int(rng.integers(cameras))
    face = rng.normal(size=DIM)
    for first, seconds in zip(np.sort(start).tolist(), length.tolist(), strict=True):
        number[camera] += 1
        time_s = first + np.arange(0, seconds, BOX_EVERY_S)
        feature = face + 0.4 * rng.normal(size=(1, DIM))
        frame = np.round(time_s * 10).astype(np.int64)
        box = np.tile(np.array([100, 200, 180, 420], np.float32), (len(frame), 1))
        tracklet = Tracklet(
            NAMES[camera] if camera < len(NAMES) else f"camera {camera}",
            number[camera],
            frame,
            time_s,
            box,
            np.ones(len(frame), np.float32),
            (feature / np.linalg.norm(feature)).astype(np.float32),
            frame[len(frame) // 2 : len(frame) // 2 + 1],
            np.ones(1, np.float32),
        )
        if tracklets:
            chance = float(rng.beta(12, 1))
            links.append(Link(tracklet.key, tracklets[-1].key, 0.9 - 0.7 * chance, 0.3 * chance, {}, chance))
        tracklets.append(tracklet)
        camera = int((camera + rng.integers(0, 3)) % cameras)
    name = f"Guard {id_}" if id_ % 500 == 1 else None
    return Identity(id_, tuple(tracklets), (face / np.linalg.norm(face)).astype(np.float32), tuple(links), name)


def frames_of(days: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Times of a camera's frames, one a second, without some of its files of ten minutes."""
    files = np.arange(days * 144 + 6)
    kept = files[(rng.random(len(files)) > 0.01) | (files == 0)]
    lost = int(rng.integers(0, len(files) - 40))
    if rng.random() < 0.3:  # a recorder that stood still
        kept = kept[(kept < lost) | (kept > lost + 30)]
    return (kept[:, None] * 600.0 + np.arange(600)).ravel()


def draw_pictures(folder: RunFolder, people: list[Identity]) -> None:
    """A figure in a coat of each person's own colour for every visit."""
    import cv2

    rows, columns = np.mgrid[:128, :64]
    body = (abs(columns - 32) < 18) & (rows > 34) & (rows < 84)
    legs = (abs(abs(columns - 32) - 9) < 7) & (rows >= 84) & (rows < 122)
    head = (columns - 32) ** 2 + (rows - 22) ** 2 < 110
    for person in people:
        rng = np.random.default_rng(person.id)
        coat, trousers = rng.integers(30, 225, 3), rng.integers(20, 120, 3)
        own = folder.crops / str(person.id)
        own.mkdir(parents=True)
        for tracklet in person:
            picture = np.full((128, 64, 3), 90 + hash_of(tracklet.camera) % 90, np.uint8)
            picture[body], picture[legs], picture[head] = coat, trousers, (150, 180, 220)
            name = f"{tracklet.camera}-{tracklet.track_id}-{tracklet.feature_frame[0]}.jpg"
            cv2.imwrite(str(own / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 80])


def hash_of(text: str) -> int:
    """A number of a text, the same in every process."""
    return sum(ord(letter) * (n + 1) for n, letter in enumerate(text))


def make(out: Path, cameras: int, days: int, visits: int, *, pictures: bool) -> tuple[ReportData, Settled, RunManifest]:
    """Write the run; what its report is made of."""
    people = people_of(visits, days, cameras, 1)
    names = [NAMES[n] if n < len(NAMES) else f"camera {n}" for n in range(cameras)]
    rng = np.random.default_rng(2)
    recorded = {name: spans_of(frames_of(days, rng)) for name in names}
    seen = {name: sum(name in person.cameras for person in people) for name in names}
    manifest = manifest_of(names, recorded, people, seen)
    folder = RunFolder(out)
    out.mkdir(parents=True)
    context = OutputContext(names, names)
    write_identities(folder.identities, people, context)
    write_sightings(out / "sightings.jsonl", people, context)
    write_tracklets(folder.tracklets, table_of(people, names))
    folder.write_manifest(manifest)
    if pictures:
        draw_pictures(folder, people)
    data = ReportData(
        title=out.name,
        created="2026-10-26 09:00 UTC",
        origin=manifest.origin.strftime("%Y-%m-%d %H:%M:%S UTC"),
        cameras=[
            CameraSummary(
                name, 600, float(recorded[name][0, 0]), float(recorded[name][-1, 1]), (1920, 1080), seen[name]
            )
            for name in names
        ],
        identities=people,
        colours={person.id: "#{2:02x}{1:02x}{0:02x}".format(*colour_of(person.id)) for person in people},
        folder=str(out),
    )
    settled = Settled(None, context, None, recorded)  # type: ignore[arg-type]
    return data, settled, manifest


def manifest_of(names: list[str], recorded: Any, people: list[Identity], seen: dict[str, int]) -> RunManifest:
    """What `run.json` says."""
    cameras = {
        name: {
            "frames": 600,
            "first_time_s": float(recorded[name][0, 0]),
            "last_time_s": float(recorded[name][-1, 1]),
            "people": seen[name],
        }
        for name in names
    }
    content = {
        "schema_version": 1,
        "reidtrack": "0",
        "status": "done",
        "started_utc": "2026-10-26T09:00:00+00:00",
        "origin_utc": FIRST.astimezone(UTC).isoformat(),
        "origin_from": "--origin",
        "part": {"time_zone": ZONE},
        "inputs": [{"camera": name, "size": [1920, 1080]} for name in names],
        "config": {},
        "weights": {},
        "cameras": cameras,
        "timings_s": {},
        "people": len(people),
        "people_in_several_cameras": sum(len(person.cameras) > 1 for person in people),
    }
    return RunManifest.from_json(content, Path("drawn"))


def table_of(people: list[Identity], names: list[str]) -> FeatureTable:
    """Features of all visits."""
    tracklets = [t for person in people for t in person]
    return FeatureTable(
        tuple(names),
        np.array([names.index(t.camera) for t in tracklets], np.int64),
        np.array([t.track_id for t in tracklets], np.int64),
        np.array([t.feature_frame[0] for t in tracklets], np.int64),
        np.ones(len(tracklets), np.float32),
        np.concatenate([t.features for t in tracklets]),
    )


def measure_report(out: Path, data: ReportData, settled: Settled, manifest: RunManifest) -> None:
    """Time, memory and sizes of the report by day."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    DaysReport(RunFolder(out), manifest, settled, data.identities).write(data)
    took = time.process_time() - began
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    pages = sorted((out / "report").iterdir())
    largest = max(page.stat().st_size for page in pages) / 1e6
    front = (out / "report.html").stat().st_size / 1e6
    print(
        f"| report: {len(pages)} pages of days, the largest {largest:.2f} MB, front page {front:.2f} MB | "
        f"{took:.1f} CPU s | {more:.0f} MiB more |"
    )


def measure_server(out: Path) -> None:
    """How long a server takes for what the pages ask for, and its memory."""
    words = [sys.executable, "-m", "reidtrack", "serve", str(out.parent), "--http", "127.0.0.1:8912"]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:8912/api/v1/runs/{out.name}"
    people = json.loads((out / "identities.json").read_text(encoding="utf-8"))
    most = max(people, key=lambda one: len(one["tracklets"]))["id"]
    asked = {
        "list of runs": f"{base.rpartition('/')[0]}",
        "run": base,
        "a day of tracklets, first 20,000": f"{base}/tracklets?limit=20000&from_s=172800&until_s=259200",
        "people, first 100": f"{base}/identities?limit=100",
        "people, last 100": f"{base}/identities?limit=100&cursor={len(people) - 100}",
        "a person": f"{base}/identities/{most}",
        "boxes of 10 s on day 1": f"{base}/sightings?from_s=30000&until_s=30010",
        "boxes of 10 s on the last day": f"{base}/sightings?from_s=570000&until_s=570010",
        "review queue": f"{base}/review",
        "front page of the report": f"{base}/report",
    }
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(base.rpartition("/")[0]).close()
                break
            except OSError:
                time.sleep(0.1)
        for name, address in asked.items():
            times = []
            for _ in range(2):
                began, wall = processor_s(server.pid), time.perf_counter()
                try:
                    with urllib.request.urlopen(address) as answer:
                        size = len(answer.read())
                except OSError as error:
                    size, name = 0, f"{name}: {error}"
                times.append(f"{time.perf_counter() - wall:.2f} s ({processor_s(server.pid) - began:.2f} CPU)")
            print(f"| {name} | {times[0]} | {times[1]} | {size / 1e6:.3f} MB |", flush=True)
        print(f"| server's memory | {memory_mb(server.pid):.0f} MB | | |")
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--visits", type=int, default=50_000)
    parser.add_argument("--no-pictures", action="store_true")
    parser.add_argument("--serve", action="store_true", help="only ask a server about the run that is there")
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if not args.serve:
        measure_report(args.out, *make(args.out, args.cameras, args.days, args.visits, pictures=not args.no_pictures))
    measure_server(args.out)


if __name__ == "__main__":
    main()
