"""The logs of pass one: what was detected in each frame, and what the trackers made of it.

`detections.jsonl` has one line for each frame that was read, also for one without people: a resumed run goes on
from it. `tracks.jsonl` has one line for each box, sorted by time, camera and track.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reidtrack.runs.jsonl import AppendFile, expecting_records, json_line, read_json_lines
from reidtrack.types import Detections, DoubleArray, FloatArray, IntArray, Tracks

PIXEL_DECIMALS = 2
SCORE_DECIMALS = 4
TIME_DECIMALS = 6


def round_detections(detections: Detections) -> Detections:
    """The detections as a log gives them back: a resumed run sees the numbers that the first one saw."""
    xyxy = np.round(detections.xyxy.astype(np.float64), PIXEL_DECIMALS).astype(np.float32)
    score = np.round(detections.score.astype(np.float64), SCORE_DECIMALS).astype(np.float32)
    return Detections(xyxy, score)


def round_tracks(tracks: Tracks) -> Tracks:
    """The tracks as a log gives them back."""
    xyxy = np.round(tracks.xyxy.astype(np.float64), PIXEL_DECIMALS).astype(np.float32)
    score = np.round(tracks.score.astype(np.float64), SCORE_DECIMALS).astype(np.float32)
    time_s = np.array([round(time_s, TIME_DECIMALS) for time_s in tracks.time_s.tolist()], np.float64)
    return Tracks(tracks.track_id, tracks.frame, time_s, xyxy, score)


def pixels(xyxy: FloatArray) -> list[list[float]]:
    """Boxes as plain numbers with the logs' decimals."""
    rounded: list[list[float]] = np.round(xyxy.astype(np.float64), PIXEL_DECIMALS).tolist()
    return rounded


def scores(score: FloatArray) -> list[float]:
    """Scores as plain numbers with the logs' decimals."""
    rounded: list[float] = np.round(score.astype(np.float64), SCORE_DECIMALS).tolist()
    return rounded


class DetectionLog:
    """Writes `detections.jsonl`: {camera, frame, time_s, xyxy, score}, in the order of processing."""

    def __init__(self, path: Path, keep: int = 0) -> None:
        self._file = AppendFile(path, keep)

    def add(self, camera: str, frame: int, time_s: float, detections: Detections) -> None:
        """Log one frame."""
        record = {
            "camera": camera,
            "frame": frame,
            "time_s": round(time_s, TIME_DECIMALS),
            "xyxy": pixels(detections.xyxy),
            "score": scores(detections.score),
        }
        self._file.append(json_line(record))

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True)
class LoggedDetections:
    """Detections that an interrupted run had logged.

    Attributes:
        frames: Camera to frame number (0-based) to its detections.
        end: Bytes of the file that hold whole lines.
    """

    frames: Mapping[str, Mapping[int, Detections]]
    end: int


def read_detection_log(path: Path) -> LoggedDetections:
    """Read `detections.jsonl` back, up to the last whole line; a file that is not there is an empty one.

    Raises:
        InputError: If it cannot be read.
    """
    frames: dict[str, dict[int, Detections]] = defaultdict(dict)
    end = 0
    if path.exists():
        with expecting_records(path):
            for record, end in read_json_lines(path):  # noqa: B007 - the last position is used below
                xyxy = np.asarray(record["xyxy"], np.float64).reshape(-1, 4).astype(np.float32)
                score = np.asarray(record["score"], np.float64).astype(np.float32)
                frames[record["camera"]][record["frame"]] = Detections(xyxy, score)
    return LoggedDetections(frames, end)


class TrackLog:
    """Writes `tracks.jsonl`, sorted: lines are held back while an earlier one may still come.

    Args:
        path: The file; made anew.
        cameras: Every camera of the run, in the order of the command line.
    """

    def __init__(self, path: Path, cameras: Sequence[str]) -> None:
        self._file = AppendFile(path)
        self._index = {camera: i for i, camera in enumerate(cameras)}
        self._held: list[tuple[float, int, int, bytes]] = []

    def add(self, camera: str, tracks: Tracks) -> None:
        """Take what a tracker said after one frame."""
        columns = zip(
            tracks.track_id.tolist(),
            tracks.frame.tolist(),
            tracks.time_s.tolist(),
            pixels(tracks.xyxy),
            scores(tracks.score),
            strict=True,
        )
        for track_id, frame, time_s, xyxy, score in columns:
            time_s = round(time_s, TIME_DECIMALS)
            record = {
                "camera": camera,
                "frame": frame,
                "time_s": time_s,
                "track_id": track_id,
                "xyxy": xyxy,
                "score": score,
            }
            self._held.append((time_s, self._index[camera], track_id, json_line(record)))

    def release(self, before_s: float) -> None:
        """Write and flush the lines of every time before `before_s`: nothing earlier will be added."""
        self._held.sort()
        before_s = round(before_s, TIME_DECIMALS)  # as the lines' own times are: what comes later may round to less
        count = sum(1 for time_s, *_ in self._held if time_s < before_s)
        for *_, line in self._held[:count]:
            self._file.append(line)
        del self._held[:count]
        self._file.flush()

    def close(self) -> None:
        """Write what is held back and close."""
        self.release(float("inf"))
        self._file.close()


def read_track_log(path: Path) -> dict[str, Tracks]:
    """Read `tracks.jsonl` back: camera to all its rows, sorted by frame and track.

    Raises:
        InputError: If it cannot be read.
    """
    # Arrays, not lists: a long recording has millions of boxes, and this is when a run needs most memory.
    whole: dict[str, array[int]] = defaultdict(lambda: array("q"))
    real: dict[str, array[float]] = defaultdict(lambda: array("d"))
    with expecting_records(path):
        for record, _ in read_json_lines(path):
            whole[record["camera"]].extend((record["frame"], record["track_id"]))
            x1, y1, x2, y2 = record["xyxy"]
            real[record["camera"]].extend((record["time_s"], record["score"], x1, y1, x2, y2))
        return {camera: _to_tracks(whole[camera], real[camera]) for camera in whole}


def _to_tracks(whole: array[int], real: array[float]) -> Tracks:
    numbers, values = np.frombuffer(whole, np.int64).reshape(-1, 2), np.frombuffer(real, np.float64).reshape(-1, 6)
    order = np.lexsort((numbers[:, 1], numbers[:, 0]))
    if not np.isfinite(values).all() or (numbers < 0).any() or (np.diff(numbers[order], axis=0) == 0).all(axis=1).any():
        raise ValueError("a number that is none, or a track twice in a frame")
    return Tracks(
        numbers[order, 1],
        numbers[order, 0],
        values[order, 0],
        values[order, 2:].astype(np.float32),
        values[order, 1].astype(np.float32),
    )


def read_frame_times(path: Path) -> dict[str, tuple[IntArray, DoubleArray]]:
    """Camera to the numbers and times of all frames in `detections.jsonl`, sorted by number.

    Raises:
        InputError: If it cannot be read.
    """
    times: dict[str, dict[int, float]] = defaultdict(dict)
    result = {}
    with expecting_records(path):
        for record, _ in read_json_lines(path):
            times[record["camera"]][record["frame"]] = record["time_s"]
        for camera, by_frame in times.items():
            frame = np.array(sorted(by_frame), np.int64)
            time_s = np.array([by_frame[number] for number in frame.tolist()], np.float64)
            if not np.isfinite(time_s).all():
                raise ValueError("a time that is none")
            result[camera] = frame, time_s
    return result
