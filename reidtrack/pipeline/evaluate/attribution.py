"""Error attribution of a run (`reidtrack evaluate`): the stages, links and cameras that points were lost by."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.associate.associate import appearances
from reidtrack.benchmark.attribution import ErrorAttribution, LinkingError, attribute_errors
from reidtrack.benchmark.tracking import MATCH_IOU, TrackingPair
from reidtrack.errors import InputError, OutputError
from reidtrack.files import write_whole
from reidtrack.geometry import iou
from reidtrack.pipeline.evaluate.attribution_record import AttributedLink, CameraPair, ExplainedError, RunAttribution
from reidtrack.pipeline.evaluate.evaluate import identities_digest
from reidtrack.pipeline.run.settings import settings_of
from reidtrack.report.blame_page import render_blame
from reidtrack.runs.crops import list_crops
from reidtrack.runs.features import FeatureTable, read_tracklets
from reidtrack.runs.features_by_identity import rows_within
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.identities import TrackletEntry, read_identities
from reidtrack.runs.jsonl import expecting_records, read_json_lines
from reidtrack.runs.logs import read_detection_log
from reidtrack.types import DoubleArray, IntArray, Tracklet, TrackletKey


def attribute_run_errors(path: Path, people: Mapping[str, TrackingPair]) -> RunAttribution:
    """Attribute the errors of a run to stages, tracklets and links, and write `blame.json` and `blame.html` there.

    Args:
        path: Folder of the run.
        people: Ground truth and boxes (of `mot/`) of each camera, as they were scored.

    Raises:
        InputError: If the logs of the run cannot be read or do not agree.
    """
    folder = RunFolder(path)
    boxes = _read_boxes(path / "sightings.jsonl", people)
    found = attribute_errors(people, {camera: _track_ids(path, camera, people, boxes[camera]) for camera in people})
    entries = {t.key: t for person in read_identities(folder.identities) for t in person.tracklets}
    links = _Links(folder, entries)
    errors = [_explain(error, found, entries, links) for error in found.linking_errors]
    result = RunAttribution(found, errors, _by_pair(errors), _detected(folder, found), path / "blame.html")
    pictures = _pictures(folder, entries, errors)
    digest = identities_digest(folder)
    try:
        content = {**result.to_json(), "identities_sha256": digest}
        write_whole(folder.blame, json.dumps(content, indent=1, allow_nan=False) + "\n")
        write_whole(result.page, render_blame(path.resolve().name, result.to_json(), pictures))
    except OutputError as error:  # what was found is not lost because of it
        return replace(result, unwritten=error)
    return result


def _read_boxes(path: Path, people: Mapping[str, TrackingPair]) -> dict[str, IntArray]:
    """Frame, identity and track id (N, 3) of each camera's boxes."""
    found: dict[str, list[tuple[int, int, int]]] = {camera: [] for camera in people}
    with expecting_records(path):
        for record, _ in read_json_lines(path):
            if record["camera"] in found:
                found[record["camera"]].append((record["frame"], record["identity"], record["track_id"]))
    return {camera: np.array(rows, np.int64).reshape(-1, 3) for camera, rows in found.items()}


def _track_ids(path: Path, camera: str, people: Mapping[str, TrackingPair], boxes: IntArray) -> IntArray:
    """Track id of each box in `mot/`: an identity has one box in a frame."""
    tracks = {(frame, identity): track for frame, identity, track in boxes.tolist()}
    rows = people[camera].predicted
    try:
        ids = [tracks[key] for key in zip(rows.frame.tolist(), rows.id.tolist(), strict=True)]
    except KeyError as error:
        raise InputError(
            f"mot/{camera}.txt has a box that sightings.jsonl lacks",
            where=path,
            hint=f"run `reidtrack associate {path}`",
        ) from error
    return np.array(ids, np.int64)


class _Links:
    """Appearance distances between the tracklets of a run, and the thresholds that they were held against."""

    def __init__(self, folder: RunFolder, entries: Mapping[TrackletKey, TrackletEntry]) -> None:
        manifest = folder.read_manifest()
        shrink, found = settings_of(manifest).associate.shrink, manifest.association
        self._across = None if found is None else found.threshold
        self._within = None if found is None else found.same_camera_threshold
        tracklets = _tracklets(entries, read_tracklets(folder.tracklets))
        vectors = appearances(tracklets, prior=manifest.prior, shrink=None if shrink == "auto" else shrink)
        self._appearance: dict[TrackletKey, DoubleArray] = {
            t.key: row for t, row in zip(tracklets, vectors, strict=True) if row.any()
        }

    def link(self, a: TrackletKey, b: TrackletKey, distance: float | None = None) -> AttributedLink:
        """Link of two tracklets; its distance is computed where None is given."""
        if distance is None and a in self._appearance and b in self._appearance:
            distance = float(cosine_distances(self._appearance[a][None], self._appearance[b][None])[0, 0])
        return AttributedLink(a, b, distance, self._within if a[0] == b[0] else self._across)

    def nearest(self, ours: Sequence[TrackletKey], theirs: Sequence[TrackletKey]) -> AttributedLink | None:
        """Link of the two tracklets of two groups that look most alike."""
        links = [self.link(a, b) for a in ours for b in theirs]
        return min(links, key=lambda link: (link.distance is None, link.distance or 0.0), default=None)


