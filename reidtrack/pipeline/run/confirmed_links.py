"""Links that a person vouched for, so that the report does not ask again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from reidtrack.corrections.apply import read_corrections
from reidtrack.corrections.schema import Lock, Merge, TrackletRef
from reidtrack.errors import ConfigError
from reidtrack.graph import component_labels
from reidtrack.report.run.report_data import CONFIRMED
from reidtrack.runs.folder import RunFolder
from reidtrack.types import Identity, Tracklet


def mark_said(folder: RunFolder, record: Mapping[str, Any], identities: Sequence[Identity]) -> list[Identity]:
    """Identities whose links between tracklets that corrections call one person are decided by `CONFIRMED`."""
    entries = list(_together(folder, record))
    if not entries:
        return list(identities)
    return [_marked(identity, entries) for identity in identities]


def _together(folder: RunFolder, record: Mapping[str, Any]) -> Iterator[Sequence[TrackletRef]]:
    """Tracklets that are one person, as each correction has them."""
    said = record.get("corrections") or {}
    if not said.get("entries"):
        return
    try:
        corrections = read_corrections(folder.path / said["file"], wanted=True)
    except ConfigError:  # moved since; nothing but a question too many comes of it
        return
    for entry, _ in corrections.of(Merge):
        yield entry.merge
    for lock, _ in corrections.of(Lock):
        yield lock.lock


def _marked(identity: Identity, entries: Sequence[Sequence[TrackletRef]]) -> Identity:
    index = {t.key: i for i, t in enumerate(identity)}
    pairs: list[tuple[int, int]] = []
    for places in entries:
        pairs += pairwise(i for i, t in enumerate(identity) if any(_meant(place, t) for place in places))
    labels = component_labels(len(index), np.array(pairs, np.int64).reshape(-1, 2))
    links = (
        replace(link, decision=CONFIRMED)
        if link.b in index and labels[index[link.a]] == labels[index[link.b]]
        else link
        for link in identity.links
    )
    return replace(identity, links=tuple(links))


def _meant(place: TrackletRef, tracklet: Tracklet) -> bool:
    if (place.camera, place.track_id) != (tracklet.camera, tracklet.logged_id):
        return False
    return place.time_s is None or tracklet.first_time_s <= place.time_s <= tracklet.last_time_s
