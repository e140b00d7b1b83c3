"""Ending early on the user's wish, without leaving anything half written."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """A wish to end early: work asks for it between two frames and ends in good order."""

    def __init__(self) -> None:
        self._wished = False

    def wish(self) -> None:
        """The user wants to end."""
        self._wished = True

    def wished(self) -> bool:
        """Whether the user wants to end."""
        return self._wished

    def granted(self) -> None:
        """The stage has ended; the next wish is for the next stage."""
        self._wished = False


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into a wish; one that comes before the last is granted interrupts at once.

    Raises:
        KeyboardInterrupt: On a second signal while the first is not yet granted.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.wished():
            raise KeyboardInterrupt
        stop.wish()

    former = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
