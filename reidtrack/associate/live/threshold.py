"""How alike is alike enough, found again and again while cameras are live, and moved slowly."""

from __future__ import annotations

from dataclasses import replace

from reidtrack.associate.calibration.calibration import Calibration

_DEAD_BAND = 0.01
"""Differences below it move nothing; not tuned: far below what the threshold of a recording is known to."""
_STEP = 0.02
"""Most that one calibration moves the threshold: as much as one correction does."""


class RunningThreshold:
    """The calibration in use, which follows the newest one by small steps, so that identities do not flicker.

    Args:
        threshold: The one to start with; None starts with what is found first.

    Attributes:
        now: The calibration in use, without the numbers of pairs between each two cameras, which only a report shows:
            with sixteen cameras they take most of a megabyte, and it is held for days. None before the first.
    """

    def __init__(self, threshold: float | None = None) -> None:
        self.now: Calibration | None = None
        self._threshold = threshold

    @property
    def threshold(self) -> float | None:
        """The threshold in use, or to start with; None before there is any."""
        return self._threshold

    def start(self, threshold: float | None) -> None:
        """Go on from a threshold that was in use before."""
        self._threshold = threshold

    def take(self, found: Calibration) -> None:
        """Go a step towards a calibration that was just found."""
        used = found.threshold if self._threshold is None else self._threshold
        if found.source == "auto" and abs(found.threshold - used) > _DEAD_BAND:
            used += min(max(found.threshold - used, -_STEP), _STEP)
        self._threshold = used
        pairs = {cameras: pair.without_counts() for cameras, pair in found.pairs.items()}
        self.now = replace(found, threshold=used, same_camera_threshold=found.same_camera_share * used, pairs=pairs)
