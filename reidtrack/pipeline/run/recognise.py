"""Identities over runs and days: the people of a run are recognised in a gallery, or declared new, and kept there."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reidtrack import clock
from reidtrack.associate.appearance import mean_features
from reidtrack.associate.associate import FULL_WEIGHT_FEATURES, Association
from reidtrack.config.run import GalleryConfig
from reidtrack.engines.provenance import Weights
from reidtrack.errors import OutputError
from reidtrack.gallery.compare import compare
from reidtrack.gallery.people import Gallery, open_gallery
from reidtrack.gallery.store import Signature
from reidtrack.gallery.views import Source, View
from reidtrack.pipeline.run.who_is_who import KnownAs, Likelihoods, who_is_who
from reidtrack.runs.manifest import RunManifest
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


def recognise_run(folder: Path, manifest: RunManifest, association: Association, config: GalleryConfig) -> Recognised:
    """Say who of a gallery the people of a run are, and keep what the run saw of them there.

    What the same run gave before is taken back first, so that settling it again changes nobody else. Names that the
    identities have already, from corrections, win over those of the gallery and are written there.

    Args:
        folder: Of the run.
        manifest: Of the run.
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
    views = [views_of(identity, manifest.origin.timestamp()) for identity in identities]
    source = Source(run_key(manifest), "run", str(folder.resolve()))
    with (
        open_gallery(config.path, Signature(manifest.feature_sha256, PREPROCESSING), make=True) as gallery,
        gallery.writing(),
    ):
        former = gallery.withdraw(source.key)
        found = compare(gallery, views, config.strangers, prior=manifest.prior)
        limit = association.threshold if config.threshold == "auto" else config.threshold
        threshold = min(limit, found.threshold) if config.threshold == "auto" else limit
        likely = Likelihoods(found.short, threshold, association.calibration.slope)
        people = who_is_who(gallery, identities, views, former, found, threshold, config.margin, likely)
        seen: dict[int, list[View]] = {}
        for place, person in people.items():
            seen.setdefault(person.number, []).extend(views[place])
        gallery.add_views(source, seen)
        keep(gallery, config)
        known = gallery.numbers()
    told = {identities[place].id: _to_json(person, known) for place, person in people.items() if person.number in known}
    new = sum(bool(entry["new"]) for entry in told.values())
    logger.info("%s: %d people recognised, %d new", config.path, len(told) - new, new)
    named = [replace(i, name=i.name or told.get(i.id, {}).get("name")) for i in identities]
    return Recognised(named, told)


def run_key(manifest: RunManifest) -> str:
    """What tells a run from all others, also after its folder has moved or its reading was resumed."""
    inputs = [[entry.camera, entry.source, entry.offset_s] for entry in manifest.inputs]
    told = json.dumps([inputs, manifest.to_json()["part"], manifest.origin_utc], sort_keys=True)
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


def _to_json(person: KnownAs, known: Mapping[int, tuple[str, str | None]]) -> dict[str, Any]:
    key, name = known[person.number]
    near = None if person.distance is None else round(person.distance, 4)
    return {"key": key, "name": name, "distance": near, "probability": round(person.probability, 4), "new": person.new}
