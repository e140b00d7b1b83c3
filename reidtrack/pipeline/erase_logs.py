"""Logs of a run without one person: which rows and boxes are theirs, and files written anew without them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.files import refuse_link, replacing
from reidtrack.geometry import iou
from reidtrack.runs.features import FeatureTable
from reidtrack.runs.jsonl import expecting_records, json_line, read_json_lines
from reidtrack.types import DoubleArray

SAME_IOU = 0.3
"""A detection that overlaps the erased person's box at least so, and nobody else's more, was of them: duplicates that
the detector's own suppression had left lie farther off than boxes that were matched, which overlap by 0.5."""

Boxes = dict[tuple[str, int], list[list[float]]]
"""Camera and frame to boxes."""
Frames = dict[tuple[str, int], list[tuple[float, float]]]
"""Camera and track id to the frames of it, first and last, that are theirs; a track that was cut is only partly."""


def is_theirs(frames: Frames, camera: str, track_id: int, frame: int) -> bool:
    """Whether a row of a track is of the person."""
    return any(first <= frame <= last for first, last in frames.get((camera, track_id), ()))


def rewrite_tracks(path: Path, frames: Frames) -> tuple[Boxes, Boxes]:
    """Take the person's rows out of `tracks.jsonl`; their boxes and those of others by camera and frame."""
    gone: Boxes = defaultdict(list)
    kept: Boxes = defaultdict(list)

    def keep(record: dict[str, Any]) -> dict[str, Any] | None:
        theirs = is_theirs(frames, record["camera"], record["track_id"], record["frame"])
        (gone if theirs else kept)[record["camera"], record["frame"]].append(record["xyxy"])
        return None if theirs else record

    rewrite(path, keep)
    return gone, kept


def rewrite_detections(path: Path, gone: Boxes, kept: Boxes) -> int:
    """Take the boxes out of `detections.jsonl` that are nearer to the person's than to anybody else's."""
    count = 0

    def keep(record: dict[str, Any]) -> dict[str, Any]:
        nonlocal count
        key = record["camera"], record["frame"]
        if key not in gone or not record["xyxy"]:
            return record
        own, others = (_overlap(record["xyxy"], boxes.get(key, [])) for boxes in (gone, kept))
        left = np.flatnonzero(~((own >= SAME_IOU) & (own >= others)))
        count += len(record["xyxy"]) - len(left)
        return {**record, **{part: [record[part][i] for i in left.tolist()] for part in ("xyxy", "score")}}

    if path.is_file():
        rewrite(path, keep)
    return count


def _overlap(boxes: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> DoubleArray:
    """(N,) largest IoU of each of some boxes with others; 0 where there are none."""
    if not others:
        return np.zeros(len(boxes))
    found: DoubleArray = iou(np.asarray(boxes, np.float64), np.asarray(others, np.float64)).max(axis=1)
    return found


def rewrite(path: Path, keep: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    """Write a log anew, whole or not at all; what `keep` gives None for is left out."""
    refuse_link(path)
    with replacing(path) as file, expecting_records(path):
        for record, _ in read_json_lines(path):
            left = keep(record)
            if left is not None:
                file.write(json_line(left))


def without(table: FeatureTable, frames: Frames) -> FeatureTable:
    """Features that are not the person's."""
    rows = zip(table.camera.tolist(), table.track_id.tolist(), table.frame.tolist(), strict=True)
    keys = {(table.cameras[c], track, frame) for c, track, frame in rows}
    return table.only({key for key in keys if not is_theirs(frames, *key)})
