"""`reidtrack run`: recordings in, one identity per person out."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from reidtrack.config.load import dump, present_names
from reidtrack.config.run import RunConfig
from reidtrack.detect.protocol import Detector
from reidtrack.detect.replay import ReplayDetector
from reidtrack.embed.embedder import Embedder
from reidtrack.embed.select import CropSelector
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError
from reidtrack.networks.build import make_detector, make_embedder
from reidtrack.pipeline.people.gallery import check_gallery
from reidtrack.pipeline.run.site import site_of
from reidtrack.pipeline.run.track_cameras import Reader
from reidtrack.pipeline.run.trackers import make_trackers
from reidtrack.pipeline.run.write_outputs import Outcome, finish
from reidtrack.runs.crops import CropStore
from reidtrack.runs.features import FeatureLog, FeatureTable, read_feature_log, write_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.lock import RunLock
from reidtrack.runs.logs import DetectionLog, LoggedDetections, TrackLog, read_detection_log
from reidtrack.runs.manifest import READ, RunManifest
from reidtrack.runs.prepare import check_folder, check_same, make_folder, remove_folder
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.video.inputs import CameraInput, open_inputs, pair_offsets
from reidtrack.video.part import Part
from reidtrack.video.source import Source, name_cameras

_EXPECTED_SHARE = 0.9
"""A recording that yields fewer of its announced frames than this is reported."""


@dataclass(frozen=True)
class RunRequest:
    """What is asked for.

    Attributes:
        sources: Video files, folders of images, addresses.
        out: Folder of the run.
        config: Every setting.
        cameras: Names; the files' stems if None.
        offsets_s: Seconds after the run's origin of each first frame; one for each source, or none.
        part: Which part of each recording is read.
        origin: When the run's time begins; the start of the run if None.
        detections: Camera to a MOTChallenge detection file that takes the detector's place.
        overwrite: Remove an earlier run in `out`.
        resume: Go on with an earlier run in `out`.
    """

    sources: tuple[str, ...]
    out: Path
    config: RunConfig
    cameras: tuple[str, ...] | None = None
    offsets_s: tuple[float, ...] = ()
    part: Part = field(default_factory=Part)
    origin: datetime | None = None
    detections: Mapping[str, Path] = field(default_factory=dict)
    overwrite: bool = False
    resume: bool = False


def run(request: RunRequest, progress: Progress, cancel: CancelToken) -> Outcome:
    """Do a whole run.

    Raises:
        UsageError: If the request contradicts itself, or another process is at work in its folder.
        InputError: If not one camera can be read.
        WeightsError: If a network cannot be used.
        OutputError: If a result cannot be written; what is there stays, and a resumed run goes on from it.
        KeyboardInterrupt: If it is stopped before the first frame.
    """
    with RunLock(request.out) as lock:
        return _run(request, progress, cancel, lock)


def _run(request: RunRequest, progress: Progress, cancel: CancelToken, lock: RunLock) -> Outcome:
    began = time.perf_counter()
    check_folder(request.out, request.sources, overwrite=request.overwrite, resume=request.resume)
    names = name_cameras(request.sources, request.cameras)
    offsets = pair_offsets(request.offsets_s, len(names))
    site_of(request.config.site, names)  # a mistake there is told before hours of reading
    inputs = [CameraInput(*item) for item in zip(names, request.sources, offsets, strict=True)]
    failures = _Failures(progress)
    with contextlib.ExitStack() as stack:
        fail = failures.note if len(inputs) > 1 else _refuse
        sources = open_inputs(inputs, request.part, stack, fail, request.config.hwaccel)
        if not sources:
            raise failures.summary()
        tools = _Tools.of(request)
        manifest = _manifest(request, inputs, sources, tools)
        check_gallery(request.config.gallery, tools.weights["reid"])
        earlier = _earlier(RunFolder(request.out), manifest) if request.resume else None
        folder = make_folder(request.out, lock, overwrite=request.overwrite)
        if earlier is not None and earlier.status in READ and not _regained(earlier, sources):
            earlier.settings = manifest.settings
            return finish(folder, earlier, inputs, request.config, progress, cancel, failed=failures.by_camera)
        manifest.timings_s["prepare"] = round(time.perf_counter() - began, 3)
        folder.write_manifest(manifest)
        former = _Former() if earlier is None else _former(folder)
        with _reader(request, folder, names, sources, tools, former, progress) as reader:
            _read(reader, sources, failures, progress, cancel)
        interrupted = cancel.cancelled
        cancel.reset()
        _note_reading(manifest, reader, sources, failures, progress, interrupted=interrupted)
    if not any(count.frames for count in reader.counts.values()):
        if earlier is None:
            remove_folder(folder)
        raise KeyboardInterrupt if interrupted else failures.summary()
    _keep_features(folder, reader, interrupted=interrupted)
    manifest.status = "interrupted" if interrupted else "rendering"  # what fails from here on needs no reading again
    folder.write_manifest(manifest)
    outcome = finish(
        folder,
        manifest,
        inputs,
        request.config,
        progress,
        cancel,
        failed=failures.by_camera,
        read_whole=not interrupted,
    )
    return replace(outcome, interrupted=interrupted or outcome.interrupted)


def _read(
    reader: Reader, sources: Sequence[Source], failures: _Failures, progress: Progress, cancel: CancelToken
) -> None:
    """Pass one, until there are no frames left or the user has had enough."""
    progress.stage("reading", {source.camera: source.frame_count for source in sources})
    reader.read({source.camera: source for source in sources}, failures.note, cancel)
    for source in sources:
        progress.finish(source.camera)


def _keep_features(folder: RunFolder, reader: Reader, *, interrupted: bool) -> None:
    """Pack the features that belong to the result; what a run that goes on may use of them stays as it is.

    A run that was ended by hand had embedded crops that the windows of the whole recording would not have chosen.
    """
    write_tracklets(folder.tracklets, read_feature_log(folder.features_part).only(reader.chosen))
    if interrupted:
        os.truncate(folder.features_part, reader.features_end)
    else:
        folder.features_part.unlink()


def _refuse(camera: str, error: InputError) -> None:
    del camera
    raise error


def _manifest(
    request: RunRequest, inputs: Sequence[CameraInput], sources: Sequence[Source], tools: _Tools
) -> RunManifest:
    detections = {camera: str(path.resolve()) for camera, path in request.detections.items()}
    settings = dump(request.config)
    manifest = RunManifest.begin(inputs, request.part, settings, tools.weights, detections, request.origin)
    manifest.note_sources(sources)
    return manifest


class _Failures:
    """Cameras that could not be read, or not to their end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.by_camera: dict[str, InputError] = {}

    def note(self, camera: str, error: InputError) -> None:
        """Report one."""
        self.by_camera[camera] = error
        self._progress.fail(str(error))

    def summary(self) -> InputError:
        """The error that ends a run in which nothing could be read."""
        count = len(self.by_camera)
        if not count:
            return InputError("no recording has a frame in the part that is to be read", hint="check --start and --end")
        return InputError(f"no camera can be read ({count} of {count} failed)", hint="each fault is reported above")


