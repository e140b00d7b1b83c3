"""When memory is short: recognising it, and cutting batches into parts."""

from __future__ import annotations

import torch

from reidtrack.errors import DeviceError


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device, or the machine, has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "not enough memory" in str(error)


def halve(parts: int, batch: int, least: int) -> int:
    """Twice as many parts.

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
