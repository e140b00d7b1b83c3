"""Which part of a recording is read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reidtrack.errors import UsageError

MOST_SECONDS = 1e10
"""Three hundred years; beyond, seconds have no room for milliseconds."""


@dataclass(frozen=True, slots=True)
class Part:
    """Start, end and stride within each recording of a run; all of it, if nothing else is said.

    Attributes:
        start_s: First second to read, counted from the recording's first frame.
        end_s: Second to stop before, counted likewise, or None to read to the end.
        stride: Frames whose index is a multiple of this are read; a part read on its own gives the same frames.
        fps: Images per second of folders of images, None for what they say themselves; videos have time stamps.
        time_pattern: How names of a camera's files tell their times; None for the layouts that are known.
        time_zone: Name of the zone of times in names; None for UTC.

    Raises:
        UsageError: If a number is out of range.
    """

    start_s: float = 0.0
    end_s: float | None = None
    stride: int = 1
    fps: float | None = None
    time_pattern: str | None = None
    time_zone: str | None = None

    def __post_init__(self) -> None:
        if self.stride < 1:
            raise UsageError(f"got {self.stride}", field="stride", expected="1 or more")
        if not 0 <= self.start_s <= MOST_SECONDS:  # NaN too
            raise UsageError(f"got {self.start_s}", field="start", expected=f"0 to {MOST_SECONDS:.0e} seconds")
        if self.end_s is not None and not self.end_s > self.start_s:
            raise UsageError(f"got {self.end_s}", field="end", expected=f"more than the start, {self.start_s:g} s")

    def before(self, time_s: float) -> bool:
        """Whether `time_s`, counted from the recording's first frame, lies before the start."""
        return time_s < self.start_s

    def after(self, time_s: float) -> bool:
        """Whether `time_s`, counted from the recording's first frame, lies at or after the end."""
        return self.end_s is not None and time_s >= self.end_s

    def takes(self, index: int, time_s: float) -> bool:
        """Whether the frame `index` at `time_s` is one to read."""
        return index % self.stride == 0 and not self.before(time_s) and not self.after(time_s)

    def count(self, frames: int | None, duration_s: float | None) -> int | None:
        """How many of `frames`, spread evenly over `duration_s`, are read; None where that cannot be told."""
        if frames is None:
            return None
        if duration_s:
            end_s = duration_s if self.end_s is None else min(self.end_s, duration_s)
            frames = round(frames * max(0.0, end_s - self.start_s) / duration_s)
        return math.ceil(frames / self.stride)
