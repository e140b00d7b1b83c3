"""A wish to stop that comes while something runs, at a moment that is the same each time."""

from __future__ import annotations

from reidtrack.runtime.cancel import CancelToken


class CancelAfter(CancelToken):
    """Cancels itself after so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._left = steps

    @property
    def cancelled(self) -> bool:
        self._left -= 1
        return self._left <= 0
