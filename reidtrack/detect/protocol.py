"""What every detector offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reidtrack.types import Detections, Frame


class Detector(Protocol):
    """Finds persons in frames, whichever cameras they are from; threads may call it at the same time."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Return the persons of each frame, in the order of `frames`."""
        ...
