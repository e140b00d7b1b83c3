"""Results of tasks as the logs of one run, from which identities are settled as those of any run."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from reidtrack.files import write_lines
from reidtrack.pipeline.archive.camera_log import CameraLog, Settled
from reidtrack.pipeline.archive.result import TaskResult, read_result
from reidtrack.pipeline.archive.tasks import Task
from reidtrack.runs.crops import UNSETTLED
from reidtrack.runs.features import FeatureLog, read_feature_log, write_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import DetectionLog, TrackLog
from reidtrack.runs.manifest_sections import CameraCount
from reidtrack.types import Detections

_BORDER_S = 30.0
"""A track's first boxes are told when it is confirmed: those of one task may lie this far before its start."""


class Assembly:
    """Writes the logs of a run from results, the earliest first; what is in memory does not grow with the archive.

    Args:
        folder: Of the run.
        cameras: Names, in the order of the list.
        tasks: Those that were done, with their results' files.

    Attributes:
        counts: Camera to what was read of it.
        facts: Camera to size and rate of its pictures.
        faults: Lines about files that could not be read, or not to their end.
    """

    def __init__(self, folder: RunFolder, cameras: Sequence[str], tasks: Sequence[tuple[Task, Path]]) -> None:
        self._folder, self._cameras = folder, list(cameras)
        self._tasks = sorted(tasks, key=lambda item: (item[0].start, self._cameras.index(item[0].camera)))
        self.counts = {camera: CameraCount() for camera in cameras}
        self.facts: dict[str, tuple[tuple[int, int], float]] = {}
        self.faults: list[str] = []
        self._best: dict[tuple[str, int], tuple[float, Path]] = {}

    def write(self, *, keep_all_crops: bool) -> None:
        """Write them.

        Raises:
            InputError: If a result cannot be read.
            OutputError: If a log cannot be written.
        """
        if not self._tasks:
            return
        origin = min(task.start for task, _ in self._tasks)
        logs = {camera: CameraLog(origin) for camera in self._cameras}
        dim = read_result(self._tasks[0][1]).crop_feature.shape[1]
        with (
            contextlib.closing(DetectionLog(self._folder.detections)) as detections,
            contextlib.closing(TrackLog(self._folder.tracks, self._cameras)) as tracks,
            contextlib.closing(FeatureLog(self._folder.features_part, self._cameras, dim)) as features,
        ):
            for start, group in groupby(self._tasks, key=lambda item: item[0].start):
                tracks.release((start - origin).total_seconds() - _BORDER_S)
                lines: list[tuple[float, int, int, Detections]] = []
                for task, path in group:
                    result = read_result(path)
                    settled = logs[task.camera].take(task, result)
                    tracks.add(task.camera, settled.tracks)
                    lines += _lines(self._cameras.index(task.camera), settled, result)
                    self._crops(task.camera, settled, result, features, keep_all=keep_all_crops)
                    self._count(task, settled, result)
                for time_s, place, frame, found in sorted(lines, key=lambda line: line[:2]):
                    detections.add(self._cameras[place], frame, time_s, found)
        write_tracklets(self._folder.tracklets, read_feature_log(self._folder.features_part))
        self._folder.features_part.unlink()

    def _count(self, task: Task, settled: Settled, result: TaskResult) -> None:
        count = self.counts[task.camera]
        count.frames += len(settled.frame)
        count.boxes += len(settled.tracks)
        count.damaged_packets += int(result.about["damaged"])
        count.skipped_crops += int((~result.crop_feature.any(axis=1)).sum())
        if len(settled.frame):
            count.last_frame, count.last_time_s = int(settled.frame[-1]), float(settled.time_s[-1])
            if count.first_time_s is None:
                count.first_time_s = float(settled.time_s[0])
        self.facts.setdefault(task.camera, (tuple(result.about["size"]), float(result.about["nominal_fps"])))
        for fault in result.about["faults"]:
            if fault not in self.faults:
                self.faults.append(fault)

    def _crops(
        self, camera: str, settled: Settled, result: TaskResult, features: FeatureLog, *, keep_all: bool
    ) -> None:
        """Log the features of crops and write their pictures."""
        begin = 0
        for row, end in enumerate(result.picture_end.tolist()):
            picture, begin = result.pictures[begin:end].tobytes(), end
            track, frame = int(settled.crop_track[row]), int(settled.crop_frame[row])
            quality, feature = float(result.crop_quality[row]), result.crop_feature[row]
            if not track:
                continue
            if feature.any():
                features.add(camera, track, frame, quality, feature.astype(np.float32))
            if picture:
                self._keep(camera, track, frame, quality, picture, keep_all=keep_all)

    def _keep(self, camera: str, track: int, frame: int, quality: float, picture: bytes, *, keep_all: bool) -> None:
        path = self._folder.crops / UNSETTLED / f"{camera}-{track}-{frame}.jpg"
        former = self._best.get((camera, track))
        if not keep_all and former is not None:
            if former[0] >= quality:
                return
            former[1].unlink(missing_ok=True)
        write_lines(path, [picture])
        self._best[camera, track] = quality, path


def _lines(place: int, settled: Settled, result: TaskResult) -> list[tuple[float, int, int, Detections]]:
    """Time, camera, number and detections of each frame."""
    ends = np.cumsum(result.found)
    skipped = len(result.found) - len(settled.frame)  # frames that the task before had, at the beginning
    lines = []
    for row, (frame, time_s) in enumerate(zip(settled.frame.tolist(), settled.time_s.tolist(), strict=True), skipped):
        part = slice(int(ends[row] - result.found[row]), int(ends[row]))
        lines.append((time_s, place, frame, Detections(result.found_xyxy[part], result.found_score[part])))
    return lines
