"""The people of a run with their features and pictures, tracklet by tracklet, for `reidtrack search`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from reidtrack.embed.pool import pool
from reidtrack.errors import InputError, param
from reidtrack.runs.crops import list_crops
from reidtrack.runs.features import FeatureTable, read_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.identities import IdentityEntry, TrackletEntry, read_identities, settle_first
from reidtrack.types import FloatArray, IntArray, TrackletKey


@dataclass(frozen=True, eq=False, slots=True)
class EmbeddedTracklet:
    """A tracklet of a person with the features and pictures of its crops.

    Attributes:
        identity: Of the person.
        cameras: All that saw the person.
        camera: Of this tracklet.
        track_id: Unique within the camera.
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
    def appearance(self) -> FloatArray:
        """(D,) unit vector, the mean of the features."""
        return pool(self.features, self.quality)

    def picture(self, feature: FloatArray) -> Path | None:
        """The kept crop that is most like a unit vector (D,)."""
        order = np.argsort(-(self.features @ feature), kind="stable")
        return next((path for k in order.tolist() if (path := self.pictures[k]) is not None), None)


@dataclass(frozen=True, eq=False, slots=True)
class RunPeople:
    """Everybody that a run saw.

    Attributes:
        tracklets: Those that have features.
        featureless: How many have none: they cannot be found.
        sha256: Of the weights that made the features.
        origin: When the run's time begins.
        origin_known: Whether the user said so; otherwise it is when the run was started.
    """

    tracklets: tuple[EmbeddedTracklet, ...]
    featureless: int
    sha256: str
    origin: datetime
    origin_known: bool


def read_run_people(path: Path) -> RunPeople:
    """Read `run.json`, `identities.json`, `tracklets.npz` and what there is of crops.

    Args:
        path: Folder of the run.

    Raises:
        InputError: If one of them cannot be read, or the run has not read its recordings to the end.
    """
    folder = RunFolder(path)
    manifest = folder.read_manifest()
    if manifest.status == "reading" or not folder.identities.is_file():
        raise InputError(
            "its reading has not ended", where=path, hint=f"finish it: `reidtrack run` with {param('resume', True)}"
        )
    manifest.require_settled(path)
    table = read_tracklets(folder.tracklets)
    try:
        sha256, origin = manifest.feature_sha256, manifest.origin
    except (ValueError, KeyError) as error:
        raise InputError("its records cannot be read", where=path, hint=settle_first(path)) from error
    found = _embedded(read_identities(folder.identities), table, folder)
    kept = tuple(tracklet for tracklet in found if len(tracklet.features))
    return RunPeople(kept, len(found) - len(kept), sha256, origin, manifest.origin_known)


def _embedded(people: Sequence[IdentityEntry], table: FeatureTable, folder: RunFolder) -> list[EmbeddedTracklet]:
    rows = table.by_track()
    pictures = {(crop.camera, crop.track_id, crop.frame): crop.path for crop in list_crops(folder.crops)}
    return [_join(person, tracklet, table, rows, pictures) for person in people for tracklet in person.tracklets]


def _join(
    person: IdentityEntry,
    tracklet: TrackletEntry,
    table: FeatureTable,
    rows: Mapping[TrackletKey, IntArray],
    pictures: Mapping[tuple[str, int, int], Path],
) -> EmbeddedTracklet:
    chosen = rows_within(table, rows, tracklet)
    frames = table.frame[chosen].tolist()
    return EmbeddedTracklet(
        identity=person.id,
        cameras=person.cameras,
        camera=tracklet.camera,
        track_id=tracklet.track_id,
        first_time_s=tracklet.first_time_s,
        last_time_s=tracklet.last_time_s,
        features=table.feature[chosen],
        quality=table.quality[chosen],
        pictures=tuple(pictures.get((tracklet.camera, tracklet.logged_id, frame)) for frame in frames),
    )


def rows_within(table: FeatureTable, rows: Mapping[TrackletKey, IntArray], tracklet: TrackletEntry) -> IntArray:
    """Rows (n,) of a table that belong to a tracklet; of a track that was cut, those of its part.

    Args:
        table: Features of the run.
        rows: Track to its rows, as `table.by_track` gives them.
        tracklet: The tracklet.
    """
    chosen = rows.get((tracklet.camera, tracklet.logged_id), np.zeros(0, np.int64))
    frame = table.frame[chosen]
    return chosen[(frame >= tracklet.first_frame) & (frame <= tracklet.last_frame)]
