r"""Our tracker beside ByteTrack and OC-SORT on the same detections: the first table of docs/results/tracking.md.

    D=../shared/data
    reidtrack run --videos $D/mot/MOT16-11.mp4 --no-video --out runs/mot16
    reidtrack run --videos $D/mot/TUD-Stadtmitte.mp4 --no-video --out runs/tud
    reidtrack run --videos $D/pets-s2l1/View_001.mp4 $D/pets-s2l1/View_006.mp4 --no-video --out runs/pets
    python benchmarks/other_trackers.py --shared ../shared --runs runs/mot16 runs/tud runs/pets

Sequences with pictures are tracked on the detections that the runs have logged, all others of MOT15 that are there on
those published with SORT. The others are those of the package `trackers`, with its defaults and each sequence's frame
rate, in a virtual environment of its own that is made here (at --venv) and stays. They see no pictures, as they come;
ours follows the camera where there are pictures. Ours fills gaps and smooths boxes once the recording is over: so does
a second line of each of the others.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import roboflow_side
from tracking import MOT15_FPS, Recording, read_mot15, track

from reidtrack.benchmark.tracking import TrackingPair, TrackingScore, score_sequences
from reidtrack.config.load import load
from reidtrack.config.run import TrackConfig
from reidtrack.fetch import cache_folder
from reidtrack.mot import MotRows, read_mot
from reidtrack.pipeline.track import finish_values, track_detections
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import read_detection_log, read_frame_times, read_track_log
from reidtrack.track.finish import finish_tracks
from reidtrack.types import Tracks

MOVING = Path(__file__).resolve().parents[1] / "configs" / "track" / "moving.yaml"
TRUTH = {
    "MOT16-11": ("mot", "MOT16-11_gt_eval.txt", "MOT16-11_ignore.txt"),
    "TUD-Stadtmitte": ("mot", "TUD-Stadtmitte_gt_eval.txt", "TUD-Stadtmitte_ignore.txt"),
    "View_001": ("pets-s2l1", "gt_View_001.txt", "ignore_View_001.txt"),
    "View_006": ("pets-s2l1", "gt_View_006.txt", "ignore_View_006.txt"),
}
"""Camera to where its ground truth lies: folder, file, boxes that are not scored."""


@dataclass(frozen=True)
class Tracked:
    """A sequence to track.

    Attributes:
        recording: Detections, frames, truth.
        fps: Its frame rate.
        ours: Tracks of our tracker, gaps filled and boxes smoothed.
        people: The same after association, ids of people instead of tracks; None where no run was made.
        moving: Tracks by the settings for cameras that move; None where pictures tell of the camera.
    """

    recording: Recording
    fps: float
    ours: MotRows
    people: MotRows | None = None
    moving: MotRows | None = None


def as_rows(tracks: Tracks) -> MotRows:
    return MotRows.of(tracks.frame, tracks.track_id, tracks.xyxy, np.ones(len(tracks)))


def read_run(shared: Path, run: Path) -> dict[str, Tracked]:
    """The cameras of a run whose truth is known."""
    folder, values = RunFolder(run), finish_values(load(TrackConfig, None))
    found, clocks = read_detection_log(folder.detections).frames, read_frame_times(folder.detections)
    logged, sequences = read_track_log(folder.tracks), {}
    for camera in sorted(set(TRUTH) & set(clocks)):
        data, gt, ignore = TRUTH[camera]
        truth = shared / "data" / data
        frame, time_s = clocks[camera]
        recording = Recording(found[camera], frame, time_s, read_mot(truth / gt), read_mot(truth / ignore))
        ours = finish_tracks(logged.get(camera, Tracks.empty()), frame, time_s, **values)
        fps = 1 / float(np.median(np.diff(time_s)))
        sequences[camera] = Tracked(recording, fps, as_rows(ours), read_mot(run / "mot" / f"{camera}.txt"))
    return sequences


def read_published(shared: Path) -> dict[str, Tracked]:
    """Sequences of MOT15 with the detections that were published with SORT, without pictures."""
    found, config = {}, load(TrackConfig, MOVING)
    for name, part in read_mot15(shared / "data" / "mot15").items():
        moving = as_rows(track_detections(part.found, part.frame, part.time_s, config))
        found[name] = Tracked(part, MOT15_FPS[name], track(part, []), moving=moving)
    return found


def others(method: str, python: Path, one: Tracked, *, finished: bool) -> MotRows:
    """Tracks of another tracker; with `finished`, gaps filled and boxes smoothed as ours."""
    found = sorted((n, d) for n, d in one.recording.found.items() if len(d))
    frame = np.concatenate([np.full(len(d), n) for n, d in found])
    xyxy, score = np.concatenate([d.xyxy for _, d in found]), np.concatenate([d.score for _, d in found])
    sure = score >= roboflow_side.LEAST_SCORE
    count = int(one.recording.frame[-1]) + 1
    with tempfile.TemporaryDirectory() as scratch:
        rows = roboflow_side.track(
            python, method, one.fps, count, (frame[sure], xyxy[sure], score[sure]), Path(scratch)
        )
    number, ids, boxes, scores = rows
    clock = np.interp(number, one.recording.frame, one.recording.time_s)
    tracks = Tracks(ids, number, clock, boxes.astype(np.float32), scores.astype(np.float32))
    if finished:
        values = finish_values(load(TrackConfig, None))
        tracks = finish_tracks(tracks, one.recording.frame, one.recording.time_s, **values)
    return as_rows(tracks)


def cell(score: TrackingScore) -> str:
    return f"{score.hota:.1f} / {score.assa:.1f} / {score.idf1:.1f} / {score.mota:.1f} / {score.idsw}"


def table(sequences: Mapping[str, Tracked], python: Path) -> None:
    """Print a line for each way to track, a column for each sequence."""
    ways: dict[str, Callable[[Tracked], MotRows | None]] = {
        "ours": lambda one: one.ours,
        "ours, ids of people (appearance)": lambda one: one.people,
        "ours, configs/track/moving.yaml": lambda one: one.moving,
    }
    ways = {name: way for name, way in ways.items() if all(way(one) is not None for one in sequences.values())}
    for method in roboflow_side.METHODS:
        for finished, what in ((False, ""), (True, ", filled and smoothed as ours")):
            ways[roboflow_side.LABELS[method] + what] = lambda one, m=method, f=finished: others(
                m, python, one, finished=f
            )
    heads = [f"{name}, {len(one.recording.frame)} frames" for name, one in sequences.items()]
    print("| tracker | " + " | ".join([*heads, "combined"]) + " |\n|" + " --- |" * (len(heads) + 2))
    for name, way in ways.items():
        pairs = {key: TrackingPair(one.recording.gt, way(one), one.recording.ignore) for key, one in sequences.items()}
        scores, combined = score_sequences(pairs)
        print(f"| {name} | " + " | ".join(cell(score) for score in (*scores.values(), combined)) + " |", flush=True)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="the folder of real material")
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="folders of `reidtrack run`")
    parser.add_argument("--venv", type=Path, default=cache_folder() / "trackers-venv", help="where `trackers` lives")
    args = parser.parse_args(words)
    python = roboflow_side.make_environment(args.venv)
    pictured = {name: one for run in args.runs for name, one in read_run(args.shared, run).items()}
    print("HOTA / AssA / IDF1 / MOTA / identity switches, on our detections:\n")
    table(pictured, python)
    print("\nOn the detections published with SORT:\n")
    table(read_published(args.shared), python)


if __name__ == "__main__":
    main()
