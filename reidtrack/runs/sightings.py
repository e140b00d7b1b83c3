"""Who was where in a stretch of time: the sightings of a run or of live cameras, read back."""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reidtrack.runs.jsonl import expecting_records, read_json_lines
from reidtrack.runs.live_folder import LiveFolder, Piece
from reidtrack.types import DoubleArray, FloatArray, IntArray, TrackletKey

_LATE_S = 120.0
"""A box may be logged so long after its time: tracks are confirmed later, and the disk may have been full."""
_TAIL_BYTES = 1 << 16
_COLUMNS = 5
"""Real numbers of a row: the time and the box."""


class CameraSightings(NamedTuple):
    """Boxes of one camera with the identity of each, sorted by track, then time.

    Attributes:
        time_s: (N,) float64, seconds since the origin.
        track_id: (N,) int64.
        identity: (N,) int64; below 1 where nobody was decided on.
        xyxy: (N, 4) float32, pixels of the picture that was looked at.
    """

    time_s: DoubleArray
    track_id: IntArray
    identity: IntArray
    xyxy: FloatArray


def read_sightings(
    folder: LiveFolder,
    origin: datetime,
    from_s: float,
    until_s: float,
    identities: Mapping[TrackletKey, int],
    *,
    settled: bool = True,
) -> tuple[dict[str, CameraSightings], dict[int, str]]:
    """Camera to the boxes of a stretch of time, and the names of people that stand with them.

    Those of `sightings.jsonl`, which were settled over the whole time, are taken as far as it reaches; those of live
    cameras from then on, with the identities that later events gave them.

    Args:
        folder: Of a run or of live cameras.
        origin: The moment from which its times count.
        from_s: First moment, seconds since the origin.
        until_s: Last moment.
        identities: Tracks to the identity that they have by now, for what is not settled.
        settled: Whether `sightings.jsonl` may be used.

    Raises:
        InputError: If a file cannot be read.
    """
    rows = _Rows()
    names: dict[int, str] = {}
    reaches_s = -np.inf
    if settled and folder.sightings.is_file():
        reaches_s = _last_time_s(folder.sightings)
        for row in _between(folder.sightings, from_s, until_s, in_order=True):
            rows.add(row, row["identity"])
            if "name" in row:
                names[row["identity"]] = row["name"]
    for path in _files(folder.sightings_files(), origin, max(from_s, reaches_s), until_s):
        for row in _between(path, from_s, until_s):
            if row["time_s"] > reaches_s:
                rows.add(row, identities.get((row["camera"], row["track_id"]), row["identity"]))
    return rows.by_camera(), names


def _between(path: Path, from_s: float, until_s: float, *, in_order: bool = False) -> Iterator[dict[str, Any]]:
    """Lines of a file of a stretch of time."""
    with expecting_records(path):
        for row, _ in read_json_lines(path):
            if in_order and row["time_s"] > until_s:
                return
            if from_s <= row["time_s"] <= until_s:
                yield row


def _files(pieces: list[Piece], origin: datetime, from_s: float, until_s: float) -> Iterator[Path]:
    """Files that may hold lines of a stretch of time."""
    for number, piece in enumerate(pieces):
        begins = piece.start - origin
        ends = pieces[number + 1].start - origin if number + 1 < len(pieces) else timedelta.max
        if begins.total_seconds() <= until_s + _LATE_S and ends.total_seconds() >= from_s - 1:
            yield piece.path


def _last_time_s(path: Path) -> float:
    """Time of the last whole line of a file that is sorted by time; minus infinity where there is none."""
    with expecting_records(path), path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        lines = file.read().split(b"\n")[:-1]
        return float(json.loads(lines[-1])["time_s"]) if lines else -np.inf


class _Rows:
    """Rows on their way into arrays: as Python objects, an hour of many people would fill the memory."""

    def __init__(self) -> None:
        self._whole: dict[str, array[int]] = defaultdict(lambda: array("q"))
        self._real: dict[str, array[float]] = defaultdict(lambda: array("d"))

    def add(self, row: Mapping[str, Any], identity: int) -> None:
        x1, y1, x2, y2 = row["xyxy"]
        self._whole[row["camera"]].extend((row["track_id"], identity))
        self._real[row["camera"]].extend((row["time_s"], x1, y1, x2, y2))

    def by_camera(self) -> dict[str, CameraSightings]:
        result = {}
        for camera, values in self._whole.items():
            whole = np.frombuffer(values, np.int64).reshape(-1, 2)
            real = np.frombuffer(self._real[camera], np.float64).reshape(-1, _COLUMNS)
            order = np.lexsort((real[:, 0], whole[:, 0]))
            whole, real = whole[order], real[order]
            result[camera] = CameraSightings(real[:, 0], whole[:, 0], whole[:, 1], real[:, 1:].astype(np.float32))
        return result
