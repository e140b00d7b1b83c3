"""Who of a gallery the people of a run are: by name, by appearance, or whom the same run had put there before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.assign import assign
from reidtrack.gallery.compare import Comparison
from reidtrack.gallery.people import Gallery
from reidtrack.gallery.recognise import Shortlist, chances, recognise
from reidtrack.gallery.views import Track, View
from reidtrack.types import Identity


class KnownAs(NamedTuple):
    """Who an identity is: number in the gallery, whether no other source knew, and what spoke for it.

    Attributes:
        number: In the gallery.
        new: Whether nothing but this run shows the person.
        distance: To the person; of somebody new, to the nearest. None where nothing can be compared.
        probability: That it is this person; of somebody new, that it is nobody of the gallery.
    """

    number: int
    new: bool
    distance: float | None
    probability: float


def who_is_who(
    gallery: Gallery,
    identities: Sequence[Identity],
    views: Sequence[Sequence[View]],
    former: Mapping[int, frozenset[Track]],
    found: Comparison,
    threshold: float,
    margin: float,
    likely: Likelihoods,
) -> dict[int, KnownAs]:
    """Place of each identity that was seen well enough to who it is; new people are made, names written.

    Whom a correction names, or whom the user named in the gallery when only this run knew them, that is who they are.

    Args:
        gallery: Open for writing.
        identities: Of the run.
        views: Of each.
        former: People whom nothing but this run had shown before, with their tracks.
        found: Who looks like whom.
        threshold: Largest distance of one person.
        margin: Least lead over the runner-up.
        likely: How sure that is.
    """
    here = [place for place, seen in enumerate(views) if seen]
    said = {place: name for place in here if (name := identities[place].name) is not None}
    known = gallery.numbers()
    told = {place: number for place, name in said.items() if (number := gallery.find(name)) is not None}
    named = {n: tracks for n, tracks in former.items() if known[n][1] is not None and n not in told.values()}
    told |= _again([place for place in here if place not in said], views, named)
    people = {place: likely.person(place, number, new=number in former) for place, number in told.items()}
    _take_out(found.short, told)
    matches = recognise(found.short, threshold, margin, _alikes(gallery, found, threshold))
    for place in here:
        number = matches[place].person
        if place in people or number is None or (place in said and known[number][1] is not None):
            continue
        people[place] = likely.person(place, number, new=False)
        if place in said:
            gallery.set_name(number, said[place])
    left = [place for place in here if place not in people]
    again = _again(left, views, {number: tracks for number, tracks in former.items() if number not in told.values()})
    for place in left:
        number = gallery.find(said[place]) if place in said else None
        if number is None:
            number = again[place] if place in again else gallery.add_person()
            if place in said:
                gallery.set_name(number, said[place])
        people[place] = likely.person(place, number, new=True)
    return people


class Likelihoods:
    """How sure it is who is who, by looks alone, whatever a correction says.

    Args:
        short: Who looks like whom.
        threshold: Largest distance of one person.
        slope: Log-odds that a unit of distance is worth.
    """

    def __init__(self, short: Shortlist, threshold: float, slope: float) -> None:
        self._number, self._distance = short.person.tolist(), short.distance.tolist()
        self._chance = chances(short, threshold, slope).tolist()

    def person(self, place: int, number: int, *, new: bool) -> KnownAs:
        """Somebody at a place is who the number says."""
        if new:
            return KnownAs(number, True, next(iter(self._distance[place]), None), self._chance[place][-1])
        listed = dict(
            zip(self._number[place], zip(self._distance[place], self._chance[place][:-1], strict=True), strict=True)
        )
        return KnownAs(number, False, *listed.get(number, (None, 0.0)))


def _take_out(short: Shortlist, told: Mapping[int, int]) -> None:
    """Nobody else is who a correction names, and whom it names is nobody else."""
    short.distance[np.isin(short.person, list(told.values()))] = np.inf
    short.distance[list(told)] = np.inf


def _alikes(gallery: Gallery, found: Comparison, threshold: float) -> Callable[[int, int], bool]:
    """Whether two people of the gallery may be one: they look alike, and no run saw both."""

    def may_be_one(a: int, b: int) -> bool:
        (looks,) = (found.casts.looks(block) for block in gallery.blocks([a, b]))
        one, other = looks.person == a, looks.person == b
        if set(looks.source[one]) & set(looks.source[other]):
            return False
        return bool((1 - looks.vector[one] @ looks.vector[other].T).min() <= threshold)

    return may_be_one


def _again(
    places: Sequence[int], views: Sequence[Sequence[View]], former: Mapping[int, frozenset[Track]]
) -> dict[int, int]:
    """Which new people are those whom the same run had made before: those whose tracks they have most of."""
    numbers = list(former)
    owner = {track: j for j, tracks in enumerate(former.values()) for track in tracks}
    shared = np.zeros((len(places), len(numbers)))
    for i, place in enumerate(places):
        for track in ((view.camera, track) for view in views[place] for track in view.tracks):
            if track in owner:
                shared[i, owner[track]] += 1
    return {places[i]: numbers[j] for i, j in assign(-shared, -0.5).pairs.tolist()}
