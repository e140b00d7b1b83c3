"""Detections from MOTChallenge files in place of a model."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from reidtrack.errors import InputError
from reidtrack.mot import read_detections
from reidtrack.types import Detections, Frame

_MOST_OUTSIDE = 0.01
"""Share of boxes whose centre may lie outside: trackers' and annotators' boxes of people who leave."""

logger = logging.getLogger(__name__)


class ReplayDetector:
    """Serves the detections of one `det.txt` per camera by frame index; nothing is computed.

    Args:
        files: Camera name to its MOTChallenge detection file (1-based frames, as ever in these files).

    Raises:
        InputError: If a file cannot be read or a line does not fit.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._by_camera = {camera: read_detections(path) for camera, path in files.items()}
        self._files, self._unchecked = dict(files), set(files)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Look up the detections of each frame; a frame that the file does not mention has none.

        Raises:
            InputError: If a frame is of a camera without a file.
        """
        return [self._of(frame) for frame in frames]

    def _of(self, frame: Frame) -> Detections:
        try:
            by_frame = self._by_camera[frame.camera]
        except KeyError:
            known = ", ".join(sorted(self._by_camera)) or "none"
            raise InputError("no detection file for this camera", where=frame.camera, expected=known) from None
        if frame.camera in self._unchecked:
            self._unchecked.remove(frame.camera)
            _check_size(by_frame, frame.size, self._files[frame.camera])
        return by_frame.get(frame.index, Detections.empty())


def _check_size(by_frame: Mapping[int, Detections], size: tuple[int, int], path: Path) -> None:
    """Say aloud where boxes lie outside the picture: they were found in another recording, or one of another size."""
    xyxy = np.concatenate([found.xyxy for found in by_frame.values()] or [np.zeros((0, 4), np.float32)])
    center = (xyxy[:, :2] + xyxy[:, 2:]) / 2
    outside = int(((center < 0) | (center >= size)).any(axis=1).sum())
    if outside > _MOST_OUTSIDE * len(xyxy):
        logger.warning(
            "%s: %d of %d boxes lie outside the picture of %dx%d; were they found in a recording of another size?",
            path,
            outside,
            len(xyxy),
            *size,
        )
