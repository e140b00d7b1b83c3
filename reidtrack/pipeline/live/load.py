"""How many frames are looked at follows the load: evenly over cameras, and said when it begins and ends."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from reidtrack.embed.select import Candidate
from reidtrack.events import Notice
from reidtrack.pipeline.live.crops import MOST_SPARING, CropBudget
from reidtrack.pipeline.live.newest import EnoughLooks, NewestFirst
from reidtrack.pipeline.run.looks import Look, LookRule
from reidtrack.runtime.queues import SYSTEM_CLOCK, Clock
from reidtrack.types import Detections, Frame, Tracks

LEAST_PER_S = 4.0
"""Looks a second of each camera that are always tried: with fewer a tracker cannot tell who is who any more."""
_WINDOW_S = 1.0
"""Length of the stretches over which the load is measured."""
_FULL, _ROOM = 0.92, 0.75
"""Share of the time at work of the busiest stage, above which fewer frames are looked at and below which more; in
between nothing changes. What is left above is for what threads wait for each other."""
_LESS, _MORE = 0.85, 1.08
"""Steps of the rate; less is given up at once, more is tried slowly."""
_CALM_S = 20.0
"""How long every frame has to be looked at until it is said that the processor keeps up again."""
_RATE_S = 2.0
"""Over about how long the frame rate of a camera is taken."""
_PAUSE_S = 1.0
"""A longer step says nothing about a camera's rate."""
_BEHIND = 0.1
"""Share of a second's frames that were not looked at since newer ones waited, above which there is too much to do."""
_TELL_AFTER = 3
"""Seconds in a row in which frames are left out until it is said: a single one is not worth a word."""
_STAGES = ("detect", "track")
"""Stages that looks are the work of; what is embedded is up to the crops."""
_SPARE_S = 10.0
"""How long there has to be room until more crops are embedded again."""


