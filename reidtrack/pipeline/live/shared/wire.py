"""What a group tells of its tracks: an entry of a stream, its numbers as raw little-endian bytes beside a JSON head.

Times are seconds since 1970 (UTC), so that folders of different origins mean the same moment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from reidtrack.pipeline.live.shared.checked import (
    RefusedError,
    camera_name,
    column,
    is_owner,
    listed,
    read_json,
    real,
    unit_rows,
    whole,
    word,
)
from reidtrack.types import DoubleArray, FloatArray, IntArray

VERSION = 1
MOST_PIECES, MOST_BOXES, MOST_FEATURES, MOST_DIM = 1024, 8192, 1024, 8192
"""Of an entry: pieces, boxes and features of all of them, and the length of a feature."""
_FULL_BYTES = 1 << 20
"""An entry that holds so much takes no further piece."""
_TENURE_BITS = 32
_DAY_S = 86_400.0
_COLUMNS = (
    ("frame", "<i8", ()),
    ("time", "<f8", ()),
    ("xyxy", "<f4", (4,)),
    ("score", "<f4", ()),
)


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """What is new of one track.

    Attributes:
        camera: Name of the camera.
        track_id: Id within the camera and folder.
        frame: (T,) int64 of its new boxes.
        time_s: (T,) float64, seconds since 1970.
        xyxy: (T, 4) float32, pixels.
        score: (T,) float32 in 0..1.
        features: (K, D) float32, unit rows, of its new crops.
        feature_frame: (K,) int64.
        feature_quality: (K,) float32 in 0..1.
        ended: Whether no more of it will come.
    """

    camera: str
    track_id: int
    frame: IntArray
    time_s: DoubleArray
    xyxy: FloatArray
    score: FloatArray
    features: FloatArray
    feature_frame: IntArray
    feature_quality: FloatArray
    ended: bool = False

    @property
    def nbytes(self) -> int:
        """About how much it takes."""
        return 100 + 36 * len(self.frame) + self.features.nbytes + 12 * len(self.feature_frame)


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """An entry of a stream of tracklets.

    Attributes:
        owner: Whose it is: 16 hexadecimal digits, one for each folder.
        group: What that group is called.
        session: When the group was started, milliseconds since 1970.
        seq: Number of the entry within session and sector, from 1.
        now_s: When it was made, seconds since 1970.
        pieces: What is new.
        sizes: Width and height of the pictures of the cameras of `pieces`, where they are known.
        last: Whether the group waits for what is made of it, to end.
        dim: Length of a feature.
    """

    owner: str
    group: str
    session: int
    seq: int
    now_s: float
    pieces: Sequence[Piece] = ()
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    last: bool = False
    dim: int = 0

    @property
    def tenure(self) -> int:
        """What tells its track ids from those of another folder that had the same camera."""
        return tenure_of(self.owner)


def tenure_of(owner: str) -> int:
    """What tells the track ids of a folder from those of another: the first digits of its own name."""
    return int(owner[:5], 16)


def wire_id(tenure: int, track_id: int) -> int:
    """A track's id as the associator knows it: no two folders have the same."""
    return tenure << _TENURE_BITS | track_id


def of_wire_id(number: int) -> tuple[int, int]:
    """Tenure and track id of what `wire_id` gave."""
    return number >> _TENURE_BITS, number & ((1 << _TENURE_BITS) - 1)


