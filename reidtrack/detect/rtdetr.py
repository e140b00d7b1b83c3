"""The family RT-DETR (arXiv 2304.08069): a transformer that gives each object one box, without suppression.

Outputs are (Q, 4) boxes, centre and size as shares of the input, and (Q, classes) logits, as DETRs have them. Exports
by Ultralytics have one output instead: (K, 6) with the box, a score and a class, or, before version 8.4, the box and
the probability of each class, (Q, 4 + classes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reidtrack.detect.family import Found
from reidtrack.detect.letterbox import Letterbox, fit_stretched
from reidtrack.types import FloatArray, Outputs, PixelFormat

if TYPE_CHECKING:
    from torch import nn


class RtDetr:
    """Stretched over a square, RGB in 0..1, two outputs."""

    name = "rtdetr"
    pixels = PixelFormat()

    def owns_checkpoint(self, module: Any) -> bool:
        """Whether it ends in a decoder with queries."""
        return hasattr(module.model[-1], "num_queries")

    def owns_export(self, said: str, outputs: int) -> bool:
        """Whether it says so, or has the two outputs of the family."""
        return "rtdetr" in said.replace("-", "") or ("yolo" not in said and outputs == 2)

    def prepare(self, module: Any) -> nn.Module:
        """Make it give boxes and logits alone."""
        from reidtrack.detect.queries import BoxesAndLogits

        return BoxesAndLogits(module)

    def input_hw(self, imgsz: int) -> tuple[int, int]:
        """A square: the encoder's positions are those of one size."""
        return imgsz, imgsz

    def place(self, size: tuple[int, int], input_hw: tuple[int, int] | None, imgsz: int, stride: int) -> Letterbox:
        """Over the whole input, as in training."""
        del stride
        return fit_stretched(size, *(input_hw or (imgsz, imgsz)))

    def decode(self, outputs: Outputs, input_hw: tuple[int, int], class_index: int, conf: float) -> Found:
        """Read boxes and logits, or the one output of an export by Ultralytics."""
        shares, score = _shares_and_score(outputs, class_index)
        hit = score >= conf
        height, width = input_hw
        centre, size = shares[hit, :2], shares[hit, 2:4]
        xyxy = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
        return Found(xyxy * np.array([width, height, width, height], np.float32), score[hit], distinct=True)

    def classes_in(self, outputs: Outputs) -> int | None:
        """Columns of the logits, or behind the four of the boxes; six columns may be boxes, score and class."""
        if len(outputs) == 2:
            boxes, logits = outputs if outputs[0].shape[1] == 4 else outputs[::-1]
            return int(logits.shape[1]) if boxes.shape[1] == 4 else None
        (table,) = outputs
        return None if table.shape[1] == 6 else int(table.shape[1]) - 4

    def exact_operations(self, module: Any) -> list[str]:
        """The whole decoder: it goes on from its own boxes, layer by layer."""
        return [rf".*model\.{len(module.network.model) - 1}[./].*"]


def _shares_and_score(outputs: Outputs, class_index: int) -> tuple[FloatArray, FloatArray]:
    """Boxes (Q, 4) as shares of the input, and how likely each is one of the class (Q,)."""
    if len(outputs) == 2:
        boxes, logits = outputs if outputs[0].shape[1] == 4 else outputs[::-1]
        return boxes, _sigmoid(logits[:, class_index])
    (table,) = outputs
    if table.shape[1] == 6 and (table[:, 5] == table[:, 5].round()).all():  # classes, not probabilities of two
        return table[:, :4], np.where(table[:, 5] == class_index, table[:, 4], np.float32(0))
    return table[:, :4], table[:, 4 + class_index]


def _sigmoid(logits: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", under="ignore"):  # of a logit far from 0: the share is 0 or 1
        share: FloatArray = np.float32(1) / (np.float32(1) + np.exp(-logits))
    return share
