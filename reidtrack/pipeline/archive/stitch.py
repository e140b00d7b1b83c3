"""Tracklets over the borders of tasks: a lead shows what the task before saw, by which their tracks are joined."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from reidtrack.geometry import iou
from reidtrack.types import BoolArray, FloatArray, IntArray

_SAME_BOX = 0.7
"""Least overlap of boxes that both tasks have in one frame: mostly they are the very same detection."""
_LAST_ROWS = 10
"""Of a track before the border, that tell who it is: earlier ones may be of another, if the lead began amid a crowd."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Boxes of tracks.

    Attributes:
        frame: (N,) int64.
        track: (N,) int64.
        xyxy: (N, 4) float32.
    """

    frame: IntArray
    track: IntArray
    xyxy: FloatArray

    @classmethod
    def none(cls) -> Rows:
        """No boxes."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 4), np.float32))

    def only(self, keep: BoolArray | IntArray) -> Rows:
        """Some of them."""
        return Rows(self.frame[keep], self.track[keep], self.xyxy[keep])


def same_tracks(before: Rows, lead: Rows) -> dict[int, int]:
    """Tracks of a lead to those of the task before that they go on.

    Each track votes with its last boxes before the border for whoever has that box there; who has most votes is first,
    and each track of before is gone on by one at most.

    Args:
        before: What the task before found in the time of the lead.
        lead: What this one found there.
    """
    by_frame: dict[int, list[int]] = {}
    for row, frame in enumerate(before.frame.tolist()):
        by_frame.setdefault(frame, []).append(row)
    votes: Counter[tuple[int, int]] = Counter()
    for track in np.unique(lead.track).tolist():
        own = np.flatnonzero(lead.track == track)
        for row in own[np.argsort(lead.frame[own], kind="stable")][-_LAST_ROWS:].tolist():
            rivals = by_frame.get(int(lead.frame[row]), [])
            if rivals:
                overlap = iou(lead.xyxy[row][None], before.xyxy[rivals])[0]
                if overlap.max() >= _SAME_BOX:
                    votes[track, int(before.track[rivals[int(overlap.argmax())]])] += 1
    joined: dict[int, int] = {}
    for (track, former), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        if track not in joined and former not in joined.values():
            joined[track] = former
    return joined


def already_there(rows: Rows, before: Rows) -> BoolArray:
    """Which rows (N,) the task before has too: the same track or the same box in the same frame."""
    known: dict[int, list[int]] = {}
    for row, frame in enumerate(before.frame.tolist()):
        known.setdefault(frame, []).append(row)
    there = np.zeros(len(rows.frame), np.bool_)
    for row, frame in enumerate(rows.frame.tolist()):
        rivals = known.get(frame, [])
        if rivals:
            same = (before.track[rivals] == rows.track[row]).any()
            there[row] = same or iou(rows.xyxy[row][None], before.xyxy[rivals]).max() >= _SAME_BOX
    return there
