"""Pictures as they are, into networks that take planes: engines that can, convert them where they compute.

As bytes a picture is a quarter of what it is in float32, on its way through memory and to a GPU.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reidtrack.engines.base import Engine
from reidtrack.types import FloatArray, ImageArray


def on_pictures(engine: Engine) -> Callable[[ImageArray], FloatArray]:
    """What runs a network on (N, H, W, 3) uint8 BGR that takes (N, 3, H, W) float32 RGB in 0..1."""
    convert_inside: Callable[[ImageArray], FloatArray] | None = getattr(engine, "infer_pictures", None)
    return convert_inside or (lambda pictures: engine.infer(to_planes(pictures)))


def to_planes(pictures: ImageArray) -> FloatArray:
    """(N, H, W, 3) uint8 BGR to (N, 3, H, W) float32 RGB in 0..1."""
    planes = pictures[..., ::-1].transpose(0, 3, 1, 2)
    return np.ascontiguousarray(planes, dtype=np.float32) / np.float32(255)
