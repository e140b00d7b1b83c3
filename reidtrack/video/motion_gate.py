"""Whether anything moves in a camera's pictures: where nothing does, nobody need look for people.

A picture is compared, small and grey, with one of half a second to a second ago, cell by cell, after a change of light
that all cells share was taken out. A cell moves if it differs by more than it does there by itself: how much that is
(night noise, rain, leaves, flicker, the pulse of key frames) each cell learns from pictures in which a detector looked
and found nobody near. What people do is never learnt. Supervised background subtraction in one line: the detector says
what is background, so neither a threshold nor an assumption about noise has to fit the place.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from typing import Any

import numpy as np

from reidtrack.types import BoolArray, DoubleArray, FloatArray, ImageArray

_LONGER_SIDE = 320
"""Pixels at which pictures are compared: the smallest person a detector finds at 640 has about 8 by 3 of them."""
_CELL = 8
"""Pixels of a cell's side."""
_REFERENCE_S = 0.5
"""Age at which a picture becomes the one that is compared with; it is twice as old when the next takes its place."""
_REMEMBER_S = 1.5
"""How long it is remembered where people were: a picture that is compared with is a little younger."""
_LEAST_CHANGE = 1.5
"""Grey levels, a cell's mean, by which a cell without any noise has to change; a person of little contrast makes 4."""
_MARGIN = 1.4
"""A cell moves when it changes so many times as much as by itself."""
_LEARN_S, _FORGET_S = 3.0, 60.0
"""How fast a cell learns that it changes by itself, and how fast it forgets: a flag is learnt soon, a lamp that was
switched on is forgotten soon."""
_SLOWLY_LEARN_S, _SLOWLY_FORGET_S = 15.0, 120.0
"""The same for what happens now here, now there, as rain does: how much any one cell changes beyond what it knows."""
_MOST_LEARNT_S = 0.4
"""For how long one picture counts at most, where those before it were not looked at."""
_MOST_ANYWHERE = 10.0
"""Grey levels; more than that is not allowed for anywhere: it would hide people of little contrast."""
_BLINDING = 25.0
"""Change, grey levels, that a cell has to show before it moves, in which a person may not be seen any more."""
_BLIND_SHARE = 0.2
"""Share of such cells, as when a mast sways in the wind, beyond which the picture tells nothing: people are looked for
always."""
_CUT_S = 5.0
"""A pause after which the old picture tells nothing."""
_MOST_WAITING = 64
"""Pictures of which the detector has not said yet whom it found."""


