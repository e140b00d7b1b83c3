"""Threads that work beside what a program does, until their owner ends them: what goes wrong in one is not lost.

A `SideThread` ends by an error, work of `Every` goes on in spite of it. Either way a line says so at once, and the
error is kept as its `fault`: the owner raises it at its end, and the program ends with that error's exit code.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from reidtrack.errors import ReidtrackError

logger = logging.getLogger(__name__)


class Faults:
    """Errors of work that goes on in spite of them: each is said once in a row, and the first bug is kept.

    Args:
        name: Of what they happen in, for messages.

    Attributes:
        first: The first bug; None while there was none.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._said: str | None = None
        self.first: Exception | None = None

    def note(self, error: Exception) -> None:
        """Say what went wrong; a bug is kept, what the machine or the user can mend is not."""
        if isinstance(error, ReidtrackError | OSError):
            level, text = logging.WARNING, str(error)
        else:
            level, text = logging.ERROR, f"{self._name}: bug: {type(error).__name__}: {error}"
            self.first = self.first or error
        if text != self._said:
            logger.log(level, "%s", text)
        self._said = text


class SideThread:
    """Work in a thread of its own that nobody waits for until its owner ends it.

    Args:
        work: Returns once its owner wants it to.
        name: Of the thread, and for messages.
        failed: Called in the thread where the work ends by an error, to wake who waits for something of it.

    Attributes:
        fault: What the work ended by; None while it goes on, and where it ended well.
    """

    def __init__(self, work: Callable[[], object], name: str, failed: Callable[[], object] = lambda: None) -> None:
        self._work, self._failed = work, failed
        self.fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it is at work."""
        return self._thread.is_alive() and self.fault is None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait for its end, if it has begun; so many seconds at most."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            kind = "error" if isinstance(error, ReidtrackError) else f"bug: {type(error).__name__}"
            logger.error("%s has ended: %s: %s", self._thread.name, kind, error)
            self.fault = error  # whoever sees it finds it said
            self._failed()


class Every:
    """Does something every so many seconds in a thread of its own, until it is closed; what goes wrong ends nothing.

    Args:
        every_s: Seconds between two.
        work: What is done.
        name: Of the thread, and for messages.
    """

    def __init__(self, every_s: float, work: Callable[[], object], name: str) -> None:
        self._every_s, self._work = every_s, work
        self._faults = Faults(name)
        self._closed = threading.Event()
        self._thread = SideThread(self._run, name)
        self._thread.start()

    def close(self) -> None:
        """End; waits for the last one."""
        self._closed.set()
        self._thread.join()

    @property
    def fault(self) -> BaseException | None:
        """The first bug; None while there was none."""
        return self._faults.first or self._thread.fault

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            try:
                self._work()
            except Exception as error:  # whatever it is: without this thread it is not done any more
                self._faults.note(error)


class Faulty(Protocol):
    """What tells by what it, or a thread of it, ended before its time."""

    @property
    def fault(self) -> BaseException | None:
        """That error; None while there is none."""
        ...


def first_fault(owners: Iterable[Faulty | None]) -> BaseException | None:
    """The first fault of some that may be there; None where none has one."""
    return next((one.fault for one in owners if one is not None and one.fault is not None), None)


def raise_first(faults: Iterable[BaseException | None]) -> None:
    """Raise the first of some faults that there is.

    Raises:
        BaseException: That one.
    """
    for fault in faults:
        if fault is not None:
            raise fault
