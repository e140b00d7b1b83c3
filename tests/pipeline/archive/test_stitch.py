"""Tracks over the borders of tasks: with a lead, those of an unbroken pass; how long a lead that takes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from reidtrack.mot import read_mot
from reidtrack.pipeline.archive.camera_log import CameraLog
from reidtrack.pipeline.archive.result import TaskResult
from reidtrack.pipeline.archive.stitch import Rows, same_tracks
from reidtrack.pipeline.archive.tasks import Piece, Task
from reidtrack.track.tracker import build_tracker
from reidtrack.types import Detections

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
Boxes = dict[tuple[int, tuple[float, ...]], int]
"""Frame and box to track."""


def track(found: dict[int, Detections], fps: float, first: int, begins: int, end: int) -> TaskResult:
    """What a task finds that reads the frames from `first` on, begins at `begins` and ends before `end`."""
    tracker, rows, told = build_tracker(), [], []
    for frame in range(first, end):
        out = tracker.update(found.get(frame, Detections.empty()), frame, (frame - begins) / fps)
        rows += [out] * bool(len(out))
        told += [np.full(len(out), (frame - begins) / fps)] * bool(len(out))
    own = np.arange(begins, end)
    counts = np.array([len(found.get(frame, ())) for frame in own.tolist()], np.int64)
    none = Detections.empty()
    row_frame = np.concatenate([np.zeros(0, np.int64), *(r.frame for r in rows)])
    return TaskResult(
        frame=np.stack([0 * own, own], axis=1),
        time_s=(own - begins) / fps,
        found=counts,
        found_xyxy=np.concatenate([none.xyxy, *(found[f].xyxy for f in own.tolist() if f in found)]),
        found_score=np.concatenate([none.score, *(found[f].score for f in own.tolist() if f in found)]),
        row_track=np.concatenate([np.zeros(0, np.int64), *(r.track_id for r in rows)]),
        row_frame=np.stack([0 * row_frame, row_frame], axis=1),
        row_time_s=np.concatenate([np.zeros(0), *(r.time_s for r in rows)]),
        row_told_s=np.concatenate([np.zeros(0), *told]),
        row_xyxy=np.concatenate([none.xyxy, *(r.xyxy for r in rows)]),
        row_score=np.concatenate([none.score, *(r.score for r in rows)]),
        crop_track=np.zeros(0, np.int64),
        crop_frame=np.zeros((0, 2), np.int64),
        crop_quality=np.zeros(0, np.float32),
        crop_feature=np.zeros((0, 4), np.float16),
        picture_end=np.zeros(0, np.int64),
        pictures=np.zeros(0, np.uint8),
        about={"counts": [end], "size": [1, 1], "nominal_fps": fps, "damaged": 0, "faults": []},
    )


def unbroken(found: dict[int, Detections], fps: float, frames: int) -> Boxes:
    """Tracks of one pass."""
    result = track(found, fps, 0, 0, frames)
    rows = zip(result.row_frame[:, 1].tolist(), map(tuple, result.row_xyxy.tolist()), strict=True)
    return dict(zip(rows, result.row_track.tolist(), strict=True))


def in_tasks(found: dict[int, Detections], fps: float, frames: int, every: int, lead: int) -> Boxes:
    """Tracks of tasks of `every` frames, each with a lead of so many frames, put together."""
    log, boxes = CameraLog(NOON), dict[tuple[int, tuple[float, ...]], int]()
    for begins in range(0, frames, every):
        end = min(begins + every, frames)
        start = NOON + timedelta(seconds=begins / fps)
        piece = Piece(Path("all.mp4"), "", 0, -begins / fps)
        task = Task("cam", start, NOON + timedelta(seconds=(begins + every) / fps), lead / fps, (piece,))
        rows = log.take(task, track(found, fps, max(0, begins - lead), begins, end)).tracks
        keys = list(zip(rows.frame.tolist(), map(tuple, rows.xyxy.tolist()), strict=True))
        assert not set(keys) & set(boxes)
        boxes |= dict(zip(keys, rows.track_id.tolist(), strict=True))
    return boxes


def agreement(a: Boxes, b: Boxes) -> float:
    """Share of all boxes that lie in tracks which are the same in both."""
    pairs = Counter((a[key], b[key]) for key in a.keys() & b.keys())
    best: dict[int, int] = {}
    taken = set[int]()
    for (one, other), count in pairs.most_common():
        if one not in best and other not in taken:
            best[one] = count
            taken.add(other)
    return sum(best.values()) / len(a.keys() | b.keys())


def walkers(frames: int, fps: float) -> dict[int, Detections]:
    """Six people who walk to and fro past each other; each is hidden for a second now and then."""
    found = {}
    for frame in range(frames):
        boxes = []
        for who in range(6):
            now_s = frame / fps
            if (now_s + 1.7 * who) % 9 < 1.0:
                continue
            x = 400 + 350 * np.sin(0.25 * now_s * (1 + 0.13 * who) + who)
            y = 200 + 40 * who
            boxes.append((x, y, x + 40, y + 100))
        xyxy = np.array(boxes, np.float32).reshape(-1, 4)
        found[frame] = Detections(np.round(xyxy, 2), np.full(len(xyxy), 0.9, np.float32))
    return found


@pytest.mark.parametrize("every", [pytest.param(50, id="tasks of 5 s"), pytest.param(170, id="of 17 s")])
def test_with_a_lead_tracks_are_those_of_an_unbroken_pass(every: int) -> None:
    found = walkers(600, 10)
    assert in_tasks(found, 10, 600, every, lead=60) == pytest.approx(in_tasks(found, 10, 600, every, lead=60))
    assert agreement(unbroken(found, 10, 600), in_tasks(found, 10, 600, every, lead=60)) == 1.0


def test_without_a_lead_they_are_not() -> None:
    found = walkers(600, 10)
    assert agreement(unbroken(found, 10, 600), in_tasks(found, 10, 600, 50, lead=0)) < 0.5


def test_nobody_at_all() -> None:
    assert in_tasks({}, 10, 100, 50, lead=20) == {}


@pytest.mark.shared
@pytest.mark.parametrize("view", ["001", "006"])
@pytest.mark.parametrize(
    ("lead_s", "least"),
    [pytest.param(2.0, 0.99, id="2 s"), pytest.param(4.0, 1.0, id="4 s"), pytest.param(20.0, 1.0, id="the default")],
)
def test_pets_in_tasks_of_seven_seconds(shared: Path, view: str, lead_s: float, least: float) -> None:
    """Its true boxes, of which a seventh is missing and a quarter unsure, 7 a second, at 2 to 9 people."""
    rows, fps, random = read_mot(shared / "data" / "pets-s2l1" / f"gt_View_{view}.txt"), 7.0, np.random.default_rng(0)
    found = {}
    for frame in np.unique(rows.frame).tolist():
        xyxy = rows.xyxy[rows.frame == frame]
        kept = random.random(len(xyxy)) > 0.15
        score = np.where(random.random(len(xyxy)) < 0.25, 0.35, 0.8).astype(np.float32)
        moved = np.round(xyxy + random.normal(0, 1, xyxy.shape), 2).astype(np.float32)
        found[frame] = Detections(moved[kept], score[kept])
    frames = max(found) + 1
    assert agreement(unbroken(found, fps, frames), in_tasks(found, fps, frames, 49, round(lead_s * fps))) >= least


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        pytest.param([(0, 1, 0), (1, 1, 0)], {1: 7}, id="the same boxes"),
        pytest.param([(0, 1, 2), (1, 1, 2)], {1: 7}, id="boxes that lie a little beside"),
        pytest.param([(0, 1, 90), (1, 1, 90)], {}, id="elsewhere"),
        pytest.param([(5, 1, 0)], {}, id="at another time"),
        pytest.param([(0, 1, 0), (0, 2, 1), (1, 2, 0)], {2: 7}, id="whoever shares more"),
        pytest.param([], {}, id="nobody"),
    ],
)
def test_same_tracks(lead: list[tuple[int, int, float]], expected: dict[int, int]) -> None:
    def rows(table: list[tuple[int, int, float]]) -> Rows:
        frame, track_id, x = np.array(table, np.float64).reshape(-1, 3).T
        xyxy = np.stack([x, 0 * x, x + 50, 0 * x + 100], axis=1).astype(np.float32)
        return Rows(frame.astype(np.int64), track_id.astype(np.int64), xyxy)

    assert same_tracks(rows([(0, 7, 0), (1, 7, 0)]), rows(lead)) == expected
