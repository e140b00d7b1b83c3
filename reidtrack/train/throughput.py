"""Speed of a training."""

from __future__ import annotations

import time


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
