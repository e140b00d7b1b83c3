r"""Peak memory of `reidtrack run` over recordings of growing length: the table of docs/results/growth.md.

    D=../shared/data/pets-s2l1 W=../shared/weights
    python benchmarks/memory.py --videos $D/View_001.mp4 $D/View_006.mp4 \
        --detector $W/yolo11n_int8_openvino_model --reid $W/osnet_x0_25_msmt17.pth --repeat 1 2 4 8

Each recording is joined to itself, without encoding again. The first run detects; longer ones replay its detections
unless --detect-always is given, so that the difference is that of the length alone. What is measured is the largest
resident set of the process (Linux: ru_maxrss); `associate` is measured alone, since it is what loads the whole log.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from clips import join

from reidtrack.mot import MotRows, write_mot
from reidtrack.runs.logs import read_detection_log

MIB = 1024 * 1024


class Measured(NamedTuple):
    """One run: how long, how much was logged, and the largest resident set of each process, MiB."""

    seconds: float
    boxes: int
    log_mib: float
    run_mib: float
    associate_mib: float


def repeat_detections(run: Path, folder: Path, frames: dict[str, int], times: int) -> list[str]:
    """What a run has detected, as `CAMERA=det.txt` for recordings that are as many times as long."""
    words = []
    for camera, found in read_detection_log(run / "detections.jsonl").frames.items():
        rows = [
            (frame + frames[camera] * number, *box, score)
            for number in range(times)
            for frame, detections in sorted(found.items())
            for box, score in zip(detections.xyxy.tolist(), detections.score.tolist(), strict=True)
        ]
        path = folder / f"{camera}.txt"
        write_mot(
            path, MotRows.of([r[0] for r in rows], [-1] * len(rows), [r[1:5] for r in rows], [r[5] for r in rows])
        )
        words.append(f"{camera}={path}")
    return words


def peak_mib(words: list[str]) -> float:
    """Largest resident set of `reidtrack` with these words."""
    process = os.posix_spawn(sys.executable, [sys.executable, "-m", "reidtrack", *words, "--quiet"], os.environ)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"reidtrack {words[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss / 1024


def measure(args: argparse.Namespace, times: int, folder: Path, first: Path | None) -> Measured:
    """Run over recordings `times` as long."""
    folder.mkdir()
    videos = [folder / video.name for video in args.videos]
    frames = {video.stem: join(video, copy, times) for video, copy in zip(args.videos, videos, strict=True)}
    words = ["run", "--videos", *map(str, videos), "--reid", str(args.reid), "--no-video", "--out", str(folder / "run")]
    if first is None or args.detect_always:
        words += ["--detector", str(args.detector)]
    else:
        words += ["--detections", *repeat_detections(first, folder, frames, times)]
    run_mib = peak_mib(words)
    associate_mib = peak_mib(["associate", str(folder / "run")])
    record = json.loads((folder / "run" / "run.json").read_text())
    logs = [folder / "run" / name for name in ("detections.jsonl", "tracks.jsonl", "tracklets.npz")]
    return Measured(
        max(entry["last_time_s"] for entry in record["cameras"].values()),
        sum(entry["boxes"] for entry in record["cameras"].values()),
        sum(path.stat().st_size for path in logs) / MIB,
        run_mib,
        associate_mib,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", nargs="+", type=Path, required=True)
    parser.add_argument("--detector", type=Path, required=True)
    parser.add_argument("--reid", type=Path, required=True)
    parser.add_argument("--repeat", nargs="+", type=int, default=[1, 2, 4, 8])
    parser.add_argument("--detect-always", action="store_true", help="run the detector over every length")
    args = parser.parse_args()
    print("| length | boxes | log | peak of `run --no-video` | peak of `associate` |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as place:
        first: Path | None = None
        for times in args.repeat:
            folder = Path(place) / f"{times}"
            found = measure(args, times, folder, first)
            first = first or folder / "run"
            print(
                f"| {times}x, {found.seconds:.0f} s | {found.boxes:,} | {found.log_mib:.1f} MiB "
                f"| {found.run_mib:.0f} MiB | {found.associate_mib:.0f} MiB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
