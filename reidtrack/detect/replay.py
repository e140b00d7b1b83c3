"""Detections from MOTChallenge files in place of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reidtrack.errors import InputError
from reidtrack.mot import read_detections
from reidtrack.types import Detections, Frame


class ReplayDetector:
    """Serves the detections of one `det.txt` per camera by frame index; nothing is computed.

    Args:
        files: Camera name to its MOTChallenge detection file (1-based frames, as ever in these files).

    Raises:
        InputError: If a file cannot be read or a line does not fit.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._by_camera = {camera: read_detections(path) for camera, path in files.items()}

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
        return by_frame.get(frame.index, Detections.empty())
