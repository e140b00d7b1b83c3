"""Which frames a tracking pass looks at: every n-th, those in which something moves, or as many as the load allows.

A frame that is not looked at is read and logged; no network sees it and no tracker is told of it.
"""

# ruff: noqa: ARG002 - the protocol's methods do nothing, so that rules define only those that matter to them

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from reidtrack.embed.select import Candidate
from reidtrack.types import Detections, DoubleArray, FloatArray, Frame, Tracks
from reidtrack.video.motion_gate import MotionGate

Look = Literal["no", "yes", "then_decide"]
"""Whether a frame is looked at; `then_decide`: yes, and what is seen in it decides about the next one."""


class LookRule(Protocol):
    """Asked once for each frame, in the order of each camera's frames, in one thread; derive from it.

    `tracked` may be called from another thread at the same time.

    Attributes:
        learns: Whether it makes use of `tracked`. Recordings then are detected and tracked in turn, not at once, so
            that what is known when a frame is decided about does not depend on who is faster.
    """

    learns: bool = False

    def in_order(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The frames of a batch in the order in which `looks_at` will be asked of them; a camera's stay in theirs."""
        return frames

    def looks_at(self, frame: Frame) -> Look:
        """Whether to look at a frame."""
        ...

    def tracked(self, frame: Frame, detections: Detections, tracks: Tracks, *, pending: bool) -> None:
        """What was found in a frame that was looked at.

        Args:
            frame: The frame.
            detections: Persons found.
            tracks: What the tracker said.
            pending: Whether the tracker holds back rows of tracks that are not confirmed.
        """
        return

    def embeds(self, crops: Sequence[Candidate], waiting: int) -> list[Candidate]:
        """Which of the crops that were chosen are embedded; all of them if it does not say otherwise.

        Args:
            crops: Of a batch of frames.
            waiting: Crops that are not embedded yet.
        """
        return list(crops)

    def load(self, busy_s: Mapping[str, float], dropped: Mapping[str, int]) -> None:
        """How busy the pass is, told before each batch of frames.

        Args:
            busy_s: Stage to the seconds for which it has been at work since the pass began.
            dropped: Camera to its frames that were dropped because too many waited.
        """
        return


class EveryNth(LookRule):
    """Frames whose number is a multiple of `every`."""

    def __init__(self, every: int = 1) -> None:
        self._every = every

    def looks_at(self, frame: Frame) -> Look:
        """Whether its number is a multiple."""
        return "yes" if frame.index % self._every == 0 else "no"


LIKELY = 0.3
"""Least score of a detection beside which a change is not taken for noise."""
_SETTLES_S = 0.5
"""How long everything is looked at after somebody moved, was new, missing or not confirmed."""
_MOVED = 0.1
"""Shift of an edge of a box, in heights of the box, that means that somebody moves: detectors jitter by half of it."""
_BEGINS_S = 1.0
"""Length of a camera's beginning, in which everything is looked at."""


@dataclass
class _Person:
    """Somebody who is tracked: the box from which a move counts, and the time of the last box."""

    anchor: DoubleArray
    seen_s: float


@dataclass
class _Watched:
    """One camera: its gate, whom it shows, until when everything is looked at, and when it was last looked at."""

    gate: MotionGate = field(default_factory=MotionGate)
    people: dict[int, _Person] = field(default_factory=dict)
    open_until_s: float | None = None
    looked_s: float = -float("inf")
    last_s: float = -float("inf")


class WhereMotion(LookRule):
    """Frames in which something moves, and now and then one in which nothing does.

    Motion is what `MotionGate` sees, and what tracks show by themselves: while somebody who is tracked moves, is new,
    is missing or waits to be confirmed, every frame is looked at. People who stand still are looked at every
    `people_s` seconds, so that their tracks go on, and nobody is carried on unseen; where there is nobody, a look
    every `nobody_s` seconds finds who came unnoticed.

    Args:
        rule: Asked about the frames that are left.
        people_s: Longest time between two looks at people who stand still; not longer than the gaps that are filled.
        nobody_s: Longest time between two looks where there is nobody.
        missing_s: How long somebody who is not found any more is looked for; the tracker's `max_age`.

    Attributes:
        closed: Camera to its frames that were passed over because nothing moved.
    """

    learns = True

    def __init__(self, rule: LookRule, *, people_s: float = 1.0, nobody_s: float = 2.0, missing_s: float = 2.0) -> None:
        self._rule, self._people_s, self._nobody_s, self._missing_s = rule, people_s, nobody_s, missing_s
        self._cameras: dict[str, _Watched] = {}
        self._lock = threading.Lock()
        self.closed: dict[str, int] = {}

    def looks_at(self, frame: Frame) -> Look:
        """Whether something moves, or it is time to look again."""
        with self._lock:
            return self._look(frame)

    def _look(self, frame: Frame) -> Look:
        camera = self._cameras.setdefault(frame.camera, _Watched())
        moves = camera.gate.moves(frame.image, frame.index, frame.time_s)
        look = self._decide(camera, frame, moves)
        camera.last_s = frame.time_s
        if look == "no":
            self.closed[frame.camera] = self.closed.get(frame.camera, 0) + 1
            return "no"
        if self._rule.looks_at(frame) == "no":
            return "no"
        camera.looked_s = frame.time_s
        return look

    def _decide(self, camera: _Watched, frame: Frame, moves: bool) -> Look:
        if camera.open_until_s is None or frame.time_s < camera.last_s:  # it begins, or its clock was set back
            camera.open_until_s, camera.looked_s = frame.time_s + _BEGINS_S, -float("inf")
        if moves or frame.time_s <= camera.open_until_s:
            return "yes"
        wait_s = self._people_s if camera.people else self._nobody_s
        next_s = 2 * frame.time_s - camera.last_s  # the frame after this one would come too late
        return "then_decide" if next_s - camera.looked_s > wait_s + 1e-3 else "no"

    def tracked(self, frame: Frame, detections: Detections, tracks: Tracks, *, pending: bool) -> None:
        """Learn who is there, what is noise, and whether everything is at rest."""
        self._rule.tracked(frame, detections, tracks, pending=pending)
        with self._lock:
            self._learn(self._cameras[frame.camera], frame, detections, tracks, pending)

    def _learn(self, camera: _Watched, frame: Frame, detections: Detections, tracks: Tracks, pending: bool) -> None:
        now = tracks.frame == frame.index
        likely = detections.xyxy[detections.score >= LIKELY]
        camera.gate.looked(frame.index, np.concatenate([likely, tracks.xyxy[now]]), frame.size)
        unsettled = self._notice(camera, frame.time_s, tracks.track_id[now].tolist(), tracks.xyxy[now])
        if (unsettled or pending) and camera.open_until_s is not None:
            camera.open_until_s = max(camera.open_until_s, frame.time_s + _SETTLES_S)

    def _notice(self, camera: _Watched, time_s: float, ids: list[int], xyxy: FloatArray) -> bool:
        """Take in whom the tracker sees; whether anybody is new, missing or has moved."""
        unsettled = False
        for track_id, box in zip(ids, xyxy.astype(np.float64), strict=True):
            person = camera.people.get(track_id)
            height = max(box[3] - box[1], 1.0)
            if person is None or np.abs(box - person.anchor).max() > _MOVED * height:
                camera.people[track_id], unsettled = _Person(box, time_s), True
            else:
                person.seen_s = time_s
        for track_id, person in list(camera.people.items()):
            if person.seen_s < time_s:
                unsettled = True
                if time_s - person.seen_s > self._missing_s:
                    del camera.people[track_id]
        return unsettled

    def load(self, busy_s: Mapping[str, float], dropped: Mapping[str, int]) -> None:
        """Hand it on."""
        self._rule.load(busy_s, dropped)
