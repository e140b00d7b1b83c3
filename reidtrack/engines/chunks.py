"""Batches of any length through a network in passes of one length.

Engines prepare anew for each length of a batch that they meet. In passes of one length, the last one filled up with
zeros, nothing is prepared twice, and a picture's result does not depend on how many others came with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reidtrack.types import Outputs

S = TypeVar("S", bound=np.generic)

CHUNK = 4
"""Crops of people in a pass on a CPU."""
CHUNK_FRAMES = 1
"""Pictures in a pass on a CPU where they are whole frames, each of which keeps a processor busy."""
_LARGEST_CROP = 512 * 256
"""Pixels of a picture from which on it is a frame: the largest crops of published networks have 384 x 128."""
LONGEST = 64
"""Most pictures in a pass on a GPU."""


def chunk_of(shape: tuple[int, ...]) -> int:
    """Pictures in a pass of a network with an input of (N, C, H, W), -1 where a dimension is open."""
    if shape[0] != -1:
        return shape[0]
    return CHUNK_FRAMES if -1 in shape[1:] or shape[2] * shape[3] > _LARGEST_CROP else CHUNK


def split(batch: NDArray[S], length: int) -> Iterator[NDArray[S]]:
    """`batch` in parts of `length`, the last one filled up with zeros; an empty batch is one part of zeros."""
    batch = np.ascontiguousarray(batch)
    for start in range(0, max(len(batch), 1), length):
        yield fill(batch[start : start + length], length)


def fill(batch: NDArray[S], length: int) -> NDArray[S]:
    """`batch`, filled up with zeros to `length` rows."""
    if len(batch) == length:
        return batch
    full = np.zeros((length, *batch.shape[1:]), batch.dtype)
    full[: len(batch)] = batch
    return full


def passes(count: int) -> list[int]:
    """Lengths of the passes of `count` pictures on a GPU: powers of two up to `LONGEST`, the last one filled up.

    An empty batch is one pass of one picture: the output's shape is known after it.
    """
    whole, rest = divmod(count, LONGEST)
    last = [1 << (rest - 1).bit_length()] if rest else []
    return [LONGEST] * whole + last or [1]


def in_passes(batch: NDArray[S]) -> Iterator[NDArray[S]]:
    """`batch` in the parts that `passes` says."""
    start = 0
    for length in passes(len(batch)):
        yield fill(np.ascontiguousarray(batch[start : start + length]), length)
        start += length


def join_passes(parts: Sequence[Outputs], count: int) -> Outputs:
    """Outputs of `count` pictures from those of the passes they went in, each without the rows that filled up."""
    return tuple(np.concatenate(rows)[:count] for rows in zip(*parts, strict=True))
