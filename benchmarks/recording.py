"""What recording a camera's own stream costs, and what a kill loses: `python benchmarks/recording.py [--kills 200]`.

Children record a drawn stream (25 pictures a second, a key frame each two seconds, two B-frames) as it comes, and are
killed by SIGKILL at random moments; what was handed to the recorder is compared with what its files hold.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np

from reidtrack.errors import InputError
from reidtrack.video.file import VideoFile
from reidtrack.video.recorder import Recorder
from reidtrack.video.recording_disk import RecordingDisk
from reidtrack.video.recording_tags import recording_start_s

FPS = 25
CLIP_S = 8
ORIGIN = datetime(2026, 11, 30, tzinfo=UTC)
_AT_ONCE = 8


def make_clip(path: Path, size: tuple[int, int], bit_rate: int) -> None:
    """A stream of noise over moving bars, as hard to code as a camera's at that rate."""
    generator = np.random.default_rng(0)
    options = {"g": str(2 * FPS), "bf": "2", "sc_threshold": "0", "preset": "ultrafast"}
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = *size, "yuv420p", bit_rate
        noise = generator.integers(90, 130, (size[1], size[0], 3), np.uint8)
        for number in range(FPS * CLIP_S):
            image = np.roll(noise, 37 * number, axis=0)
            image[:, (number * 7) % size[0] :][:, :40] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))


def record(folder: Path, clip: Path, seconds: float, *, paced: bool) -> Iterator[float]:
    """Record the clip over and over; gives the time of each packet once it has been handed over."""
    disk = RecordingDisk(folder, tell=print, now_s=time.monotonic)
    recorder = Recorder(folder / "door", "door", origin=ORIGIN, disk=disk, tell=print, segment_s=5.0)
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        recorder.begin(stream, 0.0)
        begun = time.monotonic()
        for turn in range(int(seconds / CLIP_S) + 1):
            for packet in packets:
                time_s = turn * CLIP_S + float(packet.pts * packet.time_base)
                while not recorder._writer.has_room:
                    time.sleep(0.001)
                if paced:
                    time.sleep(max(0.0, begun + time_s - time.monotonic()))
                recorder.packet(packet, time_s)
                yield time_s
    if not recorder.close(60) or recorder.dropped:
        raise SystemExit("the disk is too slow for this measurement")


def child(folder: Path, clip: Path) -> None:
    """What is killed."""
    for time_s in record(folder, clip, 3600, paced=True):
        sys.stdout.write(f"{time_s:.3f}\n")
        sys.stdout.flush()


def newest_s(folder: Path) -> float:
    """Time of the last picture in a folder's recordings; 0 where there is none."""
    files = sorted((folder / "door").glob("*.mp4"))
    if not files:
        return 0.0
    with VideoFile(files[-1], "door", offset_s=recording_start_s(files[-1]) or 0.0) as video:
        return max(frame.time_s for frame in video)


def kill(clip: Path, kills: int, seed: int) -> dict[str, float]:
    """Kill children at random moments; how many seconds were lost."""
    generator = random.Random(seed)
    lost, unreadable = [], 0
    for first in range(0, kills, _AT_ONCE):
        with tempfile.TemporaryDirectory() as place:
            children = []
            for number in range(min(_AT_ONCE, kills - first)):
                folder = Path(place, str(number))
                told = (Path(place) / f"{number}.txt").open("w+")
                command = [sys.executable, __file__, "--child", str(folder), str(clip)]
                children.append((folder, told, subprocess.Popen(command, stdout=told), generator.uniform(0.2, 8.0)))
            for _, told, process, moment_s in sorted(children, key=lambda entry: entry[3]):
                while _last(Path(told.name)) < moment_s and process.poll() is None:
                    time.sleep(0.005)
                process.kill()
                process.wait()
                told.close()
            for folder, told, *_ in children:
                try:
                    lost.append(_last(Path(told.name)) - newest_s(folder))
                except InputError:
                    unreadable += 1
    figures = np.array(lost)
    return {
        "kills": kills,
        "unreadable": unreadable,
        "lost p50 s": round(float(np.median(figures)), 2),
        "lost p95 s": round(float(np.percentile(figures, 95)), 2),
        "lost most s": round(float(figures.max()), 2),
    }


def _last(path: Path) -> float:
    lines = path.read_text().split("\n")[:-1]
    return float(lines[-1]) if lines else 0.0


def cost(clip: Path, seconds: float) -> dict[str, float]:
    """Processor time and memory of recording, as fast as it goes."""
    with tempfile.TemporaryDirectory() as place:
        before = resource.getrusage(resource.RUSAGE_SELF)
        count = sum(1 for _ in record(Path(place), clip, seconds, paced=False))
        after = resource.getrusage(resource.RUSAGE_SELF)
        stored = sum(path.stat().st_size for path in Path(place).rglob("*.mp4"))
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    streamed = count / FPS
    return {
        "seconds of stream": round(streamed),
        "Mbit/s": round(stored * 8 / streamed / 1e6, 2),
        "container %": round(100 * (stored / (clip.stat().st_size * streamed / CLIP_S) - 1), 2),
        "ms of processor a second": round(1000 * spent / streamed, 2),
    }


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=600, help="of stream whose cost is measured")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for size, bit_rate in (((1920, 1080), 4_000_000), ((768, 576), 1_500_000)):
            clip = Path(place, f"{size[0]}.mp4")
            make_clip(clip, size, bit_rate)
            print(json.dumps({"size": f"{size[0]}x{size[1]}", **cost(clip, args.seconds)}), flush=True)
        print(json.dumps(kill(clip, args.kills, args.seed)))


if __name__ == "__main__":
    main()
