"""`reidtrack erase`: everything that a run keeps of a person removed, and identities settled anew without them.

What goes: boxes in the logs, detections that they were made of, embeddings, pictures, corrections that name one of the
person's tracks, measurements with their pictures, annotated videos of the cameras that saw them, events of theirs that
live cameras told, and the person in the run's gallery. The recordings themselves are whoever's made them: they are
told, not touched.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from reidtrack.corrections.apply import read_text
from reidtrack.corrections.edit import remove
from reidtrack.corrections.parse import parse
from reidtrack.corrections.schema import refs_of
from reidtrack.errors import UsageError
from reidtrack.files import refuse_link, write_whole
from reidtrack.gallery.people import open_gallery
from reidtrack.pipeline.archive.run import TASKS
from reidtrack.pipeline.associate import associate_again, check_gallery, open_finished
from reidtrack.pipeline.erase_live import check_settled, erase_events, erase_from_segments, recordings_of
from reidtrack.pipeline.erase_logs import Boxes, Frames, is_theirs, rewrite_detections, rewrite_tracks, without
from reidtrack.pipeline.run.settings import settings_of
from reidtrack.pipeline.run.site_files import check_site_files
from reidtrack.runs.crops import list_crops
from reidtrack.runs.day_pages import remove_day_pages
from reidtrack.runs.features import read_tracklets, write_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.identities import IdentityEntry, find_identity, read_identities
from reidtrack.runs.json_file import read_json
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runs.lock import RunLock
from reidtrack.runs.manifest import RunManifest
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress


class Erased(NamedTuple):
    """What was removed.

    Attributes:
        boxes: Rows of `tracks.jsonl`.
        detections: Boxes of `detections.jsonl`.
        embeddings: Rows of `tracklets.npz`.
        pictures: Files below `crops/`.
        corrections: Entries of `corrections.yaml`.
        events: Lines of `events.jsonl`, of live cameras.
        videos: Annotated videos that showed the person.
        known: Whether the run's gallery knew the person, and has forgotten them.
        recordings: Camera to the recordings in which the person is still to be seen, and from when to when, seconds
            since the run's origin. They show everybody, so nobody is taken out of them.
    """

    boxes: int
    detections: int
    embeddings: int
    pictures: int
    corrections: int
    events: int
    videos: tuple[str, ...]
    known: bool
    recordings: Mapping[str, tuple[str, float, float]]


def erase(path: Path, word: str, progress: Progress, cancel: CancelToken) -> Erased:
    """Remove everything that a run keeps of a person; ended half way, it is finished by asking again.

    Args:
        path: Folder of the run.
        word: The person: a number, a name, or a tracklet, `CAMERA TRACK`.
        progress: Told of settling anew.
        cancel: Whether to end that early.

    Raises:
        UsageError: If nobody is meant by the word, the run holds tasks of an archive or names a gallery that knows
            nothing of it, its live cameras saw more since identities were settled, or another process, such as their
            session, is at work there.
        InputError: If the run or its gallery cannot be read.
        OutputError: If a file cannot be written.
    """
    with RunLock(path):
        folder, manifest = open_finished(path)
        if (path / TASKS).exists():
            raise UsageError(
                f"its {TASKS}/ hold everybody too, and would bring them back",
                where=path,
                hint=f"remove {path / TASKS} first; `reidtrack archive run` then computes all of it anew",
            )
        people = read_identities(folder.identities)
        person, _ = find_identity(people, word)
        config = settings_of(manifest)
        check_gallery(folder, manifest, config.gallery.path, f"first run `reidtrack associate {path}`: ")
        check_site_files(path, manifest, config.site)
        frames = _frames_of(person, people)
        live = LiveFolder(path) if manifest.is_live else None
        if live is None:
            manifest.status = "rendering"  # until identities are settled anew, outputs do not belong together
            folder.write_manifest(manifest)
        else:
            check_settled(live)
        known = _forget(folder, config.gallery.path, person.id)
        pictures = _remove_pictures(folder, frames)
        videos = _remove_files(folder, person)
        corrections = _remove_corrections(folder.corrections, frames)
        if live is None:
            boxes, detections, embeddings = _erase_from_logs(folder, manifest, frames)
            events, seen = 0, _recordings(person, manifest)
        else:
            events, seen = erase_events(live, person, frames), recordings_of(live, person, manifest)
            boxes, detections, embeddings = erase_from_segments(live, frames)
    associate_again(path, (), video=False, mosaic=False, progress=progress, cancel=cancel)
    return Erased(boxes, detections, embeddings, pictures, corrections, events, videos, known, seen)


def _erase_from_logs(folder: RunFolder, manifest: RunManifest, frames: Frames) -> tuple[int, int, int]:
    """Take the person out of the logs; how many boxes, detections and embeddings that were."""
    gone, kept = rewrite_tracks(folder.tracks, frames)
    _count_anew(folder, manifest, kept)
    detections = rewrite_detections(folder.detections, gone, kept)
    return sum(len(rows) for rows in gone.values()), detections, _remove_embeddings(folder, frames)


def _frames_of(person: IdentityEntry, people: Sequence[IdentityEntry]) -> Frames:
    """The frames of each track that are the person's: all of them, but where association cut the track."""
    parts: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for one in people:
        for t in one.tracklets:
            parts[t.camera, t.logged_id].append((t.first_frame, one.id))
    found: Frames = {}
    for key in {(t.camera, t.logged_id) for t in person.tracklets}:
        begins = sorted(parts[key])
        firsts = [-math.inf, *(float(first) for first, _ in begins[1:]), math.inf]
        found[key] = [(firsts[n], firsts[n + 1] - 1) for n, (_, who) in enumerate(begins) if who == person.id]
    return found


