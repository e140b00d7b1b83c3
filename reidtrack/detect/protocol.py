"""What every detector offers, and what every one can be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reidtrack.types import Detections, Frame


class Detector(Protocol):
    """Finds persons in frames, whichever cameras they are from; threads may call it at the same time."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Return the persons of each frame, in the order of `frames`."""
        ...


@dataclass(frozen=True)
class DetectorOptions:
    """How large pictures are made for a detector, and which of its boxes are kept.

    Attributes:
        imgsz: Longer side of the network's input, pixels; a file with a fixed input has its own.
        conf: Least score of a box.
        iou: Overlap (intersection over union) above which the weaker of two boxes is dropped; for families whose
            networks find one person several times.
        max_det: Most boxes in a frame.
        tiles: Along a picture's longer side, each looked at like the whole and besides it; 1: the whole alone.
    """

    imgsz: int = 640
    conf: float = 0.1
    iou: float = 0.7
    max_det: int = 300
    tiles: int = 1
