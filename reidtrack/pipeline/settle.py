"""From the logs of pass one to identities and every output but the videos; takes seconds and runs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from reidtrack.associate.people import associate
from reidtrack.config import RunConfig
from reidtrack.identity.append import read_json_lines
from reidtrack.identity.export import write_identities, write_mot_files, write_mtmc, write_sightings
from reidtrack.identity.features import FeatureTable, read_tracklets
from reidtrack.identity.log import TrackRows, read_track_log
from reidtrack.pipeline.crops import sort_crops
from reidtrack.pipeline.folder import RunFolder
from reidtrack.types import DoubleArray, Identity, IntArray, Tracklet


def settle(folder: RunFolder, cameras: Sequence[str], config: RunConfig) -> list[Identity]:
    """Settle identities from what was read and write all that depends on them.

    Args:
        folder: Of a run whose pass one is over.
        cameras: In the order of the command line.
        config: How to track over gaps and associate.

    Raises:
        InputError: If the logs cannot be read.
        OutputError: If an output cannot be written.
    """
    tracklets = load_tracklets(folder, config)
    identities = associate(
        tracklets,
        threshold=config.associate.threshold,
        same_camera_threshold=config.associate.same_camera_threshold,
        shrink=config.associate.shrink,
    )
    write_identities(folder.path / "identities.json", identities)
    write_sightings(folder.path / "sightings.jsonl", identities, cameras)
    write_mot_files(folder.path, identities, cameras)
    write_mtmc(folder.path / "mtmc.txt", identities, cameras)
    sort_crops(folder.crops, identities)
    return identities


def load_tracklets(folder: RunFolder, config: RunConfig) -> list[Tracklet]:
    """Tracklets of a run: the boxes of each track, gaps filled as configured, with its features.

    Raises:
        InputError: If the logs cannot be read.
    """
    rows = read_track_log(folder.tracks)
    table = read_tracklets(folder.tracklets)
    feature_rows = table.by_track()
    return [_tracklet(key, part, table, feature_rows.get(key)) for key, part in sorted(rows.items())]


def _tracklet(
    key: tuple[str, int],
    rows: TrackRows,
    table: FeatureTable,
    picked: IntArray | None,
) -> Tracklet:
    chosen = np.zeros(0, np.int64) if picked is None else picked
    return Tracklet(
        camera=key[0],
        track_id=key[1],
        frame=rows.frame,
        time_s=rows.time_s,
        xyxy=rows.xyxy,
        score=rows.score,
        features=table.feature[chosen],
        feature_frame=table.frame[chosen],
        feature_quality=table.quality[chosen],
    )


def _frame_times(path: Path) -> Mapping[str, tuple[IntArray, DoubleArray]]:
    """Camera to the numbers and times of all frames that were read, sorted by number."""
    frames: dict[str, list[tuple[int, float]]] = {}
    for record, _ in read_json_lines(path):
        frames.setdefault(record["camera"], []).append((record["frame"], record["time_s"]))
    columns = {camera: zip(*sorted(set(pairs)), strict=True) for camera, pairs in frames.items()}
    return {
        camera: (np.array(next(pair), np.int64), np.array(next(pair), np.float64)) for camera, pair in columns.items()
    }
