"""Boxes and logits of a network with queries, without what Ultralytics makes of them from version to version."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class BoxesAndLogits(nn.Module):
    """Ultralytics' RT-DETR that gives its last layer's boxes and logits and nothing else.

    Args:
        network: In evaluation mode.
    """

    output_names = ("boxes", "logits")

    def __init__(self, network: Any) -> None:
        super().__init__()
        network.model[-1].export = False  # what is exported of it alone is decoded already
        self.network = network

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, h, w) to (B, Q, 4) and (B, Q, classes), the boxes as centre and size in shares of the input."""
        _, (boxes, logits, *_) = self.network(pictures)  # of the last layer, (1, B, Q, ...)
        return boxes.squeeze(0).float(), logits.squeeze(0).float()
