"""Times of the packets at the beginning of a connection, which may come without a stamp."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import Packet
    from av.video.stream import VideoStream

    Timed = tuple[Packet[VideoStream], float]
    """A packet and when its picture is shown, seconds."""

_STAMPLESS = 4
"""Packets in a row without a stamp, at the beginning, that show that a stream has none."""
_REORDERED = 4
"""Packets whose stamps are looked at where pictures are sent out of order: the earliest of them follows the first."""


class FirstStamps:
    """Dates packets that have no stamp by those that do.

    RTSP often has no stamp with the first picture, and sends what it has kept of the group of pictures in a burst: by
    its arrival the first would come after those that need it. It is held back, and put one step before the earliest of
    the next. Packets without a stamp in the midst follow the newest. Streams that have none at all keep their arrival.

    Args:
        step_s: Usual seconds between two pictures.
        reordered: Whether pictures are sent in another order than shown.
    """

    def __init__(self, step_s: float, *, reordered: bool = False) -> None:
        self._step_s, self._wanted = step_s, _REORDERED if reordered else 1
        self._held: list[Timed] = []
        self._settled = self._has_none = False
        self._newest_s = 0.0

    def add(self, packet: Packet[VideoStream], time_s: float) -> list[Timed]:
        """The packets whose time is known with this one, in order, with their times.

        Args:
            packet: The next, in the order they are sent.
            time_s: When it is shown by its stamp; when it arrived where it has none.
        """
        if not self._settled:
            self._held.append((packet, time_s))
            return self._settle()
        if packet.pts is None and not self._has_none:
            time_s = min(time_s, self._newest_s + self._step_s)
        self._newest_s = max(self._newest_s, time_s)
        return [(packet, time_s)]

    def _settle(self) -> list[Timed]:
        """What was held back, once enough is known to date it."""
        stamped_s = [time_s for packet, time_s in self._held if packet.pts is not None]
        waits = self._held[0][0].pts is None
        if waits and len(stamped_s) < self._wanted and (stamped_s or len(self._held) < _STAMPLESS):
            return []
        held, self._held = self._held, []
        self._settled, self._has_none = True, not stamped_s
        if stamped_s:
            back = sum(packet.pts is None for packet, _ in held)
            for number, (packet, _) in enumerate(held):
                if packet.pts is None:
                    held[number] = (packet, min(stamped_s) - back * self._step_s)
                    back -= 1
        self._newest_s = max(time_s for _, time_s in held)
        return held
