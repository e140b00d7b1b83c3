"""Quality of crops, 0..1: which crops of a tracklet are worth embedding, and how much each counts.

A product of six factors in 0..1, each to a power. The powers were learned: log-linear, none below 0, they predict how
far a crop's embedding lies from those of the same person's other crops, so that the product is the inverse of that
distance but for a constant. Learned on crops of Market-1501 and CUHK03 that were cut off, blurred and shrunk on purpose
and on boxes tracked in recordings, for two networks of different make (`benchmarks/crop_quality.py` fits them and
compares them with the product by hand that stood here before; docs/results/appearance.md has the tables).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reidtrack.geometry import inside
from reidtrack.types import BoolArray, FloatArray, ImageArray


class Powers(NamedTuple):
    """Exponents of the factors of quality; 0 leaves a factor out.

    Attributes:
        score: Score of the detector.
        size: Height over `FULL_HEIGHT_PX`.
        uncovered: Share of the box that nobody in front covers.
        cut: Height that is seen of the usual one, for boxes at the picture's upper or lower edge.
        narrow: Width that is seen of the usual one, for boxes at its sides.
        sharp: Sharpness of the crop over `FULL_SHARPNESS`.
    """

    score: float
    size: float
    uncovered: float
    cut: float
    narrow: float
    sharp: float


POWERS = Powers(score=0.28, size=0.18, uncovered=0.04, cut=2.14, narrow=0.62, sharp=0.38)
"""As fitted, but `cut`, which is twice as fitted (1.07): legs that are out of the picture are missing in every crop, so
the errors of cut crops do not average out as those of the others do. Of a man who walks up to the camera until his legs
leave the picture, the mean has a cosine of 0.97 to the crops of the whole man, by 1.07 0.95, by hand 0.93."""

FULL_HEIGHT_PX = 128.0
"""Height of a box in pixels below which its quality falls."""

FULL_SHARPNESS = 0.02
"""Sharpness below which quality falls: crops are blurred or enlarged from few pixels; above, clothes decide it."""

USUAL_ASPECT = 2.5
"""Height over width of people in full view in a camera that nothing is known of."""

EDGE_SHARE = 0.012
"""Share of the picture's side (and at least 2 px) within which a box ends at its edge. Detectors end boxes before it:
by up to 1.1 % of the height where a man's legs left the picture (1920x1080, the shipped detector)."""

_TALL_ENOUGH = 0.95
_NARROW_ENOUGH = 1.1
"""Of the usual aspect: a box at an edge between these two is taken to be whole."""

_LEAST_CONTRAST = 10.0
"""Standard deviation of grey values, of 255."""

_TINY = 1e-6
_LEAST = 0.02
"""Of a factor that is an estimate: boxes that others cover wholly may yet show something."""


_MOSTLY = 0.8
"""A box of which more is uncovered may teach what is usual."""


class Visibility(NamedTuple):
    """Visibility of the boxes of one frame, (N, 4): covered by others, cut off at the picture's edge.

    Attributes:
        uncovered: (N,) share of each box, 0..1, that no box in front covers.
        ends: (N,) whether each ends at the upper or lower edge.
        sides: (N,) whether each ends at the left or right edge.
    """

    uncovered: FloatArray
    ends: BoolArray
    sides: BoolArray


def visibility(xyxy: FloatArray, width: int, height: int) -> Visibility:
    """Visibility of the boxes of a frame.

    Args:
        xyxy: (N, 4) float32 pixels, all people known in the frame, since they cover one another.
        width: Of the picture, pixels.
        height: Likewise.
    """
    across, down = max(2.0, EDGE_SHARE * width), max(2.0, EDGE_SHARE * height)
    ends = (xyxy[:, 1] <= down) | (xyxy[:, 3] >= height - down)
    sides = (xyxy[:, 0] <= across) | (xyxy[:, 2] >= width - across)
    return Visibility(uncovered(xyxy), ends, sides)


