"""Where the packets of a live stream go beside being decoded: what records it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from av import Packet
    from av.video.stream import VideoStream


class PacketSink(Protocol):
    """Takes the packets of a camera's stream, never two calls at a time, and keeps nobody waiting.

    `begin` is followed by packets and one `end`; then another `begin` may come. Calls come from the thread that reads,
    but `end` may come from another where that one is stuck.
    """

    def begin(self, stream: VideoStream, start_s: float) -> None:
        """Stamps begin anew: another connection, another count of stamps, or pictures of another size or codec.

        Args:
            stream: What the packets are of; not to be used after this call.
            start_s: Time of the first packet, seconds since the origin.
        """
        ...

    def packet(self, packet: Packet[VideoStream], time_s: float) -> None:
        """The next packet, in the order of decoding.

        Args:
            packet: As it came.
            time_s: When its picture is shown, seconds since the origin; goes back where pictures are out of order.
        """
        ...

    def end(self) -> None:
        """No packet follows what was begun."""
        ...


class SinkGate:
    """Gives one connection at a time the sink of a camera: one that is stuck and comes back late is let in no more."""

    def __init__(self, sink: PacketSink | None) -> None:
        self._sink = sink
        self._lock = threading.Lock()
        self._holder: object = None
        self._begun = False

    def hand_to(self, holder: object) -> None:
        """End what was begun, and listen to this one alone from now on."""
        with self._lock:
            self._end()
            self._holder = holder

    def begin(self, holder: object, stream: VideoStream, start_s: float) -> None:
        """Pass on a beginning, after the end of what was begun before."""
        with self._lock:
            if self._sink is not None and holder is self._holder:
                self._end()
                self._begun = True
                self._sink.begin(stream, start_s)

    def packet(self, holder: object, packet: Packet[VideoStream], time_s: float) -> None:
        """Pass on a packet."""
        with self._lock:
            if self._sink is not None and holder is self._holder and self._begun:
                self._sink.packet(packet, time_s)

    def revoke(self, holder: object) -> None:
        """End what was begun, and listen to this one no more."""
        with self._lock:
            if holder is self._holder:
                self._end()
                self._holder = None

    def _end(self) -> None:
        if self._sink is not None and self._begun:
            self._begun = False
            self._sink.end()


class Sinks:
    """Passes packets on to several sinks, one after another."""

    def __init__(self, *sinks: PacketSink) -> None:
        self._sinks = sinks

    def begin(self, stream: VideoStream, start_s: float) -> None:
        """Pass on a beginning."""
        for sink in self._sinks:
            sink.begin(stream, start_s)

    def packet(self, packet: Packet[VideoStream], time_s: float) -> None:
        """Pass on a packet."""
        for sink in self._sinks:
            sink.packet(packet, time_s)

    def end(self) -> None:
        """Pass on an end."""
        for sink in self._sinks:
            sink.end()


def together(*sinks: PacketSink | None) -> PacketSink | None:
    """One sink for all that there are; None where there is none."""
    there = [sink for sink in sinks if sink is not None]
    return there[0] if len(there) == 1 else Sinks(*there) if there else None
