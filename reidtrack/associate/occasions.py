"""Occasions at which a tracker may have left one person for another.

Whoever never came near another box, was never lost and never jumped was followed without a break: nothing that changes
in his appearance (light, pose, the picture's edge) makes two people of him. The constants are round numbers that were
not varied on their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reidtrack.types import BoolArray, DoubleArray, FloatArray, IntArray, Tracklet

Complexes = NDArray[np.complex128]

_BLOCK = 1 << 20
"""Pairs of boxes that are compared at once, which bounds memory."""
NEAR_S = 2.0
"""An occasion counts for changes so long before and after it: appearances follow late, people hide each other first."""
_GAP_S, _GAP_STEPS = 0.25, 1.5
"""Two sightings farther apart than both, the second in usual steps of the track, leave a gap."""
_MARGIN = 0.25
"""Boxes meet if they would overlap were one of them larger by this share of its sides, all around: a tracker may take
the nearest box where its own is missing."""
_JUMP_S = 0.4
_JUMP_HEIGHTS, _JUMP_USUAL = 0.4, 2.5
"""Within so many seconds somebody who goes on as before moves less than this share of the box's height, or twice its
width (walking takes 0.3), beyond so many times what is usual in the track."""
_JUMP_LOG = 0.3
"""Likewise for the logarithms of the box's height and width."""


class Occasions:
    """Occasions in the tracklets of a recording; found only for those that are asked for, best camera by camera.

    Args:
        tracklets: All tracklets of the cameras: who is left out is met by nobody.
    """

    def __init__(self, tracklets: Sequence[Tracklet]) -> None:
        self._tracklets = tracklets
        members = defaultdict(list)
        for i, tracklet in enumerate(tracklets):
            members[tracklet.camera].append(i)
        self._members = {camera: np.array(rows, np.int64) for camera, rows in members.items()}
        self._boxes: dict[str, _Boxes] = {}

    def times_s(self, i: int) -> DoubleArray:
        """Times of tracklet `i`'s occasions, seconds, increasing; both ends of a gap."""
        tracklet = self._tracklets[i]
        at = gaps(tracklet) | jumps(tracklet) | self._meetings(i)
        found: DoubleArray = tracklet.time_s[at]
        return found

    def _meetings(self, i: int) -> BoolArray:
        """Mask (T,) of the boxes of tracklet `i` that meet another one of the camera."""
        tracklet, met = self._tracklets[i], np.zeros(len(self._tracklets[i]), np.bool_)
        if tracklet.camera not in self._boxes:
            self._boxes.clear()  # all boxes of one camera are in memory once more, not of all
            self._boxes[tracklet.camera] = _boxes(self._tracklets, self._members[tracklet.camera])
        there, (left, top, right, bottom) = self._boxes[tracklet.camera], _enlarged(tracklet.xyxy).T
        # Whoever is there in the same frame, less those who end left of it and those who begin right of it.
        begin = there.ends.searchsorted(_frame_and(tracklet.frame, left), side="right")
        count = np.maximum(there.begins.searchsorted(_frame_and(tracklet.frame, right)) - begin, 0)
        for start, stop in _blocks(count):
            some = count[start:stop]
            own = np.arange(start, stop).repeat(some)
            other = np.arange(len(own)) + (begin[start:stop] - some.cumsum() + some).repeat(some)
            hit = (left[own] < there.right[other]) & (there.owner[other] != i)
            hit &= (top[own] < there.bottom[other]) & (there.top[other] < bottom[own])
            met[own[hit]] = True
        return met


class _Boxes(NamedTuple):
    """All boxes of a camera, by frame and in a frame from left to right.

    Attributes:
        begins: (N,) frame and left edge of each, increasing (`_frame_and`).
        ends: (N,) frame and right edge, of those so far in the frame the one farthest right, increasing.
        owner: (N,) index of the tracklet of each.
        top: (N,) pixels.
        right: (N,).
        bottom: (N,).
    """

    begins: Complexes
    ends: Complexes
    owner: IntArray
    top: FloatArray
    right: FloatArray
    bottom: FloatArray


