"""`reidtrack evaluate --blame`: which links, which camera pairs, which stage a run lost its points by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from reidtrack.associate.appearance import cosine_distances, mean_features, mean_looks
from reidtrack.associate.bias import CameraBias
from reidtrack.benchmark.attribution import Blame, Mistake, blame
from reidtrack.benchmark.scored_boxes import Key
from reidtrack.benchmark.tracking import MATCH_IOU, TrackingPair
from reidtrack.errors import InputError
from reidtrack.files import write_whole
from reidtrack.geometry import iou
from reidtrack.pipeline.evaluate.attribution_record import BlamedLink, BlamedMistake, CameraPair, RunBlame
from reidtrack.report.blame_page import render_blame
from reidtrack.runs.crops import list_crops
from reidtrack.runs.features import FeatureTable, read_tracklets
from reidtrack.runs.features_by_identity import rows_within
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.identities import TrackletEntry, read_identities
from reidtrack.runs.jsonl import expecting_records, read_json_lines
from reidtrack.runs.logs import read_detection_log
from reidtrack.types import DoubleArray, IntArray, Tracklet


def blame_run(path: Path, people: Mapping[str, TrackingPair]) -> RunBlame:
    """Account for the cross-camera score of a run and write `blame.html` into its folder.

    Args:
        path: Folder of the run.
        people: What the score was made on, by camera: boxes are those of `mot/`.

    Raises:
        InputError: If the logs of the run cannot be read or do not agree.
        OutputError: If the page cannot be written.
    """
    folder = RunFolder(path)
    sightings = _read_sightings(path / "sightings.jsonl", people)
    found = blame(people, {camera: _track_ids(path, camera, people, sightings[camera]) for camera in people})
    entries = {t.key: t for person in read_identities(folder.identities) for t in person.tracklets}
    looks = _Looks(folder, entries)
    mistakes = [_explain(mistake, found, entries, looks) for mistake in found.mistakes]
    result = RunBlame(found, mistakes, _by_pair(mistakes), _detected(folder, found), path / "blame.html")
    pictures = _pictures(folder, entries, mistakes)
    write_whole(result.page, render_blame(path.resolve().name, result.to_json(), pictures))
    return result


_Sighting = tuple[int, int, int]
"""Frame, identity, track id."""


def _read_sightings(path: Path, people: Mapping[str, TrackingPair]) -> dict[str, IntArray]:
    """Camera to (N, 3) frame, identity and track id of each box."""
    found: dict[str, list[_Sighting]] = {camera: [] for camera in people}
    with expecting_records(path):
        for record, _ in read_json_lines(path):
            if record["camera"] in found:
                found[record["camera"]].append((record["frame"], record["identity"], record["track_id"]))
    return {camera: np.array(rows, np.int64).reshape(-1, 3) for camera, rows in found.items()}


def _track_ids(path: Path, camera: str, people: Mapping[str, TrackingPair], sightings: IntArray) -> IntArray:
    """The track id of each box in `mot/`: an identity has one box in a frame."""
    tracks = {(frame, identity): track for frame, identity, track in sightings.tolist()}
    rows = people[camera].predicted
    try:
        ids = [tracks[place] for place in zip(rows.frame.tolist(), rows.id.tolist(), strict=True)]
    except KeyError as error:
        raise InputError(
            f"mot/{camera}.txt has a box that sightings.jsonl lacks",
            where=path,
            hint=f"run `reidtrack associate {path}`",
        ) from error
    return np.array(ids, np.int64)


class _Looks:
    """Distances between the tracklets of a run, and the thresholds that they were held against."""

    def __init__(self, folder: RunFolder, entries: Mapping[Key, TrackletEntry]) -> None:
        manifest = folder.read_manifest()
        settings, told = manifest.settings["associate"], manifest.association
        self._across = None if told is None else told.threshold
        self._within = None if told is None else told.same_camera_threshold
        tracklets = _tracklets(entries, read_tracklets(folder.tracklets))
        cameras = sorted({t.camera for t in tracklets})
        camera = np.array([cameras.index(t.camera) for t in tracklets], np.int64)
        mean = mean_features(tracklets)
        weight = np.array([min(1.0, len(t.features) / 8) for t in tracklets])
        shrink = None if settings["shrink"] == "auto" else settings["shrink"]
        bias = CameraBias.of(mean, camera, weight * mean.any(axis=1), manifest.prior, shrink)
        look = mean_looks(tracklets, bias.without)
        self._look: dict[Key, DoubleArray] = {t.key: row for t, row in zip(tracklets, look, strict=True) if row.any()}

    def link(self, a: Key, b: Key, distance: float | None = None) -> BlamedLink:
        """Two tracklets side by side."""
        if distance is None and a in self._look and b in self._look:
            distance = float(cosine_distances(self._look[a][None], self._look[b][None])[0, 0])
        return BlamedLink(a, b, distance, self._within if a[0] == b[0] else self._across)

    def nearest(self, ours: Sequence[Key], theirs: Sequence[Key]) -> BlamedLink | None:
        """The two tracklets of two groups that look most alike."""
        links = [self.link(a, b) for a in ours for b in theirs]
        return min(links, key=lambda link: (link.distance is None, link.distance or 0.0), default=None)


def _tracklets(entries: Mapping[Key, TrackletEntry], table: FeatureTable) -> list[Tracklet]:
    """Tracklets with their features; their boxes do not matter here."""
    rows, tracklets = table.by_track(), []
    for entry in entries.values():
        chosen = rows_within(table, rows, entry)
        span = np.array([entry.first_frame], np.int64)
        tracklets.append(
            Tracklet(
                entry.camera,
                entry.track_id,
                span,
                span.astype(np.float64),
                np.zeros((1, 4), np.float32),
                np.zeros(1, np.float32),
                features=table.feature[chosen],
                feature_frame=table.frame[chosen],
                feature_quality=table.quality[chosen],
            )
        )
    return tracklets


def _explain(mistake: Mistake, found: Blame, entries: Mapping[Key, TrackletEntry], looks: _Looks) -> BlamedMistake:
    own, wrong = set(mistake.keys), []
    for key, entry in entries.items():
        link = entry.link
        if link is None:
            continue
        other = link.key
        judged = key in found.people and other in found.people
        if judged and (key in own) != (other in own) and found.people[key] != found.people[other]:
            made = looks.link(key, other, link.distance)
            wrong.append(replace(made, probability=link.probability, terms=link.terms))
    theirs = [k for k, p in found.people.items() if p == mistake.person and k not in own]
    elsewhere = {key for m in found.mistakes for key in m.keys if m.person == mistake.person}
    missing = looks.nearest(mistake.keys, [k for k in theirs if k not in elsewhere] or theirs)
    return BlamedMistake(mistake, sorted(wrong, key=lambda link: -(link.distance or 0.0)), missing)


def _by_pair(mistakes: Sequence[BlamedMistake]) -> list[CameraPair]:
    splits: dict[tuple[str, str], int] = defaultdict(int)
    merges: dict[tuple[str, str], int] = defaultdict(int)
    points: dict[tuple[str, str], float] = defaultdict(float)
    for found in mistakes:
        if "split" in found.mistake.kind and found.missing is not None:
            splits[_cameras(found.missing)] += 1
        if "merge" in found.mistake.kind and found.wrong:
            merges[_cameras(found.wrong[0])] += 1
        if found.cause is not None:
            points[_cameras(found.cause)] += found.mistake.idf1
    pairs = [
        CameraPair(c, splits[c], merges[c], points[c]) for c in sorted(splits.keys() | merges.keys() | points.keys())
    ]
    return sorted(pairs, key=lambda pair: -pair.idf1)


def _cameras(link: BlamedLink) -> tuple[str, str]:
    first, second = sorted((link.a[0], link.b[0]))
    return first, second


def _detected(folder: RunFolder, found: Blame) -> dict[str, int]:
    """Camera to how many of the boxes that no tracklet has were detected all the same."""
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
    folder: RunFolder, entries: Mapping[Key, TrackletEntry], mistakes: Sequence[BlamedMistake]
) -> dict[Key, bytes]:
    """A picture of each tracklet that a blamed link joins, where one was kept."""
    links = [link for found in mistakes for link in (*found.wrong, found.missing) if link is not None]
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
