"""`detect.imgsz: auto` and `tiles: auto`: a look at the first seconds of each camera, and what is chosen from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from reidtrack.config.run import DetectConfig
from reidtrack.detect.fit import SURE, FittedSize, choices, fit_size
from reidtrack.detect.network import NetworkDetector
from reidtrack.errors import InputError
from reidtrack.runs.manifest import RunManifest
from reidtrack.types import Frame
from reidtrack.video.inputs import CameraInput
from reidtrack.video.part import Part
from reidtrack.video.source import Source, is_url, open_source

LOOK_S = 5.0
"""Seconds of each recording that are looked at."""
_EVERY_S = 0.5
"""Time between two pictures that are looked at."""


def fit_detector(
    detector: NetworkDetector,
    config: DetectConfig,
    inputs: Sequence[CameraInput],
    sources: Sequence[Source],
    part: Part,
    known: Mapping[str, FittedSize],
) -> dict[str, FittedSize]:
    """Camera to the size and tiles that fit it; of a run that goes on, those which it had.

    Args:
        detector: Ready, of any size of input or of one.
        config: What is to be chosen, and what is not.
        inputs: Every recording.
        sources: Those that could be opened.
        part: Which part of each is read.
        known: Camera to what was chosen for it before.
    """
    opened = {source.camera: source for source in sources}
    chosen = {item: known.get(item.camera) for item in inputs if item.camera in opened}
    return {
        item.camera: before or _fit_camera(detector, config, item, opened[item.camera], part)
        for item, before in chosen.items()
    }


def fitted_sizes(manifest: RunManifest | None) -> dict[str, FittedSize]:
    """Camera to the size that a run chose for it."""
    entries = [] if manifest is None else manifest.inputs
    return {e.camera: FittedSize(e.imgsz, e.imgsz_reason or "", e.tiles or 1) for e in entries if e.imgsz is not None}


def _fit_camera(
    detector: NetworkDetector, config: DetectConfig, item: CameraInput, source: Source, part: Part
) -> FittedSize:
    fixed = None if detector.fixed_hw is None else max(detector.fixed_hw)
    imgsz = fixed or (None if config.imgsz == "auto" else config.imgsz)
    offered = choices(source.size, imgsz, None if config.tiles == "auto" else config.tiles)
    if len(offered) == 1:
        reason = "the picture is too small for tiles" if fixed is None else "the detector's input is fixed"
        return FittedSize(offered[0].imgsz, reason, offered[0].tiles)
    if is_url(item.source):
        return FittedSize(offered[0].imgsz, "a stream is read only once", offered[0].tiles)
    probe = detector.with_sizes({item.camera: FittedSize(offered[-1].imgsz, "", offered[-1].tiles)})
    heights = [np.zeros(0, np.float32)]
    for frame in _first_frames(item, part):
        (found,) = probe.detect([frame])
        sure = found.xyxy[found.score >= SURE]
        heights.append(sure[:, 3] - sure[:, 1])
    return fit_size(source.size, np.concatenate(heights), offered)


def _first_frames(item: CameraInput, part: Part) -> Iterator[Frame]:
    """Frames of the first seconds, some time apart; fewer where the recording cannot be read so far."""
    end_s = min(part.start_s + LOOK_S, np.inf if part.end_s is None else part.end_s)
    first = Part(part.start_s, end_s, part.stride, part.fps)
    next_s = -np.inf
    try:
        with open_source(item.source, item.camera, part=first) as source:
            for frame in source:
                if frame.time_s >= next_s:
                    next_s = frame.time_s + _EVERY_S
                    yield frame
    except InputError:
        return  # the run itself says what is wrong