def _tracklets(entries: Mapping[TrackletKey, TrackletEntry], table: FeatureTable) -> list[Tracklet]:
    """Tracklets with their features and the frames from first to last; their boxes do not matter here."""
    rows, tracklets = table.by_track(), []
    for entry in entries.values():
        chosen = rows_within(table, rows, entry)
        span = np.arange(entry.first_frame, entry.last_frame + 1)
        tracklets.append(
            Tracklet(
                entry.camera,
                entry.track_id,
                span,
                span.astype(np.float64),
                np.zeros((len(span), 4), np.float32),
                np.zeros(len(span), np.float32),
                features=table.feature[chosen],
                feature_frame=table.frame[chosen],
                feature_quality=table.quality[chosen],
            )
        )
    return tracklets


def _explain(
    error: LinkingError, found: ErrorAttribution, entries: Mapping[TrackletKey, TrackletEntry], links: _Links
) -> ExplainedError:
    """Find the links that made an error, and the one that is missing."""
    own, wrong = set(error.keys), []
    for key, entry in entries.items():
        link = entry.link
        if link is None:
            continue
        other = link.key
        judged = key in found.people and other in found.people
        if judged and (key in own) != (other in own) and found.people[key] != found.people[other]:
            made = links.link(key, other, link.distance)
            wrong.append(replace(made, probability=link.probability, terms=link.terms))
    theirs = [k for k, p in found.people.items() if p == error.person and k not in own]
    elsewhere = {key for other in found.linking_errors for key in other.keys if other.person == error.person}
    missing = links.nearest(error.keys, [k for k in theirs if k not in elsewhere] or theirs)
    return ExplainedError(error, sorted(wrong, key=lambda link: -(link.distance or 0.0)), missing)


def _by_pair(errors: Sequence[ExplainedError]) -> list[CameraPair]:
    """Linking errors by pair of cameras, the costliest pair first."""
    splits: dict[tuple[str, str], int] = defaultdict(int)
    merges: dict[tuple[str, str], int] = defaultdict(int)
    points: dict[tuple[str, str], float] = defaultdict(float)
    for found in errors:
        if "split" in found.error.kind and found.missing is not None:
            splits[_cameras(found.missing)] += 1
        if "merge" in found.error.kind and found.wrong:
            merges[_cameras(found.wrong[0])] += 1
        if found.cause is not None:
            points[_cameras(found.cause)] += found.error.idf1
    pairs = [
        CameraPair(c, splits[c], merges[c], points[c]) for c in sorted(splits.keys() | merges.keys() | points.keys())
    ]
    return sorted(pairs, key=lambda pair: -pair.idf1)


def _cameras(link: AttributedLink) -> tuple[str, str]:
    first, second = sorted((link.a[0], link.b[0]))
    return first, second


def _detected(folder: RunFolder, found: ErrorAttribution) -> dict[str, int]:
    """Number of each camera's missed boxes that the detector had found."""
    if not folder.detections.is_file():
        return {}
    frames, counts = read_detection_log(folder.detections).frames, {}
    for camera, loss in found.cameras.items():
        counts[camera] = 0
        for frame, rows in loss.missed.by_frame():
            seen = frames.get(camera, {}).get(frame)
            if seen is not None and len(seen):
                overlap = iou(rows.xyxy, seen.xyxy.astype(np.float64))
                counts[camera] += int((overlap >= MATCH_IOU).any(axis=1).sum())
    return counts


def _pictures(
    folder: RunFolder, entries: Mapping[TrackletKey, TrackletEntry], errors: Sequence[ExplainedError]
) -> dict[TrackletKey, bytes]:
    """A picture of each tracklet that a wrong or missing link joins, where one was kept."""
    links = [link for found in errors for link in (*found.wrong, found.missing) if link is not None]
    wanted = {key for link in links for key in (link.a, link.b)}
    shots = defaultdict(list)
    for crop in list_crops(folder.crops):
        shots[crop.camera, crop.track_id].append(crop)
    pictures = {}
    for key in sorted(wanted):
        entry = entries[key]
        track = entry.camera, entry.logged_id
        within = [c for c in shots[track] if entry.first_frame <= c.frame <= entry.last_frame]
        if within:
            pictures[key] = within[len(within) // 2].path.read_bytes()
    return pictures
