"""Live cameras that are killed at random moments: what is lost, and whether people have their numbers again.

    python benchmarks/live_kills.py --kills 200 --at-once 2 --longest 8 --reid osnet_x0_25

`reidtrack live` plays the sample scene in real time, again and again into one folder; each time it is killed by SIGKILL
at random, some seconds after its first frame. The same ten people walk by each time. Afterwards the folder is read: how
old the last logged frame was at the kill (what was on its way through the networks counts as lost), whether a number of
a frame or track came twice, and whether a number that was kept is one person's. With `--at-once` so many sessions run
beside each other, each into a folder of its own, and counts are those of all folders.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.geometry import iou
from reidtrack.mot import MotRows, read_mot
from reidtrack.pipeline.live.compare import live_numbers
from reidtrack.runs.event_log import read_events
from reidtrack.runs.jsonl import read_json_lines
from reidtrack.runs.live_folder import LiveFolder, LogSegment
from reidtrack.shipped.files import sample_scene
from reidtrack.video.file import VideoFile

LEAST_IOU = 0.5
FPS = 12.0


@dataclass
class Site:
    """A folder into which sessions write until they are killed.

    Attributes:
        folder: The folder.
        after_s: Seconds from the first frame to the kill, of each session.
        words: Further words of the command line.
        lost: How old the last logged frame was, seconds, at each kill.
    """

    folder: LiveFolder
    after_s: Sequence[float]
    words: Sequence[str]
    lost: list[float] = field(default_factory=list)

    def kill(self, ends_s: float) -> None:
        """Kill one session after the other, until it is late."""
        for number, after_s in enumerate(self.after_s, 1):
            if time.monotonic() > ends_s:
                return
            killed_s = kill_once(self.folder, after_s, self.words)
            if killed_s is not None:
                self.lost.append(killed_s - last_logged_s(self.folder))
            last = self.lost[-1] if self.lost else 0.0
            print(f"{self.folder.path.name}: {number} of {len(self.after_s)}: lost {last:.2f} s", file=sys.stderr)


def main() -> None:
    """Kill, then judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=1, help="sessions beside each other")
    parser.add_argument("--longest", type=float, default=12.0, help="seconds from the first frame to the last kill")
    parser.add_argument("--reid", help="other weights than the shipped ones, such as a light network's")
    parser.add_argument("--out", type=Path, default=Path("runs/live-kills"))
    parser.add_argument("--minutes", type=float, default=1e9, help="kill no more after so long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    chance, begun_s = random.Random(args.seed), time.monotonic()
    after_s = [chance.uniform(0.0, args.longest) for _ in range(args.kills)]
    words = [] if args.reid is None else ["--reid", args.reid]
    names = [args.out] if args.at_once == 1 else [args.out / str(number + 1) for number in range(args.at_once)]
    sites = [Site(LiveFolder(path), after_s[number :: args.at_once], words) for number, path in enumerate(names)]
    with ThreadPoolExecutor(args.at_once) as pool:
        list(pool.map(lambda site: site.kill(begun_s + 60 * args.minutes), sites))
    result = together([judged(site.folder, site.lost) for site in sites if site.lost])
    lost = [lost for site in sites for lost in site.lost]
    result["lost_s_median"], result["minutes"] = float(np.median(lost)), (time.monotonic() - begun_s) / 60
    result = {key: round(value, 2) for key, value in result.items()}
    print(json.dumps(result, indent=1))
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def together(results: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Counts of several folders added up; of what is the most, the most."""
    return {
        key: (max if key.endswith("_most") else sum)(result[key] for result in results)
        for key in (results[0] if results else {})
    }


def kill_once(folder: LiveFolder, after_s: float, words: Sequence[str]) -> float | None:
    """Start a session and kill it so long after its first frame; the time of the folder at that moment."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reidtrack", "live", "--demo", "--out", str(folder.path), "--quiet", *words],
        stderr=subprocess.DEVNULL,
    )
    begun = len(ups(folder))
    while len(ups(folder)) < begun + 1 and process.poll() is None:
        time.sleep(0.05)
    time.sleep(after_s)
    if process.poll() is not None:  # it was over before
        return None
    origin = json.loads(folder.run_json.read_text(encoding="utf-8"))["origin_utc"]
    now_s = (datetime.now(UTC) - datetime.fromisoformat(origin)).total_seconds()  # noqa: TID251 - the wall clock itself
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return now_s


