"""Identities over runs and days: the people of a run are recognised in a gallery, or declared new, and kept there."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from reidtrack.associate.associate import Association
from reidtrack.config.run import GalleryConfig
from reidtrack.gallery.compare import compare
from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.views import Source, View, views_of
from reidtrack.pipeline.people.gallery import gallery_signature, keep_within_limits
from reidtrack.pipeline.run.who_is_who import KnownAs, Likelihoods, who_is_who
from reidtrack.runs.manifest import RunManifest
from reidtrack.types import Identity

logger = logging.getLogger(__name__)


class Recognised(NamedTuple):
    """The people of a run, and who they are in a gallery.

    Attributes:
        identities: With the names that the gallery knows.
        people: Identity to what `identities.json` says of the person: key, name, distance, probability, new.
    """

    identities: list[Identity]
    people: Mapping[int, Mapping[str, Any]]


def recognise_run(folder: Path, manifest: RunManifest, association: Association, config: GalleryConfig) -> Recognised:
    """Recognise the people of a run in a gallery, and keep there what the run saw of them.

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
    signature = gallery_signature(manifest.weights["reid"].sha256)
    with open_gallery(config.path, signature, make=True) as gallery, gallery.writing():
        former = gallery.withdraw(source.key)
        found = compare(gallery, views, config.strangers, prior=manifest.prior)
        limit = association.threshold if config.threshold == "auto" else config.threshold
        threshold = min(limit, found.threshold) if config.threshold == "auto" else limit
        likely = Likelihoods(found.short, threshold, association.calibration.slope)
        people = who_is_who(gallery, identities, views, former, found, threshold, config.margin, likely)
        seen: dict[int, list[View]] = {}
        for index, person in people.items():
            seen.setdefault(person.number, []).extend(views[index])
        gallery.add_views(source, seen)
        keep_within_limits(gallery, config)
        known = gallery.names()
    told = {identities[index].id: _to_json(person, known) for index, person in people.items() if person.number in known}
    new = sum(bool(entry["new"]) for entry in told.values())
    logger.info("%s: %d people recognised, %d new", config.path, len(told) - new, new)
    named = [replace(i, name=i.name or told.get(i.id, {}).get("name")) for i in identities]
    return Recognised(named, told)


def run_key(manifest: RunManifest) -> str:
    """Key of a run that no other run has, the same after its folder has moved or its reading was resumed."""
    if manifest.is_live:  # cameras come and go
        return hashlib.sha256(f"live {manifest.origin_utc}".encode()).hexdigest()[:16]
    inputs = [[entry.camera, entry.source, entry.offset_s] for entry in manifest.inputs]
    part = asdict(manifest.part)
    part["fps"] = part["fps"] or 25.0  # what runs of before say where nothing was asked for
    told = json.dumps([inputs, part, manifest.origin_utc], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _to_json(person: KnownAs, known: Mapping[int, tuple[str, str | None]]) -> dict[str, Any]:
    key, name = known[person.number]
    near = None if person.distance is None else round(person.distance, 4)
    return {"key": key, "name": name, "distance": near, "probability": round(person.probability, 4), "new": person.new}
