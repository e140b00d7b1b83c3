"""One camera's results in order: frames numbered over all its files, tracks over all its tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from reidtrack.pipeline.archive.result import TaskResult
from reidtrack.pipeline.archive.stitch import Rows, already_there, same_tracks
from reidtrack.pipeline.archive.tasks import Task
from reidtrack.runs.logs import TIME_DECIMALS
from reidtrack.types import BoolArray, DoubleArray, IntArray, Tracks


@dataclass(frozen=True, eq=False)
class Settled:
    """A task's result in the numbers of the whole archive.

    Attributes:
        frame: (F,) int64 numbers of the frames that were read.
        time_s: (F,) float64, seconds from the archive's origin.
        tracks: Boxes of tracks.
        crop_track: (C,) int64 tracks of the crops, 0 of those that have none.
        crop_frame: (C,) int64.
    """

    frame: IntArray
    time_s: DoubleArray
    tracks: Tracks
    crop_track: IntArray
    crop_frame: IntArray


class CameraLog:
    """Takes the results of a camera's tasks in the order of their time.

    Args:
        origin: From which times count.
    """

    def __init__(self, origin: datetime) -> None:
        self._origin = origin
        self._base: dict[Path, int] = {}
        self._next_frame, self._next_track, self._last_frame = 0, 1, -1
        self._before, self._before_end = Rows.none(), datetime.min.replace(tzinfo=origin.tzinfo)
        self._before_frames = np.zeros(0, np.int64)

    def take(self, task: Task, result: TaskResult) -> Settled:
        """Number a task's frames and tracks."""
        begins_s = (task.start - self._origin).total_seconds()
        base = self._bases(task, result)
        frame, rows = _numbered(result.frame, base), _numbered(result.row_frame, base)
        time_s = np.round(result.time_s + begins_s, TIME_DECIMALS)
        fresh = frame > self._last_frame
        frame, time_s = frame[fresh], time_s[fresh]
        follows = self._before_end == task.start
        before = self._before if follows else Rows.none()
        boxes = Rows(rows, result.row_track, result.row_xyxy)
        ids = self._ids(boxes, result, before)
        numbers = np.array([ids.get(track, 0) for track in result.row_track.tolist()], np.int64)
        known = np.union1d(frame, self._before_frames if follows else np.zeros(0, np.int64))
        owned = (result.row_told_s >= 0) & np.isin(rows, known) & (numbers > 0)
        late = np.flatnonzero(owned & (result.row_time_s < 0))
        twice = already_there(Rows(rows[late], numbers[late], result.row_xyxy[late]), before)
        owned[late[twice]] = False
        tracks = self._tracks(result, rows, numbers, owned, begins_s)
        self._remember(task, frame, Rows(rows[owned], numbers[owned], result.row_xyxy[owned]), result, owned)
        crops = np.array([ids.get(track, 0) for track in result.crop_track.tolist()], np.int64)
        return Settled(frame, time_s, tracks, crops, _numbered(result.crop_frame, base))

    def _bases(self, task: Task, result: TaskResult) -> list[int]:
        """Number of the first frame of each of a task's files."""
        for piece, count in zip(task.pieces, result.about["counts"], strict=True):
            if piece.path not in self._base:
                self._base[piece.path] = self._next_frame
                self._next_frame += max(1, int(count))
        bases = [self._base[piece.path] for piece in task.pieces]
        for path in set(self._base) - {piece.path for piece in task.pieces}:
            del self._base[path]  # of weeks of files, only those that the next task may read too
        return bases

    def _ids(self, boxes: Rows, result: TaskResult, before: Rows) -> dict[int, int]:
        """Tracks of the task to those of the archive; tracks of the lead alone are left out."""
        joined = same_tracks(before, boxes.only(result.row_time_s < 0))
        for track in np.unique(result.row_track[result.row_told_s >= 0]).tolist():
            if track not in joined:
                joined[track] = self._next_track
                self._next_track += 1
        return joined

    def _tracks(
        self, result: TaskResult, frame: IntArray, track: IntArray, owned: BoolArray, begins_s: float
    ) -> Tracks:
        order = np.flatnonzero(owned)
        order = order[np.lexsort((track[order], frame[order]))]
        time_s = np.round(result.row_time_s[order] + begins_s, TIME_DECIMALS)
        return Tracks(track[order], frame[order], time_s, result.row_xyxy[order], result.row_score[order])

    def _remember(self, task: Task, frame: IntArray, rows: Rows, result: TaskResult, owned: BoolArray) -> None:
        """Keep what the next task's lead may show too."""
        recent = result.row_time_s[owned] >= task.seconds - task.lead_s - 1
        self._before, self._before_end, self._before_frames = rows.only(recent), task.end, frame
        self._last_frame = int(frame[-1]) if len(frame) else self._last_frame


def _numbered(pairs: IntArray, base: list[int]) -> IntArray:
    """(N,) numbers over all files, of (N, 2) pieces and indices."""
    firsts: IntArray = np.array(base, np.int64)
    numbers: IntArray = firsts[pairs[:, 0]] + pairs[:, 1]
    return numbers
