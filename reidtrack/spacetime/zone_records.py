"""What a live counter keeps of one zone or one line: visits or crossings by track, and in which hours they lie."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from reidtrack.spacetime.zone_counts import (
    Crossing,
    HourCount,
    Hours,
    SeenCrossings,
    Stay,
    count_crossings,
    count_stays,
    distinct_crossings,
    join_visits,
)
from reidtrack.spacetime.zone_motion import AtLine, InZone
from reidtrack.spacetime.zones import Line, Zone
from reidtrack.types import TrackletKey

MOST_KEPT = 200_000
"""Tracks of one place at most; of more, whole hours are no longer corrected, the oldest first."""

T = TypeVar("T", Stay, Crossing)


@dataclass(slots=True)
class _Kept(Generic[T]):
    """Records of tracks at a place, findable by the hour.

    Attributes:
        of_track: Track to its visits or crossings, in the order of time.
        in_hour: Number of an hour to the tracks with any in it.
        told: Number of an hour to what was last told of it.
        changed: Hours whose count may be another than what was told.
    """

    of_track: dict[TrackletKey, list[T]] = field(default_factory=dict)
    in_hour: dict[int, set[TrackletKey]] = field(default_factory=dict)
    told: dict[int, HourCount] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)

    def note(self, key: TrackletKey, hours: Iterable[int]) -> None:
        """Note that a track has something in these hours."""
        for hour in hours:
            self.in_hour.setdefault(hour, set()).add(key)
            self.changed.add(hour)

    def around(self, hour: int) -> set[TrackletKey]:
        """Tracks of an hour and its neighbours: a stay may go over from one to the next."""
        return set().union(*(self.in_hour.get(h, ()) for h in (hour - 1, hour, hour + 1)))

    def forget_told(self, until: int) -> None:
        """Forget what was told of an hour and those before: they are not corrected any more."""
        self.told = {hour: count for hour, count in self.told.items() if hour > until}

    def forget(self, before: int) -> None:
        """Forget hours before one, and more where there are too many tracks."""
        while sum(map(len, self.in_hour.values())) > MOST_KEPT and before <= max(self.in_hour):
            before = max(before, min(self.in_hour)) + 1
        old = [hour for hour in self.in_hour if hour < before]
        gone = set().union(*(self.in_hour.pop(hour) for hour in old))
        for key in gone.difference(*self.in_hour.values()) if gone else ():
            self.of_track.pop(key, None)
        self.told = {hour: count for hour, count in self.told.items() if hour > before}
        self.changed = {hour for hour in self.changed if hour > before}


class ZoneRecords:
    """Of one zone.

    Attributes:
        states: Track to whether it is inside.
        visits: What is kept.
        here: Identity to the stay that has been told of and goes on, with the camera that saw it last.
    """

    def __init__(self, zone: Zone, hours: Hours) -> None:
        self.zone, self._hours = zone, hours
        self.states: dict[TrackletKey, InZone] = {}
        self.open: dict[TrackletKey, Stay] = {}
        self.visits = _Kept[Stay]()
        self.here: dict[int, tuple[Stay, str]] = {}

    @property
    def name(self) -> str:
        """The zone's name."""
        return self.zone.name

    @property
    def kept(self) -> _Kept[Stay]:
        """What is kept by track."""
        return self.visits

    def step(self, key: TrackletKey, time_s: float, depth: float) -> Stay | None:
        """Take a track's next box, by its depth in margins; its visit while it is inside."""
        state = self.states.setdefault(key, InZone())
        if not state.step(time_s, depth):
            self.open.pop(key, None)
            return None
        visit = self.open.get(key)
        if visit is not None and time_s - visit.last_s < self.zone.gap_s:
            if self._hours.of(visit.last_s) != self._hours.of(time_s):
                self.visits.note(key, [self._hours.of(time_s)])
            visit.last_s = time_s
            return visit
        first_s = time_s if state.since_s is None or visit is not None else state.since_s
        return self.add(key, Stay(first_s, time_s, key[0]))

    def add(self, key: TrackletKey, visit: Stay) -> Stay:
        """Begin a visit of a track."""
        self.open[key] = visit
        self.visits.of_track.setdefault(key, []).append(visit)
        self.visits.note(key, self.hours_of(key))
        return visit

    def forget(self, tracks: Container[TrackletKey], before: int, _before_s: float) -> None:
        """Forget all tracks but some that go on, and hours before one."""
        self.states = {key: state for key, state in self.states.items() if key in tracks}
        self.open = {key: visit for key, visit in self.open.items() if key in tracks}
        self.visits.forget(before)

    def hours_of(self, key: TrackletKey) -> list[int]:
        """Hours in which a track was in the zone."""
        found = self.visits.of_track.get(key, ())
        return [h for v in found for h in range(self._hours.of(v.first_s), self._hours.of(v.last_s) + 1)]

    def stay_of(self, keys: Iterable[TrackletKey]) -> Stay | None:
        """The last stay of a person with these tracks."""
        stays = join_visits([v for key in keys for v in self.visits.of_track.get(key, ())], self.zone.gap_s)
        return stays[-1] if stays else None

    def count(self, hour: int, identity_of: Callable[[TrackletKey], int | None]) -> HourCount:
        """Count of an hour by what is known now of who is who."""
        found: dict[int, list[Stay]] = {}
        for key in self.visits.around(hour):
            identity = identity_of(key)
            if identity is not None:
                found.setdefault(identity, []).extend(self.visits.of_track.get(key, ()))
        stays = {identity: join_visits(visits, self.zone.gap_s) for identity, visits in found.items()}
        going_on = {identity: stay.last_s for identity, (stay, _) in self.here.items()}
        return count_stays(stays, self._hours, [hour], going_on)[hour]


