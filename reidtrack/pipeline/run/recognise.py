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

from reidtrack import clock
from reidtrack.assign import assign
from reidtrack.associate.appearance import mean_features
from reidtrack.associate.associate import FULL_WEIGHT_FEATURES, Association
from reidtrack.config.run import GalleryConfig
from reidtrack.engines.provenance import Weights
from reidtrack.errors import OutputError
from reidtrack.gallery.compare import Comparison, compare
from reidtrack.gallery.people import Gallery, open_gallery
from reidtrack.gallery.recognise import Shortlist, chances, recognise
from reidtrack.gallery.store import Signature
from reidtrack.gallery.views import Source, Track, View
from reidtrack.networks.priors import run_prior
from reidtrack.runs.folder import RunFolder
from reidtrack.types import FloatArray, Identity

logger = logging.getLogger(__name__)

PREPROCESSING = (
    "boxes cut outwards to whole pixels, bilinear up, area average down, RGB, mean and deviation of the card"
)
"""What a picture goes through before the network; galleries hold it against this."""
_DAY_S = 86_400.0


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


def check_gallery(config: GalleryConfig, weights: Weights) -> None:
    """Find out before a run whether its people can be kept; nothing is made or changed.

    Raises:
        InputError: If the file is no gallery, or damaged.
        WeightsError: If its features were made by other weights.
        OutputError: If it cannot be opened or made.
    """
    path = config.path
    if path is None:
        return
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else "lies in a folder that is not there"
        raise OutputError(what, where=path, expected="a file such as people.db")
    if path.exists() and path.stat().st_size:
        (sha256,) = weights.sha256.values()
        with open_gallery(path, Signature(sha256, PREPROCESSING)):
            pass


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
    (sha256,) = record["weights"]["reid"]["sha256"].values()
    source = Source(run_key(record), "run", str(folder.path.resolve()))
    with open_gallery(config.path, Signature(sha256, PREPROCESSING), make=True) as gallery, gallery.writing():
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
        keep(gallery, config)
        known = gallery.numbers()
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


def views_of(identity: Identity, origin_utc: float) -> list[View]:
    """What each camera saw of somebody, as the mean of the visits there; nothing where nothing was embedded."""
    views = []
    for camera in identity.cameras:
        visits = [t for t in identity if t.camera == camera and len(t.features)]
        if not visits:
            continue
        weight = np.array([min(1.0, len(t.features) / FULL_WEIGHT_FEATURES) for t in visits])
        mean = weight @ mean_features(visits) / weight.sum()
        first_s, last_s = min(t.first_time_s for t in visits), max(t.last_time_s for t in visits)
        tracks = tuple(sorted(t.track_id for t in visits))
        times = origin_utc + first_s, origin_utc + last_s
        views.append(View(camera, float(weight.sum()), mean.astype(np.float32), *times, tracks))
    return views


def photo_view(feature: FloatArray, taken_utc: float = 0.0) -> View:
    """A photo's feature (D,) as a view: it counts as one crop of a visit does."""
    return View("photo", 1 / FULL_WEIGHT_FEATURES, feature, taken_utc, taken_utc)


def keep(gallery: Gallery, config: GalleryConfig) -> None:
    """Hold a gallery to its bounds, and forget who was not seen for too long."""
    if config.keep_days is not None:
        gone = gallery.expire(clock.now().timestamp() - config.keep_days * _DAY_S)
        if gone:
            logger.info("%s: %d people not seen for %g days are forgotten", gallery.path, gone, config.keep_days)
    gallery.bound(config.most_people, config.most_views)


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


class _Likely:
    """How sure it is who is who, by looks alone, whatever a correction says.

    Args:
        short: Who looks like whom.
        threshold: Largest distance of one person.
        slope: Log-odds that a unit of distance is worth.
    """

    def __init__(self, short: Shortlist, threshold: float, slope: float) -> None:
        self._number, self._distance = short.person.tolist(), short.distance.tolist()
        self._chance = chances(short, threshold, slope).tolist()

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


def _entry(person: _Person, known: Mapping[int, tuple[str, str | None]]) -> dict[str, Any]:
    key, name = known[person.number]
    near = None if person.distance is None else round(person.distance, 4)
    return {"key": key, "name": name, "distance": near, "probability": round(person.probability, 4), "new": person.new}
