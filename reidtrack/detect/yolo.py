"""YOLO person detection around any engine: letterbox, inference in batches over cameras, non-maximum suppression.

Output layouts are those of Ultralytics: `(B, 4 + classes, N)` raw predictions, centre-size boxes in input pixels, or
`(B, N, 6)` from models that suppress duplicates themselves (left, top, right, bottom, score, class).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack import geometry
from reidtrack.errors import WeightsError
from reidtrack.types import Detections, FloatArray, Frame, ImageArray

MARGIN = 16
"""Least margin in input pixels above and below a picture that is wider than high. Without it, people at the border are
found less surely than in the square that networks are trained on; with it as surely, for about a fifteenth more work.
"""
PAD_VALUE = 114
"""Grey of the letterbox margin, as in Ultralytics' training."""


class Letterbox(NamedTuple):
    """How a picture was scaled into the network's input.

    Attributes:
        height: Input height, pixels.
        width: Input width, pixels.
        scale: Input pixels per picture pixel.
        left: Margin on the left, input pixels.
        top: Margin at the top, input pixels.
    """

    height: int
    width: int
    scale: float
    left: int
    top: int


class YoloDetector:
    """Finds persons in frames of several cameras at once.

    Args:
        infer: Maps (B, h, w, 3) uint8 BGR to raw predictions, either layout of this module; threads may call it.
        person_class: Index of the class person in the model.
        imgsz: Longest side of the network's input, pixels; ignored where `input_shape` is fixed.
        conf: Lowest score that is kept.
        iou: Overlap above which the weaker of two boxes is dropped.
        max_det: Most boxes kept in one frame.
        input_shape: The model's (B, 3, h, w), -1 where it is free.
        stride: The input's sides are multiples of this.
    """

    def __init__(
        self,
        infer: Callable[[ImageArray], FloatArray],
        *,
        person_class: int = 0,
        imgsz: int = 640,
        conf: float = 0.1,
        iou: float = 0.7,
        max_det: int = 300,
        input_shape: Sequence[int] = (-1, 3, -1, -1),
        stride: int = 32,
    ) -> None:
        self._infer = infer
        self._person_class = person_class
        self._imgsz = imgsz
        self._conf = conf
        self._iou = iou
        self._max_det = max_det
        self._input_shape = input_shape
        self._stride = stride

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Find the persons in each frame; frames of one size share a batch.

        Raises:
            WeightsError: If the model's output holds NaN.
        """
        boxes = [self._letterbox_of(frame.size) for frame in frames]
        groups: dict[tuple[Letterbox, tuple[int, int]], list[int]] = {}
        for i, (box, frame) in enumerate(zip(boxes, frames, strict=True)):
            groups.setdefault((box, frame.size), []).append(i)
        results: dict[int, Detections] = {}
        for (box, size), members in groups.items():
            batch = letterbox([frames[i].image for i in members], box)
            for i, prediction in zip(members, self._infer(batch), strict=True):
                results[i] = self._select(prediction, box, size)
        return [results[i] for i in range(len(frames))]

    def _letterbox_of(self, size: tuple[int, int]) -> Letterbox:
        _, _, height, width = self._input_shape
        if height > 0 and width > 0:
            return fit_letterbox(size, height, width)
        return fit_rectangle(size, self._imgsz, self._stride)

    def _select(self, prediction: FloatArray, box: Letterbox, size: tuple[int, int]) -> Detections:
        if np.isnan(prediction).any():
            raise WeightsError(
                "the detector's output holds NaN", hint="the weights are damaged or of another precision"
            )
        xyxy, score, final = decode(prediction, self._person_class, self._conf)
        keep = np.argsort(-score, kind="stable") if final else geometry.suppress(xyxy, score, self._iou)
        keep = keep[: self._max_det]
        margin = np.array([box.left, box.top, box.left, box.top], np.float32)
        xyxy = geometry.clip((xyxy[keep] - margin) / np.float32(box.scale), *size)
        score = np.clip(score[keep], 0, 1)
        filled = geometry.area(xyxy) > 0
        return Detections(xyxy[filled], score[filled])


def fit_letterbox(size: tuple[int, int], height: int, width: int) -> Letterbox:
    """Centre a picture of `size` (width, height) in a fixed input of `height` x `width`."""
    scale = min(height / size[1], width / size[0])
    left = round((width - round(size[0] * scale)) / 2 - 0.1)
    top = round((height - round(size[1] * scale)) / 2 - 0.1)
    return Letterbox(height, width, scale, left, top)


def fit_rectangle(size: tuple[int, int], imgsz: int, stride: int) -> Letterbox:
    """Scale a picture's longer side to `imgsz` and pad the other to a multiple of `stride`, by `MARGIN` or more."""
    scale = imgsz / max(size)
    sides = (min(imgsz, round(side * scale) + 2 * MARGIN) for side in size)
    width, height = (-(-side // stride) * stride for side in sides)
    return fit_letterbox(size, height, width)


def letterbox(images: Sequence[ImageArray], box: Letterbox) -> ImageArray:
    """Scale pictures of one size, (H, W, 3) uint8 BGR, into their letterbox: (B, h, w, 3), grey around them."""
    import cv2

    height, width = images[0].shape[:2]
    scaled = max(1, round(width * box.scale)), max(1, round(height * box.scale))
    batch = np.full((len(images), box.height, box.width, 3), PAD_VALUE, np.uint8)
    places = batch[:, box.top : box.top + scaled[1], box.left : box.left + scaled[0]]
    for image, place in zip(images, places, strict=True):
        place[...] = cv2.resize(image, scaled, interpolation=cv2.INTER_LINEAR)
    return batch


def decode(prediction: FloatArray, person_class: int, conf: float) -> tuple[FloatArray, FloatArray, bool]:
    """Read one frame's prediction.

    Args:
        prediction: (4 + classes, N) raw, or (N, 6) from a model that suppresses duplicates itself.
        person_class: Index of the class person.
        conf: Lowest score that is kept.

    Returns:
        xyxy (K, 4) in input pixels, score (K,), and whether duplicates are suppressed already.
    """
    if prediction.shape[1] == 6 and prediction.shape[0] != 6:
        hit = (prediction[:, 5].round() == person_class) & (prediction[:, 4] >= conf)
        return prediction[hit, :4], prediction[hit, 4], True
    score = prediction[4 + person_class]
    hit = score >= conf
    centre, size = prediction[:2, hit].T, prediction[2:4, hit].T
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1), score[hit], False


def find_person_class(names: Mapping[int, str]) -> int:
    """Index of the class person among a model's class names; a model of a single class is taken as a person model.

    Raises:
        WeightsError: If the model knows several classes and none is a person.
    """
    if len(names) <= 1:
        return 0
    for wanted in ("person", "pedestrian", "people", "human"):
        for index, name in names.items():
            if name.strip().lower() == wanted:
                return int(index)
    known = ", ".join(list(names.values())[:5])
    raise WeightsError("the detector knows no class person", expected="a class named person", hint=f"it knows {known}")
