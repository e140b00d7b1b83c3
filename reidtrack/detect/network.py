"""Person detection by a network of any family: frames into batches over cameras, boxes back into their pictures."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from reidtrack import geometry
from reidtrack.detect.family import CountsClasses, Family
from reidtrack.detect.fit import FittedSize
from reidtrack.detect.letterbox import Letterbox, letterbox
from reidtrack.detect.protocol import DetectorOptions
from reidtrack.detect.tiles import EDGE_INPUT_PX, Tile, merge, shifted, tiles_of
from reidtrack.errors import WeightsError
from reidtrack.types import Detections, Frame, ImageArray, Outputs

_VIEWS = 16
"""Tiles in a batch, or as many as there are pictures: so many inputs are in memory at once."""


class NetworkDetector:
    """Finds persons in frames of several cameras at once.

    Args:
        infer: Maps (B, h, w, 3) uint8 BGR to the family's outputs, each (B, ...); threads may call it.
        family: How pictures go in and boxes come out.
        options: Size of the input and which boxes are kept.
        person_class: Index of the class person in the model.
        named_classes: How many classes the model names; 0 where it names none.
        input_shape: The model's (B, 3, h, w), -1 where it is free.
        stride: The sides of a free input are multiples of this.
    """

    def __init__(
        self,
        infer: Callable[[ImageArray], Outputs],
        family: Family,
        options: DetectorOptions | None = None,
        *,
        person_class: int = 0,
        named_classes: int = 0,
        input_shape: Sequence[int] = (-1, 3, -1, -1),
        stride: int = 32,
    ) -> None:
        self._infer = infer
        self._family = family
        self._options = options or DetectorOptions()
        self._person_class, self._named_classes = person_class, named_classes
        _, _, height, width = input_shape
        self._input_hw = (height, width) if height > 0 and width > 0 else None
        self._stride = stride
        self._fitted: Mapping[str, FittedSize] = {}

    @property
    def fixed_hw(self) -> tuple[int, int] | None:
        """Height and width of the network's input where it takes no other; None where it takes any."""
        return self._input_hw

    def with_sizes(self, fitted: Mapping[str, FittedSize]) -> NetworkDetector:
        """The same detector with an input, and tiles, of its own size for some cameras."""
        other = copy.copy(self)
        other._fitted = dict(fitted)
        return other

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Find the persons in each frame; frames of one size that are scaled alike share a batch.

        Raises:
            WeightsError: If the model's output holds NaN, or more or fewer classes than it names.
        """
        groups: dict[tuple[tuple[int, int], int, int], list[int]] = {}
        for i, frame in enumerate(frames):
            fitted = self._fitted.get(frame.camera, self._options)
            groups.setdefault((frame.size, fitted.imgsz, fitted.tiles), []).append(i)
        results: dict[int, Detections] = {}
        for (_, imgsz, tiles), members in groups.items():
            images = [frames[i].image for i in members]
            found = self._look(images, imgsz) if tiles == 1 else self._look_in_tiles(images, imgsz, tiles)
            results.update(zip(members, found, strict=True))
        return [results[i] for i in range(len(frames))]

    def _place(self, size: tuple[int, int], imgsz: int) -> Letterbox:
        return self._family.place(size, self._input_hw, imgsz, self._stride)

    def _look(self, images: Sequence[ImageArray], imgsz: int) -> list[Detections]:
        """The persons in each of some pictures of one size, in one batch."""
        size = images[0].shape[1], images[0].shape[0]
        box = self._place(size, imgsz)
        outputs = self._infer(letterbox(images, box))
        return [self._select(one, box, size) for one in zip(*outputs, strict=True)]

    def _look_in_tiles(self, images: Sequence[ImageArray], imgsz: int, count: int) -> list[Detections]:
        """The persons in each picture, as a whole and in tiles of which `count` lie along its longer side."""
        size = images[0].shape[1], images[0].shape[0]
        whole, tiles = Tile(0, 0, *size), tiles_of(size, count)
        views = [image[t.top : t.bottom, t.left : t.right] for image in images for t in tiles]
        length = max(len(images), _VIEWS)
        seen = [one for i in range(0, len(views), length) for one in self._look(views[i : i + length], imgsz)]
        edge_px = EDGE_INPUT_PX / min(self._place(tiles[0].size, imgsz)[2:4])
        results = []
        for i, found in enumerate(self._look(images, imgsz)):
            parts = [shifted(s, t) for s, t in zip(seen[i * len(tiles) : (i + 1) * len(tiles)], tiles, strict=True)]
            results.append(merge([found, *parts], [whole, *tiles], size, edge_px)[: self._options.max_det])
        return results

    def _check_classes(self, outputs: Outputs) -> None:
        """Raise if the model names other classes than it tells apart: which of them is a person is not known then."""
        held = self._family.classes_in(outputs) if isinstance(self._family, CountsClasses) else None
        if self._named_classes and held is not None and held != self._named_classes:
            raise WeightsError(
                f"the detector names {self._named_classes} classes, and its output holds {held}",
                hint="names and weights are of different detectors",
            )

    def _select(self, outputs: Outputs, box: Letterbox, size: tuple[int, int]) -> Detections:
        if any(np.isnan(output).any() for output in outputs):
            raise WeightsError(
                "the detector's output holds NaN", hint="the weights are damaged or of another precision"
            )
        self._check_classes(outputs)
        options = self._options
        try:
            found = self._family.decode(outputs, (box.height, box.width), self._person_class, options.conf)
        except (IndexError, ValueError) as error:
            shapes = " and ".join(str(output.shape) for output in outputs)
            what = f"the detector's output of {shapes} does not hold class {self._person_class} of its names"
            raise WeightsError(what, hint="names and weights are of different detectors") from error
        if found.distinct:
            keep = np.argsort(-found.score, kind="stable")
        else:
            keep = geometry.suppress(found.xyxy, found.score, options.iou)
        keep = keep[: options.max_det]
        xyxy = box.to_picture(found.xyxy[keep], size)
        score = np.clip(found.score[keep], 0, 1)
        filled = geometry.area(xyxy) > 0
        return Detections(xyxy[filled], score[filled])
