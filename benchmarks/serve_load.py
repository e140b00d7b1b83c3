"""A day of sixteen cameras served: how long pages take to answer, twenty viewers at once, and what memory it takes.

    python benchmarks/serve_load.py --out /tmp/served

makes a run of 24 hours (no pictures, no films), serves it, and prints a table; with `--page` also how long Chromium
takes from the address to the first drawn timeline.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

DAY_S = 86_400.0
CAMERAS = [f"camera{n:02}" for n in range(1, 17)]
BOX_EVERY_S = 1.0
"""Boxes of the made day: fewer than a run of 25 frames a second writes, over all of its length."""


def make_day(folder: Path, visits: int, people: int) -> int:
    """Write a run of a day; the number of its boxes."""
    rng = np.random.default_rng(1)
    folder.mkdir(parents=True)
    start = np.sort(rng.uniform(0, DAY_S - 300, visits))
    length = rng.uniform(20, 200, visits)
    who, camera = rng.integers(1, people + 1, visits), rng.integers(0, len(CAMERAS), visits)
    entries: dict[int, dict[str, Any]] = {}
    for n in range(visits):
        one = entries.setdefault(int(who[n]), {"id": int(who[n]), "cameras": [], "tracklets": []})
        before = one["tracklets"][-1] if one["tracklets"] else None
        link = (
            None
            if before is None
            else {
                "camera": before["camera"],
                "track_id": before["track_id"],
                "distance": 0.4,
                "margin": 0.1,
                "runner_up": None,
                "probability": round(float(rng.beta(8, 1)), 4),
                "terms": {},
            }
        )
        one["tracklets"].append(
            {
                "camera": CAMERAS[camera[n]],
                "track_id": n + 1,
                "first_frame": int(start[n] * 10),
                "last_frame": int((start[n] + length[n]) * 10),
                "first_time_s": float(start[n]),
                "last_time_s": float(start[n] + length[n]),
                "frames": int(length[n] * 10),
                "link": link,
            }
        )
    for one in entries.values():
        one["cameras"] = sorted({t["camera"] for t in one["tracklets"]})
        one["first_time_s"] = one["tracklets"][0]["first_time_s"]
        one["last_time_s"] = max(t["last_time_s"] for t in one["tracklets"])
    (folder / "identities.json").write_text(json.dumps([entries[k] for k in sorted(entries)]), encoding="utf-8")
    boxes = write_boxes(folder / "sightings.jsonl", start, length, who, camera)
    counted = {
        c: {"frames": int(DAY_S * 10), "first_time_s": 0.0, "last_time_s": DAY_S, "boxes": boxes} for c in CAMERAS
    }
    manifest = {
        "schema_version": 1,
        "reidtrack": "0",
        "status": "done",
        "started_utc": "2026-01-01T00:00:00+00:00",
        "origin_utc": "2026-01-01T00:00:00+00:00",
        "origin_from": "--origin",
        "part": {},
        "inputs": [{"camera": c, "source": "", "size": [1920, 1080]} for c in CAMERAS],
        "config": {},
        "cameras": counted,
        "timings_s": {},
        "people": len(entries),
        "people_in_several_cameras": len(entries),
    }
    (folder / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    return boxes


def write_boxes(path: Path, start: Any, length: Any, who: Any, camera: Any) -> int:
    """Write the boxes of all visits, sorted by time."""
    rows = [(start[n] + t, n) for n in range(len(start)) for t in np.arange(0, length[n], BOX_EVERY_S)]
    rows.sort()
    with path.open("w", encoding="utf-8") as file:
        for time_s, n in rows:
            when = f'"frame":{int(time_s * 10)},"time_s":{time_s:.6f}'
            whom = f'"track_id":{n + 1},"identity":{who[n]}'
            box = '"xyxy":[100.0,200.0,180.0,420.0],"score":0.9'
            file.write(f'{{"camera":"{CAMERAS[camera[n]]}",{when},{whom},{box}}}\n')
    return len(rows)


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) / 1024


def processor_s(pid: int) -> float:
    """Processor time that a process has taken, which other programs do not lengthen."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(address: str) -> float:
    """Seconds until all of an answer was there."""
    began = time.perf_counter()
    with urllib.request.urlopen(address) as answer:
        answer.read()
    return time.perf_counter() - began


def at_once(viewers: int, act: Callable[[int], list[float]]) -> list[float]:
    """What several viewers measure at the same time."""
    found: list[list[float]] = [[] for _ in range(viewers)]

    def work(number: int) -> None:
        found[number] = act(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(viewers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for many in found for one in many]


async def first_timeline(address: str) -> float:
    """Seconds from the address until Chromium has drawn the timeline."""
    from playwright.async_api import async_playwright

    drawn = "(() => { const c = document.querySelector('.lanes canvas'); return c && c.height > 200; })()"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1600, "height": 900})
        began = time.perf_counter()
        await page.goto(address, wait_until="commit")
        while not await page.evaluate(drawn):
            await asyncio.sleep(0.01)
        took = time.perf_counter() - began
        await browser.close()
    return took


def main() -> int:
    """Make, serve, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder that is made")
    parser.add_argument("--visits", type=int, default=20_000)
    parser.add_argument("--people", type=int, default=1_500)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--page", action="store_true", help="measure Chromium's first timeline too")
    args = parser.parse_args()
    boxes = make_day(args.out / "day", args.visits, args.people)
    command = [sys.executable, "-m", "reidtrack", "serve", str(args.out), "--http", "127.0.0.1:8097"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    server.stdout.readline()
    base, run = "http://127.0.0.1:8097", "http://127.0.0.1:8097/api/v1/runs/day"
    rows = [("memory after the start, MB", memory_mb(server.pid))]
    before = processor_s(server.pid)
    rows.append(("tracklets, first time, s", ask(f"{run}/tracklets")))
    rows.append(("tracklets, first time, processor time of the server, s", processor_s(server.pid) - before))
    rows.append(("tracklets again, s", statistics.median(ask(f"{run}/tracklets") for _ in range(5))))
    rows.append(("list of runs, s", statistics.median(ask(f"{base}/api/v1/runs") for _ in range(5))))
    rows.append(("questions of the review, s", ask(f"{run}/review?limit=40")))

    def stretch(number: int) -> list[float]:
        moments = np.random.default_rng(number).uniform(0, DAY_S, 10)
        return [ask(f"{run}/sightings?from_s={m:.3f}&until_s={m + 4:.3f}&limit=1000") for m in moments]

    rows.append(("boxes of four seconds, one viewer, median s", statistics.median(stretch(0))))
    many = sorted(at_once(args.viewers, stretch))
    rows.append((f"the same, {args.viewers} viewers at once, median s", statistics.median(many)))
    rows.append((f"the same, {args.viewers} viewers at once, 95 % s", many[int(0.95 * len(many))]))
    opened = sorted(at_once(args.viewers, lambda _: [ask(run) + ask(f"{run}/tracklets")]))
    rows.append((f"run and tracklets, {args.viewers} viewers at once, slowest s", opened[-1]))
    if args.page:
        rows.append(("Chromium: first timeline, s", asyncio.run(first_timeline(f"{base}/runs/day"))))
    rows.append(("memory at the end, MB", memory_mb(server.pid)))
    server.terminate()
    server.wait()
    print(f"{args.visits} visits of {args.people} people, {boxes} boxes, 24 h x 16 cameras\n")
    print("\n".join(f"| {name} | {value:.3f} |" for name, value in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
