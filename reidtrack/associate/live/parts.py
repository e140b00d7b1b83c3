"""Tracks, or parts of them, while they may still be joined to others: bounded in boxes and features."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from reidtrack.types import BoolArray, IntArray, Tracklet, TrackletKey

MOST_BOXES = 1024
"""Boxes of a part; of more every second of the older ones is left out, by the number of its frame. Bounds memory."""
MOST_FEATURES = 48
"""Features of a part; of more the newest third, and of the others those spread best over time. Bounds memory."""
_MOST_ENDED = 24
"""Features of a part that has ended."""


@dataclass(eq=False, slots=True)
class Part:
    """A track since its beginning, or since it was cut, and who it is.

    Attributes:
        serial: Number of the part, never given again; the `track_id` of `tracklet`.
        key: Camera and track id of the track.
        tracklet: Its boxes and features, thinned.
        frame: (T,) all its frames, increasing, as long as somebody may be found to have stood beside it.
        confirmed_s: When it was first told.
        begins_at: First frame that belongs to it.
        number: Its identity; None while undecided.
        kept: Whether that stays, but for merges and splits.
        is_open: Whether more of it may come.
        is_lost: Whether it counts as ended only because nothing was told of it for long.
        given_s: When it was given the number.
        away_s: Since when it belongs to others than those of its number; None while it does not.
        met: Serials of parts that stood in its camera at the same time.
        met_people: Numbers of people of before who did.
        checked: Frame of its newest crop when it was last looked at whether it goes over to somebody else.
    """

    serial: int
    key: TrackletKey
    tracklet: Tracklet
    frame: IntArray
    confirmed_s: float
    begins_at: int = 0
    number: int | None = None
    kept: bool = False
    is_open: bool = True
    is_lost: bool = False
    given_s: float = 0.0
    away_s: float | None = None
    met: set[int] = field(default_factory=set)
    met_people: set[int] = field(default_factory=set)
    checked: int = -1

    @classmethod
    def of(cls, serial: int, tracklet: Tracklet, now_s: float) -> Part:
        """The part that a track begins with."""
        part = cls(serial, tracklet.key, tracklet, tracklet.frame, now_s)
        part.take(tracklet)
        return part

    @property
    def camera(self) -> str:
        """Name of its camera."""
        return self.key[0]

    @property
    def features(self) -> int:
        """How many features it holds."""
        return len(self.tracklet.features)

    @property
    def newest_crop(self) -> int:
        """Frame of its newest crop; -1 before there is one."""
        return int(self.tracklet.feature_frame[-1]) if self.features else -1

    @property
    def last_s(self) -> float:
        """Time of its last box, seconds."""
        return self.tracklet.last_time_s

    def take(self, tracklet: Tracklet, *, ended: bool = False) -> None:
        """Take what there is of the track now."""
        if self.begins_at > int(tracklet.frame[0]):
            rows = tracklet.frame >= self.begins_at
            if not rows.any():
                rows[-1] = True  # boxes were thinned since
            tracklet = tracklet.part(rows, tracklet.feature_frame >= self.begins_at)
        self.frame, self.is_open, self.is_lost = tracklet.frame, not ended, False
        most = _MOST_ENDED if ended else MOST_FEATURES
        self.tracklet = replace(thinned(tracklet, MOST_BOXES, most), track_id=self.serial, split_from=None)

    def cut_off(self, rest: Tracklet, serial: int, now_s: float) -> Part:
        """End before the first frame of `rest`, which becomes a part of its own, open if this one was."""
        first = int(rest.frame[0])
        part = Part(serial, self.key, replace(rest, track_id=serial, split_from=None), self.frame, now_s, first)
        part.frame, self.frame = self.frame[self.frame >= first], self.frame[self.frame < first]
        part.is_open, self.is_open = self.is_open, False
        part.number, part.kept, part.given_s = self.number, self.kept, self.given_s
        part.away_s = -np.inf  # it goes at once where clusterings say so
        part.met_people = set(self.met_people)
        part.checked = self.checked = -1
        before = self.tracklet.frame < first
        if before.any() and len(self.frame):
            self.tracklet = self.tracklet.part(before, self.tracklet.feature_frame < first)
        return part


def thinned(tracklet: Tracklet, most_boxes: int, most_features: int) -> Tracklet:
    """A tracklet with fewer boxes and features where there are too many; views of its arrays where there are not.

    The newest boxes stay; older ones go by the numbers of their frames, so that parts that stood together share frames
    still; the first and the last stay, and those of features.
    """
    boxes, features = np.ones(len(tracklet), np.bool_), np.ones(len(tracklet.features), np.bool_)
    if len(features) > most_features:
        features = _spread(tracklet.feature_frame, most_features)
    step, older = 1, len(boxes) - most_boxes * 3 // 4
    while boxes.sum() > most_boxes:
        step *= 2
        boxes[:older] = tracklet.frame[:older] % step == 0
    if step > 1:
        boxes |= np.isin(tracklet.frame, tracklet.feature_frame[features])
        boxes[[0, -1]] = True
    if boxes.all() and features.all():
        return tracklet
    return tracklet.part(boxes, features)


def _spread(frame: IntArray, most: int) -> BoolArray:
    """Mask (K,) of at most so many of some frames (K,), increasing: the newest third, the others spread over time."""
    kept = np.zeros(len(frame), np.bool_)
    newest = most // 3
    older = frame[: len(frame) - newest]
    at = np.searchsorted(older, np.linspace(older[0], older[-1], most - newest))
    kept[np.minimum(at, len(older) - 1)] = True
    kept[len(older) :] = True
    return kept


def meet(part: Part, others: Iterable[Part]) -> None:
    """Note which parts of its camera stood there at the same time as this one."""
    if not len(part.frame):
        return
    first, last = part.frame[0], part.frame[-1]
    for other in others:
        if other is part or other.serial in part.met or not len(other.frame):
            continue
        if other.frame[0] <= last and first <= other.frame[-1] and share_frame(part.frame, other.frame):
            part.met.add(other.serial)
            other.met.add(part.serial)


def share_frame(a: IntArray, b: IntArray) -> bool:
    """Whether two increasing lists of frames have one in common."""
    few, many = (a, b) if len(a) <= len(b) else (b, a)
    at = np.minimum(np.searchsorted(many, few), len(many) - 1)
    return bool((many[at] == few).any())
