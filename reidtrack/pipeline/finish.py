"""What follows pass one, in a run and when identities are settled anew: identities, logs, report, videos."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reidtrack.config import RunConfig
from reidtrack.errors import InputError
from reidtrack.pipeline.folder import RunFolder
from reidtrack.pipeline.inputs import CameraInput, Part, open_inputs
from reidtrack.pipeline.progress import Progress
from reidtrack.pipeline.record import note_association
from reidtrack.pipeline.render import render
from reidtrack.pipeline.report import write_report
from reidtrack.pipeline.settle import settle
from reidtrack.pipeline.stopping import Stop
from reidtrack.types import Identity


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        folder: Where everything lies.
        record: What `run.json` says.
        identities: Everybody.
        failed: Camera to what went wrong with it.
        interrupted: Whether it was ended early; `status` in the record says whether reading or only rendering was.
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
    stop: Stop,
    *,
    failed: Mapping[str, InputError] | None = None,
    interrupted: bool = False,
) -> Outcome:
    """Settle identities, write every output, render the videos if they are asked for.

    Raises:
        InputError: If the logs cannot be read.
        OutputError: If an output cannot be written.
    """
    began = time.perf_counter()
    association = settle(folder, list(record["cameras"]), config)
    identities = association.identities
    note_association(record, association)
    record["timings_s"]["associate"] = round(time.perf_counter() - began, 3)
    record["status"] = "interrupted" if interrupted else "rendering"
    folder.write_run(record)
    write_report(folder, record, identities)
    rendered = True
    if config.output.video:
        began = time.perf_counter()
        rendered = _render(folder, record, inputs, identities, config, progress, stop)
        record["timings_s"]["render"] = round(time.perf_counter() - began, 3)
    progress.close()
    if rendered and not interrupted:
        record["status"] = "done"
    folder.write_run(record)
    write_report(folder, record, identities)
    return Outcome(folder, record, identities, failed or {}, interrupted or not rendered)


def _render(
    folder: RunFolder,
    record: Mapping[str, Any],
    inputs: Sequence[CameraInput],
    identities: Sequence[Identity],
    config: RunConfig,
    progress: Progress,
    stop: Stop,
) -> bool:
    """Pass two; whether it came to its end."""
    counts = {camera: entry for camera, entry in record["cameras"].items() if entry["frames"]}
    wanted = [item for item in inputs if item.camera in counts]
    with contextlib.ExitStack() as stack:
        sources = open_inputs(
            wanted, Part(**record["part"]), stack, lambda camera, error: progress.warn(f"{camera}: {error}")
        )
        progress.stage("rendering", {source.camera: counts[source.camera]["frames"] for source in sources})
        last_frames = {camera: entry["last_frame"] for camera, entry in counts.items()}
        done = render(folder, sources, identities, last_frames, config.output, progress=progress, stop=stop.wished)
    stop.granted()
    return done