class MotionGate:
    """Compares the pictures of one camera."""

    def __init__(self) -> None:
        self._reference: FloatArray | None = None
        self._next: FloatArray | None = None
        self._next_s = self._last_s = self._learnt_s = -float("inf")
        self._noise: FloatArray = np.zeros((0, 0), np.float32)
        self._anywhere = 0.0
        self._waiting: OrderedDict[int, tuple[float, FloatArray]] = OrderedDict()
        self._people: deque[tuple[float, BoolArray]] = deque()

    def moves(self, image: ImageArray, index: int, time_s: float) -> bool:
        """Take the next picture; whether anything in it moves, which the first pictures never deny.

        Args:
            image: (H, W, 3) uint8 BGR.
            index: Number of the frame, by which `looked` names it.
            time_s: Its time, seconds.
        """
        grey = _small(image)
        known = self._next is not None and self._next.shape == grey.shape
        if not known or not 0 <= time_s - self._last_s <= _CUT_S:
            self._begin(grey, time_s, keep_noise=known)
        self._last_s = time_s
        reference = self._reference
        if time_s - self._next_s >= _REFERENCE_S:
            self._reference, self._next, self._next_s = self._next, grey, time_s
        if reference is None:
            return True
        change = _change(grey, reference)
        self._waiting[index] = time_s, change
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)
        least = self._least()
        return bool((change > least).any()) or float((least > _BLINDING).mean()) > _BLIND_SHARE

    def looked(self, index: int, people: FloatArray, size: tuple[int, int]) -> None:
        """Be told whom a detector found in a picture, so that what changes elsewhere is learnt to be nobody.

        Args:
            index: Number of the frame.
            people: (N, 4) boxes of all who may be people, pixels of the picture.
            size: Width and height of the picture, pixels.
        """
        while self._waiting:
            if (waiting := next(iter(self._waiting))) > index:
                return  # this one had nothing to be compared with
            time_s, change = self._waiting.pop(waiting)
            if waiting == index:
                self._learn(change, time_s, self._lately(_cells_of(people, size, change.shape), time_s))

    def _begin(self, grey: FloatArray, time_s: float, *, keep_noise: bool) -> None:
        self._reference, self._next, self._next_s = None, grey, time_s
        self._waiting.clear()
        if not keep_noise:
            self._noise, self._anywhere = np.zeros([-(-side // _CELL) for side in grey.shape], np.float32), 0.0
            self._people.clear()

    def _least(self) -> FloatArray:
        """Change beyond which a cell moves, of each."""
        return _MARGIN * self._noise + np.float32(_LEAST_CHANGE + _MARGIN * self._anywhere)

    def _lately(self, people: BoolArray, time_s: float) -> BoolArray:
        """Cells in which people are, or were in any picture that a change may come from."""
        while self._people and not 0 <= time_s - self._people[0][0] <= _REMEMBER_S:
            self._people.popleft()
        self._people.append((time_s, people))
        anywhere: BoolArray = np.any([cells for _, cells in self._people], axis=0)
        return anywhere

    def _learn(self, change: FloatArray, time_s: float, people: BoolArray) -> None:
        passed_s = float(np.clip(time_s - self._learnt_s, 0.0, 1e4))
        step_s = min(passed_s, _MOST_LEARNT_S)
        self._learnt_s = time_s
        own = np.where(people, np.float32(0), change)
        beyond = float((own - _MARGIN * self._noise).max())
        self._anywhere *= math.exp(-passed_s / _SLOWLY_FORGET_S)
        self._anywhere += max(beyond - self._anywhere, 0.0) * -math.expm1(-step_s / _SLOWLY_LEARN_S)
        self._anywhere = min(self._anywhere, _MOST_ANYWHERE)
        self._noise *= np.float32(math.exp(-passed_s / _FORGET_S))
        self._noise += np.maximum(own - self._noise, 0) * np.float32(-math.expm1(-step_s / _LEARN_S))


def _small(image: ImageArray) -> FloatArray:
    """Grey picture of at most `_LONGER_SIDE`, float32, a little blurred: noise goes, people stay."""
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, _LONGER_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shrunk = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR) if scale < 1 else image
    grey: FloatArray = cv2.blur(cv2.cvtColor(shrunk, cv2.COLOR_BGR2GRAY), (3, 3)).astype(np.float32)
    return grey


def _change(grey: FloatArray, reference: FloatArray) -> FloatArray:
    """Mean change of each cell (rows, columns), grey levels, less what a change of light explains."""
    gain, offset = _light(_cell_means(reference), _cell_means(grey))
    return _cell_means(np.abs(grey - (np.float32(gain) * reference + np.float32(offset))))


def _cell_means(picture: FloatArray) -> FloatArray:
    """Mean of each cell; those at the right and lower edge, which may be cut off, are filled up with the edge."""
    import cv2

    height, width = picture.shape
    padded = cv2.copyMakeBorder(picture, 0, -height % _CELL, 0, -width % _CELL, cv2.BORDER_REPLICATE)
    rows, columns = padded.shape[0] // _CELL, padded.shape[1] // _CELL
    means: Any = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    found: FloatArray = means
    return found


def _light(before: FloatArray, after: FloatArray) -> tuple[float, float]:
    """Gain and offset that explain most cells' change, fitted to the half of them that change most alike."""
    x, y = before.ravel().astype(np.float64), after.ravel().astype(np.float64)
    shift = np.median(y - x)
    gain, offset = 1.0, float(shift)
    for _ in range(2):
        off = np.abs(y - gain * x - offset)
        alike = off <= np.median(off)
        fit = _line(x[alike], y[alike])
        if fit is None:
            return 1.0, float(shift)
        gain, offset = fit
    return gain, offset


def _line(x: DoubleArray, y: DoubleArray) -> tuple[float, float] | None:
    """Slope and intercept of least squares; None where a picture is too flat to tell, or the slope is no light's."""
    spread = float(((x - x.mean()) ** 2).mean())
    if spread < 1.0:
        return None
    slope = float(((x - x.mean()) * (y - y.mean())).mean()) / spread
    return (slope, float(y.mean() - slope * x.mean())) if 0.25 <= slope <= 4 else None


def _cells_of(xyxy: FloatArray, size: tuple[int, int], shape: tuple[int, ...]) -> BoolArray:
    """Cells (rows, columns) that boxes touch, each widened by a fifth of its size."""
    cells = np.zeros(shape, np.bool_)
    if not len(xyxy):
        return cells
    scale = min(1.0, _LONGER_SIDE / max(size)) / _CELL
    margin = 0.2 * np.tile(xyxy[:, 2:] - xyxy[:, :2], 2) * (-1, -1, 1, 1)
    boxes = (xyxy + margin) * scale
    first = np.maximum(np.floor(boxes[:, :2]), 0).astype(int)
    last = np.maximum(np.ceil(boxes[:, 2:]), 0).astype(int)
    for (left, top), (right, bottom) in zip(first.tolist(), last.tolist(), strict=True):
        cells[top : bottom + 1, left : right + 1] = True
    return cells