def _forget(folder: RunFolder, path: Path | None, number: int) -> bool:
    """Remove the person from the gallery that the run put them into; a run that has none put them nowhere."""
    entry: Mapping[str, Any] = next((one for one in read_json(folder.identities) if one["id"] == number), {})
    key = (entry.get("person") or {}).get("key")
    if path is None or key is None or not path.is_file():
        return False
    with open_gallery(path) as gallery:
        if all(one.key != key for one in gallery.people()):
            return False
        with gallery.writing():
            gallery.remove([key])
    return True


def _remove_pictures(folder: RunFolder, frames: Frames) -> int:
    theirs = [crop for crop in list_crops(folder.crops) if is_theirs(frames, crop.camera, crop.track_id, crop.frame)]
    for crop in theirs:
        crop.path.unlink(missing_ok=True)
    return len(theirs)


def _remove_files(folder: RunFolder, person: IdentityEntry) -> tuple[str, ...]:
    """Remove annotated videos that show the person, and measurements and reports, whose pages hold pictures."""
    videos = [path for path in (*map(folder.video, person.cameras), folder.mosaic) if path.is_file()]
    measured = (folder.evaluation, folder.blame, folder.path / "blame.html", folder.features_part, folder.report)
    for path in (*videos, *measured):
        path.unlink(missing_ok=True)
    remove_day_pages(folder.day_pages)
    return tuple(path.name for path in videos)


def _count_anew(folder: RunFolder, manifest: RunManifest, kept: Boxes) -> None:
    """Let `run.json` say how many boxes the log holds now."""
    counts: dict[str, int] = defaultdict(int)
    for (camera, _), boxes in kept.items():
        counts[camera] += len(boxes)
    manifest.cameras = {c: entry.model_copy(update={"boxes": counts[c]}) for c, entry in manifest.cameras.items()}
    folder.write_manifest(manifest)


def _remove_embeddings(folder: RunFolder, frames: Frames) -> int:
    table = read_tracklets(folder.tracklets)
    left = without(table, frames)
    write_tracklets(folder.tracklets, left)
    return len(table.frame) - len(left.frame)


def _remove_corrections(path: Path, frames: Frames) -> int:
    """Take entries out that name one of the person's tracks: they may hold the name, or name what is not there."""
    if not path.is_file():
        return 0
    refuse_link(path)
    text = read_text(path)
    named = [c for c in parse(text, str(path)).entries if any((r.camera, r.track_id) in frames for r in refs_of(c))]
    if named:
        write_whole(path, remove(text, named))
    return len(named)


def _recordings(person: IdentityEntry, manifest: RunManifest) -> dict[str, tuple[str, float, float]]:
    sources = {entry.camera: entry.source for entry in manifest.inputs}
    found = {}
    for camera in person.cameras:
        times = [time for t in person.tracklets if t.camera == camera for time in (t.first_time_s, t.last_time_s)]
        found[camera] = sources[camera], min(times), max(times)
    return found
