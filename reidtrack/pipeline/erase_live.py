"""A person taken out of a folder of live cameras: its segments of logs, its events, and who was who at the moment.

Events go first and the logs that say which tracks there are last, so that whoever is erased half can be erased again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from reidtrack.errors import UsageError
from reidtrack.files import refuse_link
from reidtrack.pipeline.erase_logs import Boxes, Frames, is_theirs, rewrite, rewrite_detections, without
from reidtrack.runs.features import read_feature_log, write_feature_log
from reidtrack.runs.identities import IdentityEntry
from reidtrack.runs.jsonl import expecting_records, read_json_lines
from reidtrack.runs.live_folder import LiveFolder, LogSegment
from reidtrack.runs.manifest import RunManifest
from reidtrack.types import TrackletKey

_OF_A_TRACK = ("tracklet_started", "tracklet_ended", "identity")
_OF_A_PLACE = ("zone_entered", "zone_left", "line_crossed")
_NEAR_S = 5.0
"""A person is in a zone or over a line so long before or after their boxes at most."""


def check_settled(folder: LiveFolder) -> None:
    """Raise unless the identities of a folder of live cameras are of all that its logs hold.

    Raises:
        UsageError: If the cameras saw more since then, or some of the logs were deleted.
        InputError: If a log cannot be read.
    """
    logged = sum(1 for segment in _segments(folder) for _ in _records(segment.tracks))
    if logged != sum(1 for _ in _records(folder.tracks)):
        hint = f"first run `reidtrack associate {folder.path}`, and look who it is then"
        raise UsageError("its identities are not of all that its logs hold", where=folder.path, hint=hint)


def erase_from_segments(folder: LiveFolder, frames: Frames) -> tuple[int, int, int]:
    """Take a person out of every segment of the logs, and forget who was who at the moment.

    Args:
        folder: No session is at work in it.
        frames: The person's frames of each track.

    Returns:
        How many boxes, detections and embeddings that were.
    """
    (folder.path / "identities.npz").unlink(missing_ok=True)  # holds everybody's features; the next session begins anew
    for file in folder.sightings_files():
        rewrite(file.path, lambda record: None if _of(frames, record) else record)
    segments = _segments(folder)
    gone = _boxes(segments, lambda record: _of(frames, record))
    kept = _boxes(segments, lambda r: (r["camera"], r["frame"]) in gone and not _of(frames, r))
    embeddings = detections = 0
    for segment in segments:
        embeddings += _erase_features(segment.features_part, frames)
        detections += rewrite_detections(segment.detections, gone, kept)
    for segment in segments:
        if segment.tracks.is_file():
            rewrite(segment.tracks, lambda record: None if _of(frames, record) else record)
    return sum(len(boxes) for boxes in gone.values()), detections, embeddings


def erase_events(folder: LiveFolder, person: IdentityEntry, frames: Frames) -> int:
    """Take a person out of `events.jsonl`; how many lines went.

    Numbers of people at the moment stay where they were somebody else's too, and counts of hours stay as counts.
    """
    if not folder.events.is_file():
        return 0
    theirs, others = _numbers(folder.events, frames)
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for t in person.tracklets:
        spans[t.camera].append((t.first_time_s - _NEAR_S, t.last_time_s + _NEAR_S))
    count = 0

    def keep(event: dict[str, Any]) -> dict[str, Any] | None:
        nonlocal count
        left = _without(event, person, frames, theirs, others, spans)
        count += left is None
        return left

    rewrite(folder.events, keep)
    return count


def _without(
    event: dict[str, Any],
    person: IdentityEntry,
    frames: Frames,
    theirs: set[int],
    others: set[int],
    spans: Mapping[str, list[tuple[float, float]]],
) -> dict[str, Any] | None:
    """An event without the person; None where nothing is left of it."""
    kind = event["event"]
    if kind in _OF_A_TRACK:
        if _whole(frames, (event["camera"], event["track_id"])):
            return None
        named = event.get("name") is not None and (event["name"] == person.name or event.get("identity") in theirs)
        return {key: value for key, value in event.items() if key != "name"} if named else event
    if kind in _OF_A_PLACE and event["identity"] in theirs:
        near = any(first <= event["time_s"] <= last for first, last in spans.get(event["camera"], ()))
        return None if near or event["identity"] not in others else event
    if kind == "merge" and {event["from"], event["into"]} & (theirs - others):
        return None
    if kind == "split" and event["into"] in theirs:
        over = [pair for pair in event["tracklets"] if not _whole(frames, (pair[0], pair[1]))]
        return {**event, "tracklets": over} if over else None
    if kind == "hour":
        return {**event, "identities": [n for n in event["identities"] if n not in theirs - others]}
    return event


def _numbers(path: Path, frames: Frames) -> tuple[set[int], set[int]]:
    """Numbers that the person had at some moment, and numbers that somebody else had."""
    theirs: set[int] = set()
    others: set[int] = set()
    for event in _records(path):
        kind = event["event"]
        if kind in _OF_A_TRACK and event.get("identity") is not None:
            own = (event["camera"], event["track_id"]) in frames
            (theirs if own else others).add(event["identity"])
        elif kind == "merge":
            for numbers in (theirs, others):
                if event["from"] in numbers:
                    numbers.add(event["into"])
        elif kind == "split":
            for camera, track_id in event["tracklets"]:
                (theirs if (camera, track_id) in frames else others).add(event["into"])
    return theirs, others


def recordings_of(
    folder: LiveFolder, person: IdentityEntry, manifest: RunManifest
) -> dict[str, tuple[str, float, float]]:
    """Camera to its recordings that show a person, and from when to when; of a camera that has none, nothing."""
    found = {}
    for camera in person.cameras:
        times = [time for t in person.tracklets if t.camera == camera for time in (t.first_time_s, t.last_time_s)]
        first, last = (manifest.origin + timedelta(seconds=time) for time in (min(times), max(times)))
        pieces = folder.recordings(camera)
        ends = [*(piece.start for piece in pieces[1:]), last]
        shown = [p.path for p, end in zip(pieces, ends, strict=True) if p.start <= last and end >= first]
        if shown:
            text = str(shown[0]) if len(shown) == 1 else f"{shown[0]} to {shown[-1].name}"
            found[camera] = text, min(times), max(times)
    return found


def _segments(folder: LiveFolder) -> list[LogSegment]:
    return [LogSegment(piece.path) for piece in folder.log_segments()]


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a log; none where it is not there."""
    if path.is_file():
        with expecting_records(path):
            for record, _ in read_json_lines(path):
                yield record


def _of(frames: Frames, record: Mapping[str, Any]) -> bool:
    return is_theirs(frames, record["camera"], record["track_id"], record["frame"])


def _whole(frames: Frames, track: TrackletKey) -> bool:
    """Whether all of a track is the person's; one that was cut is somebody else's too."""
    return any(first == -math.inf and last == math.inf for first, last in frames.get(track, ()))


def _boxes(segments: list[LogSegment], wanted: Any) -> Boxes:
    found: Boxes = defaultdict(list)
    for segment in segments:
        for record in _records(segment.tracks):
            if wanted(record):
                found[record["camera"], record["frame"]].append(record["xyxy"])
    return found


def _erase_features(path: Path, frames: Frames) -> int:
    """Write a segment's features anew without the person's; how many went."""
    if not path.is_file():
        return 0
    refuse_link(path)
    table = read_feature_log(path)
    left = without(table, frames)
    if len(left.frame) == len(table.frame):
        return 0
    write_feature_log(path, left)
    return len(table.frame) - len(left.frame)
