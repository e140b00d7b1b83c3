"""Who of a gallery the people of a run are: by name, by appearance, or whom the same run had put there before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.assign import assign
from reidtrack.gallery.compare import Comparison
from reidtrack.gallery.people import Gallery
from reidtrack.gallery.recognise import Shortlist, match_probabilities, recognise
from reidtrack.gallery.views import View
from reidtrack.types import Identity, TrackletKey


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
    former: Mapping[int, frozenset[TrackletKey]],
    found: Comparison,
    threshold: float,
    margin: float,
    likely: Likelihoods,
) -> dict[int, KnownAs]:
    """Who each identity is that was seen well enough, by its index; new people are made, names written.

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
    here = [index for index, seen in enumerate(views) if seen]
    said = {index: name for index in here if (name := identities[index].name) is not None}
    known = gallery.names()
    told = {index: number for index, name in said.items() if (number := gallery.find_name(name)) is not None}
    named = {n: tracks for n, tracks in former.items() if known[n][1] is not None and n not in told.values()}
    told |= _again([index for index in here if index not in said], views, named)
    people = {index: likely.person(index, number, new=number in former) for index, number in told.items()}
    _take_out(found.short, told)
    matches = recognise(found.short, threshold, margin, _alikes(gallery, found, threshold))
    for index in here:
        number = matches[index].person
        if index in people or number is None or (index in said and known[number][1] is not None):
            continue
        people[index] = likely.person(index, number, new=False)
        if index in said:
            gallery.set_name(number, said[index])
    left = [index for index in here if index not in people]
    again = _again(left, views, {number: tracks for number, tracks in former.items() if number not in told.values()})
    for index in left:
        number = gallery.find_name(said[index]) if index in said else None
        if number is None:
            number = again[index] if index in again else gallery.add_person()
            if index in said:
                gallery.set_name(number, said[index])
        people[index] = likely.person(index, number, new=True)
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
        self._chance = match_probabilities(short, threshold, slope).tolist()

    def person(self, index: int, number: int, *, new: bool) -> KnownAs:
        """Who the identity at an index is, if it is the gallery's person of that number."""
        if new:
            return KnownAs(number, True, next(iter(self._distance[index]), None), self._chance[index][-1])
        listed = dict(
            zip(self._number[index], zip(self._distance[index], self._chance[index][:-1], strict=True), strict=True)
        )
        return KnownAs(number, False, *listed.get(number, (None, 0.0)))


def _take_out(short: Shortlist, told: Mapping[int, int]) -> None:
    """Nobody else is who a correction names, and whom it names is nobody else."""
    short.distance[np.isin(short.person, list(told.values()))] = np.inf
    short.distance[list(told)] = np.inf


def _alikes(gallery: Gallery, found: Comparison, threshold: float) -> Callable[[int, int], bool]:
    """Whether two people of the gallery may be one: they look alike, and no run saw both."""

    def may_be_one(a: int, b: int) -> bool:
        (seen,) = (found.biases.appearances(block) for block in gallery.blocks([a, b]))
        one, other = seen.person == a, seen.person == b
        if set(seen.source[one]) & set(seen.source[other]):
            return False
        return bool((1 - seen.vector[one] @ seen.vector[other].T).min() <= threshold)

    return may_be_one


def _again(
    indices: Sequence[int], views: Sequence[Sequence[View]], former: Mapping[int, frozenset[TrackletKey]]
) -> dict[int, int]:
    """Which new people are those whom the same run had made before: those whose tracks they have most of."""
    numbers = list(former)
    owner = {track: j for j, tracks in enumerate(former.values()) for track in tracks}
    shared = np.zeros((len(indices), len(numbers)))
    for i, index in enumerate(indices):
        for track in ((view.camera, track) for view in views[index] for track in view.tracks):
            if track in owner:
                shared[i, owner[track]] += 1
    return {indices[i]: numbers[j] for i, j in assign(-shared, -0.5).pairs.tolist()}
