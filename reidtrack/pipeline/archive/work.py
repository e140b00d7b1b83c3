"""One task: its frames through detector, tracker and embedder, from a lead before its start to its end.

Needs nothing but the task, the settings and the networks, so that any process on any machine may do it.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from reidtrack.config.run import RunConfig
from reidtrack.detect.fit import FittedSize
from reidtrack.detect.network import NetworkDetector
from reidtrack.embed.select import Candidate, CropSelector
from reidtrack.errors import InputError
from reidtrack.pipeline.archive.result import TaskResult
from reidtrack.pipeline.archive.tasks import Task
from reidtrack.pipeline.run.looks import Look, LookRule
from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.pipeline.run.reading import RunNetworks, Successors, make_looks
from reidtrack.pipeline.run.track_cameras import TrackingPass
from reidtrack.runs.logs import TIME_DECIMALS
from reidtrack.runtime.cancel import CancelToken
from reidtrack.track.camera_motion import CameraMotionEstimator
from reidtrack.types import Detections, FloatArray, Frame, Tracks
from reidtrack.video.file import VideoFile, fit, other_shape
from reidtrack.video.fingerprint import fingerprint
from reidtrack.video.part import Part
from reidtrack.video.segmented import count_frames

PIECE = 1 << 32
"""Frames of a task are numbered by piece * PIECE + index within the file."""


def do_task(task: Task, config: RunConfig, networks: RunNetworks, fitted: FittedSize | None = None) -> TaskResult:
    """Do a task.

    Args:
        task: Which files, from when to when.
        config: How; its sections detect, track, embed and output.crops.
        networks: Ready.
        fitted: Size of the detector's input and tiles, where they are fitted to the camera.

    Raises:
        InputError: If a file is gone or another one than it was, or not one frame can be read.
    """
    frames = _TaskFrames(task, config.hwaccel)
    detector = networks.detector
    if fitted is not None and isinstance(detector, NetworkDetector):
        detector = detector.with_sizes({task.camera: fitted})
    collected = _Collect(config.output.crops)
    interval_s = config.detect.every / frames.nominal_fps if config.detect.every > 1 else 0.0
    trackers = Successors(config.track, {task.camera: interval_s})
    tracking = TrackingPass(
        detector=detector,
        trackers=trackers.first,
        selector=CropSelector(
            networks.embedder.size_hw,
            every_s=config.embed.every_s,
            min_quality=config.embed.min_quality,
            forget_s=max(10.0, 2 * config.track.max_age),
        ),
        embedder=networks.embedder,
        observers=[collected],
        batch=config.detect.batch,
        looks=_WithoutLead(make_looks(config, every=config.detect.every)),
        embed_batch=config.embed.batch,
        camera_motion={task.camera: CameraMotionEstimator()} if config.track.camera_motion else {},
        restart=trackers.next,
    )
    failed: list[InputError] = []
    tracking.run({task.camera: frames}, lambda _, error: failed.append(error), CancelToken())
    if failed:
        raise failed[0]
    return collected.result(networks.embedder.feature_dim, frames.about())


class _TaskFrames:
    """Frames of a task's files; what is wrong with a file is kept, and the next one goes on."""

    def __init__(self, task: Task, hwaccel: str) -> None:
        self._task, self._hwaccel = task, hwaccel
        self._damaged, self.faults = 0, list[str]()
        self.size, self.nominal_fps = (0, 0), 25.0
        for piece in task.pieces:
            found = fingerprint(piece.path)
            if found is None or (found.sha256, found.bytes) != (piece.sha256, piece.bytes):
                raise InputError(
                    "is gone, or another file than it was when the archive was looked through", where=piece.path
                )
        first = next(iter(self._files()), None)
        if first is None:
            raise InputError(f"no frame can be read ({self.faults[0]})", where=task.pieces[0].path)
        first.close()
        self.size, self.nominal_fps, self.faults = first.size, first.nominal_fps, []

    def _files(self) -> Iterator[VideoFile]:
        """Files that can be opened."""
        for number in range(len(self._task.pieces)):
            opened = self._open(number)
            if opened is not None:
                yield opened

    def _open(self, number: int) -> VideoFile | None:
        task, piece = self._task, self._task.pieces[number]
        low_s, high_s = max(0.0, -task.lead_s - piece.begins_s), task.seconds - piece.begins_s
        try:
            return VideoFile(piece.path, task.camera, Part(low_s, high_s), hwaccel=self._hwaccel)
        except InputError as error:
            self.faults.append(str(error))
            return None

    def __iter__(self) -> Generator[Frame]:
        last_s, size = -math.inf, self.size
        for number, piece in enumerate(self._task.pieces):
            opened = self._open(number)
            if opened is None:
                continue
            with opened:
                try:
                    for frame in opened:
                        time_s = round(piece.begins_s + frame.time_s, TIME_DECIMALS)
                        if last_s < time_s < self._task.seconds and time_s >= -self._task.lead_s:
                            last_s = time_s
                            anew, size = frame.begins_anew or other_shape(frame.size, size), frame.size
                            image = fit(frame.image, self.size)
                            yield Frame(frame.camera, number * PIECE + frame.index, time_s, image, anew)
                except InputError as error:
                    self.faults.append(str(error))
                finally:
                    self._damaged += opened.damaged

    def about(self) -> dict[str, Any]:
        """Facts for the result."""
        counts = [count_frames(piece.path) for piece in self._task.pieces]
        return {
            "counts": counts,
            "size": self.size,
            "nominal_fps": self.nominal_fps,
            "damaged": self._damaged,
            "faults": self.faults,
        }


