"""What follows pass one, in a run and when identities are settled anew: identities, logs, report, videos."""

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
from reidtrack.pipeline.run.report import write_report
from reidtrack.pipeline.run.settle import settle
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.manifest import note_association, note_pass
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.runtime.stage_times import StageTimes
from reidtrack.types import Identity
from reidtrack.video.inputs import CameraInput, open_inputs
from reidtrack.video.part import Part


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        folder: Where everything lies.
        record: What `run.json` says.
        identities: Everybody.
        failed: Camera to what went wrong with it.
        interrupted: Whether this work was ended early; `status` in the record says how far the run has come.
    """

    folder: RunFolder
    record: Mapping[str, Any]
    identities: Sequence[Identity]
    failed: Mapping[str, InputError]
    interrupted: bool


def finish(
    folder: RunFolder,
    record: dict[str, Any],
    inputs: Sequence[CameraInput],
    config: RunConfig,
    progress: Progress,
    cancel: CancelToken,
    *,
    failed: Mapping[str, InputError] | None = None,
    read_whole: bool = True,
    corrections: Corrections | None = None,
) -> Outcome:
    """Settle identities, write every output, render the videos if they are asked for.

    Args:
        folder: Of a run.
        record: What its `run.json` says; brought up to date.
        inputs: Its recordings.
        config: How to associate and what to write.
        progress: Told of what goes on.
        cancel: Whether to end early.
        failed: Cameras that are known to be lost.
        read_whole: Whether pass one came to its end.
        corrections: What a person says of the identities; None takes what lies in the folder.

    Raises:
        ConfigError: If corrections do not fit the run or each other.
        InputError: If the logs cannot be read.
        OutputError: If an output cannot be written.
    """
    began = time.perf_counter()
    if corrections is None:
        corrections = read_corrections(folder.corrections, wanted=False)
    association = settle(folder, [item.camera for item in inputs], list(record["cameras"]), config, corrections)
    identities = association.identities
    note_association(record, association)
    own = Path(corrections.where).resolve() == folder.corrections.resolve()
    said = folder.corrections.name if own else corrections.where
    record["corrections"] = {"file": said, "entries": len(corrections.entries)}
    record["timings_s"]["associate"] = round(time.perf_counter() - began, 3)
    record["status"] = "rendering" if read_whole else "interrupted"
    folder.write_run(record)
    write_report(folder, record, identities)
    rendered, failed = True, dict(failed or {})
    if config.output.video:
        rendered = _render(folder, record, inputs, identities, config, progress, cancel, failed)
    progress.close()
    if rendered and read_whole:
        record["status"] = "done"
    folder.write_run(record)
    write_report(folder, record, identities)
    return Outcome(folder, record, identities, failed, interrupted=not rendered)


def _render(
    folder: RunFolder,
    record: dict[str, Any],
    inputs: Sequence[CameraInput],
    identities: Sequence[Identity],
    config: RunConfig,
    progress: Progress,
    cancel: CancelToken,
    failed: dict[str, InputError],
) -> bool:
    """Pass two; whether it came to its end. Cameras that are lost now are added to `failed`."""

    def fail(camera: str, error: InputError) -> None:
        if camera not in failed:
            failed[camera] = error
            progress.fail(error)

    counts = {camera: entry for camera, entry in record["cameras"].items() if entry["frames"]}
    wanted = [item for item in inputs if item.camera in counts]
    with contextlib.ExitStack() as stack:
        sources = open_inputs(wanted, Part(**record["part"]), stack, fail, config.hwaccel)
        progress.stage("rendering", {source.camera: counts[source.camera]["frames"] for source in sources})
        last_frames = {camera: entry["last_frame"] for camera, entry in counts.items()}
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
        note_pass(record, "render", times)
    done = not cancel.cancelled
    cancel.reset()
    return done
