"""MOTChallenge text files: detections, tracks and ground truth as `frame,id,left,top,width,height,score,...` lines.

Frames are 1-based in the files and 0-based everywhere else; `_FIRST_FRAME` is added and taken away here only. Pixel
coordinates pass through unchanged. Columns are separated by commas or white space. Of those after the seventh only the
class is kept, the eighth of eight or nine columns (MOT16, MOT17, MOT20, CVAT); with more, the eighth is a world
coordinate (MOT15).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reidtrack.errors import InputError
from reidtrack.files import write_whole
from reidtrack.geometry import xywh_to_xyxy, xyxy_to_xywh
from reidtrack.types import BoolArray, Detections, DoubleArray, IntArray

_FIRST_FRAME = 1
_MIN_COLUMNS = 6
_MAX_COLUMNS = 16
"""Readers of other tools' files know of up to eleven; a line of more is of another kind of table."""
_CLASS_COLUMNS = (8, 9)
"""How many columns a line has whose eighth is a class."""
PEDESTRIAN = 1
_CLASSES = {
    name: number
    for number, names in {
        PEDESTRIAN: ("pedestrian", "person", "people", "human"),
        2: ("person_on_vehicle", "rider", "cyclist"),
        3: ("car",),
        4: ("bicycle", "bike"),
        5: ("motorbike", "motorcycle"),
        6: ("non_mot_vehicle", "vehicle", "truck", "bus", "van"),
        7: ("static_person",),
        8: ("distractor",),
        9: ("occluder",),
        10: ("occluder_on_ground",),
        11: ("occluder_full",),
        12: ("reflection",),
        13: ("crowd",),
    }.items()
    for name in names
}
"""Words to the numbers of MOTChallenge's classes (TrackEval, MOT16 to MOT20)."""
_LARGEST = 1e15
"""Numbers beyond this are refused: they fit neither a picture nor the integers and float32 of the records."""
_LAYOUT = "frame,id,left,top,width,height,score"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class MotRows:
    """Rows of a MOTChallenge file, sorted by frame; rows of one frame keep their order.

    Attributes:
        frame: (N,) int64, 0-based.
        id: (N,) int64; -1 in detection files.
        xyxy: (N, 4) float64, pixels, as the file has them (a width may be negative).
        score: (N,) float64: the confidence, or the 0/1 flag of a ground-truth file.
        class_id: (N,) int64, MOTChallenge's number of the class, 1 for a pedestrian; -1 where the file names none.
    """

    frame: IntArray
    id: IntArray
    xyxy: DoubleArray
    score: DoubleArray
    class_id: IntArray

    def __post_init__(self) -> None:
        n = len(self.frame)
        expected: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {
            "frame": ((n,), np.int64),
            "id": ((n,), np.int64),
            "xyxy": ((n, 4), np.float64),
            "score": ((n,), np.float64),
            "class_id": ((n,), np.int64),
        }
        for name, (shape, dtype) in expected.items():
            value: NDArray[Any] = getattr(self, name)
            if value.shape != shape or value.dtype != dtype:
                raise ValueError(f"MotRows.{name}: expected {shape} {np.dtype(dtype)}, got {value.shape} {value.dtype}")
        if n and self.frame[0] < 0:
            raise ValueError(f"MotRows.frame: expected 0 or more, got {self.frame[0]}")
        if (np.diff(self.frame) < 0).any():
            raise ValueError("MotRows.frame: expected sorted frames")

    @classmethod
    def of(
        cls,
        frame: ArrayLike,
        id: ArrayLike,  # noqa: A002
        xyxy: ArrayLike,
        score: ArrayLike,
        class_id: ArrayLike | None = None,
    ) -> MotRows:
        """Build rows from columns in any order: they are cast and sorted by frame.

        Args:
            frame: (N,) whole numbers, 0-based.
            id: (N,) whole numbers.
            xyxy: (N, 4), pixels.
            score: (N,).
            class_id: (N,) whole numbers; None where no class is known.

        Raises:
            ValueError: If lengths differ or a frame is negative.
        """
        frames = np.asarray(frame, np.int64).reshape(-1)
        ids = np.asarray(id, np.int64).reshape(-1)
        boxes = np.asarray(xyxy, np.float64).reshape(-1, 4)
        scores = np.asarray(score, np.float64).reshape(-1)
        classes = np.full(len(frames), -1) if class_id is None else np.asarray(class_id, np.int64).reshape(-1)
        if not len(frames) == len(ids) == len(boxes) == len(scores) == len(classes):
            raise ValueError("MotRows: expected columns of one length")
        order = np.argsort(frames, kind="stable")
        return cls(frames[order], ids[order], boxes[order], scores[order], classes[order])

    @classmethod
    def empty(cls) -> MotRows:
        """Record without rows."""
        return cls.of([], [], [], [])

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, index: slice | IntArray | BoolArray) -> MotRows:
        """Select rows by slice, boolean or increasing integer array."""
        return MotRows(self.frame[index], self.id[index], self.xyxy[index], self.score[index], self.class_id[index])

    def by_frame(self) -> Iterator[tuple[int, MotRows]]:
        """Yield each frame that has rows, 0-based, with its rows."""
        numbers, starts = np.unique(self.frame, return_index=True)
        stops = np.append(starts, len(self))[1:]
        for number, start, stop in zip(numbers, starts, stops, strict=True):
            yield int(number), self[start:stop]


