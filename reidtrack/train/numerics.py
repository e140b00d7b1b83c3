"""How the arithmetic of a training is done, and smaller parts of a batch where memory is short."""

from __future__ import annotations

from typing import NamedTuple

import torch

from reidtrack.errors import DeviceError


class Numerics(NamedTuple):
    """How the arithmetic is done.

    Attributes:
        device: Where it is done.
        autocast: Type of the network's inner arithmetic, or None for single precision.
        channels_last: Whether pictures lie in memory pixel by pixel.
    """

    device: torch.device
    autocast: torch.dtype | None
    channels_last: bool


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device, or the machine, has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "not enough memory" in str(error)


def halve(parts: int, batch: int, least: int) -> int:
    """Double the number of parts that a batch is cut into.

    Args:
        parts: What the batch is cut into now.
        batch: Its images.
        least: Images that a part needs: those of two persons, or two.

    Raises:
        DeviceError: If a part would become too small.
    """
    more = 2 * parts
    if batch % more or batch // more < least or (batch // more) % (least // 2):
        raise DeviceError(
            f"out of memory with {batch // parts} images at once, which cannot be fewer",
            hint="use a smaller input size, batch or network",
        )
    return more
