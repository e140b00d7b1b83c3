"""The family YOLO, as Ultralytics makes it.

Output layouts: `(4 + classes, N)` raw predictions, centre-size boxes in input pixels, or `(N, 6)` from models that
suppress duplicates themselves (left, top, right, bottom; score; class).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reidtrack.detect.family import Found
from reidtrack.detect.letterbox import Letterbox, fit_letterbox, fit_rectangle
from reidtrack.types import Outputs, PixelFormat

if TYPE_CHECKING:
    from torch import nn


class Yolo:
    """Letterbox of any size, RGB in 0..1, one output."""

    name = "yolo"
    pixels = PixelFormat()

    def owns_checkpoint(self, module: Any) -> bool:
        """Whether it ends in a head that gives boxes of a grid."""
        return hasattr(module.model[-1], "reg_max")

    def owns_export(self, said: str, outputs: int) -> bool:
        """Whether it says so, or has the one output of the family."""
        return "yolo" in said or outputs == 1

    def prepare(self, module: Any) -> nn.Module:
        """Make the head give one tensor, decoded in float32."""
        from reidtrack.detect.head import decode_in_float32

        module.model[-1].export = True  # one output tensor instead of a tuple
        decode_in_float32(module.model[-1])
        prepared: nn.Module = module
        return prepared

    def input_hw(self, imgsz: int) -> None:
        """Inputs are of any size."""

    def place(self, size: tuple[int, int], input_hw: tuple[int, int] | None, imgsz: int, stride: int) -> Letterbox:
        """Centred in a fixed input, or in the smallest rectangle."""
        return fit_letterbox(size, *input_hw) if input_hw else fit_rectangle(size, imgsz, stride)

    def decode(self, outputs: Outputs, input_hw: tuple[int, int], class_index: int, conf: float) -> Found:
        """Read (4 + classes, N) or (N, 6)."""
        del input_hw
        (prediction,) = outputs
        if prediction.shape[1] == 6 and prediction.shape[0] != 6:
            hit = (prediction[:, 5].round() == class_index) & (prediction[:, 4] >= conf)
            return Found(prediction[hit, :4], prediction[hit, 4], distinct=True)
        score = prediction[4 + class_index]
        hit = score >= conf
        centre, size = prediction[:2, hit].T, prediction[2:4, hit].T
        return Found(np.concatenate([centre - size / 2, centre + size / 2], axis=1), score[hit], distinct=False)

    def classes_in(self, outputs: Outputs) -> int | None:
        """Rows behind the four of the boxes; (N, 6) shows none."""
        (prediction,) = outputs
        return None if prediction.shape[1] == 6 else prediction.shape[0] - 4

    def exact_operations(self, module: Any) -> list[str]:
        """The head's own arithmetic, which makes boxes of what its layers give."""
        return [rf".*model\.{len(module.model) - 1}(\.dfl)?/.*"]
