"""What follows the tracking pass, in a run and when identities are settled anew: outputs, videos, the report."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidtrack.config.run import RunConfig
from reidtrack.corrections.apply import read_corrections
from reidtrack.corrections.schema import Corrections
from reidtrack.errors import InputError
from reidtrack.pipeline.run.render import STAGES, at_once, render
from reidtrack.pipeline.run.report import RunReport
from reidtrack.pipeline.run.same_recordings import recordings_to_render, same_recordings
from reidtrack.pipeline.run.settle import settle
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.manifest_sections import CorrectionsEntry
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.runtime.stage_times import StageTimes
from reidtrack.types import Identity
from reidtrack.video.inputs import CameraInput, open_inputs


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run, or of settling its identities anew.

    Attributes:
        folder: Where everything lies.
        manifest: What `run.json` says.
        identities: Everybody.
        failed: Camera to what went wrong with it.
        interrupted: Whether this work was ended early; the manifest's `status` says how far the run has come.
    """

    folder: RunFolder
    manifest: RunManifest
    identities: Sequence[Identity]
    failed: Mapping[str, InputError]
    interrupted: bool

    @property
    def record(self) -> dict[str, Any]:
        """Content of `run.json`."""
        return self.manifest.to_json()


def finish(
    folder: RunFolder,
    manifest: RunManifest,
    inputs: Sequence[CameraInput],
    config: RunConfig,
    progress: Progress,
    cancel: CancelToken,
    *,
    failed: Mapping[str, InputError] | None = None,
    read_whole: bool = True,
    corrections: Corrections | None = None,
    asked_addresses: bool = False,
) -> Outcome:
    """Settle identities, write every output, render the videos if they are asked for.

    Args:
        folder: Of a run.
        manifest: Of the run; brought up to date.
        inputs: Its recordings.
        config: How to associate and what to write.
        progress: Told of what goes on.
        cancel: Whether to end early.
        failed: Cameras that are known to be lost.
        read_whole: Whether the tracking pass came to its end.
        corrections: What a person says of the identities; None takes what lies in the folder.
        asked_addresses: Whether the addresses among the recordings are the user's own: those that a folder names are
            not asked.

    Raises:
        ConfigError: If corrections do not fit the run or each other.
        InputError: If the logs cannot be read.
        OutputError: If an output cannot be written.
    """
    # Identities, and every output that is made of them.
    began = time.perf_counter()
    if corrections is None:
        corrections = read_corrections(folder.corrections, wanted=False)
    settled = settle(folder, manifest, config, corrections)
    manifest.note_association(settled.association)
    manifest.corrections = _applied(folder, corrections)
    manifest.settling = False
    manifest.timings_s["associate"] = round(time.perf_counter() - began, 3)
    manifest.status = "rendering" if read_whole else "interrupted"
    folder.write_manifest(manifest)
    # The report can be read while the videos are rendered, and knows of them afterwards.
    report = RunReport(folder, settled, corrections)
    report.write(manifest)
    rendered, failed = True, dict(failed or {})
    if config.output.video:
        wanted = recordings_to_render(manifest, inputs, progress, asked_addresses=asked_addresses)
        rendered = _render(folder, manifest, wanted, settled.identities, config, progress, cancel, failed)
    progress.close()
    if rendered and read_whole:
        manifest.status = "done"
    folder.write_manifest(manifest)
    report.write(manifest)
    return Outcome(folder, manifest, settled.identities, failed, interrupted=not rendered)


def _applied(folder: RunFolder, corrections: Corrections) -> CorrectionsEntry:
    """Which corrections hold, for the manifest."""
    own = Path(corrections.where).resolve() == folder.corrections.resolve()
    return CorrectionsEntry(
        file=folder.corrections.name if own else corrections.where, entries=len(corrections.entries)
    )


def _render(
    folder: RunFolder,
    manifest: RunManifest,
    inputs: Sequence[CameraInput],
    identities: Sequence[Identity],
    config: RunConfig,
    progress: Progress,
    cancel: CancelToken,
    failed: dict[str, InputError],
) -> bool:
    """Render the videos; whether that came to its end. Cameras that are lost now are added to `failed`."""

    def fail(camera: str, error: InputError) -> None:
        if camera not in failed:
            failed[camera] = error
            progress.fail(error)

    counts = {camera: entry for camera, entry in manifest.cameras.items() if entry.frames}
    wanted = same_recordings([item for item in inputs if item.camera in counts], manifest, fail)
    with contextlib.ExitStack() as stack:
        sources = open_inputs(wanted, manifest.part, stack, fail, config.hwaccel)
        progress.stage("rendering", {source.camera: counts[source.camera].frames for source in sources})
        last_frames = {camera: entry.last_frame for camera, entry in counts.items()}
        times, many = StageTimes(STAGES), max(1, len(sources)) if config.output.mosaic else at_once()
        for members in (sources[i : i + many] for i in range(0, len(sources), many)):  # a mosaic needs all at once
            if cancel.cancelled:  # what an earlier rendering left of the others stays
                break
            render(
                folder,
                members,
                identities,
                last_frames,
                config.output,
                gpu=config.hwaccel in ("auto", "cuda"),
                times=times,
                progress=progress,
                fail=fail,
                cancel=cancel,
            )
        manifest.note_pass("render", times)
    done = not cancel.cancelled
    cancel.reset()
    return done
