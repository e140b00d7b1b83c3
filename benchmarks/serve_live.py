"""What those who look on cost live cameras: processor time a frame of the tracking, without viewers and with twenty.

    python benchmarks/serve_live.py --out /tmp/served_live

serves the sample scene as four live cameras (`reidtrack serve --live`), and measures stretches without viewers and with
viewers of four films each, in turn, so that a machine that gets busier does not count for one side. With `--page`, how
late pictures are in Chromium too: from the moment a frame is due in the file to when it is shown. With `--recorded`,
the true boxes of the sample stand in for the detector, where a machine is too slow for it: the rest weighs more then.
As it stands it takes about four minutes; `--smoke` tries in half a minute whether all of it works, its figures mean
nothing. Those who look on run at the lowest priority: they stand for machines elsewhere. Whatever ends or does not
begin in time ends the measurement with a line that says so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PORT = 8098
_BASE = f"127.0.0.1:{_PORT}"
_TICKS = os.sysconf("SC_CLK_TCK")
_WAIT_S = 60.0
"""For an answer, and for those who look on to be there."""
_START_S = 180.0
"""For the first frames: networks are read before them."""


@dataclass(frozen=True)
class Stretch:
    """What was measured in some seconds.

    Attributes:
        seconds: How long.
        frames: Frames that the tracking looked at.
        live_s: Processor time of the process that tracks.
        server_s: Processor time of the server.
        told: Messages that those who look on received, all together.
    """

    seconds: float
    frames: int
    live_s: float
    server_s: float
    told: int = 0


class MeasurementError(Exception):
    """The measurement cannot go on."""


def processor_s(pid: int) -> float:
    """Processor time that a process has taken, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def state() -> dict[str, Any]:
    """How it stands with the cameras."""
    with urllib.request.urlopen(f"http://{_BASE}/api/v1/live", timeout=_WAIT_S) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


