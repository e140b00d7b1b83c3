"""What a way out for events is, and the part of it that MQTT and web hooks share: a thread and a bounded queue."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from reidtrack.publish.status import LiveStatus, OutletStatus

Line = Mapping[str, Any]
"""An event as `Event.to_json` gives it."""
MOST_WAITING = 1000
"""Lines that wait for an outlet at most; of more, the oldest are dropped and counted."""


class Outlet(Protocol):
    """Takes events and how it stands, and passes them on in a thread of its own; nothing here ever waits for a network.

    Attributes:
        name: `mqtt` or `webhook`.
    """

    @property
    def name(self) -> str:
        """What it is called in figures."""
        ...

    def send(self, line: Line) -> None:
        """Pass an event on, soon; does not wait and does not fail."""
        ...

    def show(self, status: LiveStatus) -> None:
        """Pass on what is new in how it stands; called about once a second, does not wait and does not fail."""
        ...

    def status(self) -> OutletStatus:
        """Counts so far."""
        ...

    @property
    def fault(self) -> BaseException | None:
        """What its thread ended by before its time; None where it did not."""
        ...

    def close(self, timeout_s: float) -> None:
        """Send what waits, for so many seconds at most, and end; what is left then is counted as dropped."""
        ...


class Waiting:
    """Lines that wait to be sent, bounded: the oldest goes when there are too many. Safe to use from several threads.

    Args:
        most: Lines that wait at most.

    Attributes:
        sent: Lines that arrived.
        dropped: Lines that were given up.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most, self._lines = most, deque[Line]()
        self.changed = threading.Condition()
        self.sent = self.dropped = 0
        self.closed = False

    def __len__(self) -> int:
        return len(self._lines)

    def put(self, line: Line) -> None:
        """Add a line; once it is closed, lines are dropped."""
        with self.changed:
            if self.closed or len(self._lines) >= self._most:
                self.dropped += 1
                if self.closed:
                    return
                self._lines.popleft()
            self._lines.append(line)
            self.changed.notify_all()

    def take(self, timeout_s: float | None = None) -> Line | None:
        """The oldest line; None if none came in time, or if it is closed and empty."""
        with self.changed:
            self.changed.wait_for(lambda: self._lines or self.closed, timeout_s)
            return self._lines.popleft() if self._lines else None

    def count(self, *, sent: int = 0, dropped: int = 0) -> None:
        """Add to the counts."""
        with self.changed:
            self.sent += sent
            self.dropped += dropped
            self.changed.notify_all()

    def close(self) -> None:
        """Take no more lines; what waits may still be taken."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def give_up(self) -> None:
        """Drop and count what still waits."""
        with self.changed:
            self.closed = True
            self.dropped += len(self._lines)
            self._lines.clear()
            self.changed.notify_all()
