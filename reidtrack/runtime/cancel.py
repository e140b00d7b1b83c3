"""Ending work early when the user asks for it, without leaving anything half written."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class CancelToken:
    """Carries the user's wish to end early to the work, which asks between two frames and ends in good order."""

    def __init__(self) -> None:
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether the work is to end early."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask the work to end; any thread and any signal handler may."""
        self._cancelled = True

    def reset(self) -> None:
        """Take the wish back once a stage has ended because of it: the next one is for the next stage."""
        self._cancelled = False


@contextmanager
def cancel_on_signals(cancel: CancelToken) -> Iterator[None]:
    """Cancel on Ctrl-C and SIGTERM while in the context; a second signal interrupts at once.

    Raises:
        KeyboardInterrupt: On a signal that comes before the work has ended because of the last.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        if cancel.cancelled:
            raise KeyboardInterrupt
        cancel.cancel()

    former = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
