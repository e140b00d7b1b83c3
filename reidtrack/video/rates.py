"""How fast a recording's pictures follow each other, and how long it is: what it claims, and what its stamps say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

FALLBACK_FPS = 25.0
_MOST_FPS = 1000
_MOST_OFF = 2.0
"""A claimed rate that is off by more from the stamps is no rate: browsers and recording programs write 1000, the unit
of their stamps. Less is what a camera with a varying rate comes to."""
_LEAST_STAMPS = 3


def median_step_s(pts: Sequence[int | None], time_base: Fraction | None) -> float | None:
    """Median seconds between pictures by their stamps, or None where fewer than three have one.

    Args:
        pts: In the order of decoding.
        time_base: Seconds per unit.
    """
    stamps = sorted({stamp for stamp in pts if stamp is not None})
    if len(stamps) < _LEAST_STAMPS or not time_base:
        return None
    return float(np.median(np.diff(stamps))) * float(time_base)


def nominal_fps(container: InputContainer, stream: VideoStream, step_s: float | None) -> float:
    """The rate that a recording claims, or that of its own stamps where these are of quite another one."""
    rates = [stream.average_rate, stream.guessed_rate, stream.base_rate]
    if container.duration is None:  # a bare stream without a container: the average is FFmpeg's default, 25
        rates = rates[1:]
    claimed = next((float(rate) for rate in rates if rate and 0 < rate <= _MOST_FPS), None)
    if step_s and 0 < 1 / step_s <= _MOST_FPS:
        off = max(claimed * step_s, 1 / (claimed * step_s)) if claimed else _MOST_OFF + 1
        return 1 / step_s if off > _MOST_OFF else claimed or FALLBACK_FPS
    return claimed or FALLBACK_FPS


def duration_of(container: InputContainer, stream: VideoStream) -> float | None:
    """Length in seconds that a container tells of a stream, else of itself; None where it tells none."""
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / 1_000_000
    else:
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
