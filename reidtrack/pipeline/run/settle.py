"""From the logs of pass one to identities and every output but the videos; takes seconds and runs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reidtrack.associate.associate import Association, associate
from reidtrack.associate.sweep import steps_for
from reidtrack.config.run import RunConfig, TrackConfig
from reidtrack.corrections.apply import correct
from reidtrack.corrections.schema import Corrections
from reidtrack.errors import InputError, param
from reidtrack.networks.priors import run_prior, tell_priors
from reidtrack.pipeline.run.recognise import recognise_run
from reidtrack.pipeline.run.site import Site
from reidtrack.pipeline.track import finish_values
from reidtrack.runs.calibration_json import write_calibration
from reidtrack.runs.crops import sort_crops
from reidtrack.runs.features import FeatureTable, read_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import read_frame_times, read_track_log
from reidtrack.runs.outputs import write_identities, write_mot_files, write_mtmc, write_sightings
from reidtrack.spacetime.travel_times import tell_travel_times
from reidtrack.track.finish import finish_tracks
from reidtrack.types import IntArray, Tracklet, Tracks


def settle(
    folder: RunFolder,
    names: Sequence[str],
    cameras: Sequence[str],
    config: RunConfig,
    corrections: Corrections,
) -> Association:
    """Settle identities from what was read and write all that depends on them.

    Args:
        folder: Of a run whose pass one is over.
        names: Every camera of the command line, by whose place `mtmc.txt` calls it.
        cameras: Those that were read, in that order.
        config: How to track over gaps and associate.
        corrections: What a person says of them.

    Raises:
        ConfigError: If corrections do not fit the run or each other; nothing is written then.
        InputError: If the logs cannot be read.
        OutputError: If an output cannot be written.
    """
    tell_priors(folder.read_run())
    association, site = solve(folder, config, corrections)
    known = recognise_run(folder, association, config.gallery)
    identities = known.identities
    association = association._replace(identities=identities)
    write_identities(folder.path / "identities.json", identities, known.people)
    write_sightings(folder.path / "sightings.jsonl", identities, cameras)
    write_mot_files(folder.path, identities, cameras)
    write_mtmc(folder.path / "mtmc.txt", identities, names, site.places)
    site.write(folder.path / "site.json", identities)
    write_calibration(folder.calibration, association, identities)
    sort_crops(folder.crops, identities)
    return association


def solve(
    folder: RunFolder, config: RunConfig, corrections: Corrections, steps: Sequence[float] | None = None
) -> tuple[Association, Site]:
    """Who is who, and what was learned of the site; nothing is written.

    Args:
        folder: Of a run whose pass one is over.
        config: How to track over gaps and associate.
        corrections: What a person says of the identities.
        steps: Differences from the threshold that are tried too; None tries some unless that would take long.

    Raises:
        ConfigError: If corrections do not fit the run or each other.
        InputError: If the logs cannot be read.
    """
    settings = association_settings(config, folder.read_run())
    corrected = correct(load_tracklets(folder, config.track), settings, corrections)
    site = Site(folder, config.site)
    steps = steps_for(len(corrected.tracklets)) if steps is None else steps
    association = associate(corrected.tracklets, **corrected.settings, evidence=[site.evidence], steps=steps)
    identities = tell_travel_times(corrected.named(association.identities), site.offset_s)
    return association._replace(identities=identities), site


def association_settings(config: RunConfig, record: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments of `associate`.

    Args:
        config: Settings of the run.
        record: `run.json`, which holds what is known of the network.

    Raises:
        InputError: If what it holds of the network cannot be used.
    """
    settings = config.associate.model_dump()
    settings.update((key, None) for key, value in settings.items() if value == "auto")
    return {**settings, "prior": run_prior(record)}


def load_tracklets(folder: RunFolder, config: TrackConfig) -> list[Tracklet]:
    """Tracklets of a run: the boxes of each track, gaps filled and smoothed as configured, with its features.

    Raises:
        InputError: If the logs cannot be read.
    """
    table = read_tracklets(folder.tracklets)
    picked = table.by_track()
    clocks = read_frame_times(folder.detections)
    tracklets = []
    for camera, raw in sorted(read_track_log(folder.tracks).items()):
        frame, time_s = clocks.get(camera, (np.zeros(0, np.int64), np.zeros(0)))
        if not np.isin(raw.frame, frame).all():
            raise InputError(
                f"lacks frames of {camera}", where=folder.detections, hint=f"run again with {param('overwrite', True)}"
            )
        tracks = finish_tracks(raw, frame, time_s, **finish_values(config))
        order = np.lexsort((tracks.frame, tracks.track_id))
        track_ids, starts = np.unique(tracks.track_id[order], return_index=True)
        for track_id, rows in zip(track_ids.tolist(), np.split(order, starts[1:]), strict=True):
            chosen = picked.get((camera, track_id), np.zeros(0, np.int64))
            tracklets.append(_tracklet(camera, tracks[rows], table, _in_a_row(chosen)))
    return tracklets


def _in_a_row(rows: IntArray) -> slice | IntArray:
    """Rows as a slice where they follow each other, as they do in `tracklets.npz`: what it selects is not copied."""
    if not len(rows) or (np.diff(rows) != 1).any():
        return rows
    return slice(int(rows[0]), int(rows[-1]) + 1)


def _tracklet(camera: str, rows: Tracks, table: FeatureTable, chosen: slice | IntArray) -> Tracklet:
    return Tracklet(
        camera=camera,
        track_id=int(rows.track_id[0]),
        frame=rows.frame,
        time_s=rows.time_s,
        xyxy=rows.xyxy,
        score=rows.score,
        features=table.feature[chosen],
        feature_frame=table.frame[chosen],
        feature_quality=table.quality[chosen],
    )
