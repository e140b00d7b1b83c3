r"""What each part of the tracker is worth: the tables of docs/results/tracking.md.

    D=../shared/data/pets-s2l1 W=../shared/weights
    reidtrack run --videos $D/View_001.mp4 $D/View_006.mp4 --detector $W/yolo11n_int8_openvino_model \
        --reid $W/osnet_x0_25_msmt17.pth --no-video --out runs/pets
    python benchmarks/tracking.py --shared ../shared --run runs/pets

The detections are those that the run has logged. Each setting is scored on the recording as it is, on copies with
detections dropped and noise added, and at half the frame rate.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reidtrack.benchmark.tracking import TrackingPair, score_sequences, score_tracking
from reidtrack.config.load import load
from reidtrack.config.run import TrackConfig
from reidtrack.mot import MotRows, read_detections, read_mot
from reidtrack.pipeline.track import track_detections
from reidtrack.runs.logs import read_detection_log, read_frame_times
from reidtrack.types import Detections

SORT = ["method=sort", "time_unit=frames", "max_age=1", "fill_gap=0", "smooth=0"]
PETS_SETTINGS: dict[str, list[str]] = {
    "SORT as published": SORT,
    "SORT, max_age 30": [*SORT, "max_age=30"],
    "default": [],
    "no smoothing": ["smooth=0"],
    "no filling": ["fill_gap=0"],
    "neither": ["smooth=0", "fill_gap=0"],
    "no unsure detections": ["cascade.low=0.5"],
    "no gate": ["cascade.gate=0"],
    "max_age 1": ["max_age=1"],
    "max_age 4": ["max_age=4"],
    "acceleration noise 0.0125": ["cascade.acceleration_noise=0.0125"],
    "acceleration noise 0.2": ["cascade.acceleration_noise=0.2"],
    "acceleration noise 0.8": ["cascade.acceleration_noise=0.8"],
    "high 0.4": ["cascade.high=0.4"],
    "high 0.6": ["cascade.high=0.6"],
    "iou 0.2": ["iou=0.2"],
    "iou 0.4": ["iou=0.4"],
    "gate 2.5": ["cascade.gate=2.5"],
    "gate 3.5": ["cascade.gate=3.5"],
    "smooth 0.1": ["smooth=0.1"],
    "smooth 0.3": ["smooth=0.3"],
}
MOT15_SETTINGS = {name: PETS_SETTINGS[name] for name in ("SORT as published", "default", "no filling", "no gate")}
MOT15_FPS = {"TUD-Stadtmitte": 25, "ETH-Bahnhof": 14, "ADL-Rundle-6": 30, "KITTI-13": 10}
NOISY_COPIES = 6


@dataclass(frozen=True)
class Recording:
    """Detections of one camera, the frames they belong to, and the truth."""

    found: Mapping[int, Detections]
    frame: np.ndarray
    time_s: np.ndarray
    gt: MotRows
    ignore: MotRows | None = None


def noisy(recording: Recording, seed: int) -> Recording:
    """5 % of the detections dropped, sides moved by 2 % of the box and scores by 0.05 (standard deviations)."""
    rng = np.random.default_rng(seed)

    def disturb(found: Detections) -> Detections:
        n = len(found)
        sides = (found.xyxy[:, 2:] - found.xyxy[:, :2])[:, [0, 1, 0, 1]]
        moved = found.xyxy + (rng.normal(0, 0.02, (n, 4)) * sides).astype(np.float32)
        score = np.clip(found.score + rng.normal(0, 0.05, n), 0, 1).astype(np.float32)
        return Detections(moved, score)[rng.random(n) >= 0.05]

    found = {number: disturb(detections) for number, detections in sorted(recording.found.items())}
    return Recording(found, recording.frame, recording.time_s, recording.gt, recording.ignore)


def halved(recording: Recording, first: int) -> Recording:
    """Every other frame."""
    chosen = recording.frame[first::2]

    def only(rows: MotRows) -> MotRows:
        return rows[np.isin(rows.frame, chosen)]

    ignore = None if recording.ignore is None else only(recording.ignore)
    return Recording(recording.found, chosen, recording.time_s[first::2], only(recording.gt), ignore)


def track(recording: Recording, overrides: Sequence[str]) -> MotRows:
    config = load(TrackConfig, None, overrides)
    tracks = track_detections(recording.found, recording.frame, recording.time_s, config)
    return MotRows.of(tracks.frame, tracks.track_id, tracks.xyxy, np.ones(len(tracks)))


def figures(task: tuple[Recording, Sequence[str]]) -> list[float]:
    recording, overrides = task
    score = score_tracking(recording.gt, track(recording, overrides), recording.ignore)
    return [score.hota, score.idf1, score.mota, score.idsw]


def cell(rows: Sequence[Sequence[float]]) -> str:
    hota, idf1, mota, switches = np.mean(rows, axis=0)
    return f"{hota:.1f} / {idf1:.1f} / {mota:.1f} / {switches:.0f}"


def pets_table(cameras: Mapping[str, Recording], pool: ProcessPoolExecutor) -> None:
    heads = [f"{name}{what}" for name in cameras for what in ("", ", noisy", ", 3.5 fps")]
    print("| setting | " + " | ".join(heads) + " |\n|" + " --- |" * (len(heads) + 1))
    for name, overrides in PETS_SETTINGS.items():
        cells = []
        for recording in cameras.values():
            copies = [noisy(recording, seed) for seed in range(NOISY_COPIES)]
            for group in ([recording], copies, [halved(recording, 0), halved(recording, 1)]):
                cells.append(cell(list(pool.map(figures, [(part, overrides) for part in group]))))
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def mot15_table(sequences: Mapping[str, Recording]) -> None:
    heads = [*sequences, "combined"]
    print("| setting | " + " | ".join(heads) + " |\n|" + " --- |" * (len(heads) + 1))
    for name, overrides in MOT15_SETTINGS.items():
        pairs = {key: TrackingPair(part.gt, track(part, overrides)) for key, part in sequences.items()}
        scores, combined = score_sequences(pairs)
        rows = [[s.hota, s.idf1, s.mota, s.idsw] for s in (*scores.values(), combined)]
        print(f"| {name} | " + " | ".join(cell([row]) for row in rows) + " |", flush=True)


def read_pets(data: Path, run: Path) -> dict[str, Recording]:
    found, clocks = read_detection_log(run / "detections.jsonl").frames, read_frame_times(run / "detections.jsonl")
    return {
        name: Recording(
            found[name], *clocks[name], read_mot(data / f"gt_{name}.txt"), read_mot(data / f"ignore_{name}.txt")
        )
        for name in sorted(clocks)
    }


def read_mot15(data: Path) -> dict[str, Recording]:
    sequences = {}
    for name, fps in MOT15_FPS.items():
        found = read_detections(data / name / "det" / "det.txt")
        frame = np.arange(max(found) + 1)
        sequences[name] = Recording(found, frame, frame / fps, read_mot(data / name / "gt" / "gt.txt"))
    return sequences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="the folder of real material")
    parser.add_argument("--run", type=Path, required=True, help="folder of `reidtrack run` on the PETS pair")
    args = parser.parse_args()
    mot15_table(read_mot15(args.shared / "data" / "mot15"))
    print()
    with ProcessPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        pets_table(read_pets(args.shared / "data" / "pets-s2l1", args.run), pool)


if __name__ == "__main__":
    main()
