"""Regions of a picture in which nobody is looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from reidtrack.detect.protocol import Detector
from reidtrack.spacetime.zones import depth_in_polygon
from reidtrack.types import BoolArray, Detections, DoubleArray, Frame

Region = Sequence[tuple[float, float]]
"""Three or more points, each in 0..1 of the picture's width and height."""


class IgnoringDetector:
    """A detector that does not see who stands in a region: whose feet, the middle of the box's lower edge, are there.

    Args:
        detector: Finds persons.
        regions: Camera to the regions to ignore; may be brought up to date while it works.
    """

    def __init__(self, detector: Detector, regions: Mapping[str, Sequence[Region]]) -> None:
        self._detector, self._regions = detector, regions

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Return the persons of each frame, in the order of `frames`."""
        found = self._detector.detect(frames)
        return [self._seen(frame, detections) for frame, detections in zip(frames, found, strict=True)]

    def _seen(self, frame: Frame, detections: Detections) -> Detections:
        regions = self._regions.get(frame.camera, ())
        if not regions or not len(detections):
            return detections
        xyxy, (width, height) = detections.xyxy.astype(np.float64), frame.size
        # Feet below the picture stand at its edge.
        feet = np.stack([(xyxy[:, 0] + xyxy[:, 2]) / 2 / width, np.minimum(xyxy[:, 3] / height, 1.0)], axis=1)
        ignored = np.any([inside(np.asarray(region, np.float64), feet) for region in regions], axis=0)
        return detections[~ignored]


def inside(polygon: DoubleArray, points: DoubleArray) -> BoolArray:
    """Whether points (N, 2) lie within a polygon (P, 2) or on its border: (N,) bool."""
    result: BoolArray = depth_in_polygon(points, polygon) >= 0
    return result
