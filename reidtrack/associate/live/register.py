"""Who is in memory: parts that may still be joined, people with their numbers, and tracks that are over."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from reidtrack.associate.live.parts import Part, meet
from reidtrack.associate.live.people import Person, prototypes_of
from reidtrack.events import Event, IdentityGiven, Merged, Split
from reidtrack.types import Tracklet, TrackletKey

MOST_OVER = 4096
"""Tracks that are over and whose identity is remembered by their key, for corrections."""


class Register:
    """Parts and people, and the events of what changes about them.

    Args:
        next_identity: The lowest number that nobody has had.
        most_people: People who are held in memory besides those with a part that may still be joined.

    Attributes:
        parts: By serial.
        newest: Track to its newest part.
        people: By number.
        over: Tracks whose parts are not held any more, to the number of the last.
        next_identity: As above.
        events: What was told since they were last taken.
        merges: Numbers that were used no more, and into which they went, since they were last taken.
    """

    def __init__(self, next_identity: int, most_people: int) -> None:
        self.parts: dict[int, Part] = {}
        self.newest: dict[TrackletKey, Part] = {}
        self.people: dict[int, Person] = {}
        self.over: OrderedDict[TrackletKey, int] = OrderedDict()
        self.next_identity = next_identity
        self.events: list[Event] = []
        self.merges: list[tuple[int, int]] = []
        self._most_people = most_people
        self._next_serial = 1
        self._cameras: dict[str, dict[int, Part]] = {}

    # Parts come and go.

    def take(self, tracklet: Tracklet, now_s: float, *, ended: bool) -> Part | None:
        """Take what there is of a track now; None for one that was over before."""
        part = self.newest.get(tracklet.key)
        if part is None:
            if tracklet.key in self.over:
                return None
            part = self.add(Part.of(self.serial(), tracklet, now_s))
        elif not part.is_open and not (part.is_lost and tracklet.last_time_s > part.last_s):
            return None
        part.take(tracklet, ended=ended)
        meet(part, self._cameras[part.camera].values())
        if part.number is not None:
            self.people[part.number].note(part)
        return part

    def cut(self, part: Part, rest: Tracklet, now_s: float) -> Part:
        """Cut a part before the first frame of `rest`, and return what is cut off, under the same number at first."""
        new = self.add(part.cut_off(rest, self.serial(), now_s))
        for one in (part, new):
            others = [self.parts[serial] for serial in part.met | one.met if serial in self.parts]
            for other in others:
                one.met.discard(other.serial)
                other.met.discard(one.serial)
            meet(one, others)
        return new

    def forget(self, part: Part) -> None:
        """Let a part go that nothing may be joined to any more; the person keeps what it looked like."""
        del self.parts[part.serial], self._cameras[part.camera][part.serial]
        if self.newest.get(part.key) is part:
            del self.newest[part.key]
        others = [self.parts[serial] for serial in part.met if serial in self.parts]
        for other in others:
            other.met.discard(part.serial)
        if part.number is None:
            return
        self.over[part.key] = part.number
        self.over.move_to_end(part.key)
        while len(self.over) > MOST_OVER:
            self.over.popitem(last=False)
        person = self.people[part.number]
        person.kept = True
        for other in others:
            other.met_people.add(part.number)
            if other.number is not None:
                person.met.add(other.number)
                self.people[other.number].met.add(part.number)
        for number in part.met_people & self.people.keys():
            person.met.add(number)
            self.people[number].met.add(part.number)
        found = prototypes_of(part.tracklet)
        if found is not None:
            person.add(found)

    def serial(self) -> int:
        """A number for a part or a prototype that nothing else has."""
        self._next_serial += 1
        return self._next_serial - 1

    def add(self, part: Part) -> Part:
        """Hold a part."""
        self.parts[part.serial] = self.newest[part.key] = part
        self._cameras.setdefault(part.camera, {})[part.serial] = part
        return part

    # Who is who.

    def members(self, number: int) -> list[Part]:
        """Parts of an identity, by serial."""
        return [part for part in self.parts.values() if part.number == number]

    def numbered(self) -> dict[int, list[Part]]:
        """Parts of each identity that has any."""
        found: dict[int, list[Part]] = {}
        for part in self.parts.values():
            if part.number is not None:
                found.setdefault(part.number, []).append(part)
        return found

    def clash(self, part: Part, number: int) -> bool:
        """Whether somebody of that number stood in the part's camera at the same time."""
        if number in part.met_people:
            return True
        return any(self.parts[serial].number == number for serial in part.met if serial in self.parts)

    def clashing(self) -> tuple[Part, Part] | None:
        """Two parts that stood in one camera together and have one number; None where there are none."""
        for part in self.parts.values():
            for other in (self.parts[serial] for serial in part.met if serial in self.parts):
                if part.number is not None and other.number == part.number:
                    return part, other
        return None

    def people_clash(self, a: int, b: int) -> bool:
        """Whether two identities were seen side by side in one camera."""
        if b in self.people[a].met or a in self.people[b].met:
            return True
        ours, theirs = self.members(a), self.members(b)
        return any(self.clash(part, b) for part in ours) or any(self.clash(part, a) for part in theirs)

    def new_person(self, part: Part) -> Person:
        """Somebody whom nobody has seen before, with the next number."""
        person = Person(self.next_identity, part.tracklet.first_time_s, part.last_s)
        self.people[person.number] = person
        self.next_identity += 1
        return person

    def give(self, part: Part, number: int, now_s: float, probability: float | None = None) -> None:
        """Tell that a part is one of an identity's; not for a part that was kept as another's (`split`)."""
        if part.number != number:
            part.given_s = now_s
        part.number, part.away_s = number, None
        self.people[number].note(part)
        self._tell_given(part, now_s, probability)

    def keep(self, part: Part, now_s: float, probability: float | None = None) -> None:
        """Tell that a part stays with its identity."""
        assert part.number is not None
        part.kept = self.people[part.number].kept = self.people[part.number].shown = True
        self._tell_given(part, now_s, probability)

    def _tell_given(self, part: Part, now_s: float, probability: float | None) -> None:
        if self.newest.get(part.key) is not part or part.number is None:
            return  # the track is somebody else's by now
        camera, track_id = part.key
        name = self.people[part.number].name
        self.events.append(
            IdentityGiven(
                time_s=now_s,
                camera=camera,
                track_id=track_id,
                identity=part.number,
                provisional=not part.kept,
                name=name,
                probability=probability,
            )
        )

    def split(self, parts: Sequence[Part], now_s: float) -> int:
        """Tell that kept parts of one identity are somebody else, who has a new number; returns it."""
        number = parts[0].number
        assert number is not None
        person = self.new_person(parts[0])
        person.kept = True
        for part in parts:
            part.number, part.away_s, part.given_s = person.number, None, now_s
            person.note(part)
        keys = tuple(part.key for part in parts if self.newest.get(part.key) is part)
        since_s = parts[0].tracklet.first_time_s if len(parts) == 1 and parts[0].begins_at else None
        self.events.append(Split(time_s=now_s, from_=number, into=person.number, tracklets=keys, since_s=since_s))
        return person.number

    def merge(self, number: int, into: int, now_s: float) -> None:
        """Tell that an identity was another one all along."""
        for part in self.members(number):
            part.number, part.away_s = into, None
        self.people[into].absorb(self.people.pop(number))
        self._rename(number, into)
        self.merges.append((number, into))
        self.events.append(Merged(time_s=now_s, from_=number, into=into))

    def become(self, person: Person, number: int, now_s: float) -> None:
        """Take a new person, of whom nothing was kept, for one of before who is not in memory, with that number."""
        was, person.number = person.number, number
        self.people[number] = self.people.pop(was)
        for part in self.parts.values():
            if part.number == was:
                part.number = number
                self._tell_given(part, now_s, None)
        self._rename(was, number)

    def _rename(self, number: int, into: int) -> None:
        """Have everybody who met a number, which is used no more, have met another."""
        for person in self.people.values():
            if number in person.met:
                person.met.discard(number)
                person.met.add(into)
        self.people[into].met.discard(into)
        for part in self.parts.values():
            if number in part.met_people:
                part.met_people.discard(number)
                part.met_people.add(into)
        for key, was in self.over.items():
            if was == number:
                self.over[key] = into

    def drop_unused(self) -> list[Person]:
        """Forget numbers that no part has and that were never kept; returns people who are too many to be held."""
        used = {part.number for part in self.parts.values()}
        for number in [n for n, person in self.people.items() if n not in used and not person.kept]:
            del self.people[number]
        idle = sorted((p for n, p in self.people.items() if n not in used), key=lambda p: (p.last_s, p.number))
        gone = idle[: max(0, len(idle) - self._most_people)]
        for person in gone:
            del self.people[person.number]
        if gone:
            self._purge({person.number for person in gone})
        return gone

    def _purge(self, numbers: set[int]) -> None:
        for person in self.people.values():
            person.met -= numbers
        for part in self.parts.values():
            part.met_people -= numbers
        for key in [key for key, number in self.over.items() if number in numbers]:
            del self.over[key]

    def idle(self) -> Iterator[Person]:
        """People of whom no part is held."""
        used = {part.number for part in self.parts.values()}
        return (person for number, person in self.people.items() if number not in used)

    def take_events(self) -> list[Event]:
        """What was told since the last call."""
        events, self.events = self.events, []
        return events
