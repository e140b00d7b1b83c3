"""What it costs that groups of live cameras share identities over Redis: delay to a number, processor, bytes.

    python benchmarks/shared_identities.py --groups 2 --people 10 --seconds 30

People are drawn, each seen for ten seconds at 10 boxes and 2 crops a second of 512 numbers by one camera after another;
nothing is detected or embedded. A redis-server is started on loopback and ended. The delay is from the update that
tells of a track's first two crops to the update that has its number; one process without Redis is measured beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np

from reidtrack.associate.online import OnlineIdentities
from reidtrack.config.live import LiveConfig
from reidtrack.events import IdentityGiven
from reidtrack.pipeline.live.shared.address import parse_redis
from reidtrack.pipeline.live.shared.associator import Associator
from reidtrack.pipeline.live.shared.deciding import make_deciding
from reidtrack.pipeline.live.shared.group import SharedIdentities
from reidtrack.pipeline.live.shared.keys import Keys
from reidtrack.pipeline.live.shared.link import GroupEntry, Link
from reidtrack.types import Tracklet, TrackletKey

DIM, STEP_S, VISIT_S = 512, 0.5, 10.0


def visits(camera: str, people: np.ndarray, seconds: float, rng: np.random.Generator) -> list[Tracklet]:
    """Tracks of a camera: somebody new every so often, so that about `len(people)` are there at a time."""
    found, number, start_s = [], 0, 0.0
    while start_s < seconds:
        number += 1
        look = people[rng.integers(len(people))]
        frame = np.arange(int(start_s * 10), int((start_s + VISIT_S) * 10))
        crops = frame[::5]
        rows = look + 0.03 * rng.normal(size=(len(crops), DIM))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        xyxy = np.tile(np.array([10, 10, 60, 160], np.float32), (len(frame), 1)) + rng.uniform(0, 500)
        ones = np.ones(len(frame), np.float32)
        quality = np.ones(len(crops), np.float32)
        columns = frame, frame / 10, xyxy.astype(np.float32), ones, rows.astype(np.float32), crops, quality
        found.append(Tracklet(camera, number, *columns))
        start_s += VISIT_S / len(people)
    return found


class Watcher:
    """Plays a group's tracks in real time to whoever decides, and notes how late numbers are."""

    def __init__(self, identities: Any, tracklets: Sequence[Tracklet]) -> None:
        self._identities, self._left = identities, list(tracklets)
        self._asked: dict[TrackletKey, float] = {}
        self.delays: list[float] = []
        self.spent_s = self.track_s = 0.0

    def step(self, now_s: float) -> None:
        there = [t for t in self._left if t.first_time_s <= now_s]
        ended = [t for t in there if t.last_time_s + 1 <= now_s]
        self._left = [t for t in self._left if t not in ended]
        open_ = [t.part(t.time_s <= now_s, t.feature_frame / 10 <= now_s) for t in there if t not in ended]
        for tracklet in open_:
            if len(tracklet.features) > 1:
                self._asked.setdefault(tracklet.key, time.monotonic())
        self.track_s += STEP_S * len(open_)
        began_s = time.thread_time()
        events = self._identities.update(open_, ended, now_s)
        self.spent_s += time.thread_time() - began_s
        for event in events:
            if isinstance(event, IdentityGiven):
                asked_s = self._asked.get((event.camera, event.track_id))
                if asked_s is not None and asked_s >= 0:
                    self.delays.append(time.monotonic() - asked_s)
                    self._asked[event.camera, event.track_id] = -1.0


def play(watchers: Sequence[Watcher], seconds: float) -> None:
    """Step them in turns, in real time, spread over the half second."""
    begin_s, step = time.monotonic(), 0
    while step * STEP_S < seconds:
        step += 1
        for i, watcher in enumerate(watchers):
            due_s = begin_s + STEP_S * (step + i / len(watchers))
            time.sleep(max(0.0, due_s - time.monotonic()))
            watcher.step(step * STEP_S)


