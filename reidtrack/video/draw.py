"""Annotated pictures: one colour per identity, boxes, labels, trails, and the camera's name and time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidtrack.types import FloatArray, ImageArray, IntArray
from reidtrack.video.palette import colour_of, ink_on
from reidtrack.video.text import blend, can_write, render

_PLATE = (24, 24, 24)
_PLATE_ALPHA = 200
_JUMP_HEIGHTS = 1.5
"""A foot point this many box heights from the last one begins a new trail: another visit, not a step."""


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes in pixels that suit a picture."""

    line: int
    text: int
    pad: int

    @classmethod
    def of(cls, width: int, height: int) -> Style:
        """Sizes for a picture of `width` x `height`, from thumbnails to 4K, by its shorter side."""
        short = min(width, height)
        text = max(12, round(short * 0.028))
        return cls(line=max(1, round(short / 340)), text=text, pad=max(2, round(text * 0.25)))


class Annotator:
    """Draws on the frames of one camera; remembers the last second of each identity for its trail.

    Args:
        width: Width of the frames, pixels.
        height: Height of the frames, pixels.
        camera: Name shown in the corner.
        trail_s: Length of the trails, seconds; 0 draws none.
        names: Identity to what the person is called; the number stands on all others' labels.
        clock: How a time is shown, in seconds; None shows hours, minutes and seconds since the origin.
    """

    def __init__(
        self,
        width: int,
        height: int,
        camera: str,
        trail_s: float = 1.0,
        names: Mapping[int, str] | None = None,
        clock: Callable[[float], str] | None = None,
    ) -> None:
        self._size = (width, height)
        self._camera = camera
        self._trail_s = trail_s
        self._names = names or {}
        self._clock = clock or clock_text
        self._style = Style.of(width, height)
        self._trails: dict[int, deque[tuple[float, float, float]]] = {}

    def draw(self, image: ImageArray, time_s: float, xyxy: FloatArray, identity: IntArray) -> ImageArray:
        """Annotate one frame; call in order of time.

        Args:
            image: (H, W, 3) uint8 BGR; left as it is.
            time_s: Seconds since the run's origin.
            xyxy: (N, 4) boxes, pixels.
            identity: (N,) ids from 1; below 1 is undecided, drawn in grey.

        Returns:
            An annotated copy, (H, W, 3) uint8 BGR.
        """
        picture = image.copy()
        self._remember(time_s, xyxy, identity)
        order = np.argsort(xyxy[:, 3], kind="stable")  # far to near: the nearer person lies on top
        for row in order:
            if self._trail_s > 0:
                self._draw_trail(picture, time_s, int(identity[row]))
        for row in order:
            self._draw_box(picture, xyxy[row], int(identity[row]))
        taken = [self._draw_caption(picture, time_s)]
        for row in order[::-1]:
            taken.append(self._draw_label(picture, xyxy[row], int(identity[row]), taken))
        return picture

    def _remember(self, time_s: float, xyxy: FloatArray, identity: IntArray) -> None:
        for box, number in zip(xyxy.astype(float), identity.tolist(), strict=True):
            if number < 1:
                continue
            trail = self._trails.setdefault(number, deque())
            x, y, tall = (box[0] + box[2]) / 2, box[3], box[3] - box[1]
            if trail and math.hypot(x - trail[-1][1], y - trail[-1][2]) > _JUMP_HEIGHTS * tall:
                trail.clear()
            trail.append((time_s, x, y))
        for number, trail in list(self._trails.items()):
            while trail and trail[0][0] < time_s - self._trail_s:
                trail.popleft()
            if not trail:
                del self._trails[number]

    def _draw_trail(self, picture: ImageArray, time_s: float, identity: int) -> None:
        import cv2

        points = np.array(self._trails.get(identity, ()))
        if len(points) < 2:
            return
        margin = self._style.line * 2
        corner = np.floor(points[:, 1:].min(0)).astype(int) - margin
        extent = np.ceil(points[:, 1:].max(0)).astype(int) + margin - corner + 1
        mask = np.zeros((extent[1], extent[0]), np.uint8)
        fixed = np.round((points[:, 1:] - corner) * 16).astype(int)  # 4 fractional bits
        for (start, end), age_s in zip(pairwise(fixed), time_s - points[1:, 0], strict=True):
            strength = round(255 * (1 - age_s / self._trail_s))
            cv2.line(mask, start.tolist(), end.tolist(), max(strength, 12), self._style.line + 1, cv2.LINE_AA, 4)
        blend(picture, mask, int(corner[0]), int(corner[1]), colour_of(identity))

    def _draw_box(self, picture: ImageArray, box: NDArray[Any], identity: int) -> None:
        import cv2

        left, top, right, bottom = (round(v) for v in box.tolist())
        cv2.rectangle(picture, (left, top), (right, bottom), colour_of(identity), self._style.line, cv2.LINE_8)

    def _draw_caption(self, picture: ImageArray, time_s: float) -> tuple[int, int, int, int]:
        height = round(self._style.text * 1.1)
        name, clock = render(self._camera, height), render(self._clock(time_s), height)
        pad = self._style.pad * 2
        plate = np.full((height + pad, name.shape[1] + clock.shape[1] + 4 * pad), _PLATE_ALPHA, np.uint8)
        margin = pad
        blend(picture, plate, margin, margin, _PLATE)
        text_top = margin + pad // 2
        blend(picture, name, margin + pad, text_top, (255, 255, 255))
        blend(picture, clock, margin + name.shape[1] + 3 * pad, text_top, (200, 200, 200))
        return margin, margin, margin + plate.shape[1], margin + plate.shape[0]

    def _draw_label(
        self, picture: ImageArray, box: NDArray[Any], identity: int, taken: list[tuple[int, int, int, int]]
    ) -> tuple[int, int, int, int]:
        name = self._names.get(identity)
        label = name if name and can_write(name) else f"ID {identity}" if identity >= 1 else "ID ?"
        text = render(label, self._style.text)
        width, height = text.shape[1] + 2 * self._style.pad, text.shape[0] + self._style.pad
        place = place_label(box, (width, height), self._size, taken, self._style.line)
        left, top, right, bottom = place
        colour = colour_of(identity)
        picture[max(top, 0) : bottom, max(left, 0) : right] = colour
        blend(picture, text, left + self._style.pad, top + self._style.pad // 2, ink_on(colour))
        return place


def place_label(
    box: NDArray[Any],
    label: tuple[int, int],
    size: tuple[int, int],
    taken: list[tuple[int, int, int, int]],
    line: int = 2,
) -> tuple[int, int, int, int]:
    """Where a label of a box goes: above it, else inside, else below, wherever it hides the least of other labels.

    Args:
        box: (4,) left, top, right, bottom of the box, pixels.
        label: Width and height of the label.
        size: Width and height of the picture.
        taken: Labels placed before, left, top, right, bottom.
        line: Width of the box's line.

    Returns:
        Left, top, right, bottom of the label, inside the picture if it fits there at all.
    """
    width, height = label
    half = (line + 1) // 2
    left, top, right, bottom = (round(v) for v in box.tolist())
    left, right = left - half + (line % 2 == 0), right + half
    above, inside, below = top - height, top + half, bottom + half
    wished = [(left, above), (right - width, above), (left, below), (right - width, below), (left, inside)]
    places = [_inside(x, y, label, size) for x, y in wished]
    low_x, low_y = (min(place[side] for place in places) for side in (0, 1))
    high_x, high_y = (max(place[side] for place in places) for side in (2, 3))
    near = [t for t in taken if t[0] < high_x and t[2] > low_x and t[1] < high_y and t[3] > low_y]
    return min(places, key=lambda place: sum(_shared(place, other) for other in near))


def clock_text(time_s: float) -> str:
    """Seconds as `0:01:02.3`, a minus sign before the run's origin."""
    tenths = round(abs(time_s) * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{'-' if time_s < 0 else ''}{hours}:{minutes:02}:{tenths // 10:02}.{tenths % 10}"


def _inside(left: int, top: int, label: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    left = max(0, min(left, size[0] - label[0]))
    top = max(0, min(top, size[1] - label[1]))
    return left, top, left + label[0], top + label[1]


def _shared(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> int:
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