def child_of(pid: int) -> int:
    """The process that tracks."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    threads = Path(f"/proc/{pid}/task").iterdir()
    found = {child for thread in threads for child in (thread / "children").read_text(encoding="utf-8").split()}
    return int(next(iter(found or set(children))))


def measure(server: int, live: int, seconds: float, viewers: Viewers | None = None) -> Stretch:
    """Measure for a while."""

    def now() -> tuple[float, int, float, float, int]:
        frames = sum(int(camera.get("frames", 0)) for camera in state()["cameras"].values())
        told = 0 if viewers is None else viewers.told()
        return time.monotonic(), frames, processor_s(live), processor_s(server), told

    before = now()
    time.sleep(seconds)
    stretch = Stretch(*(b - a for a, b in zip(before, now(), strict=True)))
    if stretch.frames <= 0:
        raise MeasurementError(f"no frame was looked at in {seconds:g} s: {state()['state']}, {state()['why']}")
    return stretch


async def look_on(viewers: int, cameras: list[str], ready: Any, told: Any) -> None:
    """Look at every camera, as so many pages do, until the process is ended."""
    import websockets

    async def one() -> None:
        place = f"ws://{_BASE}/api/v1/live/stream"
        async with websockets.connect(place, max_size=None, compression=None, open_timeout=_WAIT_S) as socket:
            await socket.send(json.dumps({"cameras": dict.fromkeys(cameras, "film")}))
            ready.release()
            async for _ in socket:
                told.value += 1

    await asyncio.gather(*(one() for _ in range(viewers)))


def view(viewers: int, cameras: list[str], ready: Any, told: Any) -> None:
    """The process of those who look on; it takes what others leave of the processor."""
    os.nice(19)
    asyncio.run(look_on(viewers, cameras, ready, told))


class Viewers:
    """So many who look on, in a process of their own, while the block lasts.

    Raises:
        MeasurementError: If they are not there in time.
    """

    def __init__(self, viewers: int, cameras: list[str]) -> None:
        self._ready, self._told = multiprocessing.Semaphore(0), multiprocessing.Value("q", 0)
        words = (viewers, cameras, self._ready, self._told)
        self._process = multiprocessing.Process(target=view, args=words, daemon=True)
        self._count = viewers

    def told(self) -> int:
        """Messages that came to them so far.

        Raises:
            MeasurementError: If they are gone.
        """
        if not self._process.is_alive():
            raise MeasurementError(f"the process of those who look on ended with {self._process.exitcode}")
        return int(self._told.value)

    def __enter__(self) -> Viewers:
        self._process.start()
        until = time.monotonic() + _WAIT_S
        try:
            for there in range(self._count):
                while not self._ready.acquire(timeout=0.2):
                    self.told()
                    if time.monotonic() > until:
                        raise MeasurementError(
                            f"only {there} of {self._count} who look on were there after {_WAIT_S:g} s"
                        )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()


async def delays(seconds: float) -> list[float]:
    """How late the pictures are that Chromium shows, seconds, twice a second of each camera."""
    from playwright.async_api import async_playwright

    origin_s = """Date.parse((await (await fetch("/api/v1/live")).json()).origin_utc) / 1000"""
    read = "[...document.querySelectorAll('.films figure')].map((f) => [f.dataset.shown, f.dataset.wall])"
    found: list[float] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1600, "height": 900})
        await page.goto(f"http://{_BASE}/live")
        await asyncio.sleep(10)
        origin = await page.evaluate(f"(async () => {origin_s})()")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for shown, wall in await page.evaluate(read):
                if shown:
                    found.append(float(wall) / 1000 - origin - float(shown))
            await asyncio.sleep(0.5)
        await browser.close()
    return sorted(found)


def track_recorded() -> int:
    """The process that tracks, with the sample's true boxes in place of a detector."""
    import csv

    import numpy as np

    from reidtrack.engines.provenance import Weights
    from reidtrack.networks.build import make_embedder
    from reidtrack.pipeline.run.reading import RunNetworks
    from reidtrack.server.live import child
    from reidtrack.types import Detections

    boxes: dict[tuple[str, int], list[list[float]]] = {}
    lengths: dict[str, int] = {}
    for path in (Path(__file__).resolve().parents[1] / "samples/gt").glob("[!i]*.txt"):
        for row in csv.reader(path.open(encoding="utf-8")):
            left, top, width, height = map(float, row[2:6])
            boxes.setdefault((path.stem, int(row[0]) - 1), []).append([left, top, left + width, top + height])
            lengths[path.stem] = max(lengths.get(path.stem, 0), int(row[0]))

    class Recorded:
        """Gives the boxes of a frame of the sample, which is played again and again."""

        def detect(self, frames: Any) -> list[Detections]:
            found = []
            for frame in frames:
                name = frame.camera if frame.camera in lengths else "entrance"
                known = np.array(boxes.get((name, frame.index % lengths[name]), []), np.float32).reshape(-1, 4)
                found.append(Detections(known, np.full(len(known), 0.9, np.float32)))
            return found

    def load(config: Any, _: Any) -> RunNetworks:
        embedder, weights = make_embedder(config.embed, config.device, config.engine, config.precision)
        return RunNetworks(Recorded(), embedder, {"detector": Weights("true boxes"), "reid": weights})

    RunNetworks.load = load  # type: ignore[assignment, method-assign]
    return child.main()


def serve_recorded(words: list[str]) -> int:
    """`reidtrack serve` that tracks with `track_recorded`."""
    from reidtrack.cli.main import main as reidtrack
    from reidtrack.server.live import overseer

    overseer._COMMAND = (sys.executable, __file__, "--track-recorded")
    return reidtrack(["serve", *words])


