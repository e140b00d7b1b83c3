"""How a training tells how far it is; the command line decides how that looks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Status(NamedTuple):
    """How far a training is.

    Attributes:
        epoch: Number of the current epoch, from 1.
        epochs: Epochs altogether.
        step: Steps of this epoch done.
        steps: Steps of this epoch.
        loss: Mean of this epoch so far.
        accuracy: Fraction of this epoch's images classified right.
        images_per_s: In this epoch, since this call began it.
        left_s: Estimated time left of the whole training, seconds.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float
    images_per_s: float
    left_s: float


class Watcher(Protocol):
    """Told of a training's progress."""

    def step(self, status: Status) -> None:
        """Some steps are done."""
        ...

    def epoch(self, row: Mapping[str, float]) -> None:
        """An epoch is done: its row of the log."""
        ...


class Unwatched:
    """Says nothing."""

    def step(self, status: Status) -> None:
        """Ignore it."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """Ignore it."""


class Clock:
    """Images a second, from the first step counted, and when it is time to say so again."""

    def __init__(self, every_s: float = 1.0) -> None:
        self._every_s = every_s
        self.start()

    def start(self) -> None:
        """Begin now, with nothing done."""
        self._began = self._said = time.monotonic()
        self._images = 0

    def count(self, images: int) -> None:
        """So many more are done."""
        self._images += images

    def due(self) -> bool:
        """Whether `every_s` have passed since it last was."""
        now = time.monotonic()
        if now - self._said < self._every_s:
            return False
        self._said = now
        return True

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    @property
    def images_per_s(self) -> float:
        """Mean since the beginning."""
        return self._images / max(self.seconds, 1e-9)
