"""What a tracking pass tells, and who listens in a run: logs, crops, counts and progress, each a small class."""

# ruff: noqa: ARG002 - the protocol's methods do nothing, so that observers define only those that matter to them

from __future__ import annotations

import shutil
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reidtrack.embed.select import Candidate
from reidtrack.errors import OutputError, param
from reidtrack.runs.crops import CropStore
from reidtrack.runs.features import FeatureLog
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import TIME_DECIMALS, DetectionLog, TrackLog
from reidtrack.runs.manifest_sections import CameraCount
from reidtrack.runtime.progress import Progress
from reidtrack.types import Detections, FloatArray, Frame, Identity, Tracklet, Tracks

_LOOK_EVERY_S = 1.0
_LEAST_FREE = 8 << 20
"""Bytes; a run writes less than that between two looks."""

CropKey = tuple[str, int, int]
"""Camera, track id and frame of a crop."""


@dataclass(frozen=True)
class Gap:
    """A stretch of time in which a camera gave no frame.

    Attributes:
        camera: Name of the camera.
        from_s: Time of the last frame before it, seconds since the run's origin.
        until_s: Time of the first frame after it.
    """

    camera: str
    from_s: float
    until_s: float


class RunObserver(Protocol):
    """Told what a tracking pass finds, while it finds it; derive from it and define the methods that matter.

    Frames of one camera come in order. Methods of the first group are called in the thread of the pass, those of the
    second group in the thread that embeds, each group in the order of the events; the methods of one observer may thus
    run at the same time. What they raise ends the pass. `Tracks` and `Frame` are shared: do not change their arrays.
    """

    # In the thread of the pass, for each frame in this order.

    def on_gap(self, gap: Gap) -> None:
        """A camera that gave no frame for a while gives one again; told before that frame."""
        return

    def on_detections(self, frame: Frame, detections: Detections) -> None:
        """Persons found in a frame; none in frames that are passed over (`detect.every`)."""
        return

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """What the camera's tracker said after a frame; not told of frames that are passed over."""
        return

    def on_frame(self, frame: Frame) -> None:
        """A frame has been through detector and tracker, or was passed over."""
        return

    def on_watermark(self, time_s: float) -> None:
        """No row of an earlier time will come of any tracker, but of a live camera that was in a gap.

        Told after each batch of frames; infinity at the end.
        """
        return

    # In the thread that embeds.

    def on_crop(self, crop: Candidate) -> None:
        """A crop was chosen to be embedded."""
        return

    def on_features(self, crops: Sequence[Candidate], features: Sequence[FloatArray | None]) -> None:
        """Features (D,) of unit norm of a batch of crops, None of a crop that gave none; each crop was told before."""
        return

    def on_tracklet_ended(self, tracklet: Tracklet) -> None:
        """The tracker gave a track up and all its crops are embedded; only where the pass makes tracklets."""
        return

    def on_batch_embedded(self) -> None:
        """A batch of frames has been through every stage; an empty one too, where frames are waited for."""
        return

    # After the last frame and when all crops of closed windows are embedded, in the thread of the pass.

    def on_last_frame(self) -> None:
        """No frame follows: crops of open windows do, chosen before their time if the pass was ended early."""
        return

    # After the pass.

    def on_identities(self, identities: Sequence[Identity]) -> None:
        """Identities are settled."""
        return


class LogDetections(RunObserver):
    """Writes the detections of each frame to `detections.jsonl`, but those that an interrupted run has logged."""

    def __init__(self, log: DetectionLog, known: Mapping[str, Mapping[int, Detections]]) -> None:
        self._log, self._known = log, known

    def on_detections(self, frame: Frame, detections: Detections) -> None:
        """Log them."""
        if frame.index not in self._known.get(frame.camera, {}):
            self._log.add(frame.camera, frame.index, frame.time_s, detections)

    def on_watermark(self, time_s: float) -> None:
        """Hand everything to the operating system."""
        self._log.flush()


class LogTracks(RunObserver):
    """Writes the boxes of tracks to `tracks.jsonl`, sorted by time."""

    def __init__(self, log: TrackLog) -> None:
        self._log = log

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """Take them."""
        self._log.add(frame.camera, tracks)

    def on_watermark(self, time_s: float) -> None:
        """Write all before that time."""
        self._log.release(time_s)