def read_mot(path: Path) -> MotRows:
    """Read a MOTChallenge file; an empty one has no rows, a missing score is 1.

    A class may be a number or a word (`person`, `car`). Where a `labels.txt` lies beside the file, as
    CVAT writes it, its names say what the numbers mean.

    Raises:
        InputError: If the file cannot be read or a line does not fit, with the line's number.
    """
    table = _read_table(path)
    columns = np.array(table, np.float64).reshape(-1, 8)
    frame = columns[:, 0].astype(np.int64) - _FIRST_FRAME
    classes = _by_label(columns[:, 7].astype(np.int64), path.with_name("labels.txt"))
    return MotRows.of(frame, columns[:, 1].astype(np.int64), xywh_to_xyxy(columns[:, 2:6]), columns[:, 6], classes)


def read_detections(path: Path) -> dict[int, Detections]:
    """Read a MOTChallenge detection file: 0-based frame to its detections, in the order of the file.

    Boxes without width or height are dropped. Scores that do not lie in 0..1 are mapped there, keeping their order:
    percentages are divided by 100 (or by the highest score, where that is more), scores with negative values (DPM) go
    through the logistic function, and a file whose scores are all -1 (none known) gets 1. A log line says so.

    Raises:
        InputError: If the file cannot be read or a line does not fit, with the line's number.
    """
    rows = read_mot(path)
    sized: BoolArray = np.all(rows.xyxy[:, 2:] > rows.xyxy[:, :2], axis=1)
    if not sized.all():
        logger.warning("%s: %d boxes without width or height dropped", path, np.count_nonzero(~sized))
    rows = rows[sized]
    scores, how = _unit_scores(rows.score)
    if how:
        logger.warning("%s: scores are not in 0..1: %s", path, how)
    rows = replace(rows, score=scores)
    return {
        frame: Detections(part.xyxy.astype(np.float32), part.score.astype(np.float32))
        for frame, part in rows.by_frame()
    }


def format_mot(rows: MotRows) -> str:
    """Text of a MOTChallenge file: 1-based frames, two decimals of a pixel, `-1,-1,-1` for the world."""
    xywh = xyxy_to_xywh(rows.xyxy)
    columns = zip(
        (rows.frame + _FIRST_FRAME).tolist(), rows.id.tolist(), xywh.tolist(), rows.score.tolist(), strict=True
    )
    return "".join(
        f"{frame},{number},{left:.2f},{top:.2f},{width:.2f},{height:.2f},{score:.4g},-1,-1,-1\n"
        for frame, number, (left, top, width, height), score in columns
    )


def write_mot(path: Path, rows: MotRows) -> None:
    """Write a MOTChallenge file, whole or not at all; missing parent folders are made.

    Raises:
        OutputError: If the disk is full or the place cannot be written.
    """
    write_whole(path, format_mot(rows))


def _read_table(path: Path) -> list[list[float]]:
    """Eight numbers for each line that is not blank: those of `_LAYOUT`, and the class or -1."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError("cannot be read", where=path, hint=error.strerror) from error
    except UnicodeDecodeError as error:
        raise InputError("is not text", where=path, expected=f"{_LAYOUT} lines") from error
    return [_parse(line, f"{path}:{number}") for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _parse(line: str, where: str) -> list[float]:
    cells = line.strip().removesuffix(",").split(",") if "," in line else line.split()
    if not _MIN_COLUMNS <= len(cells) <= _MAX_COLUMNS:
        expected = f"{_MIN_COLUMNS} to {_MAX_COLUMNS}: {_LAYOUT},..."
        raise InputError(f"{len(cells)} columns", where=where, expected=expected)
    values = [_number(cell, where) for cell in cells[:7]]
    if len(values) == _MIN_COLUMNS:
        values.append(1.0)
    values.append(_class(cells[7], where) if len(cells) in _CLASS_COLUMNS else -1.0)
    frame, number = values[:2]
    if not (frame.is_integer() and number.is_integer()):
        raise InputError(f"frame {cells[0]}, id {cells[1]}", where=where, expected="whole numbers")
    if frame < _FIRST_FRAME:
        raise InputError(f"frame {cells[0]}", where=where, expected="1 or more: MOTChallenge frames are 1-based")
    return values


def _class(cell: str, where: str) -> float:
    """Number of a class that is written as a number or as a word; 0 for a word that is none of MOTChallenge's."""
    word = cell.strip().strip("\"'").lower().replace(" ", "_").replace("-", "_")
    if word.replace("_", "").isalpha() and word not in ("nan", "inf", "infinity"):
        return float(_CLASSES.get(word, 0))
    number = _number(cell, where)
    if not number.is_integer():
        raise InputError(f"class {cell.strip()}", where=where, expected="a whole number or a word, such as 1 or person")
    return number


def _by_label(class_id: IntArray, labels: Path) -> IntArray:
    """MOTChallenge's numbers of classes that are numbered, from 1, by the lines of a file of names."""
    try:
        names = labels.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        return class_id
    known = np.array([-1, *(_CLASSES.get(name.strip().lower().replace(" ", "_"), 0) for name in names)])
    inside = (class_id > 0) & (class_id < len(known))
    return np.where(inside, known[np.where(inside, class_id, 0)], class_id)


def _number(cell: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not abs(value) <= _LARGEST:  # NaN too
        raise InputError(f"{cell.strip()!r} is not a usable number", where=where, expected=f"{_LAYOUT},...")
    return value


def _unit_scores(score: DoubleArray) -> tuple[DoubleArray, str]:
    """Scores in 0..1 in the order of `score`, and in words what was done ("" where nothing had to be)."""
    if not len(score) or (score.min() >= 0 and score.max() <= 1):
        return score, ""
    if (score == -1).all():
        return np.ones_like(score), "all are -1, taken as 1"
    if score.min() < 0:
        return 0.5 * (1 + np.tanh(score / 2)), "mapped by the logistic function"
    top = max(100.0, float(score.max()))
    return score / top, f"divided by {top:g}"