def box_factors(
    xyxy: FloatArray, score: FloatArray, visible: Visibility, usual_aspect: float | FloatArray = USUAL_ASPECT
) -> FloatArray:
    """Factors of the crops' quality that follow from the boxes of one frame alone, without the picture.

    Args:
        xyxy: (N, 4) float32 pixels.
        score: (N,) float32 in 0..1, of the detector.
        visible: Visibility of these boxes.
        usual_aspect: Height over width of people in full view in this camera.

    Returns:
        (N, 5) in 0..1, columns as the first five of `Powers`.
    """
    high, wide = xyxy[:, 3] - xyxy[:, 1], xyxy[:, 2] - xyxy[:, 0]
    relative = high / np.maximum(wide * usual_aspect, _TINY)
    factors = np.ones((len(xyxy), 5))
    factors[:, 0] = score
    factors[:, 1] = np.maximum(high, 0) / FULL_HEIGHT_PX
    factors[:, 2] = np.maximum(visible.uncovered, _LEAST)
    factors[visible.ends, 3] = np.maximum(relative[visible.ends] / _TALL_ENOUGH, _LEAST)
    factors[visible.sides, 4] = np.maximum(_NARROW_ENOUGH / np.maximum(relative[visible.sides], _TINY), _LEAST)
    return np.minimum(factors, 1, out=factors)


def box_quality(
    xyxy: FloatArray, score: FloatArray, visible: Visibility, usual_aspect: float | FloatArray = USUAL_ASPECT
) -> FloatArray:
    """Quality of the crops of one frame's boxes but for sharpness: (N,) float32 in 0..1.

    Arguments are those of `box_factors`.
    """
    powered = box_factors(xyxy, score, visible, usual_aspect) ** POWERS[:5]
    quality: FloatArray = powered.prod(axis=1).astype(np.float32)
    return quality


@dataclass(frozen=True, slots=True)
class UsualAspect:
    """Height over width of the people of one camera, learned from boxes in full view as frames pass.

    How steeply a camera looks down decides it, and a box at the picture's edge is cut off if it is wider than that.

    Attributes:
        log_sum: Sum of the logarithms of the boxes' aspects.
        boxes: Number of boxes; it begins with some of `USUAL_ASPECT`, so that the first people do not decide alone.
    """

    log_sum: float = 60 * math.log(USUAL_ASPECT)
    boxes: float = 60

    @property
    def value(self) -> float:
        """Usual height over width, the geometric mean of the boxes' aspects."""
        return math.exp(self.log_sum / self.boxes)

    def after(self, xyxy: FloatArray, visible: Visibility) -> UsualAspect:
        """Usual aspect once these boxes (N, 4) were seen too; those at an edge or covered are left out."""
        high, wide = xyxy[:, 3] - xyxy[:, 1], xyxy[:, 2] - xyxy[:, 0]
        full = (visible.uncovered > _MOSTLY) & (np.minimum(high, wide) > 0) & ~(visible.ends | visible.sides)
        aspects = high[full] / wide[full]
        return UsualAspect(self.log_sum + float(np.log(aspects).sum(dtype=np.float64)), self.boxes + len(aspects))


def sharp_quality(crop: ImageArray) -> float:
    """Factor of the quality of a crop (H, W, 3), uint8, that follows from its sharpness: 0..1."""
    return float(min(1.0, max(_LEAST, sharpness(crop) / FULL_SHARPNESS)) ** POWERS.sharp)


def sharpness(crop: ImageArray) -> float:
    """Sharpness of a crop: variance of its Laplacian over its own variance, at 128x64.

    That is the share of fine detail in the contrast.

    At that size since beyond it most crops were enlarged, and hold no detail that could tell sharp from blurred. The
    variance of the Laplacian as a measure of focus: Pech-Pacheco et al., ICPR 2000. A crop of one colour counts as
    sharp: 1. Hardly any contrast counts as a little, lest the rounding of its values passes for detail.
    """
    import cv2

    small = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), (64, 128), interpolation=cv2.INTER_AREA)
    _, spread = cv2.meanStdDev(small)
    _, detail = cv2.meanStdDev(cv2.Laplacian(small, cv2.CV_32F))
    contrast = max(float(spread[0, 0]), _LEAST_CONTRAST) if spread[0, 0] > 0 else 0.0
    return (float(detail[0, 0]) / contrast) ** 2 if contrast else 1.0


def uncovered(xyxy: FloatArray) -> FloatArray:
    """Share of each box, (N,) in 0..1, that no box in front of it covers.

    In front is whose lower edge is lower: on common ground, that person stands nearer to the camera. Several in front
    are taken to cover independent parts, so the share left is the product of what each leaves.
    """
    if len(xyxy) < 2:
        return np.ones(len(xyxy), np.float32)
    bottom = xyxy[:, 3]
    covered = inside(xyxy, xyxy)
    covered *= bottom[None, :] > bottom[:, None]  # (N, N): column in front of row
    left: FloatArray = np.subtract(1, covered, out=covered).prod(axis=1)
    return left
