"""The person of a photo: which of the people in it is meant, and their feature."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reidtrack.detect.protocol import Detector
from reidtrack.embed.embedder import Embedder
from reidtrack.embed.preprocess import MIN_SIDE_PX, cut_crops
from reidtrack.errors import InputError, UsageError, param
from reidtrack.geometry import clip
from reidtrack.types import FloatArray, Frame, ImageArray

logger = logging.getLogger(__name__)

WIDEST_PERSON = 1.0
"""Width over height up to which a photo may be one person from edge to edge; crops of people are at about 0.5."""

LEAST_SCORE = 0.4
"""Least score of a detection in a photo: no tracker sorts out the doubtful ones here."""


def may_be_one(image: ImageArray) -> bool:
    """Whether a photo is narrow enough to be one person from edge to edge."""
    return bool(image.shape[1] <= WIDEST_PERSON * image.shape[0])


def choose_person(
    image: ImageArray,
    path: Path,
    *,
    box_xyxy: Sequence[float] | None = None,
    person: int | None = None,
    detector: Detector | None = None,
    whole: bool = True,
) -> FloatArray:
    """Find the box of the person who is meant.

    Args:
        image: (H, W, 3) uint8, BGR.
        path: Of the photo, for messages.
        box_xyxy: The box, where the user gives it, pixels.
        person: Which of the detected people, from 1, left to right.
        detector: Finds people where no box is given; without one the whole photo is the person.
        whole: Whether a narrow photo in which nobody is found is the person from edge to edge.

    Returns:
        (4,) float32 xyxy, pixels, within the photo.

    Raises:
        UsageError: If it is not clear who is meant, or the box or number does not fit; the boxes found are listed.
        InputError: If nobody is found.
    """
    height, width = image.shape[:2]
    if box_xyxy is not None:
        return _clipped(box_xyxy, width, height)
    everything = np.array([0, 0, width, height], np.float32)
    narrow = may_be_one(image)
    if detector is None:
        if narrow:
            return everything
        raise UsageError(
            f"{width} x {height} pixels are too wide for one person from edge to edge",
            where=path,
            hint=f"give {param('box')} x1 y1 x2 y2, or {param('detector')} WEIGHTS to find people in it",
        )
    found = people_of(image, detector)
    if not len(found) and narrow and whole and person is None:
        logger.warning("%s: the detector finds nobody; the whole photo is taken as one person", path)
        return everything
    if not len(found):
        raise InputError("nobody is found in it", where=path, hint=f"give {param('box')} x1 y1 x2 y2")
    return _pick(found, person, path)


def embed_person(
    image: ImageArray, box_xyxy: FloatArray, embedder: Embedder, path: Path
) -> tuple[ImageArray, FloatArray]:
    """Cut the person out and embed them.

    Returns:
        The crop at the network's size, uint8 BGR, and its feature, a unit vector (D,).

    Raises:
        InputError: If there is too little to see.
    """
    crops, rows = cut_crops(image, box_xyxy[None], embedder.size_hw)
    if not len(rows):
        raise InputError("the person is too small", where=path, expected="a box of 2 x 2 pixels or more")
    found = embedder.embed(crops)
    if not len(found.rows):
        raise InputError("the person gives no usable feature", where=path)
    return crops[0], found.features[0]


def _clipped(box_xyxy: Sequence[float], width: int, height: int) -> FloatArray:
    box = np.asarray(box_xyxy, np.float32)
    cut = clip(box[None], width, height)[0] if np.isfinite(box).all() else np.zeros(4, np.float32)
    if (cut[2:] - cut[:2] < MIN_SIDE_PX).any():
        text = " ".join(f"{value:g}" for value in box_xyxy)
        raise UsageError(f"{text} shows nothing of the photo", field="box", expected=f"within 0 0 {width} {height}")
    return np.asarray(cut, np.float32)


def people_of(image: ImageArray, detector: Detector) -> FloatArray:
    """Boxes of all people in a photo, (N, 4) float32 xyxy, pixels, left to right."""
    found = detector.detect([Frame("photo", 0, 0.0, image)])[0]
    xyxy = found.xyxy[found.score >= LEAST_SCORE]
    boxes: FloatArray = xyxy[np.lexsort((xyxy[:, 1], xyxy[:, 0]))]
    return boxes


def _pick(found: FloatArray, person: int | None, path: Path) -> FloatArray:
    if person is None and len(found) == 1:
        return np.asarray(found[0], np.float32)
    if person is not None and 1 <= person <= len(found):
        return np.asarray(found[person - 1], np.float32)
    people = "one person" if len(found) == 1 else f"{len(found)} people"
    listed = ", ".join(f"{n}: {' '.join(f'{v:.0f}' for v in box)}" for n, box in enumerate(found.tolist(), 1))
    if person is not None:
        raise UsageError(f"there is no person {person} of {people}", field="person", expected=listed)
    raise UsageError(
        f"shows {people} ({listed})",
        where=path,
        hint=f"say which: {param('person')} 1..{len(found)}, or {param('box')}",
    )
