"""ByteTrack, OC-SORT and BoT-SORT of the package `trackers` as the other side: its own virtual environment.

Run as a script in that environment it tracks one recording: `roboflow_side.py METHOD FPS DETECTIONS.npz TRACKS.npz`.
It imports nothing of reidtrack there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

PACKAGES = ("trackers==2.6.1",)
METHODS = ("bytetrack", "ocsort")
LABELS = {"bytetrack": "ByteTrack", "ocsort": "OC-SORT"}
LEAST_SCORE = 0.1
"""ByteTrack's least score of an unsure detection; detections below it were never logged."""


def make_environment(venv: Path) -> Path:
    """The Python of a virtual environment with the package, made where it is not there yet.

    Raises:
        SystemExit: If it cannot be installed.
    """
    python, ready = venv / "bin" / "python", venv / "ready.json"
    if ready.exists() and json.loads(ready.read_text()) == list(PACKAGES):
        return python
    print(f"installing {', '.join(PACKAGES)} into {venv}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
    if subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES]).returncode != 0:
        raise SystemExit(f"{', '.join(PACKAGES)} cannot be installed into {venv}")
    ready.write_text(json.dumps(PACKAGES))
    return python


def track(
    python: Path,
    method: str,
    fps: float,
    frames: int,
    found: tuple[np.ndarray, np.ndarray, np.ndarray],
    folder: Path,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Have it track a recording.

    Args:
        python: Of its environment.
        method: One of `METHODS`.
        fps: Of the recording.
        frames: Number of frames, those without anybody included.
        found: Frame (N,), boxes (N, 4) left, top, right, bottom, score (N,).
        folder: For the two files.

    Returns:
        Frame (M,), id (M,), boxes (M, 4), score (M,).
    """
    given, got = folder / "detections.npz", folder / "tracks.npz"
    frame, xyxy, score = found
    np.savez(given, frames=frames, frame=frame, xyxy=xyxy, score=score)
    subprocess.run([str(python), __file__, method, str(fps), str(given), str(got)], check=True)
    with np.load(got) as rows:
        return rows["frame"], rows["id"], rows["xyxy"], rows["score"]


def _make(method: str, fps: float):  # type: ignore[no-untyped-def]  # its classes are not here
    from trackers import ByteTrackTracker, OCSORTTracker

    return {"bytetrack": ByteTrackTracker, "ocsort": OCSORTTracker}[method](frame_rate=fps)


def _main(method: str, fps: str, given: str, got: str) -> None:
    import supervision

    tracker = _make(method, float(fps))
    frames: list[np.ndarray] = []
    ids: list[np.ndarray] = []
    boxes: list[np.ndarray] = []
    scores: list[np.ndarray] = []
    with np.load(given) as rows:
        count, frame, xyxy, score = int(rows["frames"]), rows["frame"], rows["xyxy"], rows["score"]
    for number in range(count):
        here = frame == number
        people = supervision.Detections(
            xyxy=xyxy[here].astype(np.float32).reshape(-1, 4),
            confidence=score[here].astype(np.float32),
            class_id=np.zeros(int(here.sum()), int),
        )
        tracked = tracker.update(people)
        known = tracked.tracker_id >= 0
        ids.append(tracked.tracker_id[known])
        frames.append(np.full(int(known.sum()), number))
        boxes.append(tracked.xyxy[known])
        scores.append(tracked.confidence[known])
    np.savez(
        got,
        frame=np.concatenate(frames).astype(np.int64),
        id=np.concatenate(ids).astype(np.int64),
        xyxy=np.concatenate(boxes).reshape(-1, 4),
        score=np.concatenate(scores),
    )


if __name__ == "__main__":
    _main(*sys.argv[1:])