@dataclass(frozen=True)
class _Tools:
    """The networks of a run."""

    detector: Detector
    embedder: Embedder
    weights: Mapping[str, Weights]

    @classmethod
    def of(cls, request: RunRequest) -> _Tools:
        config = request.config
        detector: Detector
        if request.detections:
            detector, used = ReplayDetector(request.detections), Weights("recorded detections")
        else:
            detector, used = make_detector(config.detect, config.device, config.engine, config.precision)
        embedder, looks = make_embedder(config.embed, config.device, config.engine, config.precision)
        return cls(detector, embedder, {"detector": used, "reid": looks})


@dataclass(frozen=True)
class _Former:
    """What an interrupted run left behind."""

    detections: LoggedDetections = field(default_factory=lambda: LoggedDetections({}, 0))
    features: FeatureTable | None = None

    def embedded(self) -> set[tuple[str, int, int]]:
        """(camera, track id, frame) of the features that are there."""
        table = self.features
        if table is None:
            return set()
        columns = zip(table.camera.tolist(), table.track_id.tolist(), table.frame.tolist(), strict=True)
        return {(table.cameras[camera], track_id, frame) for camera, track_id, frame in columns}


def _earlier(folder: RunFolder, manifest: RunManifest) -> RunManifest | None:
    """The manifest of the run that is gone on with, if there is one and it was asked for the same thing."""
    if not folder.run_json.exists():
        return None
    earlier = folder.read_manifest()
    earlier.settings = present_names(RunConfig, earlier.settings)
    check_same(earlier, manifest)
    manifest.origin_utc, manifest.origin_from = earlier.origin_utc, earlier.origin_from
    return earlier