class LineRecords:
    """Of one line.

    Attributes:
        states: Track to the side on which it is.
        crossings: What is kept.
    """

    def __init__(self, line: Line, hours: Hours) -> None:
        self.line, self._hours = line, hours
        self.states: dict[TrackletKey, AtLine] = {}
        self.crossings = _Kept[Crossing]()
        self._seen: dict[int, SeenCrossings] = {}

    @property
    def name(self) -> str:
        """The line's name."""
        return self.line.name

    @property
    def kept(self) -> _Kept[Crossing]:
        """What is kept by track."""
        return self.crossings

    def add(self, key: TrackletKey, crossing: Crossing) -> None:
        """Note a crossing of a track."""
        self.crossings.of_track.setdefault(key, []).append(crossing)
        self.crossings.note(key, self.hours_of(key))

    def hours_of(self, key: TrackletKey) -> list[int]:
        """Hours in which a track crossed the line."""
        return [self._hours.of(one.time_s) for one in self.crossings.of_track.get(key, ())]

    def is_new(self, identity: int, crossing: Crossing) -> bool:
        """Whether no other camera saw that crossing of a person before."""
        return self._seen.setdefault(identity, SeenCrossings()).is_new(crossing)

    def step(self, key: TrackletKey, time_s: float, left: float, along: float) -> Crossing | None:
        """Take a track's next box, as `AtLine.step` does; a crossing that it makes sure."""
        found = self.states.setdefault(key, AtLine()).step(time_s, left, along)
        if found is None:
            return None
        crossing = Crossing(found[0], "in" if found[1] else "out", key[0])
        self.add(key, crossing)
        return crossing

    def forget(self, tracks: Container[TrackletKey], before: int, before_s: float) -> None:
        """Forget all tracks but some that go on, hours before one, and which cameras saw crossings before a moment."""
        self.states = {key: state for key, state in self.states.items() if key in tracks}
        self.crossings.forget(before)
        self._seen = {identity: seen for identity, seen in self._seen.items() if seen.last_s >= before_s}

    def count(self, hour: int, identity_of: Callable[[TrackletKey], int | None]) -> HourCount:
        """Count of an hour by what is known now of who is who."""
        found: dict[int, list[Crossing]] = {}
        for key in self.crossings.around(hour):
            identity = identity_of(key)
            if identity is not None:
                found.setdefault(identity, []).extend(self.crossings.of_track.get(key, ()))
        distinct = {identity: distinct_crossings(crossings) for identity, crossings in found.items()}
        return count_crossings(distinct, self._hours, [hour])[hour]
