"""Who looks like somebody: over the runs and the gallery, as far as one user sees them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError
from reidtrack.pipeline.people.gallery import utc
from reidtrack.pipeline.people.search import rank_known
from reidtrack.runs.features_by_identity import EmbeddedTracklet, read_run_people
from reidtrack.server.data.known import KnownSeen
from reidtrack.server.data.library import RunSeen, Unreadable
from reidtrack.server.data.meaning import Scale
from reidtrack.server.data.places import plain_file
from reidtrack.types import FloatArray

MOST_BYTES = 256 << 20
"""Appearances of runs that are kept in memory."""
_MOST_KNOWN = 1000


@dataclass(frozen=True, eq=False, slots=True)
class Visit:
    """A tracklet of a run as it is searched.

    Attributes:
        identity: Of the person.
        camera: Of the tracklet.
        track_id: Unique within the camera.
        first_time_s: Of its first box, seconds since the run's origin.
        last_time_s: Of its last box.
        picture: The kept crop that is most like all of them.
    """

    identity: int
    camera: str
    track_id: int
    first_time_s: float
    last_time_s: float
    picture: Path | None


@dataclass(frozen=True, eq=False, slots=True)
class Looks:
    """How everybody in a run looks: (N, D) float32 unit vectors, and the N tracklets that they are of."""

    appearance: FloatArray
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who was found.

    Attributes:
        distance: Cosine distance, 0 to 2.
        about: Who, where and when, as plain values.
    """

    distance: float
    about: dict[str, Any]


class LooksOfRuns:
    """Looks of runs, read when they are first searched and kept while there is room. Any thread may ask."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Looks] = {}
        self._lock = threading.Lock()

    def of(self, run: RunSeen) -> Looks:
        """Looks of everybody in a run, of all cameras: what the user does not see is left out by who asks.

        Raises:
            InputError: If they cannot be read.
        """
        key = run.id, run.version
        with self._lock:
            found = self._kept.pop(key, None)
        if found is None:
            plain_file(run.folder.tracklets)
            found = _looks(read_run_people(run.folder.path).tracklets)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > 1 and sum(each.appearance.nbytes for each in self._kept.values()) > MOST_BYTES:
                del self._kept[next(iter(self._kept))]
        return found


def _looks(tracklets: Iterable[EmbeddedTracklet]) -> Looks:
    visits, appearance = [], []
    for t in sorted(tracklets, key=lambda t: t.identity):
        mean = t.appearance
        appearance.append(mean)
        visits.append(Visit(t.identity, t.camera, t.track_id, t.first_time_s, t.last_time_s, t.picture(mean)))
    return Looks(np.array(appearance, np.float32), tuple(visits))


def readable(runs: Iterable[RunSeen | Unreadable], sha256: str) -> Iterator[tuple[RunSeen, str | None]]:
    """Runs, each with the reason why it cannot be searched, or None where it can."""
    for run in runs:
        if isinstance(run, Unreadable):
            continue
        try:
            other = run.manifest.feature_sha256 != sha256
        except (ValueError, KeyError):
            yield run, "its records do not say which network made its features"
        else:
            yield run, "its features were made by another network: start with its `reid`" if other else None


def find_in_run(run: RunSeen, looks: Looks, feature: FloatArray, scale: Scale, top: int) -> tuple[list[Found], int]:
    """People of a run nearest to a feature (D,), each by the nearest visit that the user sees; and how many there are.

    Args:
        run: As the user sees it.
        looks: Of everybody in it.
        feature: Of the photo, a unit vector.
        scale: Distances of the network.
        top: Most people.
    """
    seen = set(run.cameras)
    rows = [row for row, visit in enumerate(looks.visits) if visit.camera in seen]
    if not rows:
        return [], 0
    if looks.appearance.shape[1] != len(feature):
        raise InputError("its features are of another length")
    distance = np.clip(1 - scale.centred(looks.appearance[rows]) @ scale.centred(feature), 0, 2)
    best: dict[int, tuple[float, Visit]] = {}
    for k in np.argsort(distance, kind="stable").tolist():
        visit = looks.visits[rows[k]]
        best.setdefault(visit.identity, (float(distance[k]), visit))
    entries = {int(entry["id"]): entry for entry in run.identities}
    crops = {crop.path: crop for crop in run.crops}
    found = []
    for identity, (far, visit) in list(best.items())[:top]:
        entry, crop = entries.get(identity, {}), crops.get(visit.picture) if visit.picture else None
        about = {
            "run": run.id,
            "identity": identity,
            "name": entry.get("name"),
            "camera": visit.camera,
            "track_id": visit.track_id,
            "cameras": entry.get("cameras", [visit.camera]),
            "first_time_s": visit.first_time_s,
            "last_time_s": visit.last_time_s,
            "picture": None
            if crop is None
            else {"camera": crop.camera, "track_id": crop.track_id, "frame": crop.frame},
        }
        found.append(Found(far, about))
    return found, len(best)


def find_known(
    path: Path, seen: dict[str, KnownSeen], feature: FloatArray, weights: Weights, top: int, *, everything: bool
) -> list[Found]:
    """People of a gallery nearest to a feature (D,), of those whom the user sees.

    Args:
        path: The gallery.
        seen: Key to person, of those.
        feature: Of the photo, a unit vector.
        weights: The network that made it.
        top: Most people.
        everything: Whether the user sees all: then no more than `top` need to be compared.

    Raises:
        InputError: If the gallery cannot be read.
        WeightsError: If other weights made its features.
    """
    if not seen:
        return []
    found = []
    for hit in rank_known(feature, path, weights, top if everything else _MOST_KNOWN):
        view = hit.sighting
        if view is None or view.key not in seen:
            continue
        about = {**seen[view.key].as_json(), "camera": view.camera, "seen_utc": utc(view.last_utc)}
        found.append(Found(float(np.clip(hit.distance, 0, 2)), about))
    return found[:top]
