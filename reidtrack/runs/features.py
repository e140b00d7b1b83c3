"""Appearance features on disk: appended one by one while a run reads, packed into `tracklets.npz` at its end.

Features are kept as float16: their cosine changes by less than 1e-4, their size by half.
"""

from __future__ import annotations

import json
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidtrack.errors import InputError, OutputError, param
from reidtrack.files import replacing
from reidtrack.plain_file import check_plain
from reidtrack.runs.jsonl import AppendFile
from reidtrack.types import FloatArray, IntArray

_IN_MEMORY = 1 << 30
"""Bytes of features beyond which they lie in a file."""
_AT_ONCE = 1 << 16
"""Features that are made wider at once."""


def _record_type(dim: int) -> np.dtype[np.void]:
    fields: list[Any] = [("camera", "<i4"), ("track_id", "<i8"), ("frame", "<i8"), ("quality", "<f4")]
    return np.dtype([*fields, ("feature", "<f2", (dim,))])


def round_feature(feature: FloatArray) -> FloatArray:
    """A feature (D,) as the log gives it back."""
    return feature.astype(np.float16).astype(np.float32)


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of all tracks of a run, one row each.

    Attributes:
        cameras: Names; `camera` points into them.
        camera: (N,) int64.
        track_id: (N,) int64.
        frame: (N,) int64, 0-based.
        quality: (N,) float32 in 0..1.
        feature: (N, D) float32, rows of unit norm up to rounding.
    """

    cameras: tuple[str, ...]
    camera: IntArray
    track_id: IntArray
    frame: IntArray
    quality: FloatArray
    feature: FloatArray

    @classmethod
    def empty(cls, cameras: Sequence[str], dim: int = 0) -> FeatureTable:
        """No features."""
        ints = np.zeros(0, np.int64)
        return cls(tuple(cameras), ints, ints, ints, np.zeros(0, np.float32), np.zeros((0, dim), np.float32))

    def only(self, keys: Container[tuple[str, int, int]]) -> FeatureTable:
        """The rows whose (camera name, track id, frame) is among `keys`."""
        columns = zip(self.camera.tolist(), self.track_id.tolist(), self.frame.tolist(), strict=True)
        keep = np.array([(self.cameras[c], track_id, frame) in keys for c, track_id, frame in columns], np.bool_)
        return FeatureTable(
            self.cameras,
            self.camera[keep],
            self.track_id[keep],
            self.frame[keep],
            self.quality[keep],
            self.feature[keep],
        )

    def rows_by_crop(self) -> dict[tuple[str, int, int], int]:
        """(Camera name, track id, frame) to its row."""
        columns = zip(self.camera.tolist(), self.track_id.tolist(), self.frame.tolist(), strict=True)
        return {(self.cameras[c], track_id, frame): i for i, (c, track_id, frame) in enumerate(columns)}

    def by_track(self) -> dict[tuple[str, int], IntArray]:
        """(Camera name, track id) to its rows, sorted by frame."""
        if not len(self.camera):
            return {}
        order = np.lexsort((self.frame, self.track_id, self.camera))
        camera, track_id = self.camera[order], self.track_id[order]
        begins = np.flatnonzero(np.r_[True, (camera[1:] != camera[:-1]) | (track_id[1:] != track_id[:-1])])
        names = (self.cameras[c] for c in camera[begins].tolist())
        keys = zip(names, track_id[begins].tolist(), strict=True)
        return dict(zip(keys, np.split(order, begins[1:]), strict=True))


_HEAD = b'{"cameras": '
"""How a feature log begins."""


class FeatureLog:
    """Appends features to a work file as they are computed.

    Args:
        path: The work file.
        cameras: Every camera of the run, in the order of the command line.
        dim: Length of a feature.
        keep: Whether to go on behind the whole records that the file already holds.
    """

    def __init__(self, path: Path, cameras: Sequence[str], dim: int, *, keep: bool = False) -> None:
        header = json.dumps({"cameras": list(cameras), "dim": dim}).encode() + b"\n"
        self._type = _record_type(dim)
        self._index = {camera: i for i, camera in enumerate(cameras)}
        size = path.stat().st_size if keep and path.exists() else 0
        records = max(0, size - len(header)) // self._type.itemsize
        self._file = AppendFile(path, len(header) + records * self._type.itemsize if size >= len(header) else 0)
        if size < len(header):
            self._file.append(header)
            self._file.flush()

    def add(self, camera: str, track_id: int, frame: int, quality: float, feature: FloatArray) -> None:
        """Log one feature (D,)."""
        record = np.zeros(1, self._type)
        record["camera"], record["track_id"], record["frame"] = self._index[camera], track_id, frame
        record["quality"], record["feature"] = quality, feature
        self._file.append(record.tobytes())

    @property
    def end(self) -> int:
        """Bytes so far."""
        return self._file.end

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_feature_log(path: Path) -> FeatureTable:
    """Read a work file back, up to its last whole record; one whose first line a kill cut short has none.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.readline()
            if not head.endswith(b"\n") and head[: len(_HEAD)] == _HEAD[: len(head)]:
                return FeatureTable.empty(())
            header = json.loads(head)
            kind = _record_type(header["dim"])
            raw = file.read()
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            "is not a feature log", where=path, hint=f"run again with {param('overwrite', True)}"
        ) from error
    return _table(header["cameras"], np.frombuffer(raw[: len(raw) // kind.itemsize * kind.itemsize], kind))


def write_feature_log(path: Path, table: FeatureTable) -> None:
    """Write a work file anew, whole or not at all, as `FeatureLog` would have.

    Raises:
        OSError: If it cannot be written.
    """
    records = np.zeros(len(table.frame), _record_type(table.feature.shape[1]))
    for name in records.dtype.names or ():
        records[name] = getattr(table, name)
    header = json.dumps({"cameras": list(table.cameras), "dim": table.feature.shape[1]}).encode() + b"\n"
    with replacing(path) as file:
        file.write(header + records.tobytes())


def _table(cameras: Sequence[str], records: NDArray[np.void]) -> FeatureTable:
    return FeatureTable(
        tuple(cameras),
        records["camera"].astype(np.int64),
        records["track_id"].astype(np.int64),
        records["frame"].astype(np.int64),
        records["quality"].astype(np.float32),
        records["feature"].astype(np.float32),
    )


def write_tracklets(path: Path, table: FeatureTable) -> None:
    """Pack features into `tracklets.npz`, whole or not at all, sorted by camera, track and frame.

    Raises:
        OutputError: If it cannot be written.
    """
    order = np.lexsort((table.frame, table.track_id, table.camera))
    try:
        with replacing(path) as file:
            np.savez(
                file,
                cameras=np.array(table.cameras),
                camera=table.camera[order],
                track_id=table.track_id[order],
                frame=table.frame[order],
                quality=table.quality[order],
                feature=table.feature[order].astype(np.float16),
            )
    except OSError as error:
        raise OutputError("cannot be written", where=path, hint=error.strerror) from error


def read_tracklets(path: Path) -> FeatureTable:
    """Read `tracklets.npz`.

    Raises:
        InputError: If it cannot be read, or is damaged.
    """
    wrong = partial(InputError, where=path, expected="the features of a run", hint="run again")
    try:
        check_plain(path)
        check_unpacked(path)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            table = FeatureTable(
                tuple(str(name) for name in data["cameras"]),
                data["camera"],
                data["track_id"],
                data["frame"],
                data["quality"],
                _widened(path, data["feature"]),
            )
    except UNREADABLE as error:
        raise wrong("cannot be read") from error
    if not _fits(table):
        raise wrong("is damaged")
    return table


def _widened(path: Path, feature: NDArray[Any]) -> FloatArray:
    """Features in float32; of very many in a file without a name beside them, so that memory need not hold them."""
    if feature.size * 4 <= _IN_MEMORY:
        return feature.astype(np.float32)
    with tempfile.TemporaryFile(dir=path.parent) as file:
        wide = np.memmap(file, np.float32, "w+", shape=feature.shape)
    for begin in range(0, len(feature), _AT_ONCE):
        wide[begin : begin + _AT_ONCE] = feature[begin : begin + _AT_ONCE]
    return np.asarray(wide)


def check_unpacked(path: Path) -> None:
    """Raise where arrays would unpack to more than a file holds: a run's are not compressed."""
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
            raise ValueError("compressed")


UNREADABLE = (
    *(OSError, ValueError, TypeError, KeyError, IndexError, EOFError, MemoryError, NotImplementedError, RuntimeError),
    *(SyntaxError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)
"""What NumPy, zipfile and zlib raise where a flipped bit gives them another size, method or header."""


def _fits(table: FeatureTable) -> bool:
    """Whether columns are of one length, of their types, finite, and point at cameras that are there."""
    count = len(table.feature) if table.feature.ndim == 2 else -1
    whole, real = (table.camera, table.track_id, table.frame), (table.quality,)
    return (
        all(column.shape == (count,) for column in (*whole, *real))
        and all(column.dtype == np.int64 for column in whole)
        and table.quality.dtype == np.float32
        and bool(np.isfinite(table.feature).all() and np.isfinite(table.quality).all())
        and bool(((table.camera >= 0) & (table.camera < len(table.cameras))).all())
    )
