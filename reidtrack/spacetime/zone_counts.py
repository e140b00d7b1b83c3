"""From visits and crossings of tracks to counts of people: nobody twice, over all cameras, by the hour.

Everything is kept by track and counted by identity, so that what becomes known later of who is who changes the counts
and not what they are made of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple

from reidtrack.spacetime.zone_motion import AtLine, InZone, Locate, beside, depth_in_zone
from reidtrack.spacetime.zones import Line, Zone
from reidtrack.types import Tracklet

SAME_CROSSING_S = 3.0
"""Two cameras that see a person cross a line the same way within so many seconds saw one crossing."""
HOUR_S = 3600

Direction = Literal["in", "out"]


@dataclass(slots=True)
class Stay:
    """A stretch of time in a zone: of one track (a visit), or of one person over all tracks.

    Attributes:
        first_s: Its beginning.
        last_s: The last moment that was seen of it.
        camera: That saw its beginning.
    """

    first_s: float
    last_s: float
    camera: str


class Crossing(NamedTuple):
    """A track went over a line at a moment, seen by a camera."""

    time_s: float
    direction: Direction
    camera: str


def join_visits(visits: Iterable[Stay], gap_s: float) -> list[Stay]:
    """Stays of a person, from the visits of all their tracks: those less than `gap_s` apart are one."""
    stays: list[Stay] = []
    for visit in sorted(visits, key=lambda one: (one.first_s, one.camera)):
        if stays and visit.first_s - stays[-1].last_s < gap_s:
            stays[-1].last_s = max(stays[-1].last_s, visit.last_s)
        else:
            stays.append(Stay(visit.first_s, visit.last_s, visit.camera))
    return stays


def distinct_crossings(crossings: Iterable[Crossing]) -> list[Crossing]:
    """Crossings of a person: what several cameras saw of one crossing once, as the first of them saw it."""
    seen = SeenCrossings()
    return [one for one in sorted(crossings) if seen.is_new(one)]


class SeenCrossings:
    """Crossings of one person of late, to tell what another camera saw already.

    Attributes:
        last_s: When the last one was.
    """

    def __init__(self) -> None:
        self.last_s = -math.inf
        self._recent: list[tuple[Crossing, set[str]]] = []

    def is_new(self, crossing: Crossing) -> bool:
        """Whether it has not been counted yet; told about crossings about in the order of time."""
        self._recent = [e for e in self._recent if crossing.time_s - e[0].time_s <= 2 * SAME_CROSSING_S]
        for counted, cameras in self._recent:
            near = abs(crossing.time_s - counted.time_s) <= SAME_CROSSING_S
            if near and counted.direction == crossing.direction and crossing.camera not in cameras:
                cameras.add(crossing.camera)
                return False
        self._recent.append((crossing, {crossing.camera}))
        self.last_s = max(self.last_s, crossing.time_s)
        return True


def visits_of_track(zone: Zone, track: Tracklet, size: tuple[float, float], locate: Locate | None) -> list[Stay]:
    """Visits of a finished tracklet to a zone.

    Args:
        zone: It.
        track: The tracklet.
        size: Width and height of its camera's picture, pixels.
        locate: From pixels to the plan; None without a plan.
    """
    depths = depth_in_zone(zone, track.camera, size, track.xyxy, locate)
    visits: list[Stay] = []
    if depths is None:
        return visits
    state, open_ = InZone(), False
    for time_s, depth in zip(track.time_s.tolist(), depths.tolist(), strict=True):
        if not state.step(time_s, depth):
            open_ = False
        elif open_ and time_s - visits[-1].last_s < zone.gap_s:
            visits[-1].last_s = time_s
        else:
            first_s = time_s if open_ or state.since_s is None else state.since_s
            visits.append(Stay(first_s, time_s, track.camera))
            open_ = True
    return visits


def crossings_of_track(line: Line, track: Tracklet, size: tuple[float, float], locate: Locate | None) -> list[Crossing]:
    """Crossings of a line by a finished tracklet; arguments as of `visits_of_track`."""
    found = beside(line, track.camera, size, track.xyxy, locate)
    if found is None:
        return []
    state = AtLine()
    steps = zip(track.time_s.tolist(), found[0].tolist(), found[1].tolist(), strict=True)
    crossed = (state.step(*step) for step in steps)
    return [Crossing(time_s, "in" if left else "out", track.camera) for time_s, left in filter(None, crossed)]


@dataclass(frozen=True, slots=True)
class HourCount:
    """What was counted at a place in an hour.

    Attributes:
        identities: Who was in the zone, if only for a part of the hour, or crossed the line; sorted.
        entered: How often somebody came into the zone, or crossed the line inwards.
        left: How often somebody left the zone, or crossed the line outwards.
    """

    identities: tuple[int, ...] = ()
    entered: int = 0
    left: int = 0


class Hours:
    """Hours of the clock in UTC, by their number since 1970.

    Args:
        origin: The moment from which times count; None zone is UTC.
    """

    def __init__(self, origin: datetime) -> None:
        self._origin_s = (origin.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()

    def of(self, time_s: float) -> int:
        """Number of the hour in which a time lies."""
        return math.floor((self._origin_s + time_s) / HOUR_S)

    def start_s(self, hour: int) -> float:
        """Beginning of an hour, seconds since the origin."""
        return hour * HOUR_S - self._origin_s

    @staticmethod
    def of_text(text: str) -> int:
        """Number of the hour that `text` gave."""
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // HOUR_S

    @staticmethod
    def text(hour: int) -> str:
        """Beginning of an hour in ISO 8601: `2026-11-30T09:00:00Z`."""
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        return moment.replace(tzinfo=None).isoformat() + "Z"


def count_stays(
    stays: Mapping[int, Sequence[Stay]],
    hours: Hours,
    wanted: Iterable[int],
    going_on: Mapping[int, float] = MappingProxyType({}),
) -> dict[int, HourCount]:
    """Counts of a zone in some hours.

    Args:
        stays: Identity to stays.
        hours: What hours are.
        wanted: Numbers of hours.
        going_on: Identity to the last moment of a stay that is not over: nobody has left yet.
    """
    counts = {}
    for hour in wanted:
        start, end = hours.start_s(hour), hours.start_s(hour + 1)
        here = {
            identity: [stay for stay in found if stay.first_s < end and stay.last_s >= start]
            for identity, found in stays.items()
        }
        counts[hour] = HourCount(
            tuple(sorted(identity for identity, found in here.items() if found)),
            sum(start <= stay.first_s for found in here.values() for stay in found),
            sum(
                stay.last_s < end and stay.last_s < going_on.get(identity, math.inf)
                for identity, found in here.items()
                for stay in found
            ),
        )
    return counts


def count_crossings(
    crossings: Mapping[int, Sequence[Crossing]], hours: Hours, wanted: Iterable[int]
) -> dict[int, HourCount]:
    """Counts of a line in some hours; arguments as of `count_stays`."""
    counts = {}
    for hour in wanted:
        start, end = hours.start_s(hour), hours.start_s(hour + 1)
        here = {i: [one for one in found if start <= one.time_s < end] for i, found in crossings.items()}
        ways = [one.direction for found in here.values() for one in found]
        counts[hour] = HourCount(
            tuple(sorted(i for i, found in here.items() if found)), ways.count("in"), ways.count("out")
        )
    return counts


def most_at_once(stays: Iterable[Stay]) -> int:
    """Most people who were there at one moment."""
    changes: Iterator[tuple[float, int]] = (
        change for stay in stays for change in ((stay.first_s, 1), (stay.last_s, -1))
    )
    here = most = 0
    for _, step in sorted(changes, key=lambda change: (change[0], -change[1])):
        here += step
        most = max(most, here)
    return most
