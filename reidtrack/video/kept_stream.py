"""A stream that is connected to anew whenever it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from reidtrack.runtime.queues import SYSTEM_CLOCK, Clock, EndOfItems, wait_until
from reidtrack.video.address import Transport, live_address
from reidtrack.video.connection import Connection, Picture, Reading
from reidtrack.video.failure import Failure, LostError, silent
from reidtrack.video.packet_sink import SinkGate
from reidtrack.video.retry import RetrySchedule
from reidtrack.video.wall_time import WallTime

_LOOK_S = 0.25
"""How often a connection is looked at while nothing comes."""
_FIRST_PICTURE_S = 15.0
"""How long packets may come without a picture: until the next one that needs none before it."""
_STEPS_UNTIL_STALL = 3.0
"""A camera of less than a frame a second is not silent before it has left out so many."""
_SETTLED_S = 5.0
"""A camera that has been there for so long is tried again at once when it goes."""
_MOST_STUCK = 2
"""Connections that FFmpeg does not come back from; with more, the camera is not tried before one does."""
_HANGS_S = 2.0
_LATER_S = 0.5


@dataclass(frozen=True)
class StreamOptions:
    """How a stream is connected to.

    Attributes:
        address: `rtsp://...` and the like, the number or path of a webcam, or (with `realtime`) a file.
        stall_s: Silence after which it counts as stalled.
        transport: How RTSP brings its pictures.
        realtime: Whether a file may be played as if it were live.
        loop: Whether that file begins again at its end.
        fps: Pictures a second that are wanted; None wants all.
        decode: Whether pictures are wanted at all; False reads packets alone.
    """

    address: str = field(repr=False)
    stall_s: float = 4.0
    transport: Transport = "tcp"
    realtime: bool = False
    loop: bool = False
    fps: float | None = None
    decode: bool = True


class KeptStream:
    """Connects, watches over the connection, and connects anew when it is lost, for ever.

    Args:
        options: How.
        name: Of the threads that read.
        wall: Tells the time of the session.
        gate: Takes the packets.
        fail: Told why a connection was lost or not had, and in how many seconds it is tried again (None: never).
        first_index: Number of the first picture.
        not_before_s: No picture has an earlier time.
        retry: When to try again.
        clock: By which it waits.

    Attributes:
        last_s: Time of the last picture that was given.
        given_up: Whether it ended since trying again is of no use.
        step_s: Usual seconds between two pictures, as far as whoever takes them knows; 0 where not.
    """

    def __init__(
        self,
        options: StreamOptions,
        name: str,
        wall: WallTime,
        gate: SinkGate,
        fail: Callable[[Failure, float | None], None],
        *,
        first_index: int = 0,
        not_before_s: float = float("-inf"),
        retry: RetrySchedule | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._options, self._name, self._wall, self._gate, self._fail = options, name, wall, gate, fail
        self._retry = RetrySchedule() if retry is None else retry
        self._clock = clock
        self._changed = threading.Condition()
        self._closed = False
        self._connection: Connection | None = None
        self._stuck: list[Connection] = []
        self._damaged_before = self._dropped_before = 0
        self._index = first_index
        self.last_s, self.step_s, self.given_up = not_before_s, 0.0, False

    @property
    def damaged(self) -> int:
        """Packets and pictures that were damaged, so far, over all connections."""
        connection = self._connection
        return self._damaged_before + (0 if connection is None else connection.damaged)

    @property
    def dropped(self) -> int:
        """Pictures that came faster than they were taken, so far, over all connections."""
        connection = self._connection
        return self._dropped_before + (0 if connection is None else connection.pictures.dropped)

    def close(self) -> None:
        """Take no more: whoever waits for a picture gets the end at once. Any thread may call it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            connection = self._connection
        if connection is not None:
            connection.leave()

    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def read(self) -> Generator[tuple[Connection, Picture | None]]:
        """Pictures with the connection they come by; None now and then while there is none.

        Ends after `close`, at the end of a file that is not looped, and where trying again is of no use.
        """
        tries = 0
        try:
            while not self._closed:
                begun_s, connection = self._clock.now(), None
                try:
                    connection = self._connect()
                    yield from self._pictures(connection)
                    return  # closed
                except LostError as lost:
                    failure = lost.failure
                if self.is_closed():
                    return  # what went wrong is what closing did
                served = connection is not None and connection.packets > 0
                settled = served and self._clock.now() - begun_s >= _SETTLED_S
                tries = 1 if settled else tries + 1
                is_file = connection is not None and connection.address.scheme == "file"
                over = served and is_file and failure.reason == "ended" and not self._options.loop
                wait_s = None if over or failure.final else self._retry.wait_s(tries, failure.reason)
                self._fail(failure, wait_s)
                if wait_s is None:
                    self.given_up = failure.final
                    return
                with self._changed:
                    wait_until(self._changed, lambda: self._closed, wait_s, self._clock)
        finally:
            self._disconnect()

    def _connect(self) -> Connection:
        """Begin a connection.

        Raises:
            LostError: If that cannot be done.
        """
        told = self._options
        address = live_address(told.address, transport=told.transport, realtime=told.realtime, stall_s=told.stall_s)
        self._stuck = [old for old in self._stuck if old.running]
        if len(self._stuck) > _MOST_STUCK:
            raise LostError(Failure("stalled", f"{address.shown}: connections to it hang; is the network there?"))
        # FFmpeg gives up later than the watch below: it ends the thread of a connection that was left.
        silence_s = max(told.stall_s, _STEPS_UNTIL_STALL * self.step_s) + _LATER_S
        reading = Reading(silence_s, told.fps, told.decode, told.loop and address.scheme == "file")
        with self._changed:
            self._connection = Connection(
                address,
                reading,
                self._name,
                self._wall,
                self._gate,
                first_index=self._index,
                not_before_s=self.last_s,
                ticks=self._clock,
            )
            if self._closed:
                self._connection.leave()
            return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.leave()
        self._damaged_before += connection.damaged
        self._dropped_before += connection.pictures.dropped
        self._index = max(self._index, connection.next_index)
        connection.join(_LOOK_S)
        if connection.running:
            self._stuck.append(connection)

    def _pictures(self, connection: Connection) -> Generator[tuple[Connection, Picture | None]]:
        """Pictures until the connection is lost or closed.

        Raises:
            LostError: If it is lost.
        """
        try:
            while True:
                try:
                    picture = connection.pictures.take(_LOOK_S)
                except TimeoutError:
                    self._watch(connection)
                    yield connection, None
                except EndOfItems:
                    return
                else:
                    self.last_s, self._index = picture.time_s, picture.index + 1
                    yield connection, picture
        finally:
            self._disconnect()

    def _watch(self, connection: Connection) -> None:
        """Give up a connection that has been silent for too long.

        Raises:
            LostError: If it has.
        """
        now_s, address = self._clock.now(), connection.address
        silent_s, unseen_s = now_s - connection.alive_s, now_s - connection.picture_s
        slow_s = _STEPS_UNTIL_STALL * self.step_s
        if not connection.opened:
            if silent_s > 2 * address.open_s + _HANGS_S:  # FFmpeg should have come back by then
                raise LostError(Failure("stalled", f"{address.shown}: connecting to it hangs; is the network there?"))
        elif silent_s > max(self._options.stall_s, slow_s):
            raise LostError(silent(address.shown))
        elif self._options.decode and unseen_s > max(_FIRST_PICTURE_S, slow_s):
            what = "data comes, and no picture can be made of it; restart the camera, or set it to H.264"
            raise LostError(Failure("damaged", f"{address.shown}: {what}"))
