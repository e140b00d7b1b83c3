"""What a run is asked for, and making it ready to read: inputs opened, networks loaded, its folder made."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from reidtrack.config.load import dump, present_names
from reidtrack.config.run import RunConfig
from reidtrack.detect.network import NetworkDetector
from reidtrack.errors import InputError, param
from reidtrack.pipeline.people.gallery import check_gallery
from reidtrack.pipeline.run.fit_detector import fit_detector, fitted_sizes
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.pipeline.run.same_recordings import check_same_recordings
from reidtrack.pipeline.run.site import site_of
from reidtrack.pipeline.run.site_files import site_digests
from reidtrack.pipeline.run.space import check_space
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.lock import RunLock
from reidtrack.runs.manifest import READ, RunManifest
from reidtrack.runs.parquet import check_parquet
from reidtrack.runs.prepare import check_folder, check_same, make_folder
from reidtrack.runtime.progress import Progress
from reidtrack.video.inputs import CameraInput, open_inputs, pair_offsets
from reidtrack.video.part import Part
from reidtrack.video.recorded import offsets_recorded, recorded_at
from reidtrack.video.segmented import began_at
from reidtrack.video.segments import SegmentTimes, is_segmented
from reidtrack.video.source import Source, name_cameras


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


class Failures:
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


@dataclass(frozen=True)
class ReadyRun:
    """A run whose folder is made, whose recordings are open, and whose networks are loaded.

    Attributes:
        folder: Of the run.
        manifest: Of the run; that of the earlier run if all of that is read already.
        inputs: Every recording.
        sources: Those that could be opened.
        networks: Detector and embedder.
        goes_on: Whether an earlier run in the folder is gone on with.
        is_read: Whether that has read all there is to read.
    """

    folder: RunFolder
    manifest: RunManifest
    inputs: Sequence[CameraInput]
    sources: Sequence[Source]
    networks: RunNetworks
    goes_on: bool
    is_read: bool


def prepare_run(
    request: RunRequest, failures: Failures, stack: contextlib.ExitStack, lock: RunLock, progress: Progress
) -> ReadyRun:
    """Check what can be checked before hours of reading, and make ready what reading needs."""
    began = time.perf_counter()
    inputs = _checked_inputs(request, progress)
    sources = _open(inputs, request, failures, stack)
    networks = RunNetworks.load(request.config, request.detections)
    if request.config.output.parquet:
        check_parquet()
    check_gallery(request.config.gallery, networks.weights["reid"])
    manifest = _manifest(request, inputs, sources, networks)
    earlier = _earlier(RunFolder(request.out), manifest) if request.resume else None
    replaces = request.overwrite or request.resume
    check_space(request.out, sources, request.config.output, progress, replaces=replaces)
    folder = make_folder(request.out, lock, overwrite=request.overwrite)
    if earlier is not None and earlier.status in READ and not _regained(earlier, sources):
        earlier.settings, earlier.site_files = manifest.settings, manifest.site_files
        return ReadyRun(folder, earlier, inputs, sources, networks, goes_on=True, is_read=True)
    if request.config.detect.is_fitted:
        networks = _fitted(networks, request, inputs, sources, earlier, manifest, progress)
    manifest.timings_s["prepare"] = round(time.perf_counter() - began, 3)
    folder.write_manifest(manifest)
    return ReadyRun(folder, manifest, inputs, sources, networks, goes_on=earlier is not None, is_read=False)


def _fitted(
    networks: RunNetworks,
    request: RunRequest,
    inputs: Sequence[CameraInput],
    sources: Sequence[Source],
    earlier: RunManifest | None,
    manifest: RunManifest,
    progress: Progress,
) -> RunNetworks:
    """The networks, the detector's input fitted to each camera; says what was chosen and why."""
    if not isinstance(networks.detector, NetworkDetector):  # recorded detections
        return networks
    detector, known = networks.detector, fitted_sizes(earlier)
    chosen = fit_detector(detector, request.config.detect, inputs, sources, request.part, known)
    sizes = {source.camera: source.size for source in sources}
    for camera, fitted in chosen.items():
        progress.info(f"{camera}: detection at {fitted.said(sizes[camera])} ({fitted.reason})")
    manifest.note_sizes(chosen)
    return replace(networks, detector=detector.with_sizes(chosen))


def _checked_inputs(request: RunRequest, progress: Progress) -> list[CameraInput]:
    """The recordings by the names of their cameras.

    Raises:
        UsageError: If folder, names, offsets or the site's description do not fit.
    """
    check_folder(request.out, request.sources, overwrite=request.overwrite, resume=request.resume)
    names = name_cameras(request.sources, request.cameras)
    offsets = pair_offsets(request.offsets_s, len(names))
    site_of(request.config.site, names)
    inputs = [CameraInput(*item) for item in zip(names, request.sources, offsets, strict=True)]
    return inputs if request.offsets_s else _begun_as_recorded(inputs, request, progress)


def _begun_as_recorded(inputs: list[CameraInput], request: RunRequest, progress: Progress) -> list[CameraInput]:
    """The recordings with the offsets that their files tell, or that an earlier run took from them; says so."""
    former = _former_offsets(RunFolder(request.out)) if request.resume else {}
    if all(item.camera in former for item in inputs):
        offsets = [former[item.camera] for item in inputs]
    else:
        cameras, sources = [item.camera for item in inputs], [item.source for item in inputs]
        offsets, told = offsets_recorded(cameras, [_began_at(source, request.part) for source in sources])
        if told is not None:
            progress.info(told)
    if not any(offsets):
        return inputs
    pairs = zip(inputs, offsets, strict=True)
    return [replace(item, offset_s=offset, offset_from="creation_time") for item, offset in pairs]


def _began_at(source: str, part: Part) -> datetime | None:
    """When a recording began, by its names or headers."""
    times = SegmentTimes(part.time_pattern, part.time_zone)
    segmented = is_segmented(source, times if part.time_pattern is not None else None)
    return began_at(source, times) if segmented else recorded_at(source)


def _former_offsets(folder: RunFolder) -> dict[str, float]:
    """Camera to its offset in the run that is gone on with, unless those were given."""
    if not folder.run_json.exists():
        return {}
    entries = folder.read_manifest().inputs
    given = any(entry.offset_s and entry.offset_from is None for entry in entries)
    return {} if given else {entry.camera: entry.offset_s for entry in entries}


def _open(
    inputs: Sequence[CameraInput], request: RunRequest, failures: Failures, stack: contextlib.ExitStack
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
    manifest.site_files = site_digests(request.config.site)
    manifest.note_sources(sources)
    return manifest


def _earlier(folder: RunFolder, manifest: RunManifest) -> RunManifest | None:
    """The manifest of the run that is gone on with, if there is one and it was asked for the same thing."""
    if not folder.run_json.exists():
        return None
    earlier = folder.read_manifest()
    earlier.settings = present_names(RunConfig, earlier.settings)
    check_same(earlier, manifest)
    if earlier.status not in READ or any(entry.error for entry in earlier.inputs):
        check_same_recordings(earlier, manifest)
    manifest.origin_utc, manifest.origin_from = earlier.origin_utc, earlier.origin_from
    return earlier


def _regained(earlier: RunManifest, sources: Sequence[Source]) -> set[str]:
    """Cameras that failed in an earlier run and can be opened now."""
    return {entry.camera for entry in earlier.inputs if entry.error is not None} & {s.camera for s in sources}