def _regained(earlier: RunManifest, sources: Sequence[Source]) -> set[str]:
    """Cameras that failed in an earlier run and can be opened now."""
    return {entry.camera for entry in earlier.inputs if entry.error is not None} & {s.camera for s in sources}


def _former(folder: RunFolder) -> _Former:
    """Read back what an interrupted run left."""
    if folder.crops.is_dir():
        shutil.rmtree(folder.crops)  # written anew as the logs are gone through
    found = read_feature_log(folder.features_part) if folder.features_part.exists() else None
    return _Former(read_detection_log(folder.detections), found)


def _intervals(sources: Sequence[Source], every: int, part: Part) -> dict[str, float]:
    """Camera to the seconds between two frames that are looked at; 0 where that is every frame."""
    return {source.camera: every * part.stride / source.nominal_fps if every > 1 else 0.0 for source in sources}


@contextlib.contextmanager
def _reader(
    request: RunRequest,
    folder: RunFolder,
    names: Sequence[str],
    sources: Sequence[Source],
    tools: _Tools,
    former: _Former,
    progress: Progress,
) -> Iterator[Reader]:
    """Everything that pass one needs of the `sources` that could be opened, its logs open.

    The features are logged by place among all `names`: a resumed run may open more cameras than the first one did.
    """
    config, part, cameras = request.config, request.part, [source.camera for source in sources]
    dim, resumed = tools.embedder.feature_dim, former.features is not None
    with (
        contextlib.closing(DetectionLog(folder.detections, former.detections.end)) as detection_log,
        contextlib.closing(TrackLog(folder.tracks, cameras)) as track_log,
        contextlib.closing(FeatureLog(folder.features_part, names, dim, keep=resumed)) as feature_log,
    ):
        yield Reader(
            cameras,
            detector=tools.detector,
            trackers=make_trackers(config.track, _intervals(sources, config.detect.every, part)),
            selector=CropSelector(
                tools.embedder.size_hw,
                every_s=config.embed.every_s,
                min_quality=config.embed.min_quality,
                forget_s=max(10.0, 2 * config.track.max_age),
            ),
            embedder=tools.embedder,
            detection_log=detection_log,
            track_log=track_log,
            feature_log=feature_log,
            shelf=CropStore(folder.crops, config.output.crops),
            known=former.detections.frames,
            embedded=former.embedded(),
            batch=config.detect.batch,
            detect_every=config.detect.every * part.stride,
            embed_batch=config.embed.batch,
            progress=progress,
        )


def _note_reading(
    manifest: RunManifest,
    reader: Reader,
    sources: Sequence[Source],
    failures: _Failures,
    progress: Progress,
    *,
    interrupted: bool,
) -> None:
    """Put down what pass one counted, and say what was damaged."""
    for source in sources:
        count = reader.counts[source.camera]
        count.damaged_packets = source.damaged
        if not interrupted and count.frames < _EXPECTED_SHARE * (source.frame_count or 0):
            progress.warn(f"{source.camera}: {count.frames} frames came of {source.frame_count} that were announced")
        if source.damaged:
            progress.warn(f"{source.camera}: {source.damaged} damaged packets passed over")
    manifest.note_counts(reader.counts)
    manifest.note_pass("reading", reader.times)
    manifest.note_failures(failures.by_camera)
