"""From the logs of the tracking pass to identities and every output but the videos; takes seconds, runs no network."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from reidtrack.associate.associate import Association, associate
from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.sweep import steps_for
from reidtrack.config.run import RunConfig, TrackConfig
from reidtrack.corrections.apply import correct
from reidtrack.corrections.schema import Corrections
from reidtrack.errors import InputError, param
from reidtrack.pipeline.run.floor_paths import floor_paths
from reidtrack.pipeline.run.recognise import recognise_run
from reidtrack.pipeline.run.site import Site
from reidtrack.pipeline.track import finish_values
from reidtrack.report.days.recorded import spans_of
from reidtrack.report.run.report_data import FloorPaths
from reidtrack.runs.calibration_json import calibration_to_json
from reidtrack.runs.crops import sort_crops
from reidtrack.runs.features import FeatureTable, read_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import read_frame_times, read_track_log
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.manifest_sections import CameraEntry
from reidtrack.runs.outputs import OutputContext, write_outputs
from reidtrack.spacetime.travel_times import tell_travel_times
from reidtrack.track.finish import finish_tracks
from reidtrack.types import DoubleArray, Identity, IntArray, Tracklet, TrackletKey, Tracks

logger = logging.getLogger(__name__)
_MOST_TOLD = 20
"""Pairs of people who look the same that are named; of a crowd in uniform the rest is counted."""


class Solved(NamedTuple):
    """Who is who in a run.

    Attributes:
        association: Identities, and the thresholds that told them apart.
        site: What was learned of it.
        recorded: Camera to (n, 2) first and last seconds of what was recorded without a gap.
    """

    association: Association
    site: Site
    recorded: Mapping[str, DoubleArray]


@dataclass(frozen=True, eq=False, slots=True)
class Settled:
    """What was settled and written.

    Attributes:
        association: Identities with their final ids and names, and the thresholds that told them apart.
        context: What the outputs say beside the identities: people of a gallery, site, calibration.
        floor_paths: Where people walked on the floor plan; None without one.
        recorded: Camera to (n, 2) first and last seconds of what was recorded without a gap.
        alike: What to say of people whom appearance cannot tell apart, a line for each two.
    """

    association: Association
    context: OutputContext
    floor_paths: FloorPaths | None
    recorded: Mapping[str, DoubleArray]
    alike: Sequence[str] = ()

    @property
    def identities(self) -> list[Identity]:
        """Everybody."""
        return self.association.identities


def settle(folder: RunFolder, manifest: RunManifest, config: RunConfig, corrections: Corrections) -> Settled:
    """Settle identities from what was read and write all that depends on them.

    Args:
        folder: Of a run whose tracking pass is over.
        manifest: Of the run.
        config: How to track over gaps, associate and recognise.
        corrections: What a person says of the identities.

    Raises:
        ConfigError: If corrections do not fit the run or each other; nothing is written then.
        InputError: If the logs or the gallery cannot be read.
        WeightsError: If the gallery's features were made by other weights.
        OutputError: If an output cannot be written.
    """
    _tell_missing_prior(manifest)
    association, site, recorded = solve(folder, manifest, config, corrections)
    alike = _first_tracklets(association)
    known = recognise_run(folder.path, manifest, association, config.gallery)
    association = association._replace(identities=known.identities)
    context = OutputContext(
        cameras=list(manifest.cameras),
        named=[entry.camera for entry in manifest.inputs],
        people=known.people,
        locate=site.locate if site.has_plan else None,
        site=site.to_json(known.identities),
        calibration=calibration_to_json(association),
        zones=site.count(known.identities, manifest.origin),
        parquet=config.output.parquet,
        origin=manifest.origin,
        zone=manifest.zone[0],
    )
    _begin_writing(folder, manifest)
    write_outputs(folder.path, known.identities, context)
    sort_crops(folder.crops, known.identities, context.cameras)
    told = _tell_lookalikes(known.identities, alike)
    for line in [*site.remarks(), *told]:
        logger.warning(line)
    paths = None if context.locate is None else floor_paths(known.identities, context.locate)
    return Settled(association, context, paths, recorded, told)


def solve(
    folder: RunFolder,
    manifest: RunManifest,
    config: RunConfig,
    corrections: Corrections,
    steps: Sequence[float] | None = None,
) -> Solved:
    """Who is who, and what was learned of the site; nothing is written.

    Args:
        folder: Of a run whose tracking pass is over.
        manifest: Of the run.
        config: How to track over gaps and associate.
        corrections: What a person says of the identities.
        steps: Differences from the threshold that are tried too; None tries some unless that would take long.

    Raises:
        ConfigError: If corrections do not fit the run or each other.
        InputError: If the logs cannot be read.
    """
    settings = association_settings(config, manifest.prior)
    frames = read_frame_times(folder.detections)
    recorded = {camera: spans_of(time_s) for camera, (_, time_s) in frames.items()}
    corrected = correct(load_tracklets(folder, config.track, manifest.cameras, frames), settings, corrections)
    del frames
    site = Site(manifest.inputs, config.site)
    steps = steps_for(len(corrected.tracklets)) if steps is None else steps
    association = associate(corrected.tracklets, **corrected.settings, evidence=[site.evidence], steps=steps)
    identities = tell_travel_times(corrected.named(association.identities), site.offset_s)
    return Solved(association._replace(identities=identities), site, recorded)


def association_settings(config: RunConfig, prior: AppearancePrior) -> dict[str, Any]:
    """Keyword arguments of `associate`.

    Args:
        config: Settings of the run.
        prior: What is known beforehand of the network's embeddings.
    """
    settings: Mapping[str, Any] = config.associate.model_dump()
    return {key: None if value == "auto" else value for key, value in settings.items()} | {"prior": prior}


def load_tracklets(
    folder: RunFolder,
    config: TrackConfig,
    counts: Mapping[str, CameraEntry] | None = None,
    frames: Mapping[str, tuple[IntArray, DoubleArray]] | None = None,
) -> list[Tracklet]:
    """Tracklets of a run: the boxes of each track, gaps filled and smoothed as configured, with its features.

    Args:
        folder: Of the run.
        config: How gaps are filled and boxes smoothed.
        counts: Camera to what was counted while it was read; None takes what the logs hold for all there was.
        frames: What `read_frame_times` says of the folder, where it was asked already.

    Raises:
        InputError: If the logs cannot be read, or hold less or more than was counted.
    """
    table = read_tracklets(folder.tracklets)
    rows_of_track = table.by_track()
    frames = read_frame_times(folder.detections) if frames is None else frames
    tracklets = []
    logged = read_track_log(folder.tracks)
    if counts is not None:
        _check_whole(folder, counts, logged, {camera: len(frame) for camera, (frame, _) in frames.items()})
    for camera, raw in sorted(logged.items()):
        frame, time_s = frames.get(camera, (np.zeros(0, np.int64), np.zeros(0)))
        if not np.isin(raw.frame, frame).all():
            raise InputError(
                f"lacks frames of {camera}", where=folder.detections, hint=f"run again with {param('overwrite', True)}"
            )
        tracks = finish_tracks(raw, frame, time_s, **finish_values(config))
        order = np.lexsort((tracks.frame, tracks.track_id))
        track_ids, starts = np.unique(tracks.track_id[order], return_index=True)
        for track_id, rows in zip(track_ids.tolist(), np.split(order, starts[1:]), strict=True):
            chosen = rows_of_track.get((camera, track_id), np.zeros(0, np.int64))
            tracklets.append(_tracklet(camera, tracks[rows], table, _as_slice(chosen)))
    return tracklets


def _check_whole(
    folder: RunFolder, counts: Mapping[str, CameraEntry], tracks: Mapping[str, Tracks], frames: Mapping[str, int]
) -> None:
    """Raise unless the logs hold what was counted while they were written: half a log would give half the people."""
    hint = f"put the whole file back, or run again with {param('overwrite', True)}"
    strange = sorted(set(tracks) - set(counts))
    if strange:
        what = f"holds boxes of {strange[0][:100]!r}, which run.json does not name"
        raise InputError(what, where=folder.tracks, hint=hint)
    for camera, entry in counts.items():
        boxes = len(tracks.get(camera, ()))
        if "boxes" in entry.model_fields_set and boxes != entry.boxes:
            what = f"holds {boxes} boxes of {camera}"
            raise InputError(what, where=folder.tracks, expected=f"the {entry.boxes} that were counted", hint=hint)
        if frames.get(camera, 0) < entry.frames:
            what = f"holds {frames.get(camera, 0)} frames of {camera}"
            raise InputError(what, where=folder.detections, expected=f"the {entry.frames} that were read", hint=hint)


def _as_slice(rows: IntArray) -> slice | IntArray:
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


def _begin_writing(folder: RunFolder, manifest: RunManifest) -> None:
    """Have `run.json` say that outputs are of two minds until all are written, should this be killed."""
    if manifest.status == "done":
        manifest.status = "rendering"
    manifest.settling = True
    folder.write_manifest(manifest)


def _first_tracklets(association: Association) -> list[tuple[TrackletKey, TrackletKey]]:
    """A tracklet of each of two people whom appearance cannot tell apart: ids may change, tracklets stay."""
    first = {identity.id: identity.tracklets[0].key for identity in association.identities}
    return [(first[a], first[b]) for a, b in association.lookalikes if a in first and b in first]


def _tell_lookalikes(identities: Sequence[Identity], alike: Sequence[tuple[TrackletKey, TrackletKey]]) -> list[str]:
    """Lines for the log and the report: whom appearance cannot tell apart."""
    called = {t.key: identity.name or f"person {identity.id}" for identity in identities for t in identity}
    lines = [
        f"{called[a]} and {called[b]}: these two cannot be told apart by looks; where and when they were seen decided "
        "who is who: check them in the report"
        for a, b in alike
        if a in called and b in called
    ]
    more = len(lines) - _MOST_TOLD
    return [*lines[:_MOST_TOLD], f"{more} more pairs of people cannot be told apart by looks"] if more > 0 else lines


def _tell_missing_prior(manifest: RunManifest) -> None:
    """Say aloud where a network brings no prior."""
    used = manifest.weights.get("reid")
    if used is not None and not used.priors:
        logger.info(
            "%s comes without priors: how alike one person's pictures are is judged by this recording and by what "
            "holds for networks in general",
            used.path,
        )
