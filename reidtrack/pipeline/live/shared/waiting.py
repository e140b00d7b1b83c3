"""Entries that wait for the server: bounded in bytes, the oldest dropped and counted."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

MOST_BYTES = 64 << 20


class Parcel(NamedTuple):
    """An entry on its way.

    Attributes:
        sector: Whose stream it goes to.
        fields: What it says.
        nbytes: How much it takes.
    """

    sector: str
    fields: dict[str, bytes]
    nbytes: int


@dataclass(slots=True)
class Counts:
    """How many entries arrived, and how many were given up."""

    sent: int = 0
    dropped: int = 0


class Waiting:
    """Entries in the order in which they are to be sent. Threads may share it.

    Args:
        most_bytes: Of all that wait.

    Attributes:
        changed: Notified of each change.
        counts: So far.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._parcels: deque[Parcel] = deque()
        self.changed = threading.Condition()
        self.counts = Counts()

    def __len__(self) -> int:
        return len(self._parcels)

    def put(self, sector: str, fields: dict[str, bytes]) -> None:
        """Add an entry; the oldest go where there is no room."""
        nbytes = 200 + sum(map(len, fields.values()))
        with self.changed:
            self._parcels.append(Parcel(sector, fields, nbytes))
            self._bytes += nbytes
            while self._bytes > self._most_bytes and len(self._parcels) > 1:
                self._bytes -= self._parcels.popleft().nbytes
                self.counts.dropped += 1
            self.changed.notify_all()

    def first(self, most: int) -> list[Parcel]:
        """The oldest; they stay until `arrived` says otherwise."""
        with self.changed:
            return [self._parcels[i] for i in range(min(most, len(self._parcels)))]

    def arrived(self, parcels: list[Parcel]) -> None:
        """Take out what arrived; what was dropped meanwhile is gone already."""
        with self.changed:
            done = {id(parcel) for parcel in parcels}
            while self._parcels and id(self._parcels[0]) in done:
                self._bytes -= self._parcels.popleft().nbytes
            self.counts.sent += len(parcels)
            self.changed.notify_all()
