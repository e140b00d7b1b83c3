"""People who go over to cameras of another process, and who come from there: known here as people of before are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from reidtrack.associate.live.parts import Part
from reidtrack.associate.live.people import ELSEWHERE, Person, Prototypes
from reidtrack.associate.live.register import Register


class Leaver(NamedTuple):
    """A person of whom no track goes on, as another process is told.

    Attributes:
        number: The identity, from 1.
        name: What the person is called, or None.
        first_s: When these cameras saw the person first, seconds.
        last_s: And last.
        views: What each of these cameras saw, at least one.
        met: Numbers of people who stood beside the person in a camera.
    """

    number: int
    name: str | None
    first_s: float
    last_s: float
    views: tuple[Prototypes, ...]
    met: frozenset[int]


def leavers(register: Register, told: Mapping[int, float]) -> list[Leaver]:
    """People of whom no track goes on and of whom these cameras saw more than was told.

    Args:
        register: Who is in memory.
        told: Number to when the person was last seen, by what was told before.
    """
    parts = register.numbered()
    return [
        leaver
        for number, person in sorted(register.people.items())
        if person.kept and (leaver := _leaver(register, person, parts.get(number, ()), told.get(number))) is not None
    ]


def _leaver(register: Register, person: Person, parts: Collection[Part], told_s: float | None) -> Leaver | None:
    if any(part.is_open or not part.kept for part in parts):
        return None
    here = [found for found in person.before.values() if found.last.track_id != ELSEWHERE]
    last_s = max([part.last_s for part in parts] + [found.last.last_time_s for found in here], default=None)
    if last_s is None or (told_s is not None and last_s <= told_s):
        return None
    views = [found for _, found in sorted(person.pooled(parts).items()) if found.last.track_id != ELSEWHERE]
    if not views:
        return None
    met = frozenset(person.met.union(*(_beside(register, part) for part in parts)) - {person.number})
    return Leaver(person.number, person.name, min(v.first_s for v in views), last_s, tuple(views), met)


def _beside(register: Register, part: Part) -> Iterator[int]:
    yield from part.met_people
    others = (register.parts[serial].number for serial in part.met if serial in register.parts)
    yield from (number for number in others if number is not None)


def remember(register: Register, leaver: Leaver) -> None:
    """Know a person whom other cameras saw, under the number from there; what is known of these cameras stays."""
    person = register.people.get(leaver.number)
    if person is None:
        person = Person(leaver.number, leaver.first_s, leaver.last_s, kept=True)
        register.people[person.number] = person
    person.name = person.name or leaver.name
    person.first_s, person.last_s = min(person.first_s, leaver.first_s), max(person.last_s, leaver.last_s)
    for view in leaver.views:
        known = person.before.get(view.last.camera)
        if known is None or known.last.track_id == ELSEWHERE:
            person.replace(replace(view, last=replace(view.last, track_id=ELSEWHERE)))
    for number in (leaver.met & register.people.keys()) - {person.number}:
        person.met.add(number)
        register.people[number].met.add(person.number)


def unite(register: Register, number: int, into: int, now_s: float) -> None:
    """Take it that an identity was another one all along, as another process says; nothing where nobody has it."""
    person = register.people.get(number)
    if person is None or number == into:
        return
    if into not in register.people:
        register.people[into] = Person(into, person.first_s, person.last_s, kept=True)
    register.merge(number, into, now_s)
