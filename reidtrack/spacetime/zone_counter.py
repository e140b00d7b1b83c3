"""Counting people in zones and over lines while cameras are live, on identities that may still change.

Visits and crossings are kept by track. `zone_entered`, `zone_left` and `line_crossed` are told once, of the identity a
track has at that moment; `hour` is told when an hour is over, and once more, with the same hour and place, when it
turns out later that its people were others: the last one holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from reidtrack.events import Event, HourCounted, IdentityGiven, LineCrossed, Merged, Split, ZoneEntered, ZoneLeft
from reidtrack.spacetime.zone_counts import HOUR_S, SAME_CROSSING_S, Crossing, HourCount, Hours, Stay
from reidtrack.spacetime.zone_motion import Locate, beside, depth_in_zone
from reidtrack.spacetime.zone_records import LineRecords, ZoneRecords
from reidtrack.spacetime.zones import Line, Zone
from reidtrack.types import FloatArray, IntArray, TrackletKey

KEEP_S = 86_400.0
"""Visits and crossings of a day are kept: what is found out about older ones changes no count any more."""
REPLAY_S = 6 * 3600.0
"""So much of the log before its end `ZoneCounter.replay` wants; older hours are not corrected after a restart."""
REPLAYED = frozenset({"zone_entered", "zone_left", "line_crossed", "merge", "hour"})
"""Kinds of events that `ZoneCounter.replay` wants."""
_FORGET_S = 60.0
"""A track without a box for so long is over."""
_SETTLE_S = 10.0
"""An hour is told so long after its end; corrections are told that far apart, old things forgotten."""
_LEAST_DWELL_S = 0.001
"""Of a stay that was one; 0 says that it was somebody else's."""
_BEFORE = ""
"""Stands for the camera in the keys of visits that are known from the log alone."""