def associate(port: int, said: Any) -> None:
    """An associator in a process of its own, with all evidence; says what it has spent, each second."""
    make = partial(make_deciding, LiveConfig(), (), "site")
    address = parse_redis(f"redis://127.0.0.1:{port}/0")
    associator = Associator(address, Keys(), "site", make, lambda _: None)
    threading.Thread(target=associator.run, args=(threading.Event(),), daemon=True).start()
    while True:
        said.send(time.process_time())
        time.sleep(0.5)


def figures(watchers: Sequence[Watcher]) -> dict[str, float]:
    delays = np.array([delay for watcher in watchers for delay in watcher.delays])
    track_s = sum(watcher.track_s for watcher in watchers)
    spent_s = sum(watcher.spent_s for watcher in watchers)
    return {
        "numbers": len(delays),
        "delay_p50_s": round(float(np.median(delays)), 3) if len(delays) else 0.0,
        "delay_p95_s": round(float(np.quantile(delays, 0.95)), 3) if len(delays) else 0.0,
        "cpu_ms_per_track_second": round(1000 * spent_s / track_s, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=2)
    parser.add_argument("--people", type=int, default=10, help="about so many are there at a time in each group")
    parser.add_argument("--seconds", type=float, default=30.0)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    people = np.linalg.qr(rng.normal(size=(DIM, args.people)))[0].T
    tracks = [visits(f"camera{i}", people, args.seconds, rng) for i in range(args.groups)]
    alone = OnlineIdentities(spent_s=time.thread_time)
    one = Watcher(alone, [t for group in tracks for t in group])
    play([one], args.seconds)
    print(json.dumps({"one process": figures([one])}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(
        [shutil.which("redis-server") or "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    heard, said = get_context("spawn").Pipe(duplex=False)
    process = get_context("spawn").Process(target=associate, args=(port, said), daemon=True)
    try:
        time.sleep(1.0)
        process.start()
        print(json.dumps({"groups": shared(args, port, tracks, heard)}))
    finally:
        process.kill()
        server.terminate()
        server.wait()


def shared(args: argparse.Namespace, port: int, tracks: Sequence[Sequence[Tracklet]], heard: Any) -> dict[str, float]:
    """The same people, by groups that meet at Redis."""
    import redis

    heard.recv()  # it has begun
    origin_s = time.time() - 5  # noqa: TID251 - what the groups call now is now
    network = {"sha256": {"drawn": ""}, "dim": DIM, "priors": {}}
    watchers, links = [], []
    for i, tracklets in enumerate(tracks):
        entry = GroupEntry(f"{i + 1:05x}{0:011x}", f"group {i}", 1, network)
        link = Link(parse_redis(f"redis://127.0.0.1:{port}/0"), Keys(), entry, lambda: 0, None, print)
        links.append(link)
        identities = SharedIdentities(link, entry, origin_s, lambda _: "site", lambda _: {}, lambda _: False, DIM)
        watchers.append(Watcher(identities, tracklets))
    time.sleep(2.0)
    while heard.poll():
        began_s = heard.recv()
    client = redis.Redis(port=port)
    before = client.info("stats")["total_net_input_bytes"]
    play(watchers, args.seconds)
    while heard.poll():
        ended_s = heard.recv()
    taken = client.info("stats")["total_net_input_bytes"] - before
    track_s = sum(watcher.track_s for watcher in watchers)
    found = figures(watchers)
    found["associator_cpu_ms_per_track_second"] = round(1000 * (ended_s - began_s) / track_s, 3)
    found["redis_bytes_per_track_second"] = round(taken / track_s)
    found["redis_cpu_s"] = round(sum(client.info("cpu")[f"used_cpu_{kind}"] for kind in ("sys", "user")), 3)
    for link in links:
        link.close(0.0)
    return found


if __name__ == "__main__":
    main()
