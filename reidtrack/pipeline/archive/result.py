"""What a task found out, in one file: frames, boxes of tracks, features and pictures, as arrays."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.errors import InputError
from reidtrack.files import write_lines
from reidtrack.plain_file import check_plain
from reidtrack.types import DoubleArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class TaskResult:
    """What a task found out. Times are seconds from its start; frames are (piece, index within its file).

    Attributes:
        frame: (F, 2) int64, frames that were read after its start.
        time_s: (F,) float64.
        found: (F,) int64, how many detections each has.
        found_xyxy: (D, 4) float32, detections of all frames, one frame's after the other's.
        found_score: (D,) float32.
        row_track: (R,) int64, ids of the task's tracker; rows of the lead are here too.
        row_frame: (R, 2) int64.
        row_time_s: (R,) float64.
        row_told_s: (R,) float64, when the tracker told of it: later than its own time for tracks just confirmed.
        row_xyxy: (R, 4) float32.
        row_score: (R,) float32.
        crop_track: (C,) int64.
        crop_frame: (C, 2) int64.
        crop_quality: (C,) float32.
        crop_feature: (C, D) float16; a row of zeros where a crop gave none.
        picture_end: (C,) int64, ends of the crops' pictures within `pictures`; of one without, that of the one before.
        pictures: (B,) uint8, JPEG files one behind the other.
        about: Facts: counts of the pieces' frames, size of pictures, rate, damage, faults.
    """

    frame: IntArray
    time_s: DoubleArray
    found: IntArray
    found_xyxy: FloatArray
    found_score: FloatArray
    row_track: IntArray
    row_frame: IntArray
    row_time_s: DoubleArray
    row_told_s: DoubleArray
    row_xyxy: FloatArray
    row_score: FloatArray
    crop_track: IntArray
    crop_frame: IntArray
    crop_quality: FloatArray
    crop_feature: Any
    picture_end: IntArray
    pictures: Any
    about: dict[str, Any]


_ARRAYS = [field.name for field in fields(TaskResult) if field.name != "about"]


def result_path(folder: Path, key: str) -> Path:
    """Where the result of that key is, or will be."""
    return folder / key[:2] / f"{key}.npz"


def write_result(path: Path, result: TaskResult) -> None:
    """Write a result, whole or not at all; the same result gives the same bytes.

    Raises:
        OutputError: If it cannot be written.
    """
    write_lines(path, [encode(result)])


def encode(result: TaskResult) -> bytes:
    """A result as the bytes of its file."""
    about = np.frombuffer(json.dumps(result.about, sort_keys=True).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, about=about, **{name: getattr(result, name) for name in _ARRAYS})
    return file.getvalue()


def read_result(path: Path) -> TaskResult:
    """Read a result.

    Raises:
        InputError: If it cannot be read: remove it, and it is computed again.
    """
    try:
        check_plain(path)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            about = json.loads(data["about"].tobytes())
            return TaskResult(**{name: data[name] for name in _ARRAYS}, about=about)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        hint = "remove it: it is computed again"
        raise InputError("cannot be read", where=path, expected="the result of a task", hint=hint) from error