class FollowLoad(LookRule):
    """Looks at as many frames a second of each camera as the processor can manage.

    One limit, in looks a second, holds for all cameras: one that gives fewer frames than that loses none, and all
    others lose down to the same rate. Frames in between are passed over evenly in time. The limit goes down at once
    where a stage is at work all the time or frames had to be dropped, and up slowly where there is room. Before any
    look is spared, crops are: people are embedded less often. What waits nevertheless is looked at newest first, so
    that boxes are not late by what waits before them.

    Args:
        rule: Asked first: frames that it does not want cost nothing.
        tell: Told when frames begin to be left out, and when that has ended.
        time_s: Says what time it is in events, seconds since the origin of the folder.
        follows: Whether the limit follows the load; else there is none, and only what is dropped is told of.
        least_per_s: Looks a second of each camera below which the limit does not go.
        most: Frames that may be looked at together.
        clock: Measures the load.

    Attributes:
        passed_over: Camera to its frames between two looks that were not looked at because of the load.
        crops: Which crops are embedded.
    """

    def __init__(
        self,
        rule: LookRule,
        tell: Callable[[Notice], None],
        time_s: Callable[[], float],
        *,
        follows: bool = True,
        least_per_s: float = LEAST_PER_S,
        most: int = 16,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._rule, self._follows, self.learns = rule, follows, rule.learns
        self._tell, self._time_s, self._least_per_s, self._clock = tell, time_s, least_per_s, clock
        self._limit_per_s: float | None = None
        self._due_s: dict[str, float] = {}
        self._last_s: dict[str, float] = {}
        self._interval_s: dict[str, float] = {}
        self._began_s: float | None = None
        self._busy_s: dict[str, float] = {}
        self._dropped = 0
        self._saying = _Saying()
        self._lock = threading.Lock()
        self._newest, self._enough = NewestFirst(most), EnoughLooks(least_per_s)
        self._came = self._late = 0
        self._room_since_s = clock.now()
        self.passed_over: dict[str, int] = {}
        self.crops = CropBudget()

    @property
    def detect_every(self) -> float:
        """Frames to one that is looked at, of the camera that gives most; 1 where all are."""
        with self._lock:
            if self._limit_per_s is None:
                return 1.0
            return max(1.0, self._fastest_per_s() / self._limit_per_s)

    @property
    def room(self) -> int:
        """Frames that there is time to look at together."""
        return self._newest.room

    @property
    def lost(self) -> dict[str, int]:
        """Camera to its frames that were passed over while it had too few looks: they do not lie between any two."""
        return dict(self._enough.lost)

    def in_order(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Whoever was looked at longest ago comes first, where there is no time for all."""
        frames = self._rule.in_order(frames)
        if not self._follows:
            return frames
        with self._lock:
            self._came += len(frames)
            return self._newest.take(frames)

    def looks_at(self, frame: Frame) -> Look:
        """Whether the rule wants it and there is time for it; what decides about other frames is always looked at."""
        look = self._rule.looks_at(frame)
        with self._lock:
            usual_s = self._note_interval(frame.camera, frame.time_s)
            if look == "no":
                self._enough.rested(frame)
                return "no"
            if look == "then_decide" or self._has_time(frame, usual_s):
                self._newest.looked(frame)
                self._enough.looked(frame)
                return look
            if not self._enough.passed_over(frame):
                self.passed_over[frame.camera] = self.passed_over.get(frame.camera, 0) + 1
            return "no"

    def _has_time(self, frame: Frame, usual_s: float) -> bool:
        if not self._follows:
            return True
        if not self._newest.allows(frame):
            self._late += 1
            return False
        return self._limit_per_s is None or self._is_due(frame.camera, frame.time_s, usual_s)

    def _note_interval(self, camera: str, now_s: float) -> float:
        """Usual seconds from one frame of a camera to the next."""
        step_s = now_s - self._last_s.get(camera, now_s)
        self._last_s[camera] = now_s
        usual_s = self._interval_s.get(camera, step_s)
        if 0 < step_s <= _PAUSE_S:
            usual_s += min(step_s / _RATE_S, 1.0) * (step_s - usual_s)
            self._interval_s[camera] = usual_s
        return usual_s

    def _is_due(self, camera: str, now_s: float, usual_s: float) -> bool:
        """Whether the limit allows a look; what it did not allow for a while is not made up for."""
        assert self._limit_per_s is not None
        wait_s, due_s = 1 / self._limit_per_s, self._due_s.get(camera, now_s)
        if due_s - now_s > 2 * wait_s:  # its clock was set back
            due_s = now_s
        if now_s < due_s - usual_s / 2:
            return False
        self._due_s[camera] = max(due_s, now_s - wait_s) + wait_s
        return True

    def tracked(self, frame: Frame, detections: Detections, tracks: Tracks, *, pending: bool) -> None:
        """Hand it on."""
        self._rule.tracked(frame, detections, tracks, pending=pending)

    def load(self, busy_s: Mapping[str, float], dropped: Mapping[str, int]) -> None:
        """Measure the load of each second, and set the limit by it."""
        now_s, stages = self._clock.now(), {stage: busy_s.get(stage, 0.0) for stage in (*_STAGES, "embed")}
        lost = sum(dropped.values())
        if self._began_s is None:
            self._began_s, self._busy_s, self._dropped = now_s, stages, lost
        passed_s = now_s - self._began_s
        if passed_s < _WINDOW_S:
            return
        shares = {stage: (stages[stage] - self._busy_s[stage]) / passed_s for stage in stages}
        if self._follows:
            self.crops.measure(stages["embed"])
            with self._lock:
                self._newest.measure(stages["detect"])
                dropping = lost > self._dropped or self._late > _BEHIND * self._came
                self._came = self._late = 0
                self._follow(max(shares[stage] for stage in _STAGES), shares["embed"], dropping, now_s)
        self._began_s, self._busy_s, self._dropped = now_s, stages, lost
        counts = Counter(dropped) + Counter(self.passed_over) + Counter(self._enough.lost)
        notice = self._saying.notice(counts, self.detect_every, now_s)
        if notice is not None:
            text, figures = notice
            self._tell(Notice(time_s=self._time_s(), subject="load", text=text, figures=figures))

    def _follow(self, looking: float, embedding: float, dropping: bool, now_s: float) -> None:
        """Spare crops first, which cost little accuracy, then looks; and back the other way round."""
        full = looking > _FULL or (dropping and looking > _ROOM)  # with room it was a hiccup
        room = looking < _ROOM and embedding < _ROOM
        self._room_since_s = self._room_since_s if room else now_s
        if (full or embedding > _FULL) and self.crops.sparing < MOST_SPARING:
            self.crops.sparing *= 2
        elif full or embedding > _FULL:  # whoever is seen is to be known soon: looks give way to crops
            self._set_limit(_LESS)
        elif room and self._limit_per_s is not None:
            self._set_limit(_MORE)
        elif self.crops.sparing > 1 and now_s - self._room_since_s >= _SPARE_S:
            self.crops.sparing //= 2
            self._room_since_s = now_s

    def _set_limit(self, step: float) -> None:
        fastest = self._fastest_per_s()
        limit = max(min(self._limit_per_s or fastest, fastest) * step, self._least_per_s)
        self._limit_per_s = limit if step < 1 or limit < fastest else None

    def embeds(self, crops: Sequence[Candidate], waiting: int) -> list[Candidate]:
        """As many crops as the processor can manage."""
        return self.crops.choose(crops, waiting) if self._follows else list(crops)

    def _fastest_per_s(self) -> float:
        """Frames a second of the camera that gives most."""
        return 1 / max(min(self._interval_s.values(), default=1.0), 1e-3)


class _Saying:
    """When it is worth a word that frames are left out, and that no more are."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._before: Counter[str] = Counter()
        self._growing, self._grew_s, self._told = 0, 0.0, False

    def notice(self, counts: Counter[str], detect_every: float, now_s: float) -> tuple[str, dict[str, float]] | None:
        """What to say, and how many frames of each camera were left out this time; None where nothing is new.

        Args:
            counts: Camera to its frames that were left out, since the beginning.
            detect_every: Frames to one that is looked at.
            now_s: Any clock's time, seconds.
        """
        if counts.total() > self._counts.total():
            self._growing, self._grew_s = self._growing + 1, now_s
        else:
            self._growing = 0
        self._counts = counts
        lost = {camera: float(count) for camera, count in sorted((counts - self._before).items())}
        if self._told and now_s - self._grew_s >= _CALM_S:
            self._told, self._before = False, counts
            return f"the processor keeps up again, {sum(lost.values()):.0f} frames were left out", lost
        if not self._told and self._growing >= _TELL_AFTER:
            self._told = True
            looked = "" if detect_every <= 1 else f": one of {detect_every:.1f} is looked at"
            return f"the processor does not keep up, frames are left out{looked}", lost
        if not self._told and not self._growing:
            self._before = counts
        return None