class LogFeatures(RunObserver):
    """Writes features to the log of the run, but those that an interrupted run has logged.

    Attributes:
        end: Bytes of the log that a run which goes on may use: what follows are windows that were cut short.
    """

    def __init__(self, log: FeatureLog, known: Container[CropKey]) -> None:
        self._log, self._known = log, known
        self.end = log.end

    def on_features(self, crops: Sequence[Candidate], features: Sequence[FloatArray | None]) -> None:
        """Log them and hand them to the operating system."""
        for crop, feature in zip(crops, features, strict=True):
            if feature is not None and crop.key not in self._known:
                self._log.add(crop.camera, crop.track_id, crop.frame, crop.quality, feature)
        self._log.flush()

    def on_last_frame(self) -> None:
        """Note where the crops of whole windows end."""
        self.end = self._log.end


class WatchFolder(RunObserver):
    """Ends a run as soon as its folder is gone or its disk is full: what is written then would reach nobody.

    A file whose name is gone takes bytes without a complaint, so nothing else would tell before the end.

    Args:
        folder: Of the run; its log of detections is open.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._identity = self._look()
        self._looked_s = time.monotonic()

    def on_watermark(self, time_s: float) -> None:
        """Look once a second.

        Raises:
            OutputError: If the folder or the log is not the one it was, or next to nothing is free.
        """
        if time.monotonic() - self._looked_s < _LOOK_EVERY_S and time_s != float("inf"):
            return
        self._looked_s = time.monotonic()
        if self._look() != self._identity:
            hint = "run again, with a folder that nobody removes"
            raise OutputError("was removed or replaced during the run", where=self._folder.path, hint=hint)
        disk = shutil.disk_usage(self._folder.path)
        if disk.total and disk.free < _LEAST_FREE:  # some network shares do not tell
            what = f"the disk is full: {disk.free >> 20} MiB are free"
            raise OutputError(what, where=self._folder.path, hint=f"free some space and use {param('resume', True)}")

    def _look(self) -> tuple[tuple[int, int], ...] | None:
        try:
            facts = [path.stat() for path in (self._folder.path, self._folder.detections)]
        except OSError:
            return None
        return tuple((fact.st_dev, fact.st_ino) for fact in facts)


class KeepCrops(RunObserver):
    """Keeps pictures of crops for the report, and the keys of all: those are the features that belong to the result.

    Attributes:
        keys: Of every crop that was chosen.
    """

    def __init__(self, store: CropStore) -> None:
        self._store = store
        self.keys: set[CropKey] = set()

    def on_crop(self, crop: Candidate) -> None:
        """Keep it, or not, as the store thinks right."""
        self._store.offer(crop)
        self.keys.add(crop.key)


class CountCameras(RunObserver):
    """Counts what was read of each camera.

    Args:
        cameras: Their names, in the order of the command line.

    Attributes:
        counts: Camera to what was read of it.
    """

    def __init__(self, cameras: Sequence[str]) -> None:
        self.counts = {camera: CameraCount() for camera in cameras}

    def add_camera(self, camera: str) -> None:
        """Count another camera too."""
        self.counts.setdefault(camera, CameraCount())

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """Count boxes."""
        self.counts[frame.camera].boxes += len(tracks)

    def on_frame(self, frame: Frame) -> None:
        """Count it."""
        count = self.counts[frame.camera]
        count.frames += 1
        count.last_frame, count.last_time_s = frame.index, round(frame.time_s, TIME_DECIMALS)
        if count.first_time_s is None:
            count.first_time_s = count.last_time_s

    def on_features(self, crops: Sequence[Candidate], features: Sequence[FloatArray | None]) -> None:
        """Count crops without a feature."""
        for crop, feature in zip(crops, features, strict=True):
            self.counts[crop.camera].skipped_crops += feature is None


class ShowProgress(RunObserver):
    """Tells the progress of each frame, and how many people were in the last one that was looked at."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._people: dict[str, int] = {}

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """Note how many people are in sight."""
        self._people[frame.camera] = int((tracks.frame == frame.index).sum())

    def on_frame(self, frame: Frame) -> None:
        """Tell it."""
        self._progress.advance(frame.camera, figures={"people": self._people.get(frame.camera, 0)})
