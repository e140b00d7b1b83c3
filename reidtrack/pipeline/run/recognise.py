"""Identities over runs and days: the people of a run are recognised in a gallery, or declared new, and kept there."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from reidtrack.assign import assign
from reidtrack.associate.associate import Association
from reidtrack.config.run import GalleryConfig
from reidtrack.gallery.compare import Comparison, compare
from reidtrack.gallery.people import Gallery, open_gallery
from reidtrack.gallery.recognise import Shortlist, match_probabilities, recognise
from reidtrack.gallery.views import Source, Track, View, views_of
from reidtrack.networks.priors import run_prior
from reidtrack.pipeline.people.gallery import gallery_signature, keep_within_limits
from reidtrack.runs.folder import RunFolder
from reidtrack.types import Identity

logger = logging.getLogger(__name__)


class Recognised(NamedTuple):
    """The people of a run and who they are.

    Attributes:
        identities: With the names that the gallery knows.
        people: Identity to what `identities.json` says of the person: key, name, distance, probability, new.
    """

    identities: list[Identity]
    people: Mapping[int, Mapping[str, Any]]


class _Person(NamedTuple):
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


def recognise_run(folder: RunFolder, association: Association, config: GalleryConfig) -> Recognised:
    """Say who of a gallery the people of a run are, and keep what the run saw of them there.

    What the same run gave before is taken back first, so that settling it again changes nobody else. Names that the
    identities have already, from corrections, win over those of the gallery and are written there.

    Args:
        folder: Of the run.
        association: Its identities and the threshold that told them apart.
        config: Which gallery, and how.

    Raises:
        InputError: If the gallery cannot be read.
        WeightsError: If its features were made by other weights.
        OutputError: If it cannot be written.
    """
    identities = association.identities
    if config.path is None:
        return Recognised(identities, {})
    record = folder.read_run()
    origin_utc = datetime.fromisoformat(record["origin_utc"]).timestamp()
    views = [views_of(identity, origin_utc) for identity in identities]
    source = Source(run_key(record), "run", str(folder.path.resolve()))
    with (
        open_gallery(config.path, gallery_signature(record["weights"]["reid"]["sha256"]), make=True) as gallery,
        gallery.writing(),
    ):
        former = gallery.withdraw(source.key)
        found = compare(gallery, views, config.strangers, prior=run_prior(record))
        limit = association.threshold if config.threshold == "auto" else config.threshold
        threshold = min(limit, found.threshold) if config.threshold == "auto" else limit
        likely = _Likely(found.short, threshold, association.calibration.slope)
        people = _who(gallery, identities, views, former, found, threshold, config.margin, likely)
        seen: dict[int, list[View]] = {}
        for place, person in people.items():
            seen.setdefault(person.number, []).extend(views[place])
        gallery.add_views(source, seen)
        keep_within_limits(gallery, config)
        known = gallery.names()
    told = {identities[place].id: _entry(person, known) for place, person in people.items() if person.number in known}
    new = sum(bool(entry["new"]) for entry in told.values())
    logger.info("%s: %d people recognised, %d new", config.path, len(told) - new, new)
    named = [replace(i, name=i.name or told.get(i.id, {}).get("name")) for i in identities]
    return Recognised(named, told)


def run_key(record: Mapping[str, Any]) -> str:
    """What tells a run from all others, also after its folder has moved or its reading was resumed."""
    inputs = [[entry["camera"], entry["source"], entry["offset_s"]] for entry in record["inputs"]]
    told = json.dumps([inputs, record["part"], record["origin_utc"]], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _who(
    gallery: Gallery,
    identities: Sequence[Identity],
    views: Sequence[Sequence[View]],
    former: Mapping[int, frozenset[Track]],
    found: Comparison,
    threshold: float,
    margin: float,
    likely: _Likely,
) -> dict[int, _Person]:
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
    known = gallery.names()
    told = {place: number for place, name in said.items() if (number := gallery.find_name(name)) is not None}
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
        number = gallery.find_name(said[place]) if place in said else None
        if number is None:
            number = again[place] if place in again else gallery.add_person()
            if place in said:
                gallery.set_name(number, said[place])
        people[place] = likely.person(place, number, new=True)
    return people


class _Likely:
    """How sure it is who is who, by looks alone, whatever a correction says.

    Args:
        short: Who looks like whom.
        threshold: Largest distance of one person.
        slope: Log-odds that a unit of distance is worth.
    """

    def __init__(self, short: Shortlist, threshold: float, slope: float) -> None:
        self._number, self._distance = short.person.tolist(), short.distance.tolist()
        self._chance = match_probabilities(short, threshold, slope).tolist()

    def person(self, place: int, number: int, *, new: bool) -> _Person:
        """Somebody at a place is who the number says."""
        if new:
            return _Person(number, True, next(iter(self._distance[place]), None), self._chance[place][-1])
        listed = dict(
            zip(self._number[place], zip(self._distance[place], self._chance[place][:-1], strict=True), strict=True)
        )
        return _Person(number, False, *listed.get(number, (None, 0.0)))


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


def _entry(person: _Person, known: Mapping[int, tuple[str, str | None]]) -> dict[str, Any]:
    key, name = known[person.number]
    near = None if person.distance is None else round(person.distance, 4)
    return {"key": key, "name": name, "distance": near, "probability": round(person.probability, 4), "new": person.new}