class ZoneCounter:
    """Counts people, nobody twice over all cameras. Used by one thread at a time.

    Args:
        zones: In which people are counted.
        lines: Whose crossings are counted.
        origin: The moment from which times count.
        locate: From boxes (N, 4) of a camera to places (N, 2) on the plan, nan where unknown; None without a plan.
    """

    def __init__(
        self, zones: Sequence[Zone], lines: Sequence[Line], origin: datetime, locate: Locate | None = None
    ) -> None:
        self._hours, self._locate = Hours(origin), locate
        self._zones = [ZoneRecords(zone, self._hours) for zone in zones]
        self._lines = [LineRecords(line, self._hours) for line in lines]
        self._places: tuple[ZoneRecords | LineRecords, ...] = (*self._zones, *self._lines)
        self._identity: dict[TrackletKey, int] = {}
        self._tracks: dict[int, set[TrackletKey]] = {}
        self._seen_s: dict[TrackletKey, float] = {}
        self._unfinished: set[int] = set()
        self._over = -1
        self._now_s = -math.inf
        self._settled_s = -math.inf
        self._replayed = 0

    def update(
        self, camera: str, time_s: float, size: tuple[float, float], track_id: IntArray, xyxy: FloatArray
    ) -> list[Event]:
        """Take the boxes of a frame.

        Args:
            camera: That saw it.
            time_s: When, increasing within a camera.
            size: Width and height of the picture, pixels.
            track_id: (N,) tracks, confirmed ones.
            xyxy: (N, 4) their boxes, pixels.

        Returns:
            `zone_entered` and `line_crossed`.
        """
        events: list[Event] = []
        keys = [(camera, track) for track in track_id.tolist()]
        self._note_time(time_s)
        self._seen_s.update(dict.fromkeys(keys, time_s))
        if not keys:
            return events
        for zone in self._zones:
            depths = depth_in_zone(zone.zone, camera, size, xyxy, self._locate)
            if depths is not None:
                for key, depth in zip(keys, depths.tolist(), strict=True):
                    visit = zone.step(key, time_s, depth)
                    if visit is not None and key in self._identity:
                        events += _present(zone, self._identity[key], visit, camera)
        for line in self._lines:
            found = beside(line.line, camera, size, xyxy, self._locate)
            if found is not None:
                for key, left, along in zip(keys, found[0].tolist(), found[1].tolist(), strict=True):
                    crossing = line.step(key, time_s, left, along)
                    if crossing is not None and key in self._identity:
                        events += _crossed(line, self._identity[key], crossing)
        return events

    def correct(self, event: Event) -> list[Event]:
        """Take what became known of who is who: `IdentityGiven`, `Merged`, `Split`; other events change nothing.

        Returns:
            Entries, exits and crossings that are known now; hours are corrected by the next `tick`.
        """
        if isinstance(event, IdentityGiven):
            return self._give((event.camera, event.track_id), event.identity, event.time_s)
        if isinstance(event, Merged):
            self._merge(event.from_, event.into)
        if isinstance(event, Split):
            return [told for key in event.tracklets for told in self._give(key, event.into, event.time_s)]
        return []

    def tick(self, now_s: float) -> list[Event]:
        """Tell who has left, hours that are over, and hours that were others than was told; about once a second.

        Args:
            now_s: Present time, which all cameras' frames have about reached.
        """
        self._note_time(now_s)
        events: list[Event] = [told for zone in self._zones for told in _gone(zone, self._now_s - zone.zone.gap_s)]
        over = self._over = self._hours.of(self._now_s - _SETTLE_S)
        for hour in sorted(hour for hour in self._unfinished if hour < over):
            events += self._tell_hour(hour)
            self._unfinished.discard(hour)
        if self._now_s - self._settled_s >= _SETTLE_S:
            self._settled_s = self._now_s
            events += self._tell_corrections()
            self._forget()
        return events

    def close(self, now_s: float) -> list[Event]:
        """Tell that everybody has left, and the hours so far: the work ends here, if only for a while."""
        self._note_time(now_s)
        events: list[Event] = [told for zone in self._zones for told in _gone(zone, math.inf)]
        for hour in sorted(self._unfinished):
            events += self._tell_hour(hour)
        return [*events, *self._tell_corrections()]

    def replay(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Take up the counts of an earlier session from its log, before the first `update`.

        Args:
            lines: Events of the kinds `REPLAYED`, in the order of the log, those of `REPLAY_S` before its end.
        """
        zones = {zone.name: zone for zone in self._zones}
        places: dict[str, ZoneRecords | LineRecords] = {**zones, **{line.name: line for line in self._lines}}
        inside: dict[tuple[str, int], TrackletKey] = {}
        first_s = math.inf
        for line in lines:
            time_s = float(line["time_s"])
            first_s = min(first_s, time_s)
            self._now_s = max(self._now_s, time_s)
            place = places.get(str(line.get("zone", line.get("line", line.get("place")))))
            if line["event"] == "merge":
                self._merge(int(line["from"]), int(line["into"]))
                for name, identity in [at for at in inside if at[1] == line["from"]]:
                    inside.setdefault((name, int(line["into"])), inside.pop((name, identity)))
            elif place is None:
                continue
            elif line["event"] == "hour":
                count = HourCount(tuple(line["identities"]), int(line["entered"]), int(line["left"]))
                place.kept.told[self._hours.of_text(str(line["hour"]))] = count
            elif isinstance(place, LineRecords):
                crossing = Crossing(time_s, "in" if line["direction"] == "in" else "out", str(line["camera"]))
                place.add(self._key_before(int(line["identity"])), crossing)
            else:
                self._replay_stay(place, line, time_s, inside)
        for (name, identity), key in inside.items():
            visit = zones[name].visits.of_track[key][-1]
            visit.last_s = max(visit.last_s, self._now_s)
            zones[name].here[identity] = (Stay(visit.first_s, visit.last_s, visit.camera), visit.camera)
        if math.isfinite(self._now_s):
            self._unfinished.add(self._hours.of(self._now_s))
            for one in self._places:  # of the first hour there may be more in the log
                one.kept.forget_told(self._hours.of(first_s))

    def _note_time(self, time_s: float) -> None:
        self._now_s = max(self._now_s, time_s)
        hour = self._hours.of(time_s)
        if hour >= self._over:
            self._unfinished.add(hour)

    def _replay_stay(
        self, zone: ZoneRecords, line: Mapping[str, Any], time_s: float, inside: dict[tuple[str, int], TrackletKey]
    ) -> None:
        identity, camera = int(line["identity"]), str(line["camera"])
        if line["event"] == "zone_entered":
            key = self._key_before(identity)
            zone.add(key, Stay(time_s, time_s, camera))
            inside[zone.name, identity] = key
            return
        known, dwell_s = inside.pop((zone.name, identity), None), float(line["dwell_s"])
        if known is not None and not dwell_s:  # it was somebody else
            zone.visits.of_track.pop(known, None)
            return
        if known is not None:
            zone.visits.of_track.pop(known)
        key = self._key_before(identity) if known is None else known
        zone.add(key, Stay(time_s - dwell_s, time_s, camera))

    def _key_before(self, identity: int) -> TrackletKey:
        """A key that stands for a track of an earlier session."""
        self._replayed += 1
        key = (_BEFORE, self._replayed)
        self._identity[key] = identity
        self._tracks.setdefault(identity, set()).add(key)
        return key

    def _give(self, key: TrackletKey, identity: int, time_s: float) -> list[Event]:
        """Give a track to an identity."""
        self._seen_s.setdefault(key, time_s)
        old = self._identity.get(key)
        if old == identity:
            return []
        self._identity[key] = identity
        self._tracks.setdefault(identity, set()).add(key)
        if old is not None:
            self._tracks.get(old, set()).discard(key)
        events: list[Event] = []
        for zone in self._zones:
            zone.visits.changed.update(zone.hours_of(key))
            for visit in zone.visits.of_track.get(key, ()):
                if old is None or visit.last_s > self._now_s - zone.zone.gap_s:
                    events += _present(zone, identity, visit, key[0])
            if old is not None:
                events += self._without(zone, old)
        for line in self._lines:
            line.crossings.changed.update(line.hours_of(key))
            if old is None:
                for crossing in line.crossings.of_track.get(key, ()):
                    events += _crossed(line, identity, crossing)
        return events

    def _without(self, zone: ZoneRecords, identity: int) -> list[Event]:
        """Look anew at the stay of an identity that lost a track."""
        if identity not in zone.here:
            return []
        told, camera = zone.here[identity]
        left = zone.stay_of(self._tracks.get(identity, ()))
        if left is not None and left.last_s >= told.first_s:
            zone.here[identity] = (left, camera)
            return []
        del zone.here[identity]
        return [ZoneLeft(time_s=told.last_s, zone=zone.name, identity=identity, camera=camera, dwell_s=0.0)]

    def _merge(self, old: int, into: int) -> None:
        keys = self._tracks.pop(old, set())
        self._tracks.setdefault(into, set()).update(keys)
        self._identity.update(dict.fromkeys(keys, into))
        for place in self._places:
            place.kept.changed.update(hour for key in keys for hour in place.hours_of(key))
        for zone in self._zones:
            if old in zone.here:
                moved, camera = zone.here.pop(old)
                known, seen_by = zone.here.get(into, (moved, camera))
                camera = camera if moved.last_s >= known.last_s else seen_by
                first = min(moved, known, key=lambda stay: stay.first_s)
                joined = Stay(first.first_s, max(moved.last_s, known.last_s), first.camera)
                zone.here[into] = (joined, camera)

    def _tell_hour(self, hour: int) -> list[Event]:
        """What was counted in an hour, everywhere."""
        events: list[Event] = []
        for place in self._places:
            place.kept.told[hour] = place.count(hour, self._identity.get)
            place.kept.changed.discard(hour)
            events.append(self._hour_event(place.name, hour, place.kept.told[hour]))
        return events

    def _tell_corrections(self) -> list[Event]:
        """Hours whose count is another than was told."""
        events: list[Event] = []
        for place in self._places:
            for hour in sorted(place.kept.changed & place.kept.told.keys() - self._unfinished):
                count = place.count(hour, self._identity.get)
                if count != place.kept.told[hour]:
                    place.kept.told[hour] = count
                    events.append(self._hour_event(place.name, hour, count))
            place.kept.changed.clear()
        return events

    def _hour_event(self, place: str, hour: int, count: HourCount) -> HourCounted:
        end_s = min(self._hours.start_s(hour) + HOUR_S, self._now_s)
        return HourCounted(
            time_s=end_s,
            hour=self._hours.text(hour),
            place=place,
            people=len(count.identities),
            identities=count.identities,
            entered=count.entered,
            left=count.left,
        )

    def _forget(self) -> None:
        """Forget tracks that are over and hours that are a day old."""
        self._seen_s = {key: time_s for key, time_s in self._seen_s.items() if self._now_s - time_s < _FORGET_S}
        first = self._hours.of(self._now_s - KEEP_S)
        wanted = set(self._seen_s)
        for place in self._places:
            place.forget(self._seen_s, first, self._now_s - 2 * SAME_CROSSING_S)
            wanted |= place.kept.of_track.keys()
        for key in self._identity.keys() - wanted:
            identity = self._identity.pop(key)
            tracks = self._tracks[identity]
            tracks.discard(key)
            if not tracks:
                del self._tracks[identity]


def _present(zone: ZoneRecords, identity: int, visit: Stay, camera: str) -> list[Event]:
    """Note that a person is in a zone; told if that is new."""
    events: list[Event] = []
    if identity in zone.here:
        stay, _ = zone.here[identity]
        if stay.first_s - visit.last_s >= zone.zone.gap_s:  # an earlier stay, of a track that was given only now
            return _told_whole(zone, identity, visit)
        if visit.first_s - stay.last_s < zone.zone.gap_s:
            if visit.last_s >= stay.last_s:
                zone.here[identity] = (stay, camera)
            stay.first_s, stay.last_s = min(stay.first_s, visit.first_s), max(stay.last_s, visit.last_s)
            return events
        events.append(_left(zone, identity))
    zone.here[identity] = (Stay(visit.first_s, visit.last_s, camera), camera)
    events.append(ZoneEntered(time_s=visit.first_s, zone=zone.name, identity=identity, camera=camera))
    return events


def _gone(zone: ZoneRecords, before_s: float) -> list[Event]:
    """Tell of those who were last in a zone at a moment or before."""
    gone = [identity for identity, (stay, _) in zone.here.items() if stay.last_s <= before_s]
    return [_left(zone, identity) for identity in gone]


def _left(zone: ZoneRecords, identity: int) -> Event:
    stay, camera = zone.here.pop(identity)
    return _exit(zone, identity, stay, camera)


def _exit(zone: ZoneRecords, identity: int, stay: Stay, camera: str) -> Event:
    dwell_s = max(stay.last_s - stay.first_s, _LEAST_DWELL_S)
    return ZoneLeft(time_s=stay.last_s, zone=zone.name, identity=identity, camera=camera, dwell_s=dwell_s)


def _told_whole(zone: ZoneRecords, identity: int, visit: Stay) -> list[Event]:
    """A stay that is over already."""
    entered = ZoneEntered(time_s=visit.first_s, zone=zone.name, identity=identity, camera=visit.camera)
    return [entered, _exit(zone, identity, visit, visit.camera)]


def _crossed(line: LineRecords, identity: int, crossing: Crossing) -> list[Event]:
    """Tell that a person crossed a line, unless another camera saw that before."""
    if not line.is_new(identity, crossing):
        return []
    time_s, direction, camera = crossing
    return [LineCrossed(time_s=time_s, line=line.name, identity=identity, camera=camera, direction=direction)]
