"""The logs of a live session, in segments: what was detected, tracked and embedded, and who was where at that moment.

Each segment is a folder `logs/<UTC>` of the files of a recorded run's pass, and a file `sightings/<UTC>.jsonl`. All
that is known of a batch of frames is handed to the operating system with it: a killed process loses no more.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.embed.select import Candidate
from reidtrack.errors import OutputError
from reidtrack.pipeline.live.between import BetweenLooks
from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.runs.features import FeatureLog
from reidtrack.runs.jsonl import AppendFile, json_line
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runs.logs import TIME_DECIMALS, DetectionLog, pixels, scores
from reidtrack.types import Detections, FloatArray, Frame, Tracks

UNDECIDED = -1
"""Identity of a sighting at whose moment none was decided on."""


class LiveLogs(RunObserver):
    """Writes the logs of a session.

    A disk that is full loses lines, counted, and ends nothing: what follows is written once there is room.

    Args:
        folder: Of the site.
        cameras: Of the session; more may come by `add_camera`.
        feature_dim: Length of a feature.
        who: Numbers of the people of tracks of a camera in one frame, None of those not decided on.
        moment: The date and time of a number of seconds since the origin.
        segment_s: Seconds after which another one begins.
        now_s: Time of the folder.
    """

    def __init__(
        self,
        folder: LiveFolder,
        cameras: Sequence[str],
        feature_dim: int,
        who: Callable[[str, Sequence[int]], Sequence[int | None]],
        moment: Callable[[float], datetime],
        segment_s: float,
        now_s: Callable[[], float],
    ) -> None:
        self._folder, self._dim, self._cameras = folder, feature_dim, list(cameras)
        self._who, self._moment = who, moment
        self._segment_s, self._now_s = segment_s, now_s
        self._lock = threading.RLock()
        self._begun_s = -float("inf")
        self._between: dict[str, BetweenLooks] = {}
        self._files: _Segment | None = None
        self._closed = False
        self.lost = 0
        self.error: OutputError | None = None
        self.writing: tuple[Path, ...] = ()
        """What is open: the folder of logs and the file of sightings."""
        self._begin()

    def add_camera(self, camera: str) -> None:
        """Have the logs know another camera: a new segment begins."""
        with self._lock:
            if camera not in self._cameras:
                self._cameras.append(camera)
                self._begin()

    # In the thread of the pass.

    def on_detections(self, frame: Frame, detections: Detections) -> None:
        """Log them."""
        self._write(lambda files: files.detections.add(frame.camera, frame.index, frame.time_s, detections))

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """Log boxes, and who they are; who was where in frames that were spared since the last look, too."""
        between = self._between.setdefault(frame.camera, BetweenLooks()).fill(frame, tracks)
        if not len(tracks):
            return
        ids = np.unique(tracks.track_id).tolist()
        known = dict(zip(ids, self._who(frame.camera, ids), strict=True))
        lines, sightings = [], []
        for place, track_id, box in (*_rows(frame.camera, between), *_rows(frame.camera, tracks)):
            number = known[track_id]
            who = {"track_id": track_id, "identity": UNDECIDED if number is None else number}
            sightings.append(json_line({**place, **who, **box}))
        for place, track_id, box in _rows(frame.camera, tracks):
            lines.append(json_line({**place, "track_id": track_id, **box}))
        self._write(lambda files: files.add_rows(lines, sightings))

    def on_frame(self, frame: Frame) -> None:
        """Remember it: a track may have a box in it once it is seen again."""
        self._between.setdefault(frame.camera, BetweenLooks()).passed(frame)

    def on_watermark(self, time_s: float) -> None:
        """Hand everything to the operating system; begin another segment if it is time to."""
        self._write(lambda files: files.flush())
        if self._now_s() - self._begun_s >= self._segment_s and time_s != float("inf"):
            with self._lock:
                self._begin()

    # In the thread that embeds.

    def on_features(self, crops: Sequence[Candidate], features: Sequence[FloatArray | None]) -> None:
        """Log them."""

        def add(files: _Segment) -> None:
            for crop, feature in zip(crops, features, strict=True):
                if feature is not None:
                    files.features.add(crop.camera, crop.track_id, crop.frame, crop.quality, feature)
            files.features.flush()

        self._write(add)

    def close(self) -> None:
        """Write what is left; nothing is logged after that."""
        with self._lock:
            if not self._closed:
                self._write(lambda files: files.close())
            self._files, self._closed, self.writing = None, True, ()

    def _write(self, write: Callable[[_Segment], None]) -> None:
        with self._lock:
            if self._closed:
                return
            if self._files is None:
                self._retry()
            if self._files is None:
                self.lost += 1
                return
            try:
                write(self._files)
            except OutputError as error:
                self._fail(error)

    def _retry(self) -> None:
        if self._now_s() - self._begun_s < _RETRY_S:
            return
        self._begun_s = self._now_s()
        if _has_room(self._folder.path):
            self._begin()

    def _begin(self) -> None:
        self._begun_s = self._now_s()
        try:
            if self._files is not None:
                self._files.close()
            self._files = None
            self._files = _Segment(self._folder, self._moment(self._begun_s), self._cameras, self._dim)
            self.writing, self.error = self._files.paths, None
        except OutputError as error:
            self._fail(error)

    def _fail(self, error: OutputError) -> None:
        """Go on without a segment; another one is tried a while later."""
        self.error, self.lost = error, self.lost + 1
        files, self._files = self._files, None
        if files is not None:
            files.abandon()


def _rows(camera: str, tracks: Tracks) -> Iterator[tuple[dict[str, Any], int, dict[str, Any]]]:
    """Of each row where and when, whose track, and the box."""
    columns = (tracks.track_id, tracks.frame, tracks.time_s)
    rows = zip(*(column.tolist() for column in columns), pixels(tracks.xyxy), scores(tracks.score), strict=True)
    for track_id, index, time_s, xyxy, score in rows:
        place = {"camera": camera, "frame": index, "time_s": round(time_s, TIME_DECIMALS)}
        yield place, track_id, {"xyxy": xyxy, "score": score}


_RETRY_S = 5.0
_LEAST_BYTES = 1 << 20
"""With less room no segment is begun: a disk that stays full for days would get a folder of nothing every time."""


def _has_room(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free >= _LEAST_BYTES
    except OSError:
        return True  # trying tells what is wrong


class _Segment:
    """The open files of one segment."""

    def __init__(self, folder: LiveFolder, start: datetime, cameras: Sequence[str], dim: int) -> None:
        try:
            segment, sightings = folder.new_log_segment(start), folder.new_sightings_file(start)
        except OSError as error:
            raise OutputError("cannot be made", where=error.filename, hint=error.strerror) from error
        self.paths = segment.path, sightings
        self.detections = DetectionLog(segment.detections)
        self._tracks = AppendFile(segment.tracks)
        self._sightings = AppendFile(sightings)
        self.features = FeatureLog(segment.features_part, cameras, dim)

    def add_rows(self, tracks: Sequence[bytes], sightings: Sequence[bytes]) -> None:
        """Boxes of one frame."""
        for line in tracks:
            self._tracks.append(line)
        for line in sightings:
            self._sightings.append(line)

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self.detections.flush()
        self._tracks.flush()
        self._sightings.flush()

    def close(self) -> None:
        """Write what is left and close."""
        for file in (self.detections, self._tracks, self._sightings, self.features):
            file.close()

    def abandon(self) -> None:
        """Close, whatever becomes of what is left."""
        for file in (self.detections, self._tracks, self._sightings, self.features):
            try:
                file.close()
            except OutputError:
                continue
