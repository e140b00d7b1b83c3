"""Links that a person vouched for, so that the report does not ask again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from reidtrack.corrections.schema import Corrections, Lock, Merge, TrackletRef
from reidtrack.graph import component_labels
from reidtrack.report.run.report_data import CONFIRMED
from reidtrack.types import Identity, Tracklet


def mark_confirmed(identities: Sequence[Identity], corrections: Corrections) -> list[Identity]:
    """The identities, with links between tracklets that corrections call one person decided by `CONFIRMED`."""
    groups = list(_one_person(corrections))
    return [_marked(identity, groups) for identity in identities] if groups else list(identities)


def _one_person(corrections: Corrections) -> Iterator[Sequence[TrackletRef]]:
    """Tracklets that are one person, as each correction has them."""
    for merge, _ in corrections.of(Merge):
        yield merge.merge
    for lock, _ in corrections.of(Lock):
        yield lock.lock


def _marked(identity: Identity, groups: Sequence[Sequence[TrackletRef]]) -> Identity:
    index = {t.key: i for i, t in enumerate(identity)}
    pairs: list[tuple[int, int]] = []
    for refs in groups:
        pairs += pairwise(i for i, t in enumerate(identity) if any(_meant(ref, t) for ref in refs))
    labels = component_labels(len(index), np.array(pairs, np.int64).reshape(-1, 2))
    links = (
        replace(link, decision=CONFIRMED)
        if link.b in index and labels[index[link.a]] == labels[index[link.b]]
        else link
        for link in identity.links
    )
    return replace(identity, links=tuple(links))


def _meant(ref: TrackletRef, tracklet: Tracklet) -> bool:
    if (ref.camera, ref.track_id) != (tracklet.camera, tracklet.logged_id):
        return False
    return ref.time_s is None or tracklet.first_time_s <= ref.time_s <= tracklet.last_time_s
