"""From the stamps of a live stream and the moments of arrival to seconds that advance as the world does."""

from __future__ import annotations

from collections.abc import Iterable

BACK_S = 1.0
"""A stamp that falls back by more begins a new count; less is a late packet, or pictures out of order."""
AHEAD_S = 1.0
"""A stamp that jumps ahead of the clock by more, from one packet to the next, begins a new count."""
FAR_S = 10.0
"""Stamps that are off the clock by more than this begin a new count, however they came there."""
WINDOW_S = 5.0
"""The least delayed packet of so many seconds tells how far the stamps are off."""
SETTLING_S = 30.0
"""What the stamps are off is taken back by 1/e in so many seconds."""
MOST_SLEW = 0.1
"""By how much time may run faster or slower meanwhile, as a share: people do not seem to jump."""
LEAST_STEP_S = 1e-3


class StreamTime:
    """The times of the packets and pictures of one connection, from their stamps.

    Stamps tell how far apart pictures were taken, better than arrivals, which the network delays; but they count from
    anywhere, drift against the clock, and some streams have none, or the same one over and over. So time follows the
    stamps, and slowly takes back what they are off: by the least delayed packets, since none comes before it was made.
    Stamps that jump without the clock are a new count, which begins at the moment of arrival; stamps that jump with
    the clock are a hole in the stream. A picture without a stamp of its own has the time of its arrival.

    Args:
        not_before_s: Time that must not be gone back to: that of the last picture of the connection before.
        trusted: Whether the stamps are the camera's; False takes the arrivals alone.
    """

    def __init__(self, not_before_s: float = float("-inf"), trusted: bool = True) -> None:
        self._not_before_s, self._trusted = not_before_s, trusted
        self._offset_s: float | None = None
        self._stamp_s = self._arrival_s = 0.0
        self._off_s = 0.0
        self._least_s, self._least_since_s = float("inf"), 0.0
        self._shown_s: float | None = None
        self.last_s = not_before_s

    def begin(self, packets: Iterable[tuple[float | None, float]]) -> None:
        """Anchor the stamps by the first packets, several where they came in one burst, which holds older pictures.

        Args:
            packets: Stamp and arrival of each, seconds.
        """
        anchors = [(stamp_s, arrival_s) for stamp_s, arrival_s in packets if stamp_s is not None and self._trusted]
        if anchors:
            stamp_s, arrival_s = anchors[0]
            offset_s = min(arrival - stamp for stamp, arrival in anchors)
            self._new_count(stamp_s, arrival_s, max(offset_s, self.last_s + LEAST_STEP_S - stamp_s))

    def packet(self, stamp_s: float | None, arrival_s: float) -> bool:
        """Take note of a packet, in the order they come.

        Args:
            stamp_s: Its stamp, seconds; of decoding where it has one. None where it has none.
            arrival_s: When it came, seconds since the origin.

        Returns:
            Whether a new count of stamps begins with it.
        """
        if stamp_s is None or not self._trusted:
            return False
        if self._offset_s is None:
            self.begin([(stamp_s, arrival_s)])
            return False
        late_s = arrival_s - stamp_s - self._offset_s
        step_s, passed_s = stamp_s - self._stamp_s, arrival_s - self._arrival_s
        ahead = late_s < -AHEAD_S and step_s - passed_s > AHEAD_S
        if step_s < -BACK_S or ahead or late_s < -FAR_S or self._off_s > FAR_S:
            self._new_count(stamp_s, arrival_s, max(arrival_s, self.last_s + LEAST_STEP_S) - stamp_s)
            return True
        if step_s > 0:
            self._stamp_s = stamp_s
            self._follow(late_s, passed_s, arrival_s)
            self._arrival_s = arrival_s
        return False

    def of(self, stamp_s: float | None, arrival_s: float) -> float:
        """Time of a stamp, seconds since the origin; the arrival where there is none to go by."""
        if stamp_s is None or self._offset_s is None:
            return arrival_s
        return stamp_s + self._offset_s

    def picture(self, stamp_s: float | None, arrival_s: float) -> float:
        """Time of the next picture, in the order they are shown: later than that of the one before.

        Args:
            stamp_s: Its stamp, seconds, or None.
            arrival_s: When the packet came that completed it, seconds since the origin.
        """
        stuck = stamp_s is not None and stamp_s == self._shown_s
        self._shown_s = stamp_s
        time_s = self.of(None if stuck else stamp_s, arrival_s)
        self.last_s = max(time_s, self.last_s + LEAST_STEP_S)
        return self.last_s

    def _new_count(self, stamp_s: float, arrival_s: float, offset_s: float) -> None:
        self._offset_s, self._stamp_s, self._arrival_s = offset_s, stamp_s, arrival_s
        self._off_s = 0.0
        self._least_s, self._least_since_s = float("inf"), arrival_s

    def _follow(self, late_s: float, passed_s: float, arrival_s: float) -> None:
        """Move the offset a little towards what the arrivals say."""
        self._least_s = min(self._least_s, late_s)
        if arrival_s - self._least_since_s >= WINDOW_S:
            self._off_s = self._least_s
            self._least_s, self._least_since_s = late_s, arrival_s
        self._off_s = min(self._off_s, late_s)
        passed_s = min(max(passed_s, 0.0), 1.0)
        most_s = MOST_SLEW * passed_s
        moved_s = min(max(self._off_s * passed_s / SETTLING_S, -most_s), most_s)
        assert self._offset_s is not None
        self._offset_s += moved_s
        self._off_s -= moved_s
        self._least_s -= moved_s
