"""What viewers of live cameras cost the server alone, without tracking: made messages, and pages that look on.

    python benchmarks/serve_fan_out.py --viewers 20

Prints the processor time of the thread that serves, and how long those who tell (`LiveHub.take`) wait for the lock
that everybody takes, without viewers and with them. The viewers are a process of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

PORT = 8096
CAMERAS = ("hall", "door", "yard", "lift")
FPS = 10.0
BYTES = 8_000
"""Of a picture: 640 kbit/s of each camera."""
PEOPLE = 60


def tell(hub: Any, took_s: list[float]) -> None:
    """Tell of four cameras with five boxes in each picture, as their process does, for ever."""
    from reidtrack.server.live.wire import Message

    def told(data: bytes = b"", **head: Any) -> None:
        message = Message(head, data)
        began = time.perf_counter()
        hub.take(message)
        took_s.append(time.perf_counter() - began)

    hub.begin("live", CAMERAS)
    for camera in CAMERAS:
        told(b"x" * 700, kind="beginning", camera=camera, mime="video/mp4", start_s=0.0)
    for n in range(PEOPLE):
        place = {"camera": CAMERAS[n % len(CAMERAS)], "track_id": n, "time_s": 0.0, "identity": n}
        told(kind="event", event={"event": "identity", **place})
    status = {"state": "up", "frames": 9, "fps_in": FPS, "fps_seen": 4.0, "delay_p50_s": 0.1, "people": 5}
    began = time.monotonic()
    for n in range(10**9):
        time_s = n / FPS
        for camera in CAMERAS:
            told(b"y" * BYTES, kind="fragment", camera=camera, time_s=time_s, key=n % 20 == 0)
            boxes = [[track, track, 100.5, 200.5, 300.5, 400.5] for track in range(5)]
            told(kind="boxes", camera=camera, time_s=time_s, size=[1920, 1080], boxes=boxes)
        if n % int(FPS) == 0:
            told(kind="status", now_s=time_s, status={"cameras": dict.fromkeys(CAMERAS, status)})
        time.sleep(max(0.0, began + time_s - time.monotonic()))


def view(viewers: int) -> None:
    """Look at every camera, as so many pages do."""
    import websockets

    async def one() -> None:
        place = f"ws://127.0.0.1:{PORT}/api/v1/live/stream"
        async with websockets.connect(place, max_size=None, compression=None) as socket:
            await socket.send(json.dumps({"cameras": dict.fromkeys(CAMERAS, "film")}))
            async for _ in socket:
                pass

    async def everybody() -> None:
        await asyncio.gather(*(one() for _ in range(viewers)))

    asyncio.run(everybody())


def thread_s(number: int) -> float:
    """Processor time of a thread of this process."""
    fields = Path(f"/proc/self/task/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Serve, measure, tell."""
    import uvicorn

    from reidtrack.config.serve import ServeConfig
    from reidtrack.server.app import make_app
    from reidtrack.server.services import Services

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    many = multiprocessing.Process(target=view, args=(args.viewers,), daemon=True)
    with tempfile.TemporaryDirectory() as folder:
        services = Services.of(Path(folder), ServeConfig())
        server = uvicorn.Server(uvicorn.Config(make_app(services), port=PORT, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        took_s: list[float] = []
        threading.Thread(target=tell, args=(services.live, took_s), daemon=True).start()
        for title in ("no viewers", f"{args.viewers} viewers"):
            time.sleep(3)
            took_s.clear()
            before = thread_s(thread.native_id or 0)
            time.sleep(args.seconds)
            used = (thread_s(thread.native_id or 0) - before) / args.seconds
            taken = sorted(took_s)
            waits = f"median {1e6 * taken[len(taken) // 2]:.0f} us, 99 % {1e3 * taken[int(0.99 * len(taken))]:.2f} ms"
            print(f"{title}: {100 * used:.1f} % of a core; to take a message: {waits}, most {1e3 * taken[-1]:.1f} ms")
            if not many.is_alive():
                many.start()
        many.terminate()
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
