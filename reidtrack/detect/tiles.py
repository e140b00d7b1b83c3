"""A large picture in tiles: where they lie, and each person once from what was found in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack import geometry
from reidtrack.graph import component_labels, component_members
from reidtrack.types import BoolArray, Detections, FloatArray, IntArray

OVERLAP = 0.2
"""Share of a tile that its neighbour sees too (as SAHI has it, arXiv 2202.06934): who is no larger is whole in one."""
SAME_IOU = 0.5
"""Overlap from which boxes of two tiles may be one person. Lower than within a tile, where two people may stand so
close: one box takes the place of at most one of each other tile."""
PART_INSIDE = 0.6
"""Share of a part that lies in somebody's box from which on it is theirs."""
ALONGSIDE = 0.5
"""Intersection over union, along the border, from which on two parts that it separates are one person."""
EDGE_INPUT_PX = 6.0
"""So near to a tile's border, in pixels of the input, ends the box of who is cut by it."""


class Tile(NamedTuple):
    """Part of a picture, in its pixels, right and bottom not included."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.right - self.left, self.bottom - self.top


def tiles_of(size: tuple[int, int], count: int) -> list[Tile]:
    """Tiles of one size that cover a picture, row by row, each overlapping its neighbours by about `OVERLAP`.

    Args:
        size: Width and height of the picture.
        count: Tiles along its longer side; along the other as many as make them no higher than wide, or the reverse.
    """
    side = longest_side(size, count)
    columns, rows = (_starts(length, side) for length in size)
    return [Tile(x, y, x + w, y + h) for y, h in rows for x, w in columns]


def longest_side(size: tuple[int, int], count: int) -> float:
    """Longer side of a tile, pixels, where `count` of them lie along the picture's longer side."""
    return max(size) / (1 + (count - 1) * (1 - OVERLAP))


def _starts(length: int, side: float) -> list[tuple[int, int]]:
    """Where tiles begin along one side of a picture, and how long they are."""
    step = side * (1 - OVERLAP)
    count = 1 + max(0, int(np.ceil((length - side) / step - 1e-6)))
    own = min(length, int(np.ceil(length / (1 + (count - 1) * (1 - OVERLAP)))))
    return [(int(start), own) for start in np.linspace(0, length - own, count).round()]


def shifted(found: Detections, tile: Tile) -> Detections:
    """What was found in a tile, in pixels of the picture."""
    return Detections(found.xyxy + np.array([tile.left, tile.top] * 2, np.float32), found.score)


def merge(found: Sequence[Detections], tiles: Sequence[Tile], size: tuple[int, int], edge_px: float) -> Detections:
    """Each person once, surest first, from what was found in tiles that overlap.

    Who is whole in a tile counts once, by the surest box. The part of somebody whom a border cuts goes where a whole
    box holds most of it; parts that meet at a border and hold nobody else's box become one box around both.

    Args:
        found: Of each tile, boxes in pixels of the picture.
        tiles: The picture as a whole may be one.
        size: Width and height of the picture.
        edge_px: How near to a tile's border a box ends that it cuts, pixels of the picture.
    """
    xyxy = np.concatenate([one.xyxy for one in found])
    score = np.concatenate([one.score for one in found])
    tile = np.repeat(np.arange(len(found)), [len(one) for one in found])
    cut = _cut(xyxy, np.array(tiles, np.float32).reshape(-1, 4)[tile], size, edge_px)
    part = cut.any(axis=1)
    whole = _once(xyxy[~part], score[~part], tile[~part])
    people, sure = xyxy[~part][whole], score[~part][whole]
    lost = ~_covered(xyxy[part], people, PART_INSIDE)
    joined, joined_score = _join(xyxy[part][lost], score[part][lost], tile[part][lost], cut[part][lost])
    new = (geometry.iou(joined, people) < SAME_IOU).all(axis=1)
    people, sure = np.concatenate([people, joined[new]]), np.concatenate([sure, joined_score[new]])
    order = np.argsort(-sure, kind="stable")
    return Detections(people[order], sure[order])


def _cut(xyxy: FloatArray, tile: FloatArray, size: tuple[int, int], edge_px: float) -> BoolArray:
    """Which sides of each box (N, 4) are at a border of its tile that is none of the picture: (N, 4)."""
    ends = np.array([0, 0, *size], np.float32)
    near: BoolArray = (np.abs(xyxy - tile) <= edge_px) & (tile != ends)
    return near


def _once(xyxy: FloatArray, score: FloatArray, tile: IntArray) -> IntArray:
    """Indices of the boxes that stay: each takes the place of at most one of each other tile, the surest first."""
    alive, kept = np.ones(len(xyxy), np.bool_), []
    for i in np.argsort(-score, kind="stable").tolist():
        if not alive[i]:
            continue
        kept.append(i)
        alive[i] = False
        overlap = np.where(alive & (tile != tile[i]), geometry.iou(xyxy[i : i + 1], xyxy)[0], 0)
        near = np.flatnonzero(overlap >= SAME_IOU)
        near = near[np.argsort(-overlap[near], kind="stable")]
        alive[near[np.unique(tile[near], return_index=True)[1]]] = False
    return np.array(kept, np.int64)


def _covered(parts: FloatArray, people: FloatArray, share: float) -> BoolArray:
    """Which parts (N, 4) lie by so large a share in one of the people (M, 4): (N,)."""
    return np.asarray((geometry.inside(parts, people) >= share).any(axis=1))


def _join(xyxy: FloatArray, score: FloatArray, tile: IntArray, cut: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Parts on both sides of a border as one box with the better score, and those that are left alone; each once."""
    met = [_meeting(xyxy, tile, cut, axis) for axis in (0, 1)]
    members = component_members(component_labels(len(xyxy), np.concatenate(met)))
    boxes = [np.concatenate([xyxy[m, :2].min(axis=0), xyxy[m, 2:].max(axis=0)]) for m in members]
    joined = np.array(boxes, np.float32).reshape(-1, 4)
    best = np.array([score[m].max() for m in members], np.float32)
    kept = geometry.suppress(joined, best, SAME_IOU)
    return joined[kept], best[kept]


def _meeting(xyxy: FloatArray, tile: IntArray, cut: BoolArray, axis: int) -> IntArray:
    """Pairs (P, 2) of parts that overlap, the one cut at its end along an axis, the other at its beginning.

    Of all that lie alongside each other, each one's best.
    """
    facing = cut[:, None, axis + 2] & cut[None, :, axis] & (tile[:, None] != tile[None, :])
    facing &= geometry.intersection(xyxy, xyxy) > 0
    first, last = xyxy[:, 1 - axis], xyxy[:, 3 - axis]
    shared = np.minimum(last[:, None], last[None]) - np.maximum(first[:, None], first[None])
    either = np.maximum(last[:, None], last[None]) - np.minimum(first[:, None], first[None])
    alongside = np.where(facing, shared / either, 0)
    best = (alongside == alongside.max(axis=0, initial=0)) & (alongside == alongside.max(axis=1, initial=0)[:, None])
    return np.argwhere(best & (alongside >= ALONGSIDE))
