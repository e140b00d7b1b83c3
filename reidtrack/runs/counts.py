"""What a tracking pass counts of each camera."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class CameraCount:
    """What was read of one camera.

    Attributes:
        frames: Frames read.
        last_frame: Number of the last one, 0-based; -1 before the first.
        first_time_s: Time of the first one, seconds since the run's origin.
        last_time_s: Time of the last one.
        boxes: Boxes of confirmed tracks.
        skipped_crops: Crops whose feature was not usable.
        damaged_packets: Packets or pictures that could not be decoded.
    """

    frames: int = 0
    last_frame: int = -1
    first_time_s: float | None = None
    last_time_s: float | None = None
    boxes: int = 0
    skipped_crops: int = 0
    damaged_packets: int = 0