def ups(folder: LiveFolder) -> list[dict[str, Any]]:
    return list(read_events(folder.events, {"camera_up"})) if folder.events.exists() else []


def last_logged_s(folder: LiveFolder) -> float:
    """Time of the last frame that the killed session logged; of its cameras' coming up where there is none."""
    up_s = max((event["time_s"] for event in ups(folder)), default=0.0)
    last = LogSegment(folder.log_segments()[-1].path)
    return max((record["time_s"] for record, _ in read_json_lines(last.detections)), default=up_s)


def judged(folder: LiveFolder, lost: Sequence[float]) -> dict[str, float]:
    """What the folder says after all kills."""
    frames: Counter[tuple[str, int]] = Counter()
    tracks: dict[tuple[str, int], set[int]] = defaultdict(set)
    people: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    scene, begun = sample_scene(), session_starts(folder)
    truth = {camera: read_mot(path) for camera, path in scene.truth.items()}
    for number, piece in enumerate(folder.log_segments()):
        segment = LogSegment(piece.path)
        frames.update((record["camera"], record["frame"]) for record, _ in read_json_lines(segment.detections))
        for record, _ in read_json_lines(segment.tracks):
            key = record["camera"], record["track_id"]
            tracks[key].add(number)
            who = person_at(truth[record["camera"]], record, begun)
            if who is not None:
                people[key][who] += 1
    events = list(read_events(folder.events))
    kept = {(e["camera"], e["track_id"]) for e in events if e["event"] == "identity" and not e["provisional"]}
    numbers: dict[int, Counter[int]] = defaultdict(Counter)
    of_person: dict[int, Counter[int]] = defaultdict(Counter)
    for key, identity in live_numbers(events).items():
        if key in kept and people[key]:
            numbers[identity][people[key].most_common(1)[0][0]] += 1
            of_person[people[key].most_common(1)[0][0]][identity] += 1
    tracked = sum(sum(found.values()) for found in numbers.values())
    unreadable = sum(not readable(p.path) for c in folder.recorded_cameras() for p in folder.recordings(c))
    return {
        "kills": len(lost),
        "lost_s_most": max(lost),
        "frames_twice": sum(count > 1 for count in frames.values()),
        "tracks_twice": sum(len(sessions) > 1 for sessions in tracks.values()),
        "recordings_unreadable": unreadable,
        "numbers": len(numbers),
        "people": len(of_person),
        "tracks_with_a_number_that_lasts": tracked,
        "of_these_under_a_number_that_is_mostly_somebody_elses": tracked
        - sum(found.most_common(1)[0][1] for found in numbers.values()),
        "numbers_of_two_people": sum(len(found) > 1 for found in numbers.values()),
    }


def session_starts(folder: LiveFolder) -> dict[str, list[float]]:
    """Camera to the times at which it came up: the scene begins there."""
    found: dict[str, list[float]] = defaultdict(list)
    for event in read_events(folder.events, {"camera_up"}):
        found[event["camera"]].append(event["time_s"])
    return found


def person_at(truth: MotRows, record: dict[str, Any], begun: dict[str, list[float]]) -> int | None:
    """Whose box it is, by the nearest true box at that moment of the scene."""
    start_s = max((s for s in begun[record["camera"]] if s <= record["time_s"] + 0.05), default=0.0)
    rows = np.flatnonzero(truth.frame == round((record["time_s"] - start_s) * FPS))
    if not len(rows):
        return None
    overlap = iou(np.array([record["xyxy"]], np.float64), truth.xyxy[rows].astype(np.float64))[0]
    best = int(overlap.argmax())
    return int(truth.id[rows[best]]) if overlap[best] >= LEAST_IOU else None


def readable(path: Path) -> bool:
    """Whether a recording can be read to its end."""
    try:
        with VideoFile(path, "camera") as video:
            return sum(1 for _ in video) > 0
    except Exception:
        return False


if __name__ == "__main__":
    main()
