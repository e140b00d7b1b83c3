"""The folder of a run as a gallery: every visit of every person, with its features and pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.embed.pool import pool
from reidtrack.errors import InputError, param
from reidtrack.runs.crops import list_crops
from reidtrack.runs.features import FeatureTable, read_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False, slots=True)
class Visit:
    """One person in one camera.

    Attributes:
        identity: Of the person.
        cameras: All that saw the person.
        camera: Of this visit.
        track_id: Of this visit, unique within the camera.
        first_time_s: Of its first box, seconds since the run's origin.
        last_time_s: Of its last box.
        features: (K, D) float32, K of 1 or more.
        quality: (K,) float32.
        pictures: (K,) the crop each feature came from, where it was kept.
    """

    identity: int
    cameras: tuple[str, ...]
    camera: str
    track_id: int
    first_time_s: float
    last_time_s: float
    features: FloatArray
    quality: FloatArray
    pictures: tuple[Path | None, ...]

    @property
    def look(self) -> FloatArray:
        """(D,) unit vector, the mean look of the visit."""
        return pool(self.features, self.quality)

    def picture(self, feature: FloatArray) -> Path | None:
        """The kept crop that is most like a unit vector (D,)."""
        order = np.argsort(-(self.features @ feature), kind="stable")
        return next((path for k in order.tolist() if (path := self.pictures[k]) is not None), None)


@dataclass(frozen=True, eq=False, slots=True)
class RunGallery:
    """Everybody that a run saw.

    Attributes:
        visits: Those that have features.
        featureless: How many have none: they cannot be found.
        sha256: Of the weights that made the features.
        origin: When the run's time begins.
        origin_known: Whether the user said so; otherwise it is when the run was started.
    """

    visits: tuple[Visit, ...]
    featureless: int
    sha256: str
    origin: datetime
    origin_known: bool


def read_run_gallery(path: Path) -> RunGallery:
    """Read `run.json`, `identities.json`, `tracklets.npz` and what there is of crops.

    Raises:
        InputError: If one of them cannot be read, or the run has not read its recordings to the end.
    """
    folder = RunFolder(path)
    record = folder.read_run()
    people = path / "identities.json"
    if record["status"] == "reading" or not people.is_file():
        raise InputError(
            "its reading has not ended", where=path, hint=f"finish it: `reidtrack run` with {param('resume', True)}"
        )
    table = read_tracklets(folder.tracklets)
    try:
        (sha256,) = record["weights"]["reid"]["sha256"].values()
        origin, known = datetime.fromisoformat(record["origin_utc"]), record["origin_from"] == "--origin"
        found = _visits(json.loads(people.read_text(encoding="utf-8")), table, folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "its records cannot be read", where=path, hint="settle it with `reidtrack associate`"
        ) from error
    kept = tuple(visit for visit in found if len(visit.features))
    return RunGallery(kept, len(found) - len(kept), sha256, origin, known)


def _visits(people: list[dict[str, Any]], table: FeatureTable, folder: RunFolder) -> list[Visit]:
    rows = table.by_track()
    pictures = {(crop.camera, crop.track_id, crop.frame): crop.path for crop in list_crops(folder.crops)}
    return [_visit(person, entry, table, rows, pictures) for person in people for entry in person["tracklets"]]


def _visit(
    person: Mapping[str, Any],
    entry: Mapping[str, Any],
    table: FeatureTable,
    rows: Mapping[tuple[str, int], IntArray],
    pictures: Mapping[tuple[str, int, int], Path],
) -> Visit:
    camera, logged = str(entry["camera"]), int(entry.get("split_from", entry["track_id"]))
    chosen = rows.get((camera, logged), np.zeros(0, np.int64))
    frame = table.frame[chosen]
    chosen = chosen[(frame >= entry["first_frame"]) & (frame <= entry["last_frame"])]  # its part of a split track
    return Visit(
        identity=int(person["id"]),
        cameras=tuple(person["cameras"]),
        camera=camera,
        track_id=int(entry["track_id"]),
        first_time_s=float(entry["first_time_s"]),
        last_time_s=float(entry["last_time_s"]),
        features=table.feature[chosen],
        quality=table.quality[chosen],
        pictures=tuple(pictures.get((camera, logged, number)) for number in table.frame[chosen].tolist()),
    )
