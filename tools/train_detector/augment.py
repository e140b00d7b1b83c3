"""Training pictures: mosaics of four and single ones, shifted, scaled, mirrored, in other colours, compressed again."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from reidtrack.detect.letterbox import PAD_VALUE
from reidtrack.geometry import area, clip
from reidtrack.types import FloatArray, ImageArray
from tools.train_detector.data import Picture

_MOSAIC, _MIRROR, _COMPRESS = 0.5, 0.5, 0.3
_HUE, _SATURATION, _VALUE = 0.015, 0.5, 0.35
_LEAST_SHARE, _LEAST_SIDE_PX = 0.3, 4
"""A box that was cut to less than this share of its area, or is smaller than this, need not be found any more."""


def training_picture(pictures: Sequence[Picture], index: int, imgsz: int, rng: np.random.Generator) -> Picture:
    """Make one (imgsz, imgsz) training picture from number `index`, alone or with three others."""
    canvas = np.full((imgsz, imgsz, 3), PAD_VALUE, np.uint8)
    if rng.random() < _MOSAIC:
        middle = rng.uniform(0.3, 0.7, 2) * imgsz
        corners = [(x, y) for y in (0.0, 1.0) for x in (0.0, 1.0)]
        chosen = [index, *rng.integers(len(pictures), size=3)]
        parts = [_in_corner(canvas, pictures[i], middle, at, rng) for i, at in zip(chosen, corners, strict=True)]
    else:
        scale = _fitting(pictures[index], imgsz) * rng.uniform(0.6, 1.3)
        room = imgsz - scale * np.array(pictures[index].image.shape[1::-1])
        parts = [_paste(canvas, pictures[index], scale, rng.uniform(0, 1, 2) * room, (0, 0, imgsz, imgsz))]
    xyxy, ignored = (np.concatenate(boxes) for boxes in zip(*parts, strict=True))
    return _recoloured(_mirrored(Picture(pictures[index].name, canvas, xyxy, ignored), rng), rng)


def _fitting(picture: Picture, imgsz: int) -> float:
    return imgsz / max(picture.image.shape[:2])


def _in_corner(
    canvas: ImageArray, picture: Picture, middle: FloatArray, corner: tuple[float, float], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Paste a picture with one of its corners at the middle of a mosaic."""
    imgsz = len(canvas)
    scale = _fitting(picture, imgsz) * rng.uniform(0.5, 1.1)
    size = scale * np.array(picture.image.shape[1::-1])
    right, below = corner
    window = (
        int(middle[0]) if right else 0,
        int(middle[1]) if below else 0,
        imgsz if right else int(middle[0]),
        imgsz if below else int(middle[1]),
    )
    return _paste(canvas, picture, scale, middle - (1 - np.array(corner)) * size, window)


def _paste(
    canvas: ImageArray, picture: Picture, scale: float, offset: FloatArray, window: tuple[int, int, int, int]
) -> tuple[FloatArray, FloatArray]:
    """Draw a scaled picture at `offset` within a window (xyxy) of the canvas.

    Returns:
        Boxes to find and boxes to ignore, in pixels of the canvas.
    """
    left, top, right, bottom = window
    place = np.array([[scale, 0, offset[0] - left], [0, scale, offset[1] - top]])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = (PAD_VALUE,) * 3
    drawn = cv2.warpAffine(picture.image, place, (right - left, bottom - top), flags=method, borderValue=grey)
    canvas[top:bottom, left:right] = drawn
    found, lost = _cut(picture.xyxy, scale, offset, window)
    ignored, gone = _cut(picture.ignored, scale, offset, window)
    return found, np.concatenate([lost, ignored, gone])


def _cut(
    xyxy: FloatArray, scale: float, offset: FloatArray, window: tuple[int, int, int, int]
) -> tuple[FloatArray, FloatArray]:
    """Boxes moved with their picture and cut to a window: those still to be found, those to be ignored."""
    left, top, right, bottom = window
    moved = (xyxy * scale + np.tile(offset, 2)).astype(np.float32)
    corner = np.float32([left, top, left, top])
    inside = clip(moved - corner, right - left, bottom - top) + corner
    seen = area(inside)
    sides = (inside[:, 2:] - inside[:, :2]).min(axis=1, initial=np.inf) if len(inside) else np.zeros(0)
    enough = (seen >= _LEAST_SHARE * area(moved)) & (sides >= _LEAST_SIDE_PX)
    return inside[enough], inside[~enough & (seen > 0)]


def _mirrored(picture: Picture, rng: np.random.Generator) -> Picture:
    if rng.random() >= _MIRROR:
        return picture
    width = picture.image.shape[1]
    turned = [
        np.stack([width - b[:, 2], b[:, 1], width - b[:, 0], b[:, 3]], 1) for b in (picture.xyxy, picture.ignored)
    ]
    return Picture(picture.name, np.ascontiguousarray(picture.image[:, ::-1]), *turned)


def _recoloured(picture: Picture, rng: np.random.Generator) -> Picture:
    hue, saturation, value = 1 + rng.uniform(-1, 1, 3) * (_HUE, _SATURATION, _VALUE)
    level = np.arange(256)
    tables = (level * hue) % 180, np.clip(level * saturation, 0, 255), np.clip(level * value, 0, 255)
    table = np.stack(tables, axis=1)[None].astype(np.uint8)
    image = cv2.cvtColor(cv2.LUT(cv2.cvtColor(picture.image, cv2.COLOR_BGR2HSV), table), cv2.COLOR_HSV2BGR)
    if rng.random() < _COMPRESS:
        _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))])
        image = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return Picture(picture.name, image, picture.xyxy, picture.ignored)
