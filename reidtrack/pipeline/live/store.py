"""The folder of live cameras: made, or gone on with, so that times, frames and tracks never repeat a number."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reidtrack import clock
from reidtrack.config.live import CameraSettings
from reidtrack.config.load import dump
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError, UsageError, param
from reidtrack.files import is_unfinished, refuse_link
from reidtrack.pipeline.live.request import LiveRequest
from reidtrack.pipeline.run.site_files import site_digests
from reidtrack.runs.event_log import last_event
from reidtrack.runs.jsonl import expecting_records, read_json_lines
from reidtrack.runs.live_folder import LiveFolder, LogSegment
from reidtrack.runs.lock import RunLock
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.manifest_sections import InputEntry, NumbersEntry
from reidtrack.runs.prepare import make_folder
from reidtrack.video.inputs import CameraInput
from reidtrack.video.naming import redact
from reidtrack.video.part import Part

_AHEAD = 1000
"""Numbers of frames and tracks that are left out after a session that was killed: it may have told some of them."""


@dataclass
class LiveStore:
    """The folder of a session. Threads may share it.

    Attributes:
        folder: Where everything lies.
        manifest: What `run.json` says; written when a session begins, when it ends, and with each segment of logs.
        last_time_s: Latest time that the sessions before have logged; 0 in a new folder.
    """

    folder: LiveFolder
    manifest: RunManifest
    last_time_s: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def people(self) -> Path:
        """Who is who so far, as a session that goes on takes it up."""
        return self.folder.path / "identities.npz"

    @property
    def live(self) -> dict[str, NumbersEntry]:
        """Camera to the last numbers that were given in it."""
        if self.manifest.live is None:
            raise ValueError("LiveStore: expected the manifest of live cameras")
        return self.manifest.live

    def numbers(self, camera: str) -> NumbersEntry:
        """The last numbers that were given in a camera."""
        with self._lock:
            return self.live.setdefault(camera, NumbersEntry())

    def skip_numbers(self, camera: str) -> None:
        """Leave out the next numbers of a camera: some may have been given that nobody has logged."""
        entry = self.numbers(camera)
        entry.last_frame += _AHEAD
        entry.last_track += _AHEAD

    def write(self) -> None:
        """Write `run.json`.

        Raises:
            OutputError: If it cannot be written.
        """
        with self._lock:
            self.folder.write_manifest(self.manifest)

    def add_cameras(self, cameras: Sequence[CameraSettings]) -> None:
        """Have the manifest name cameras that it does not know yet; those that are gone stay, for their logs."""
        with self._lock:
            known = {entry.camera: entry for entry in self.manifest.inputs}
            for camera in cameras:
                entry = known.get(camera.name)
                if entry is None:
                    entry = InputEntry(**CameraInput(camera.name, redact(camera.address), 0.0).to_json())
                    self.manifest.inputs.append(entry)
                entry.source, entry.rotate = redact(camera.address), camera.rotate
                self.numbers(camera.name)


def open_store(request: LiveRequest, lock: RunLock, weights: Mapping[str, Weights]) -> LiveStore:
    """Make the folder, or go on with the one that is there.

    Args:
        request: What is asked for.
        lock: Taken first.
        weights: "detector" and "reid" to what was loaded.

    Raises:
        UsageError: If something else lies there, another process is at work in it, or its people were made by other
            weights.
        InputError: If what lies there cannot be read.
        OutputError: If it cannot be written, or a part of it is a link to somewhere else.
    """
    folder = LiveFolder(request.out)
    earlier = _earlier(folder)
    make_folder(request.out, lock)
    for place in (folder.logs_folder, folder.sightings_folder, folder.recordings_folder):
        refuse_link(place)
    if earlier is None:
        manifest = RunManifest.begin([], Part(), dump(request.config), weights, {}, clock.now())
        manifest.origin_from, manifest.live = "clock", {}
        store = LiveStore(folder, manifest)
    else:
        _check_same_weights(earlier, weights, request.out)
        earlier.settings, earlier.status = dump(request.config), "reading"
        earlier.weights = dict(weights)
        store = LiveStore(folder, earlier)
        store.last_time_s = _take_up(store)
    store.manifest.site_files = site_digests(request.config.site)
    store.add_cameras(request.cameras)
    store.write()
    return store


def _earlier(folder: LiveFolder) -> RunManifest | None:
    """The manifest of the sessions before.

    Raises:
        UsageError: If what lies there is something else.
    """
    if not folder.path.exists() or all(is_unfinished(path.name) for path in folder.path.iterdir()):
        return None  # also what a session left that was killed as it began
    if folder.run_json.exists():
        manifest = folder.read_manifest()
        if manifest.is_live:
            return manifest
    raise UsageError("is not the folder of live cameras", where=folder.path, hint=f"choose another {param('out')}")


def _check_same_weights(earlier: RunManifest, weights: Mapping[str, Weights], path: Path) -> None:
    """Features of two networks cannot be compared: who was who would be lost without a word."""
    former, now = earlier.weights.get("reid"), weights["reid"]
    if former is not None and set(former.sha256.values()) != set(now.sha256.values()):
        raise UsageError(
            "its people were seen with other weights for re-identification",
            where=path,
            hint=f"give those with {param('reid')}, or choose another {param('out')}",
        )


def _take_up(store: LiveStore) -> float:
    """Bring numbers up to what was logged since the manifest was written; the latest time that was logged."""
    last_s = max((entry.last_time_s for entry in store.live.values()), default=0.0)
    told = last_event(store.folder.events)
    if told is not None:
        last_s = max(last_s, float(told["time_s"]))
    for piece in store.folder.log_segments()[-1:]:
        segment = LogSegment(piece.path)
        for path in (segment.detections, segment.tracks):
            last_s = max(last_s, _note_numbers(store, path))
    for camera in store.live:
        store.skip_numbers(camera)
    return last_s


def _note_numbers(store: LiveStore, path: Path) -> float:
    last_s = 0.0
    if not path.is_file():
        return last_s
    with expecting_records(path):
        for record, _ in read_json_lines(path):
            if record["camera"] not in store.live:
                raise InputError(f"holds {str(record['camera'])[:100]!r}, which run.json does not name", where=path)
            numbers = store.numbers(record["camera"])
            numbers.last_frame = max(numbers.last_frame, int(record["frame"]))
            numbers.last_track = max(numbers.last_track, int(record.get("track_id", 0)))
            numbers.last_time_s = max(numbers.last_time_s, float(record["time_s"]))
            last_s = max(last_s, numbers.last_time_s)
    return last_s
