"""What associators tell each other: who has left a sector, and which two numbers are one person; and back.

An entry of a stream that all of them read. Times are seconds since 1970 (UTC).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from reidtrack.associate.live.handover import Leaver
from reidtrack.associate.live.people import ELSEWHERE, PROTOTYPES, Prototypes
from reidtrack.pipeline.live.shared.checked import (
    MOST_NUMBER,
    RefusedError,
    camera_name,
    column,
    listed,
    read_json,
    real,
    unit_rows,
    whole,
    word,
)
from reidtrack.pipeline.live.shared.wire import MOST_DIM
from reidtrack.types import Tracklet

VERSION = 1
_MOST_VIEWS, _MOST_MET = 16, 200
_MOST_PIXELS = 65_536


class Union(NamedTuple):
    """Two numbers that are one person: the lower stays."""

    number: int
    other: int


@dataclass(frozen=True, eq=False, slots=True)
class Handed:
    """An entry.

    Attributes:
        sector: Whose associator tells it.
        now_s: The time that sector has come to.
        what: Who has left, or who is one.
        sizes: Width and height of the pictures of the person's cameras, where they are known.
        dim: Length of a feature.
    """

    sector: str
    now_s: float
    what: Leaver | Union
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    dim: int = 0


def encode(entry: Handed) -> dict[str, bytes]:
    """Fields of the entry."""
    head: dict[str, Any] = {"v": VERSION, "sector": entry.sector, "now": round(entry.now_s, 6), "dim": entry.dim}
    what = entry.what
    if isinstance(what, Union):
        return {"head": json.dumps({**head, "union": list(what)}, separators=(",", ":")).encode()}
    head |= {"number": what.number, "name": what.name, "first": what.first_s, "last": what.last_s}
    head |= {"met": sorted(what.met)[-_MOST_MET:], "views": [_view_row(view, entry.sizes) for view in what.views]}
    xyxy = np.concatenate([view.last.xyxy for view in what.views]).astype("<f4")
    features = np.concatenate([view.feature for view in what.views]).astype("<f2")
    text = json.dumps(head, separators=(",", ":")).encode()
    return {"head": text, "xyxy": xyxy.tobytes(), "features": features.tobytes()}


def _view_row(view: Prototypes, sizes: Mapping[str, tuple[int, int]]) -> list[Any]:
    last = view.last
    frame, time_s, score = int(last.frame[0]), float(last.time_s[0]), round(float(last.score[0]), 4)
    return [last.camera, view.weight.tolist(), view.first_s, time_s, frame, score, list(sizes.get(last.camera, ()))]


def decode(fields: Mapping[bytes, object]) -> Handed:
    """The entry that `encode` wrote.

    Raises:
        RefusedError: If it is none.
    """
    head = read_json(fields.get(b"head"), "head", VERSION)
    sector, now_s = word(head.get("sector"), "sector", 60), real(head.get("now"), "now", 0)
    dim = whole(head.get("dim"), "dim", 1, MOST_DIM)
    if "union" in head:
        numbers = [_number(n) for n in listed(head["union"], "union", 2)]
        if len(numbers) != 2 or numbers[0] == numbers[1]:
            raise RefusedError("union: expected two numbers")
        return Handed(sector, now_s, Union(*numbers), dim=dim)
    name, rows = head.get("name"), listed(head.get("views"), "views", _MOST_VIEWS)
    views, sizes = _views(fields, rows, dim)
    first_s, last_s = _moment(head.get("first"), now_s), _moment(head.get("last"), now_s)
    met = frozenset(_number(n) for n in listed(head.get("met"), "met", _MOST_MET))
    if first_s > last_s or any(not first_s - 1 <= v.first_s <= v.last.last_time_s <= last_s + 1 for v in views):
        raise RefusedError("first: expected times within those of the person")
    who = _number(head.get("number"))
    leaver = Leaver(who, None if name is None else word(name, "name"), first_s, last_s, views, met - {who})
    return Handed(sector, now_s, leaver, sizes, dim)


def _views(
    fields: Mapping[bytes, object], rows: list[Any], dim: int
) -> tuple[tuple[Prototypes, ...], dict[str, tuple[int, int]]]:
    weights = [_weights(row) for row in rows]
    count = sum(map(len, weights))
    xyxy = column(fields, "xyxy", "<f4", (len(rows), 4))
    features = unit_rows(column(fields, "features", "<f2", (count, dim)).astype(np.float32), "features")
    if not (np.isfinite(xyxy).all() and (np.abs(xyxy) < 1e6).all() and (xyxy[:, 2:] >= xyxy[:, :2]).all()):
        raise RefusedError("xyxy: expected boxes in pixels")
    views, sizes, at = dict[str, Prototypes](), dict[str, tuple[int, int]](), 0
    for row, weight, box in zip(rows, weights, xyxy, strict=True):
        camera = camera_name(row[0])
        last = Tracklet(
            camera,
            ELSEWHERE,
            np.array([whole(row[4], "frame", 0)], np.int64),
            np.array([real(row[3], "last")]),
            box[None],
            np.array([real(row[5], "score", 0, 1)], np.float32),
            np.zeros((0, dim), np.float32),
            np.zeros(0, np.int64),
            np.zeros(0, np.float32),
        )
        feature = features[at : at + len(weight)].astype(np.float16)
        views[camera] = Prototypes(feature, np.array(weight), real(row[2], "first"), last)
        at += len(weight)
        size = listed(row[6], "size", 2)
        if len(size) == 2:
            sizes[camera] = whole(size[0], "width", 1, _MOST_PIXELS), whole(size[1], "height", 1, _MOST_PIXELS)
    if not views or len(views) != len(rows):
        raise RefusedError("views: expected at least one, each of a camera of its own")
    return tuple(views.values()), sizes


def _weights(row: object) -> list[float]:
    found = listed(row, "view", 7)
    if len(found) != 7:
        raise RefusedError("view: expected seven values")
    weights = [real(weight, "weight", 1e-9, 1e9) for weight in listed(found[1], "weight", PROTOTYPES)]
    if not weights:
        raise RefusedError(f"weight: expected 1 to {PROTOTYPES} numbers")
    return weights


def _moment(value: object, now_s: float) -> float:
    found = real(value, "first", 0)
    if found > now_s + 60:
        raise RefusedError("last: expected a moment before the entry was made")
    return found


def _number(value: object) -> int:
    return whole(value, "number", 1, MOST_NUMBER)


def shifted(leavers: Iterable[Leaver], by_s: float) -> list[Leaver]:
    """People, their times counted from another moment."""
    return [
        who._replace(
            first_s=who.first_s + by_s, last_s=who.last_s + by_s, views=tuple(_moved(v, by_s) for v in who.views)
        )
        for who in leavers
    ]


def _moved(view: Prototypes, by_s: float) -> Prototypes:
    return replace(view, first_s=view.first_s + by_s, last=replace(view.last, time_s=view.last.time_s + by_s))