def _boxes(tracklets: Sequence[Tracklet], members: IntArray) -> _Boxes:
    frame = np.concatenate([tracklets[k].frame for k in members.tolist()])
    owner = members.repeat([len(tracklets[k]) for k in members.tolist()])
    xyxy = np.concatenate([tracklets[k].xyxy for k in members.tolist()])
    order = np.lexsort((xyxy[:, 0], frame))
    left, top, right, bottom = xyxy[order].T.copy()
    begins, ends = _frame_and(frame[order], left), _frame_and(frame[order], right)
    return _Boxes(begins, np.maximum.accumulate(ends), owner[order], top, right, bottom)


def _frame_and(frame: IntArray, edge: FloatArray) -> Complexes:
    """One number (N,) for frames (N,) and edges (N,) that is ordered by both: numpy orders complex ones in this way."""
    both = np.empty(len(frame), np.complex128)
    both.real, both.imag = frame, edge
    return both


def _blocks(count: IntArray) -> Iterator[tuple[int, int]]:
    """Runs of rows, first and behind the last, whose counts add up to `_BLOCK` at most, or that are single."""
    start, total = 0, 0
    for row, size in enumerate(count.tolist()):
        if row > start and total + size > _BLOCK:
            yield start, row
            start, total = row, 0
        total += size
    if start < len(count):
        yield start, len(count)


def gaps(tracklet: Tracklet) -> BoolArray:
    """Mask (T,) of boxes beside a gap: of the last one that was seen before it, and the first after it."""
    mask = np.zeros(len(tracklet), np.bool_)
    if (tracklet.score > 0).sum() < 2:
        return ~mask  # hardly anything was seen
    mask[np.concatenate(_gap_ends(tracklet))] = True
    return mask


def gaps_before(tracklet: Tracklet) -> IntArray:
    """Number (T,) of the gaps that lie before each box."""
    return np.searchsorted(_gap_ends(tracklet)[1], np.arange(len(tracklet)), side="right").astype(np.int64)


def _gap_ends(tracklet: Tracklet) -> tuple[IntArray, IntArray]:
    """Of each gap the last box that was seen before it, and the first after it: (G,) and (G,) rows, increasing."""
    seen = np.flatnonzero(tracklet.score > 0)
    step = np.diff(tracklet.time_s[seen])
    usual = float(np.median(step)) if len(step) else 0.0
    long = np.flatnonzero(step > max(_GAP_S, _GAP_STEPS * usual))
    return seen[long], seen[np.minimum(long + 1, len(seen) - 1)]


def jumps(tracklet: Tracklet) -> BoolArray:
    """Mask (T,) of boxes from which on the box moves, grows or shrinks at once as nobody does who walks on.

    Head and feet have to move, height and width to change: where only one does, somebody leaves the picture or goes
    behind a table.
    """
    box, time_s = tracklet.xyxy.astype(np.float64), tracklet.time_s
    then = np.minimum(np.searchsorted(time_s, time_s + _JUMP_S - 1e-6), len(time_s) - 1)
    side = np.maximum(box[:, 2:] - box[:, :2], 1.0)  # (T, 2) width and height
    middle = (box[:, 0] + box[:, 2]) / 2
    ends = np.abs(box[then][:, [1, 3]] - box[:, [1, 3]]).min(axis=1)
    full = np.maximum(side[:, 1], 2 * side[:, 0])  # the height of boxes without legs, too
    full = np.maximum(full, full[then])
    moved: DoubleArray = np.hypot(middle[then] - middle, ends) / full
    ratio = np.log(side[then] / side)
    grown: DoubleArray = np.where(ratio[:, 0] * ratio[:, 1] > 0, np.abs(ratio).min(axis=1), 0.0)
    far = moved > _JUMP_HEIGHTS + _JUMP_USUAL * float(np.median(moved))
    large = grown > _JUMP_LOG + _JUMP_USUAL * float(np.median(grown))
    return np.asarray(far | large, np.bool_)


def _enlarged(xyxy: FloatArray) -> FloatArray:
    margin = _MARGIN * (xyxy[:, 2:] - xyxy[:, :2])
    return np.concatenate([xyxy[:, :2] - margin, xyxy[:, 2:] + margin], axis=1)
