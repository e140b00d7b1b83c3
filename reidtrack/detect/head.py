"""Boxes of a YOLO head in float32, also where the network around it runs in half precision.

A coordinate in half precision moves in steps of half a pixel to four pixels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def decode_in_float32(head: Any) -> None:
    """Make an Ultralytics detection head decode its boxes in float32, in place.

    In float32 it gives what it gave before, up to rounding.
    """

    class Decoding(type(head)):  # type: ignore[misc]
        def _inference(self, raw: Any) -> Any:
            return super()._inference(_in_float32(raw))

    head.__class__ = Decoding  # a class, so that copies of the head are as good as the head
    if isinstance(getattr(head, "dfl", None), nn.Module) and hasattr(head.dfl, "conv"):
        head.dfl = Expectation(head.reg_max)


class Expectation(nn.Module):
    """Mean of the distribution over distances to each side of a box (Generalized Focal Loss, arXiv 2006.04388).

    Without a convolution: engines in half precision leave simple arithmetic behind the last one in float32.

    Args:
        bins: Distances are 0 to `bins` - 1, in strides.
    """

    def __init__(self, bins: int) -> None:
        super().__init__()
        self._bins = bins

    def forward(self, logits: Tensor) -> Tensor:
        """(B, 4 bins, N) to (B, 4, N)."""
        share = logits.view(logits.shape[0], 4, self._bins, logits.shape[2]).softmax(2)
        distance = torch.arange(self._bins, dtype=share.dtype, device=share.device)
        return (share * distance.view(1, 1, -1, 1)).sum(2)


def _in_float32(raw: Any) -> Any:
    if isinstance(raw, Tensor):
        return raw.float()
    if isinstance(raw, dict):
        return {key: _in_float32(value) for key, value in raw.items()}
    return [_in_float32(value) for value in raw]
