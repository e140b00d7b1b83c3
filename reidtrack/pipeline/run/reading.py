"""The tracking pass of a run: its networks, its trackers, and the logs that it writes to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reidtrack.config.run import RunConfig, TrackConfig
from reidtrack.detect.protocol import Detector
from reidtrack.detect.replay import ReplayDetector
from reidtrack.embed.embedder import Embedder
from reidtrack.embed.select import CropSelector
from reidtrack.engines.provenance import Weights
from reidtrack.networks.build import make_detector, make_embedder
from reidtrack.pipeline.run.looks import EveryNth, LookRule, WhereMotion
from reidtrack.pipeline.run.observers import (
    CountCameras,
    KeepCrops,
    LogDetections,
    LogFeatures,
    LogTracks,
    RunObserver,
    ShowProgress,
    WatchFolder,
)
from reidtrack.pipeline.run.resumed import ResumedState
from reidtrack.pipeline.run.track_cameras import TrackingPass
from reidtrack.runs.crops import CropStore
from reidtrack.runs.features import FeatureLog
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import DetectionLog, TrackLog
from reidtrack.runtime.progress import Progress
from reidtrack.track.camera_motion import CameraMotionEstimator
from reidtrack.track.numbered import NumberedTracker
from reidtrack.track.tracker import Tracker, build_tracker
from reidtrack.track.tracklets import TrackletBuilder
from reidtrack.video.part import Part
from reidtrack.video.source import Source


@dataclass(frozen=True)
class RunNetworks:
    """The networks of a run, ready.

    Attributes:
        detector: Finds persons.
        embedder: Turns crops into features.
        weights: `detector` and `reid` to what they were loaded from.
    """

    detector: Detector
    embedder: Embedder
    weights: Mapping[str, Weights]

    @classmethod
    def load(cls, config: RunConfig, detections: Mapping[str, Path]) -> RunNetworks:
        """Load them; detections that are given (camera to file) take the detector's place.

        Raises:
            InputError: If detections cannot be read.
            WeightsError: If a network cannot be used.
            DeviceError: If the device or the engine is not there.
        """
        detector: Detector
        if detections:
            detector, found_by = ReplayDetector(detections), Weights("recorded detections")
        else:
            detector, found_by = make_detector(config.detect, config.device, config.engine, config.precision)
        embedder, embedded_by = make_embedder(config.embed, config.device, config.engine, config.precision)
        return cls(detector, embedder, {"detector": found_by, "reid": embedded_by})


@dataclass(frozen=True)
class Reading:
    """A tracking pass whose logs are open.

    Attributes:
        tracking: The pass.
        cameras: Counts what is read.
        crops: Knows every crop that was chosen.
        features: Knows how much of the features' log a resumed run may use.
    """

    tracking: TrackingPass
    cameras: CountCameras
    crops: KeepCrops
    features: LogFeatures


@contextlib.contextmanager
def open_reading(
    folder: RunFolder,
    config: RunConfig,
    part: Part,
    names: Sequence[str],
    sources: Sequence[Source],
    networks: RunNetworks,
    resumed: ResumedState,
    progress: Progress,
    observers: Sequence[RunObserver] = (),
) -> Iterator[Reading]:
    """Everything that the tracking pass needs, its logs open while in the context.

    Args:
        folder: Of the run.
        config: Settings.
        part: Which part of the recordings is read.
        names: Every camera of the run; features are logged by the index among them, since a resumed run may open more
            cameras than the first one did.
        sources: Those that could be opened.
        networks: Detector and embedder.
        resumed: What an interrupted run has logged.
        progress: Told of each frame.
        observers: Told of everything too, of tracklets that end as well.
    """
    cameras, dim = [source.camera for source in sources], networks.embedder.feature_dim
    with (
        contextlib.closing(DetectionLog(folder.detections, resumed.detections_end)) as detection_log,
        contextlib.closing(TrackLog(folder.tracks, cameras)) as track_log,
        contextlib.closing(FeatureLog(folder.features_part, names, dim, keep=resumed.features is not None)) as features,
    ):
        counts, crops = CountCameras(cameras), KeepCrops(CropStore(folder.crops, config.output.crops))
        logged = LogFeatures(features, resumed.rows)
        logs = [LogDetections(detection_log, resumed.detections), LogTracks(track_log), logged, crops]
        trackers = Successors(config.track, _intervals(sources, config.detect.every, part))
        tracking = TrackingPass(
            detector=networks.detector,
            trackers=trackers.first,
            selector=CropSelector(
                networks.embedder.size_hw,
                every_s=config.embed.every_s,
                min_quality=config.embed.min_quality,
                forget_s=max(10.0, 2 * config.track.max_age),
            ),
            embedder=networks.embedder,
            observers=[*logs, WatchFolder(folder), counts, ShowProgress(progress), *observers],
            resumed=resumed,
            batch=config.detect.batch,
            looks=make_looks(config, every=config.detect.every * part.stride),
            embed_batch=config.embed.batch,
            tracklets=TrackletBuilder(dim) if observers else None,
            camera_motion={camera: CameraMotionEstimator() for camera in cameras if config.track.camera_motion},
            restart=trackers.next,
        )
        yield Reading(tracking, counts, crops, logged)


def make_looks(config: RunConfig, every: int) -> LookRule:
    """Which frames are looked at.

    Args:
        config: With the motion gate on, only those in which something moves.
        every: Of these, those whose number is a multiple of it.
    """
    looks = EveryNth(every)
    if not config.detect.motion_gate:
        return looks
    track = config.track
    if track.time_unit == "frames":  # gaps of how many frames depends on the gate: while anybody is there, none
        return WhereMotion(looks, people_s=0.0)
    fill_s = track.fill_gap if track.fill_gap > 0 else 1.0
    return WhereMotion(looks, people_s=min(1.0, fill_s, track.max_age / 2), missing_s=track.max_age)


class Successors:
    """The trackers of recordings, one after another where a recording becomes another one: ids go on.

    Args:
        config: Their settings.
        interval_s: As in `make_trackers`.
    """

    def __init__(self, config: TrackConfig, interval_s: Mapping[str, float]) -> None:
        self._config, self._interval_s = config, interval_s
        self._last = {camera: NumberedTracker(one) for camera, one in make_trackers(config, interval_s).items()}
        self.first: Mapping[str, Tracker] = dict(self._last)

    def next(self, camera: str) -> Tracker:
        """The tracker that takes over from a camera's last one."""
        (tracker,) = make_trackers(self._config, {camera: self._interval_s[camera]}).values()
        self._last[camera] = NumberedTracker(tracker, self._last[camera].last_id)
        return self._last[camera]


def make_trackers(config: TrackConfig, interval_s: Mapping[str, float]) -> dict[str, Tracker]:
    """One tracker for each camera.

    Args:
        config: Their settings.
        interval_s: Camera to the seconds between two frames in which people are detected: a track that is not confirmed
            yet lives at least until the next one.
    """
    options = config.tracker_options()
    trackers = {}
    for camera, seconds in interval_s.items():
        age = {name: max(options[name], 1.5 * seconds) for name in options if name == "max_unconfirmed_age"}
        trackers[camera] = build_tracker(**options | age)
    return trackers


def _intervals(sources: Sequence[Source], every: int, part: Part) -> dict[str, float]:
    """Camera to the seconds between two frames that are looked at; 0 where that is every frame."""
    return {source.camera: every * part.stride / source.nominal_fps if every > 1 else 0.0 for source in sources}
