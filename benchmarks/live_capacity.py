r"""How many live cameras one machine follows without leaving a frame out, beside BoxMOT and Ultralytics.

    python benchmarks/live_capacity.py --shared ../shared --json live_capacity.json

Cameras are PETS S2L1, each beginning at another place, at 768x576 and enlarged to 1920x1080, encoded as cameras do and
played at 10 frames a second, over and over. reidtrack follows all in one process (`reidtrack live --realtime --loop`);
BoxMOT (BoT-SORT with OSNet x0.25) and Ultralytics (`model.track(persist=True)`) take a process for each camera
(`other_live.py`), with OpenVINO exports of the detector that fit the pictures. Both number each camera alone, and
Ultralytics by motion only.

For each side cameras are added one by one until frames are missed: more than `--allowed` of those that came in a window
of `--seconds`, after `--warm` seconds. `--count 1 2` measures these numbers of cameras and no others: on a machine with
other work the processor's time for a frame is what counts, and how many cameras that leaves room for is derived.
A frame is missed if it came and nobody had planned to leave it out. reidtrack spares looks under load, down to four a
second of each camera, and fills in what lies between (docs/live.md): looks a second are told beside; `ours-every` looks
at every frame.

On a machine with an NVIDIA GPU `benchmarks/live_gpu.sh` measures how many cameras one GPU follows.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import boxmot_side
from end_to_end import rectangle
from page import put
from spending import REIDTRACK, free_environment, machine

from reidtrack.fetch import cache_folder
from reidtrack.runs.manifest import versions

HERE = Path(__file__).resolve().parents[1]
FPS = 10
SIZES = {"768x576": (768, 576), "1920x1080": (1920, 1080)}
PORT = 8799


class Counts(NamedTuple):
    """Since the cameras began.

    Attributes:
        seen: Frames that were looked at, that lie between two looks and are filled in, or that show nothing new.
        missed: Frames that there was no time for.
        looks: Of those seen, the ones that a detector looked at.
        delay_p95_s: Of late, from a frame's arrival to its boxes, the slowest camera's.
    """

    seen: int
    missed: int
    looks: int
    delay_p95_s: float


@dataclass(frozen=True)
class Side:
    """One way to follow cameras.

    Attributes:
        label: For the table.
        start: Videos and a folder to the processes.
        counts: That folder and the number of cameras to the counts so far; None while they are not all there.
    """

    label: str
    start: Callable[[Sequence[Path], Path], list[subprocess.Popen[bytes]]]
    counts: Callable[[Path, int], Counts | None]


def make_videos(data: Path, folder: Path, size: tuple[int, int], count: int) -> list[Path]:
    """Recordings, each of one of the two views and with another beginning; made where they are missing."""
    videos = [folder / f"camera_{number + 1:02d}.mp4" for number in range(count)]
    missing = [number for number, video in enumerate(videos) if not video.exists()]
    if not missing:
        return videos
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [read_pictures(data / f"View_00{view}.mp4", size) for view in (1, 6)]
    for number in missing:
        view = pictures[number % 2]
        begins = number // 2 * 137 % len(view)
        encode([*view[begins:], *view[:begins]], videos[number])
    return videos


def read_pictures(video: Path, size: tuple[int, int]) -> list[Any]:
    """Pictures of a recording, cut to the shape of another size from the middle and enlarged."""
    import av
    import cv2

    width, height = size
    found = []
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="bgr24")
            wanted = min(picture.shape[0], round(picture.shape[1] * height / width))
            top = (picture.shape[0] - wanted) // 2
            found.append(cv2.resize(picture[top : top + wanted], size, interpolation=cv2.INTER_CUBIC))
    return found


def encode(pictures: Sequence[Any], target: Path) -> None:
    """Write pictures as a camera would: H.264, no B-frames, a key frame every two seconds."""
    import av

    part = target.with_suffix(".part.mp4")
    with av.open(str(part), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "23", "bf": "0"})
        stream.height, stream.width, stream.pix_fmt = *pictures[0].shape[:2], "yuv420p"
        stream.gop_size = 2 * FPS
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    part.rename(target)


# Sides.


def reidtrack(label: str, *options: str) -> Side:
    def start(videos: Sequence[Path], out: Path) -> list[subprocess.Popen[bytes]]:
        words = [*REIDTRACK, "live", "--videos", *map(str, videos), "--realtime", "--loop", "--no-record", "--quiet"]
        words += ["--out", str(out / "site"), "--http", f"127.0.0.1:{PORT}", *options]
        return [launch(words, out / "log.txt", free_environment())]

    return Side(label, start, ask_reidtrack)


def ask_reidtrack(out: Path, cameras: int) -> Counts | None:
    """Counts of the page of metrics."""
    del out
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return None

    def values(name: str) -> list[float]:
        return [float(v) for v in re.findall(rf"^reidtrack_{name}{{[^}}]*}} ([\d.e+-]+)$", text, re.M)]

    frames = values("camera_frames_total")
    delays = values("camera_delay_seconds") or [0.0]
    if len(frames) < cameras or min(frames) == 0:
        return None
    looks, lost = sum(frames), sum(values("camera_frames_dropped_total"))
    seen = looks + sum(values("camera_frames_between_total")) + sum(values("camera_frames_left_out_total"))
    return Counts(int(seen), int(lost), int(looks), max(delays))


def other(label: str, method: str, commands: Path, detector: Path, reid: Path, cache: Path) -> Side:
    def start(videos: Sequence[Path], out: Path) -> list[subprocess.Popen[bytes]]:
        script, environment = HERE / "benchmarks" / "other_live.py", boxmot_side.offline(cache)
        return [
            launch(
                [commands / "python", script, method, video, str(FPS), detector, reid, told_by(out, number)],
                out / f"log{number}.txt",
                environment,
            )
            for number, video in enumerate(videos)
        ]

    def counts(out: Path, cameras: int) -> Counts | None:
        told = [told_by(out, number) for number in range(cameras)]
        if not all(path.exists() for path in told):
            return None
        said = [json.loads(path.read_text()) for path in told]
        seen, missed = (sum(one[key] for one in said) for key in ("seen", "missed"))
        return Counts(seen, missed, seen, max(one["delay_p95_s"] for one in said))

    return Side(label, start, counts)


def told_by(out: Path, number: int) -> Path:
    return out / f"told{number}.json"


def launch(words: Sequence[object], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with log.open("wb") as said:
        return subprocess.Popen(list(map(str, words)), stdout=said, stderr=subprocess.STDOUT, env=environment)


def make_sides(args: argparse.Namespace, size: tuple[int, int]) -> dict[str, Side]:
    """Those that were asked for, in the order of the table."""
    detector, small = HERE / "weights" / "yolo11n_person.pt", args.shared / "weights" / "osnet_x0_25_msmt17.pth"
    sides = {
        "ours-gpu": reidtrack(
            "reidtrack live on the GPU, shipped weights", "--device", "cuda", "--set", "hwaccel=auto"
        ),
        "ours": reidtrack("reidtrack live, shipped weights (OSNet x1.0)"),
        "ours-every": reidtrack("reidtrack live, every frame looked at", "--set", "stream.catch_up=false"),
        "ours-small": reidtrack("reidtrack live, OSNet x0.25", "--reid", str(small)),
        "ours-ungated": reidtrack(
            "reidtrack live, OSNet x0.25, no motion gate", "--reid", str(small), "--set", "detect.motion_gate=false"
        ),
    }
    if {"boxmot", "ultralytics"} & set(args.sides):
        cache = args.cache / "boxmot"
        commands = boxmot_side.make_environment(args.venv, cache)
        yolo, osnet = boxmot_side.place_weights(detector, small, cache / "weights")
        shape = rectangle((size[1], size[0]))
        network = boxmot_side.export_detector(commands, yolo, cache / f"{shape[0]}x{shape[1]}", shape, cache)
        looks = boxmot_side.export_reid(commands, osnet, cache / "osnet", cache)
        sides["boxmot"] = other(
            "BoxMOT (BoT-SORT, OSNet x0.25), OpenVINO", "boxmot", commands, network.parent, looks, cache
        )
        sides["ultralytics"] = other(
            "Ultralytics, OpenVINO, no looks", "ultralytics", commands, network.parent, looks, cache
        )
    return {name: sides[name] for name in args.sides}


SIDES = ("ours-gpu", "ours", "ours-every", "ours-small", "ours-ungated", "boxmot", "ultralytics")


# Measuring.


def measure(side: Side, videos: Sequence[Path], out: Path, warm_s: float, seconds: float) -> dict[str, Any]:
    """Let a side follow cameras for a while; what it missed, and what it cost, in the window after it has warmed up."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    processes = side.start(videos, out)
    try:
        wait_for(lambda: side.counts(out, len(videos)), processes, out)
        time.sleep(warm_s)
        before, cpu_s, began_s = (
            wait_for(lambda: side.counts(out, len(videos)), processes, out),
            cpu(processes),
            time.monotonic(),
        )
        time.sleep(seconds)
        after, cpu_s, wall_s = (
            wait_for(lambda: side.counts(out, len(videos)), processes, out),
            cpu(processes) - cpu_s,
            time.monotonic() - began_s,
        )
    finally:
        for process in processes:
            process.send_signal(signal.SIGINT)
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    came, missed = after.seen + after.missed - before.seen - before.missed, after.missed - before.missed
    due = FPS * len(videos) * wall_s
    return {
        "cameras": len(videos),
        "seen": came - missed,
        "missed": missed,
        "missed_share": round(max(missed / max(came, 1), 1 - (came - missed + 2 * len(videos)) / due, 0.0), 4),
        "looks_a_second": round((after.looks - before.looks) / wall_s / len(videos), 2),
        "cpu_ms_a_frame": round(1000 * cpu_s / max(came - missed, 1), 2),
        "cores_busy": round(cpu_s / wall_s, 2),
        "delay_p95_s": round(after.delay_p95_s, 3),
    }


