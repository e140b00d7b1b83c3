"""Who of a gallery the people of a run are: by name, by appearance, or whom the same run had put there before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.assign import assign
from reidtrack.gallery.compare import Comparison, may_be_one
from reidtrack.gallery.people import Gallery
from reidtrack.gallery.recognise import Shortlist, match_probabilities, recognise
from reidtrack.gallery.views import View
from reidtrack.types import Identity, TrackletKey


class KnownAs(NamedTuple):
    """The person of the gallery that an identity was taken for.

    Attributes:
        number: The person's number in the gallery.
        new: Whether nothing but this run shows the person.
        distance: Appearance distance to the person, or of somebody new to the nearest; None where there is nobody.
        probability: That it is this person, or of somebody new that it is nobody of the gallery.
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
    """Tell which person of the gallery each identity is; new people are added, names written.

    Args:
        gallery: The gallery, open for writing.
        identities: All of the run.
        views: Views of each identity.
        former: Number of each person whom nothing but this run had shown before, to the person's tracks.
        found: Appearance distances between the identities and the people of the gallery.
        threshold: Largest distance at which an identity is taken for a person.
        margin: Least lead over the runner-up.
        likely: Probabilities, for the record.

    Returns:
        Index of each identity that was seen well enough, to the person it is.
    """
    seen = [index for index, shown in enumerate(views) if shown]
    names = {index: name for index in seen if (name := identities[index].name) is not None}
    known = gallery.names()
    # By name: whom a correction names, and whom the user named in the gallery while only this run knew them.
    told = {index: number for index, name in names.items() if (number := gallery.find_name(name)) is not None}
    named = {n: tracks for n, tracks in former.items() if known[n][1] is not None and n not in told.values()}
    told |= _same_as_before([index for index in seen if index not in names], views, named)
    people = {index: likely.person(index, number, new=number in former) for index, number in told.items()}
    _exclude(found.short, told)
    # By appearance; somebody with a name is nobody who is called otherwise.
    matches = recognise(found.short, threshold, margin, may_be_one(gallery, found, threshold))
    for index in seen:
        number = matches[index].person
        if index in people or number is None or (index in names and known[number][1] is not None):
            continue
        people[index] = likely.person(index, number, new=False)
        if index in names:
            gallery.set_name(number, names[index])
    # Everybody else is new; whom the same run had added before keeps the number.
    left = [index for index in seen if index not in people]
    unnamed = {number: tracks for number, tracks in former.items() if number not in told.values()}
    again = _same_as_before(left, views, unnamed)
    for index in left:
        number = gallery.find_name(names[index]) if index in names else None
        if number is None:
            number = again[index] if index in again else gallery.add_person()
            if index in names:
                gallery.set_name(number, names[index])
        people[index] = likely.person(index, number, new=True)
    return people


class Likelihoods:
    """Probabilities of identities being people of a gallery, by appearance alone, whatever a correction says.

    Args:
        short: The nearest people of each identity, with their distances.
        threshold: Largest distance at which an identity is taken for a person.
        slope: Log-odds per unit of distance.
    """

    def __init__(self, short: Shortlist, threshold: float, slope: float) -> None:
        self._number, self._distance = short.person.tolist(), short.distance.tolist()
        self._probability = match_probabilities(short, threshold, slope).tolist()

    def person(self, index: int, number: int, *, new: bool) -> KnownAs:
        """The identity at `index` as the person of that number, with its distance and probability."""
        if new:
            return KnownAs(number, True, next(iter(self._distance[index]), None), self._probability[index][-1])
        listed = dict(
            zip(
                self._number[index], zip(self._distance[index], self._probability[index][:-1], strict=True), strict=True
            )
        )
        return KnownAs(number, False, *listed.get(number, (None, 0.0)))


def _exclude(short: Shortlist, told: Mapping[int, int]) -> None:
    """Take identities and people that are settled out of the comparison: nobody else is matched with them."""
    short.distance[np.isin(short.person, list(told.values()))] = np.inf
    short.distance[list(told)] = np.inf


def _same_as_before(
    indices: Sequence[int], views: Sequence[Sequence[View]], former: Mapping[int, frozenset[TrackletKey]]
) -> dict[int, int]:
    """Match identities, by index, with people whom the same run had added before, by the tracks they share."""
    numbers = list(former)
    owner = {track: j for j, tracks in enumerate(former.values()) for track in tracks}
    shared = np.zeros((len(indices), len(numbers)))
    for i, index in enumerate(indices):
        for track in ((view.camera, track) for view in views[index] for track in view.tracks):
            if track in owner:
                shared[i, owner[track]] += 1
    return {indices[i]: numbers[j] for i, j in assign(-shared, -0.5).pairs.tolist()}
