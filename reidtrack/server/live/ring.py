"""The newest of what was told, numbered: whoever reads too slowly misses some, and nothing grows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from reidtrack.server.live.wire import Message

MOST_MEDIA = 16 << 20
"""Bytes of pictures that are kept of a camera: those since a key picture, so that who comes late sees something."""


@dataclass
class Ring:
    """Keeps the newest messages, and for each the number it was given.

    Attributes:
        most: Messages.
        last: Number of the newest; they count from 1.
    """

    most: int
    last: int = 0
    _kept: deque[Message] = field(default_factory=deque)

    def add(self, message: Message) -> None:
        """Take the next."""
        self.last += 1
        self._kept.append(message)
        if len(self._kept) > self.most:
            self._kept.popleft()

    def after(self, number: int) -> list[Message]:
        """Those that came after a number, the oldest first, as far as they are there."""
        newer = min(self.last - number, len(self._kept))
        return [self._kept[index] for index in range(len(self._kept) - newer, len(self._kept))] if newer > 0 else []


@dataclass
class Film:
    """A camera's fragments from the last key picture but one on, and what comes before them.

    Attributes:
        mime: Type and codec; None where it cannot be played so.
        last: Number of the newest piece.
    """

    mime: str | None = None
    last: int = 0
    _beginning: Message | None = None
    _pieces: deque[Message] = field(default_factory=deque)
    _bytes: int = 0
    _since_key: int = 0
    """How many pieces there are from the last key picture on."""

    def begin(self, message: Message) -> None:
        """Take what comes before other fragments."""
        self.mime = message.head["mime"]
        self.last += 1
        self._beginning = message if self.mime else None
        self._drop(len(self._pieces))
        self._since_key = 0

    def add(self, message: Message) -> None:
        """Take the next fragment; with a key picture, those before the key picture before it go."""
        self.last += 1
        if message.head["key"]:
            self._drop(len(self._pieces) - self._since_key)
            self._since_key = 0
        elif not self._since_key:
            return  # those before it were too many
        self._pieces.append(message)
        self._since_key += 1
        self._bytes += len(message.data)
        if self._bytes > MOST_MEDIA:
            self._drop(len(self._pieces) - self._since_key)
        if self._bytes > MOST_MEDIA:
            self._drop(len(self._pieces))
            self._since_key = 0

    def after(self, number: int) -> list[Message]:
        """What to show after a number: the fragments that came since, or where some are gone, all from a beginning on.

        Args:
            number: The `last` of when something was given before; 0 for who has nothing yet.
        """
        newer = self.last - number
        if self._beginning is None or not self._since_key or newer <= 0:
            return []
        if number > 0 and newer <= len(self._pieces):
            return self._newest(newer)
        return [self._beginning, *self._newest(self._since_key)]

    def _newest(self, count: int) -> list[Message]:
        return [self._pieces[index] for index in range(len(self._pieces) - count, len(self._pieces))]

    def _drop(self, count: int) -> None:
        for _ in range(count):
            self._bytes -= len(self._pieces.popleft().data)