def serve(out: Path, config: Path | None, *, recorded: bool) -> subprocess.Popen[str]:
    """Begin to serve the sample as four cameras; waits until frames come."""
    from reidtrack.shipped.files import sample_scene

    out.mkdir(parents=True, exist_ok=True)
    videos = list(sample_scene().videos.items())
    named = [*videos, ("again", videos[0][1])]
    listed = out / "cameras.yaml"
    listed.write_text(json.dumps({"cameras": [{"name": name, "address": str(path)} for name, path in named]}))
    program = [__file__, "--serve-recorded"] if recorded else ["-m", "reidtrack", "serve"]
    command = [sys.executable, *program, str(out), "--live", str(listed), "--http", _BASE]
    if config is not None:
        command += ["--set", f"live_config={config}"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        server.stdout.readline()
        until = time.monotonic() + _START_S
        while not all(camera.get("frames", 0) > 20 for camera in state()["cameras"].values()):
            if server.poll() is not None or time.monotonic() > until:
                raise MeasurementError(f"no frames of all cameras within {_START_S:g} s: {state()['why']}")
            time.sleep(1)
    except BaseException as error:
        end(server)
        if isinstance(error, OSError):
            raise MeasurementError(f"the server gives no answer: {error}") from error
        raise
    return server


def end(server: subprocess.Popen[str]) -> None:
    """End the server."""
    server.terminate()
    try:
        server.wait(_WAIT_S)
    except subprocess.TimeoutExpired:
        server.kill()


def main() -> int:
    """Serve, measure, tell."""
    if sys.argv[1:] == ["--track-recorded"]:
        return track_recorded()
    if sys.argv[1:2] == ["--serve-recorded"]:
        return serve_recorded(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder that is made")
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each stretch")
    parser.add_argument("--rounds", type=int, default=3, help="stretches of each kind")
    parser.add_argument("--config", type=Path, help="settings of the live cameras")
    parser.add_argument("--page", action="store_true", help="measure how late Chromium's pictures are too")
    parser.add_argument("--recorded", action="store_true", help="the sample's true boxes in place of a detector")
    parser.add_argument("--smoke", action="store_true", help="only try whether all of it works")
    args = parser.parse_args()
    if args.smoke:
        args.viewers, args.seconds, args.rounds = min(args.viewers, 3), 5.0, 1
    try:
        report(args)
    except MeasurementError as error:
        print(f"nothing measured: {error}", file=sys.stderr)
        return 1
    return 0


def report(args: argparse.Namespace) -> None:
    """Measure and print.

    Raises:
        MeasurementError: If something of it is gone or does not come.
    """
    server = serve(args.out, args.config, recorded=args.recorded)
    try:
        live, cameras = child_of(server.pid), list(state()["cameras"])
        alone, watched = [], []
        for _ in range(args.rounds):
            alone.append(measure(server.pid, live, args.seconds))
            with Viewers(args.viewers, cameras) as viewers:
                watched.append(measure(server.pid, live, args.seconds, viewers))
        print("| | frames a second | tracking, ms a frame | server, % of a core | messages a second and viewer |")
        for title, found in (("no viewers", alone), (f"{args.viewers} viewers of {len(cameras)} films", watched)):
            frames, live_s = sum(s.frames for s in found), sum(s.live_s for s in found)
            seconds, server_s = sum(s.seconds for s in found), sum(s.server_s for s in found)
            told = sum(s.told for s in found) / seconds / args.viewers
            row = f"{frames / seconds:.2f} | {1000 * live_s / frames:.1f} | {100 * server_s / seconds:.1f} | {told:.1f}"
            print(f"| {title} | {row} |")
        cost = [b.live_s / b.frames / (a.live_s / a.frames) for a, b in zip(alone, watched, strict=True)]
        rate = [b.frames / b.seconds / (a.frames / a.seconds) for a, b in zip(alone, watched, strict=True)]
        print(f"ratio of processor time a frame: {', '.join(f'{r:.3f}' for r in cost)}")
        print(f"ratio of frames a second: {', '.join(f'{r:.3f}' for r in rate)}", flush=True)
        if args.page:
            report_delays(args.seconds)
    finally:
        end(server)


def report_delays(seconds: float) -> None:
    """Measure how late pictures are in Chromium, and print.

    Raises:
        MeasurementError: If none is shown.
    """
    late = asyncio.run(asyncio.wait_for(delays(seconds), seconds + 2 * _WAIT_S))
    if not late:
        raise MeasurementError("Chromium showed no picture")
    boxes = [camera["delay_p50_s"] for camera in state()["cameras"].values() if camera.get("delay_p50_s") is not None]
    print(f"pictures in Chromium late by: median {statistics.median(late):.2f} s, ", end="")
    print(f"95 % {late[int(0.95 * len(late))]:.2f} s", end="")
    print(f"; boxes after {statistics.median(boxes):.2f} s" if boxes else "")


if __name__ == "__main__":
    sys.exit(main())