def portions(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces in as many entries as they fit into; one empty portion of nothing."""
    portion: list[Piece] = []
    size = boxes = features = 0
    for piece in pieces:
        boxes, features, size = boxes + len(piece.frame), features + len(piece.features), size + piece.nbytes
        full = len(portion) >= MOST_PIECES or boxes > MOST_BOXES or features > MOST_FEATURES or size > _FULL_BYTES
        if portion and full:
            yield portion
            portion, boxes, features, size = [], len(piece.frame), len(piece.features), piece.nbytes
        portion.append(piece)
    yield portion


def encode(entry: Entry) -> dict[str, bytes]:
    """Fields of the stream's entry."""
    pieces = entry.pieces
    head = {
        "v": VERSION,
        "owner": entry.owner,
        "group": entry.group,
        "session": entry.session,
        "seq": entry.seq,
        "now": round(entry.now_s, 6),
        "dim": entry.dim,
        "last": entry.last,
        "sizes": {camera: list(size) for camera, size in entry.sizes.items()},
        "pieces": [[p.camera, p.track_id, len(p.frame), len(p.features), p.ended] for p in pieces],
    }
    values = {
        "frame": np.concatenate([np.zeros(0, np.int64), *(p.frame for p in pieces)]).astype("<i8"),
        "time": np.concatenate([np.zeros(0), *(p.time_s for p in pieces)]).astype("<f8"),
        "xyxy": np.concatenate([np.zeros((0, 4), np.float32), *(p.xyxy for p in pieces)]).astype("<f4"),
        "score": np.concatenate([np.zeros(0, np.float32), *(p.score for p in pieces)]).astype("<f4"),
        "features": np.concatenate([np.zeros((0, entry.dim), np.float32), *(p.features for p in pieces)]).astype("<f4"),
        "feature_frame": np.concatenate([np.zeros(0, np.int64), *(p.feature_frame for p in pieces)]).astype("<i8"),
        "quality": np.concatenate([np.zeros(0, np.float32), *(p.feature_quality for p in pieces)]).astype("<f4"),
    }
    return {"head": json.dumps(head, separators=(",", ":")).encode(), **{k: v.tobytes() for k, v in values.items()}}


def decode(fields: Mapping[bytes, object]) -> Entry:
    """The entry that `encode` wrote.

    Raises:
        RefusedError: If it is none.
    """
    head = read_json(fields.get(b"head"), "head", VERSION)
    owner, dim = head.get("owner"), whole(head.get("dim"), "dim", 0, MOST_DIM)
    if not is_owner(owner):
        raise RefusedError("owner: expected 16 hexadecimal digits")
    rows = [_row(row) for row in listed(head.get("pieces"), "pieces", MOST_PIECES)]
    now_s = real(head.get("now"), "now", 0)
    pieces = _pieces(fields, rows, dim)
    if any(len(p.time_s) and not now_s - _DAY_S < p.time_s[0] <= p.time_s[-1] < now_s + 60 for p in pieces):
        raise RefusedError("time: expected moments of the day before the entry was made")
    return Entry(
        owner,
        word(head.get("group"), "group"),
        whole(head.get("session"), "session", 0),
        whole(head.get("seq"), "seq", 1),
        now_s,
        pieces,
        _sizes(head.get("sizes")),
        head.get("last") is True,
        dim,
    )


_Row = tuple[str, int, int, int, bool]


def _row(row: object) -> _Row:
    found = listed(row, "piece", 5)
    if len(found) != 5:
        raise RefusedError("piece: expected five values")
    camera, track_id, boxes, features, ended = found
    return (
        camera_name(camera),
        whole(track_id, "track_id", 0, (1 << _TENURE_BITS) - 1),
        whole(boxes, "boxes", 0, MOST_BOXES),
        whole(features, "features", 0, MOST_FEATURES),
        ended is True,
    )


def _sizes(value: object) -> dict[str, tuple[int, int]]:
    if not isinstance(value, dict) or len(value) > MOST_PIECES:
        raise RefusedError("sizes: expected an object")
    found = {}
    for camera, size in value.items():
        pair = listed(size, "size", 2)
        if len(pair) != 2:
            raise RefusedError("size: expected width and height")
        found[camera_name(camera)] = whole(pair[0], "width", 1, 65_536), whole(pair[1], "height", 1, 65_536)
    return found


def _pieces(fields: Mapping[bytes, object], rows: Sequence[_Row], dim: int) -> list[Piece]:
    boxes, crops = sum(row[2] for row in rows), sum(row[3] for row in rows)
    if boxes > MOST_BOXES or crops > MOST_FEATURES:
        raise RefusedError(f"pieces: expected at most {MOST_BOXES} boxes and {MOST_FEATURES} features")
    frame, time_s, xyxy, score = (column(fields, name, dtype, (boxes, *rest)) for name, dtype, rest in _COLUMNS)
    features = unit_rows(column(fields, "features", "<f4", (crops, dim)), "features")
    feature_frame = column(fields, "feature_frame", "<i8", (crops,))
    quality = column(fields, "quality", "<f4", (crops,))
    _check(frame, time_s, xyxy, score, feature_frame, quality)
    found, box, crop = [], 0, 0
    for camera, track_id, n, k, ended in rows:
        b, c = slice(box, box + n), slice(crop, crop + k)
        box, crop = box + n, crop + k
        if (np.diff(frame[b]) <= 0).any() or (np.diff(time_s[b]) < 0).any():
            raise RefusedError("frame: expected frames and times that go on")
        found.append(
            Piece(
                camera,
                track_id,
                frame[b],
                time_s[b],
                xyxy[b],
                score[b],
                features[c],
                feature_frame[c],
                quality[c],
                ended,
            )
        )
    return found


def _check(
    frame: IntArray,
    time_s: DoubleArray,
    xyxy: FloatArray,
    score: FloatArray,
    feature_frame: IntArray,
    quality: FloatArray,
) -> None:
    for name, numbers in (("frame", frame), ("feature_frame", feature_frame)):
        if ((numbers < 0) | (numbers >= 1 << 53)).any():
            raise RefusedError(f"{name}: expected numbers from 0")
    if not (np.isfinite(time_s).all() and (np.abs(time_s) < 1e11).all()):
        raise RefusedError("time: expected seconds since 1970")
    if not (np.isfinite(xyxy).all() and (np.abs(xyxy) < 1e6).all() and (xyxy[:, 2:] >= xyxy[:, :2]).all()):
        raise RefusedError("xyxy: expected boxes in pixels")
    for name, values in (("score", score), ("quality", quality)):
        if not ((values >= 0) & (values <= 1)).all():
            raise RefusedError(f"{name}: expected numbers in 0..1")
