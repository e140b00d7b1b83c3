"""The logs of live sessions as those of a recorded run, so that all that works on a run works on their folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from reidtrack.errors import InputError
from reidtrack.files import write_lines
from reidtrack.runs.features import FeatureTable, read_feature_log, write_tracklets
from reidtrack.runs.jsonl import expecting_records, json_line, read_json_lines
from reidtrack.runs.live_folder import LiveFolder, LogSegment
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.manifest_sections import CameraCount

_BORDER_S = 30.0
"""A track's first boxes are logged when it is confirmed: those of one segment may lie this far before its last ones."""


def pack_logs(folder: LiveFolder, manifest: RunManifest) -> None:
    """Write `detections.jsonl`, `tracks.jsonl` and `tracklets.npz` from the segments of a folder of live cameras.

    What a kill cut short at the end of a segment is left out. The manifest is told what there is of each camera.

    Args:
        folder: Of live cameras.
        manifest: Of the folder; its counts are brought up to date.

    Raises:
        InputError: If a segment cannot be read, there is none, or they know of no picture.
        OutputError: If the result cannot be written.
    """
    segments = [LogSegment(piece.path) for piece in folder.log_segments()]
    if not segments:
        hint = "they were deleted, or none were written yet"
        raise InputError("holds no logs of live cameras", where=folder.path, hint=hint)
    counts = {entry.camera: CameraCount() for entry in manifest.inputs}
    write_lines(folder.detections, _detections(segments, counts))
    if not any(count.frames for count in counts.values()):
        hint = "look into events.jsonl why no camera gave one"
        raise InputError("holds no picture of live cameras", where=folder.path, hint=hint)
    write_lines(folder.tracks, _tracks(segments, counts))
    write_tracklets(folder.tracklets, _features(segments, list(counts)))
    manifest.note_counts({camera: count for camera, count in counts.items() if count.frames})
    folder.write_manifest(manifest)


def _count_of(counts: dict[str, CameraCount], camera: object, path: Path) -> CameraCount:
    if not isinstance(camera, str) or camera not in counts:
        raise InputError(f"holds {str(camera)[:100]!r}, which run.json does not name", where=path)
    return counts[camera]


def _detections(segments: Sequence[LogSegment], counts: dict[str, CameraCount]) -> Iterator[bytes]:
    for segment in segments:
        path = segment.detections
        if not path.exists():
            continue
        with expecting_records(path):
            for record, _ in read_json_lines(path):
                count = _count_of(counts, record["camera"], path)
                count.frames += 1
                count.last_frame, count.last_time_s = int(record["frame"]), float(record["time_s"])
                if count.first_time_s is None:
                    count.first_time_s = count.last_time_s
                yield json_line(record)


def _tracks(segments: Sequence[LogSegment], counts: dict[str, CameraCount]) -> Iterator[bytes]:
    """Boxes of all segments in the order of their time, camera and track."""
    place = {camera: i for i, camera in enumerate(counts)}
    held: list[tuple[float, int, int, bytes]] = []
    for segment in segments:
        path = segment.tracks
        if not path.exists():
            continue
        with expecting_records(path):
            for record, _ in read_json_lines(path):
                _count_of(counts, record["camera"], path).boxes += 1
                key = float(record["time_s"]), place[record["camera"]], int(record["track_id"])
                held.append((*key, json.dumps(record, separators=(",", ":")).encode() + b"\n"))
        held.sort()
        before_s = held[-1][0] - _BORDER_S if held else 0.0
        ready = sum(1 for time_s, *_ in held if time_s < before_s)
        yield from (line for *_, line in held[:ready])
        del held[:ready]
    yield from (line for *_, line in held)


def _features(segments: Sequence[LogSegment], cameras: Sequence[str]) -> FeatureTable:
    """Features of all segments; each has its own list of cameras."""
    place = {camera: i for i, camera in enumerate(cameras)}
    tables = []
    for segment in segments:
        path = segment.features_part
        table = read_feature_log(path) if path.exists() else FeatureTable.empty(())
        if not len(table.feature):
            continue
        strange = [camera for camera in table.cameras if camera not in place]
        if strange:
            raise InputError(f"holds {strange[0][:100]!r}, which run.json does not name", where=path)
        where = np.array([place[camera] for camera in table.cameras], np.int64)
        tables.append((table, where[table.camera]))
    dims = {table.feature.shape[1] for table, _ in tables}
    if len(dims) > 1:
        raise InputError(f"hold features of {len(dims)} networks", where=segments[0].path.parent)
    if not tables:
        return FeatureTable.empty(cameras)
    return FeatureTable(
        tuple(cameras),
        np.concatenate([camera for _, camera in tables]),
        np.concatenate([table.track_id for table, _ in tables]),
        np.concatenate([table.frame for table, _ in tables]),
        np.concatenate([table.quality for table, _ in tables]),
        np.concatenate([table.feature for table, _ in tables]),
    )