def wait_for(ask: Callable[[], Counts | None], processes: Sequence[subprocess.Popen[bytes]], out: Path) -> Counts:
    """What it answers, once it does.

    Raises:
        SystemExit: If it does not within five minutes, or a process has ended.
    """
    ends_s = time.monotonic() + 300
    while time.monotonic() < ends_s:
        if any(process.poll() is not None for process in processes):
            break
        counts = ask()
        if counts is not None:
            return counts
        time.sleep(0.5)
    tails = [log.read_text(errors="replace")[-800:] for log in sorted(out.glob("log*.txt"))]
    raise SystemExit("\n".join(["it does not answer, or has ended:", *tails]))


def cpu(processes: Sequence[subprocess.Popen[bytes]]) -> float:
    """Processor time of processes so far, seconds (Linux)."""
    ticks = 0
    for process in processes:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def climb(side: Side, videos: Sequence[Path], work: Path, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Turns with more and more cameras, until frames are missed; or with as many as were asked for."""
    turns = []
    for count in args.count or range(1, len(videos) + 1):
        turn = measure(side, videos[:count], work, args.warm, args.seconds)
        turns.append(turn)
        say(f"{side.label}: {turn}")
        if not args.count and turn["missed_share"] > args.allowed:
            break
    return turns


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def table(result: Mapping[str, Any], allowed: float) -> str:
    """Everything as Markdown."""
    cores = result["machine"]["cores"]
    lines = [
        f"| pictures | side | cameras without a missed frame | looks a second | CPU ms a frame |"
        f" derived: cameras on {cores} cores | missed with one camera more | delay p95, s |",
        "| --- | --- |" + " ---: |" * 6,
    ]
    for size, sides in result["sizes"].items():
        for one in sides.values():
            good = [turn for turn in one["turns"] if turn["missed_share"] <= allowed]
            bad = [turn for turn in one["turns"] if turn["missed_share"] > allowed]
            best = good[-1] if good else one["turns"][0]
            derived = cores * 1000 / (FPS * best["cpu_ms_a_frame"])
            more = f"{bad[0]['missed_share']:.0%} of {bad[0]['cameras']}" if bad else "-"
            number = best["cameras"] if good else 0
            cells = [
                size,
                one["label"],
                number,
                f"{best['looks_a_second']:.1f}",
                f"{best['cpu_ms_a_frame']:.1f}",
                f"{derived:.1f}",
                more,
                f"{best['delay_p95_s']:.2f}",
            ]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="the folder of real material")
    parser.add_argument(
        "--cache", type=Path, default=cache_folder() / "benchmarks", help="environment, exports, videos"
    )
    parser.add_argument("--venv", type=Path, help="BoxMOT's virtual environment (default: in the cache)")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES[1:]))
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--most", type=int, default=10, help="cameras")
    parser.add_argument("--count", type=int, nargs="+", help="these numbers of cameras alone")
    parser.add_argument("--warm", type=float, default=15.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--allowed", type=float, default=0.005, help="share of frames that may be missed")
    parser.add_argument("--json", type=Path, default=Path("live_capacity.json"))
    parser.add_argument("--page", type=Path, help="docs/results/live.md, to replace its table")
    args = parser.parse_args()
    args.shared, args.cache = args.shared.resolve(), args.cache.resolve()
    args.venv = (args.venv or args.cache / "boxmot" / "venv").resolve()

    result: dict[str, Any] = {"machine": machine(), "versions": {"reidtrack": versions()}, "sizes": {}}
    most = max(args.count) if args.count else args.most
    for name in args.sizes:
        videos = make_videos(args.shared / "data" / "pets-s2l1", args.cache / "live" / name, SIZES[name], most)
        result["sizes"][name] = {}
        for key, side in make_sides(args, SIZES[name]).items():
            say(f"{name}: {side.label}")
            turns = climb(side, videos, args.cache / "live" / "work", args)
            result["sizes"][name][key] = {"label": side.label, "turns": turns}
            args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if {"boxmot", "ultralytics"} & set(args.sides):
        result["versions"]["boxmot"] = boxmot_side.versions(args.venv / "bin")
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    text = table(result, args.allowed)
    print(text)
    if args.page is not None:
        put(args.page, "live cameras", text)


if __name__ == "__main__":
    main()
