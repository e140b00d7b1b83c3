"""What a network has to take to be one that runs on pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reidtrack.errors import WeightsError


def check_inputs(shapes: Sequence[Sequence[int]], where: Path | None) -> None:
    """Refuse what does not take one batch of pictures as planes.

    Args:
        shapes: Of each input, -1 where a dimension is open; empty where even their number is.
        where: The file, if it is one.

    Raises:
        WeightsError: If there is not one input, or it is not (N, 3, H, W).
    """
    if len(shapes) != 1:
        raise WeightsError(f"takes {len(shapes)} inputs", where=where, expected="one, pictures of (N, 3, H, W)")
    shape = shapes[0]
    if len(shape) != 4 or shape[1] not in (-1, 3):
        given = (
            "any shape" if not len(shape) else f"({', '.join('any' if side == -1 else str(side) for side in shape)})"
        )
        raise WeightsError(f"takes an input of {given}", where=where, expected="pictures of (N, 3, H, W)")
