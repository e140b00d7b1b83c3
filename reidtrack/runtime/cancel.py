"""Ending work early when the user asks for it, without leaving anything half written."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_HANGUP: signal.Signals | None = getattr(signal, "SIGHUP", None)
"""Not on Windows."""


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
    """Cancel on Ctrl-C, SIGTERM and SIGHUP while in the context; a second signal interrupts at once.

    A terminal that closes sends SIGHUP, often more than once: it never interrupts what is being finalised. Where it is
    ignored (`nohup`), it stays so.

    Raises:
        KeyboardInterrupt: On a signal that comes before the work has ended because of the last.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        if cancel.cancelled and number != _HANGUP:
            raise KeyboardInterrupt
        cancel.cancel()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if _HANGUP is not None and signal.getsignal(_HANGUP) != signal.SIG_IGN:
        numbers.append(_HANGUP)
    former = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
