"""`reidtrack run`: recordings in, one identity per person out."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from reidtrack.config.load import dump, present_names
from reidtrack.config.run import RunConfig
from reidtrack.errors import InputError, param
from reidtrack.pipeline.people.gallery import check_gallery
from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.pipeline.run.reading import Reading, RunNetworks, open_reading
from reidtrack.pipeline.run.resumed import ResumedState, forget_crops
from reidtrack.pipeline.run.site import site_of
from reidtrack.pipeline.run.write_outputs import Outcome, finish
from reidtrack.runs.features import read_feature_log, write_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.lock import RunLock
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


def run(request: RunRequest, progress: Progress, cancel: CancelToken, observers: Sequence[RunObserver] = ()) -> Outcome:
    """Do a whole run.

    Args:
        request: What is asked for.
        progress: Told of what goes on.
        cancel: Ends the work early, at the end of a batch of frames.
        observers: Told of what the tracking pass finds, and of the identities.

    Raises:
        UsageError: If the request contradicts itself, or another process is at work in its folder.
        InputError: If not one camera can be read.
        WeightsError: If a network cannot be used.
        OutputError: If a result cannot be written; what is there stays, and a resumed run goes on from it.
        KeyboardInterrupt: If it is cancelled before the first frame.
    """
    with RunLock(request.out) as lock:
        outcome = _run(request, progress, cancel, observers, lock)
    for observer in observers:
        observer.on_identities(outcome.identities)
    return outcome


def _run(
    request: RunRequest, progress: Progress, cancel: CancelToken, observers: Sequence[RunObserver], lock: RunLock
) -> Outcome:
    began, failures = time.perf_counter(), _Failures(progress)
    # Check what can be checked before hours of reading.
    inputs = _checked_inputs(request)
    with contextlib.ExitStack() as stack:
        # Open the recordings, load the networks, and see whether an earlier run is to be gone on with.
        sources = _open(inputs, request, failures, stack)
        networks = RunNetworks.load(request.config, request.detections)
        check_gallery(request.config.gallery, networks.weights["reid"])
        manifest = _manifest(request, inputs, sources, networks)
        earlier = _earlier(RunFolder(request.out), manifest) if request.resume else None
        folder = make_folder(request.out, lock, overwrite=request.overwrite)
        if earlier is not None and earlier.status in READ and not _regained(earlier, sources):
            earlier.settings = manifest.settings
            return finish(folder, earlier, inputs, request.config, progress, cancel, failed=failures.by_camera)
        manifest.timings_s["prepare"] = round(time.perf_counter() - began, 3)
        folder.write_manifest(manifest)
        # Read them: the tracking pass.
        resumed = ResumedState() if earlier is None else ResumedState.read(folder)
        forget_crops(folder)
        names = [item.camera for item in inputs]
        with open_reading(
            folder, request.config, request.part, names, sources, networks, resumed, progress, observers
        ) as reading:
            _read(reading, sources, failures, progress, cancel)
        interrupted = cancel.cancelled
        cancel.reset()
        _note_reading(manifest, reading, sources, failures, progress, interrupted=interrupted)
    # Keep what belongs to the result; what fails from here on needs no reading again.
    if not any(count.frames for count in reading.cameras.counts.values()):
        if earlier is None:
            remove_folder(folder)
        raise KeyboardInterrupt if interrupted else failures.summary()
    _keep_features(folder, reading, interrupted=interrupted)
    manifest.status = "interrupted" if interrupted else "rendering"
    folder.write_manifest(manifest)
    # Settle identities and write every output.
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


def _checked_inputs(request: RunRequest) -> list[CameraInput]:
    """The recordings by the names of their cameras.

    Raises:
        UsageError: If folder, names, offsets or the site's description do not fit.
    """
    check_folder(request.out, request.sources, overwrite=request.overwrite, resume=request.resume)
    names = name_cameras(request.sources, request.cameras)
    offsets = pair_offsets(request.offsets_s, len(names))
    site_of(request.config.site, names)
    return [CameraInput(*item) for item in zip(names, request.sources, offsets, strict=True)]


def _open(
    inputs: Sequence[CameraInput], request: RunRequest, failures: _Failures, stack: contextlib.ExitStack
) -> list[Source]:
    """The recordings that can be opened.

    Raises:
        InputError: If there is none.
    """
    fail = failures.note if len(inputs) > 1 else _refuse
    sources = open_inputs(inputs, request.part, stack, fail, request.config.hwaccel)
    if not sources:
        raise failures.summary()
    return sources


def _refuse(camera: str, error: InputError) -> None:
    del camera
    raise error


def _manifest(
    request: RunRequest, inputs: Sequence[CameraInput], sources: Sequence[Source], networks: RunNetworks
) -> RunManifest:
    detections = {camera: str(path.resolve()) for camera, path in request.detections.items()}
    settings = dump(request.config)
    manifest = RunManifest.begin(inputs, request.part, settings, networks.weights, detections, request.origin)
    manifest.note_sources(sources)
    return manifest


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


def _read(
    reading: Reading, sources: Sequence[Source], failures: _Failures, progress: Progress, cancel: CancelToken
) -> None:
    """Read until there are no frames left or the user has had enough."""
    progress.stage("reading", {source.camera: source.frame_count for source in sources})
    reading.tracking.run({source.camera: source for source in sources}, failures.note, cancel)
    for source in sources:
        progress.finish(source.camera)


def _note_reading(
    manifest: RunManifest,
    reading: Reading,
    sources: Sequence[Source],
    failures: _Failures,
    progress: Progress,
    *,
    interrupted: bool,
) -> None:
    """Put down what the tracking pass counted, and say what was damaged."""
    for source in sources:
        count = reading.cameras.counts[source.camera]
        count.damaged_packets = source.damaged
        if not interrupted and count.frames < _EXPECTED_SHARE * (source.frame_count or 0):
            progress.warn(
                f"{source.camera}: only {count.frames} of the {source.frame_count} frames it announces were there"
            )
        if source.damaged:
            progress.warn(f"{source.camera}: {source.damaged} damaged packets passed over")
    manifest.note_counts(reading.cameras.counts)
    manifest.note_pass("reading", reading.tracking.times)
    manifest.note_failures(failures.by_camera)


def _keep_features(folder: RunFolder, reading: Reading, *, interrupted: bool) -> None:
    """Pack the features that belong to the result; what a run that goes on may use of them stays as it is.

    A run that was ended by hand had embedded crops that the windows of the whole recording would not have chosen.
    """
    write_tracklets(folder.tracklets, read_feature_log(folder.features_part).only(reading.crops.keys))
    if interrupted:
        os.truncate(folder.features_part, reading.features.end)
    else:
        folder.features_part.unlink()


class _Failures:
    """Cameras that could not be read, or not to their end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.by_camera: dict[str, InputError] = {}

    def note(self, camera: str, error: InputError) -> None:
        """Report one."""
        self.by_camera[camera] = error
        self._progress.fail(error)

    def summary(self) -> InputError:
        """The error that ends a run in which nothing could be read."""
        count = len(self.by_camera)
        if not count:
            return InputError(
                "no recording has a frame in the part that is to be read",
                hint=f"check {param('start')} and {param('end')}",
            )
        return InputError(f"no camera can be read ({count} of {count} failed)", hint="each fault is reported above")
