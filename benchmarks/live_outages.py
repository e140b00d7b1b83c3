"""How soon outages of a live camera are seen and over: GStreamer's RTSP server killed and frozen again and again.

python benchmarks/live_outages.py --rounds 10
"""

from __future__ import annotations

import argparse
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from live_cameras import RtspServer, Watcher, advances

from reidtrack.events import CameraDown, GapEvent
from reidtrack.video.retry import RetrySchedule
from reidtrack.video.wall_time import WallTime

LIMIT_S = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="kills, and freezes")
    rounds = parser.parse_args().rounds
    wall = WallTime(datetime(2026, 1, 1, tzinfo=UTC))
    servers: list[RtspServer] = [RtspServer()]
    port = servers[0].port
    rows: dict[str, list[tuple[float, float]]] = {"killed": [], "frozen": []}
    with Watcher(f"rtsp://127.0.0.1:{port}/live", wall, retry=RetrySchedule()) as camera:
        if not camera.until(lambda: len(camera.frames) > 10):
            return 1
        threads, files = _threads(), _files()
        for _ in range(rounds):
            for kind in rows:
                rows[kind].append(_outage(kind, servers, port, camera, wall))
                print(f"{kind}: seen after {rows[kind][-1][0]:.2f} s, back after {rows[kind][-1][1]:.2f} s", flush=True)
        left = (_threads() - threads, _files() - files)
        in_order, gaps, outages = advances(camera.frames), len(camera.of(GapEvent)), len(camera.of(CameraDown))
    servers[-1].__exit__(None, None, None)
    print("| server | times | seen after, s (median, most) | back after, s (median, most) |\n| --- | --- | --- | --- |")
    for kind, found in rows.items():
        seen, back = (sorted(column) for column in zip(*found, strict=True))
        middle = len(seen) // 2
        print(f"| {kind} | {len(seen)} | {seen[middle]:.2f}, {seen[-1]:.2f} | {back[middle]:.2f}, {back[-1]:.2f} |")
    print(f"frames in order: {in_order}; outages told: {outages}; gaps told: {gaps}; ", end="")
    print(f"threads and file handles left over: {left[0]}, {left[1]}")
    most = max(value for found in rows.values() for pair in found for value in pair)
    return int(most > LIMIT_S or not in_order)


def _outage(kind: str, servers: list[RtspServer], port: int, camera: Watcher, wall: WallTime) -> tuple[float, float]:
    """Seconds from the outage to its event, and from the server's return to the next frame."""
    told, server = len(camera.of(CameraDown)), servers[-1]
    begun_s = wall.now_s()
    if kind == "killed":
        server.__exit__(None, None, None)
    else:
        server.freeze()
    assert camera.until(lambda: len(camera.of(CameraDown)) > told)
    seen_s = camera.told_at(camera.of(CameraDown)[told]) - begun_s
    frames = len(camera.frames)
    if kind == "killed":
        servers[-1] = RtspServer("--port", port)
    else:
        server.thaw()
    back_from_s = wall.now_s()
    assert camera.until(lambda: len(camera.frames) > frames + 15)
    return seen_s, camera.frames[frames].time_s + camera.frames[frames].late_s - back_from_s


def _threads() -> int:
    return threading.active_count()


def _files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


if __name__ == "__main__":
    raise SystemExit(main())
