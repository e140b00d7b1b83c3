"""`reidtrack run`: recordings in, one identity per person out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import replace

from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.pipeline.run.prepare import Failures, ReadyRun, RunRequest, prepare_run
from reidtrack.pipeline.run.reading import Reading, open_reading
from reidtrack.pipeline.run.resumed import ResumedState, forget_crops
from reidtrack.pipeline.run.write_outputs import Outcome, finish
from reidtrack.runs.features import read_feature_log, write_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.lock import RunLock
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.prepare import remove_folder
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.video.source import Source

_EXPECTED_SHARE = 0.9
"""A recording that yields fewer of its announced frames than this is reported."""


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
    failures, interrupted = Failures(progress), False
    with contextlib.ExitStack() as stack:
        ready = prepare_run(request, failures, stack, lock, progress)
        if not ready.is_read:
            interrupted = _read(ready, request, failures, progress, cancel, observers)
    outcome = finish(
        ready.folder,
        ready.manifest,
        ready.inputs,
        request.config,
        progress,
        cancel,
        failed=failures.by_camera,
        read_whole=not interrupted,
        asked_addresses=True,
    )
    return replace(outcome, interrupted=interrupted or outcome.interrupted)


def _read(
    ready: ReadyRun,
    request: RunRequest,
    failures: Failures,
    progress: Progress,
    cancel: CancelToken,
    observers: Sequence[RunObserver],
) -> bool:
    """Read the recordings, until there are no frames left or the user has had enough; whether that was so.

    Raises:
        InputError: If there was no frame.
        KeyboardInterrupt: If it is cancelled before the first frame.
    """
    folder, manifest, sources, names = ready.folder, ready.manifest, ready.sources, [i.camera for i in ready.inputs]
    # Go on from what an interrupted run has logged.
    resumed = ResumedState.read(folder) if ready.goes_on else ResumedState()
    forget_crops(folder, names)
    # The tracking pass.
    with open_reading(
        folder, request.config, request.part, names, sources, ready.networks, resumed, progress, observers
    ) as reading:
        progress.stage("reading", {source.camera: source.frame_count for source in sources})
        reading.tracking.run({source.camera: source for source in sources}, failures.note, cancel)
        for source in sources:
            progress.finish(source.camera)
    interrupted = cancel.cancelled
    cancel.reset()
    _note_reading(manifest, reading, sources, failures, progress, interrupted=interrupted)
    # Keep what belongs to the result; what fails from here on needs no reading again.
    if not any(count.frames for count in reading.cameras.counts.values()):
        if not ready.goes_on:
            remove_folder(folder)
        raise KeyboardInterrupt if interrupted else failures.summary()
    _keep_features(folder, reading, interrupted=interrupted)
    manifest.status = "interrupted" if interrupted else "rendering"
    folder.write_manifest(manifest)
    return interrupted


def _note_reading(
    manifest: RunManifest,
    reading: Reading,
    sources: Sequence[Source],
    failures: Failures,
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