class _WithoutLead(LookRule):
    """Another rule, but crops of the lead are not embedded: the task before embeds them."""

    def __init__(self, rule: LookRule) -> None:
        self._rule, self.learns = rule, rule.learns

    def looks_at(self, frame: Frame) -> Look:
        """As the other says."""
        return self._rule.looks_at(frame)

    def tracked(self, frame: Frame, detections: Detections, tracks: Tracks, *, pending: bool) -> None:
        """Hand it on."""
        self._rule.tracked(frame, detections, tracks, pending=pending)

    def embeds(self, crops: Sequence[Candidate], waiting: int) -> list[Candidate]:
        """Those after the task's start."""
        return [crop for crop in self._rule.embeds(crops, waiting) if crop.time_s >= 0]

    def load(self, busy_s: Mapping[str, float], dropped: Mapping[str, int]) -> None:
        """Hand it on."""
        self._rule.load(busy_s, dropped)


class _Collect(RunObserver):
    """Keeps what the pass tells."""

    def __init__(self, keep: str) -> None:
        self._keep = keep
        self._frames: list[tuple[int, float, Detections]] = []
        self._rows: list[tuple[float, Tracks]] = []
        self._crops: list[tuple[int, int, float, FloatArray | None]] = []
        self._pictures: dict[tuple[int, int], bytes] = {}
        self._best: dict[int, tuple[float, int]] = {}

    def on_detections(self, frame: Frame, detections: Detections) -> None:
        """Keep them, after the lead."""
        if frame.time_s >= 0:
            self._frames.append((frame.index, frame.time_s, detections))

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """Keep them, of the lead too."""
        if len(tracks):
            self._rows.append((frame.time_s, tracks))

    def on_crop(self, crop: Candidate) -> None:
        """Keep its picture, if it is the best of its track or all are wanted."""
        quality, former = self._best.get(crop.track_id, (-1.0, -1))
        if crop.time_s < 0 or self._keep == "none" or (self._keep == "best" and crop.quality <= quality):
            return
        import cv2

        done, data = cv2.imencode(".jpg", crop.crop, [cv2.IMWRITE_JPEG_QUALITY, 88])
        if not done:
            return
        if self._keep == "best":
            self._pictures.pop((crop.track_id, former), None)
        self._best[crop.track_id] = crop.quality, crop.frame
        self._pictures[crop.track_id, crop.frame] = data.tobytes()

    def on_features(self, crops: Sequence[Candidate], features: Sequence[FloatArray | None]) -> None:
        """Keep them, after the lead."""
        for crop, feature in zip(crops, features, strict=True):
            if crop.time_s >= 0:
                self._crops.append((crop.track_id, crop.frame, crop.quality, feature))

    def result(self, dim: int, about: dict[str, Any]) -> TaskResult:
        """All of it as arrays."""
        tracks = [rows for _, rows in self._rows]
        told = [np.full(len(rows), told_s) for told_s, rows in self._rows]
        none = np.zeros(dim, np.float32)
        pictures = [self._pictures.get((track, frame), b"") for track, frame, _, _ in self._crops]
        features = [none if feature is None else feature for *_, feature in self._crops]
        return TaskResult(
            frame=_split([index for index, _, _ in self._frames]),
            time_s=np.array([time_s for _, time_s, _ in self._frames], np.float64),
            found=np.array([len(found) for *_, found in self._frames], np.int64),
            found_xyxy=_joined([found.xyxy for *_, found in self._frames], np.zeros((0, 4), np.float32)),
            found_score=_joined([found.score for *_, found in self._frames], np.zeros(0, np.float32)),
            row_track=_joined([rows.track_id for rows in tracks], np.zeros(0, np.int64)),
            row_frame=_split(_joined([rows.frame for rows in tracks], np.zeros(0, np.int64))),
            row_time_s=_joined([rows.time_s for rows in tracks], np.zeros(0)),
            row_told_s=_joined(told, np.zeros(0)),
            row_xyxy=_joined([rows.xyxy for rows in tracks], np.zeros((0, 4), np.float32)),
            row_score=_joined([rows.score for rows in tracks], np.zeros(0, np.float32)),
            crop_track=np.array([track for track, *_ in self._crops], np.int64),
            crop_frame=_split([frame for _, frame, *_ in self._crops]),
            crop_quality=np.array([quality for _, _, quality, _ in self._crops], np.float32),
            crop_feature=np.array(features, np.float16).reshape(-1, dim),
            picture_end=np.cumsum([len(picture) for picture in pictures], dtype=np.int64),
            pictures=np.frombuffer(b"".join(pictures), np.uint8),
            about=about,
        )


def _joined(arrays: Sequence[Any], empty: Any) -> Any:
    return np.concatenate([empty, *arrays])


def _split(numbers: Any) -> Any:
    """(N, 2) piece and index of frame numbers."""
    whole = np.asarray(numbers, np.int64)
    return np.stack([whole // PIECE, whole % PIECE], axis=-1).reshape(-1, 2)
