"""Progress of a training: what it tells a watcher, and its speed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Status(NamedTuple):
    """State of a training within an epoch.

    Attributes:
        epoch: Current epoch, from 1.
        epochs: Number of epochs.
        step: Steps of this epoch that are done.
        steps: Number of steps of this epoch.
        loss: Mean loss of this epoch so far.
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


class SilentWatcher:
    """Watcher that shows nothing."""

    def step(self, status: Status) -> None:
        """Ignore it."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """Ignore it."""


class Throughput:
    """Speed of an epoch, images a second, and when it is time to tell of it again.

    Args:
        every_s: Seconds between two times to tell.
    """

    def __init__(self, every_s: float = 1.0) -> None:
        self._every_s = every_s
        self.start()

    def start(self) -> None:
        """Begin to count now."""
        self._began = self._said = time.monotonic()
        self._images = 0

    def count(self, images: int) -> None:
        """Count images that are done."""
        self._images += images

    def due(self) -> bool:
        """Whether `every_s` have passed since it was last due."""
        now = time.monotonic()
        if now - self._said < self._every_s:
            return False
        self._said = now
        return True

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    @property
    def images_per_s(self) -> float:
        """Mean speed since the beginning."""
        return self._images / max(self.seconds, 1e-9)
