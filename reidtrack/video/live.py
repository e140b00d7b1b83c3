"""Frames of a live camera: it may be late, silent, gone and back, and only says so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from types import TracebackType
from typing import Self

import numpy as np

from reidtrack.events import Event
from reidtrack.runtime.queues import SYSTEM_CLOCK, Clock, EndOfItems, wait_until
from reidtrack.types import Frame
from reidtrack.video.address import Transport, live_address
from reidtrack.video.camera_state import CameraState
from reidtrack.video.connection import Connection, Picture, Reading
from reidtrack.video.convert import Converter
from reidtrack.video.failure import Failure, LostError, silent
from reidtrack.video.file import FALLBACK_FPS
from reidtrack.video.packet_sink import PacketSink, SinkGate
from reidtrack.video.retry import RetrySchedule
from reidtrack.video.wall_time import WallTime

__all__ = ["LiveSource", "PacketSink"]

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


class LiveSource:
    """Frames of one live camera, for ever: connects, decodes, and connects anew whenever it is lost.

    Nothing is raised for a camera that cannot be reached or read: `tell` is told, and it is tried again. A thread of
    its own reads and decodes the stream; iterating waits for it, turns its newest picture into an image, and watches
    over it. `size` is (0, 0) before the first frame, and follows the frames when the stream's size changes. Iterating
    ends after `close`, which may be called by any thread; and at the end of a file that is not looped.

    Args:
        address: `rtsp://...` and the like, the number or path of a webcam, or (with `realtime`) a file.
        camera: Name of the camera.
        wall: Tells the time of the session.
        tell: Told what happens, by the thread that iterates.
        first_index: Number of the first frame; they go on over all connections.
        not_before_s: Time of the last frame that the session before had of this camera.
        fps: Frames a second that are wanted; others are not even turned into images, and not counted. None wants all.
        rotate: Degrees clockwise by which frames are turned: 0, 90, 180 or 270.
        stall_s: Silence after which the camera counts as stalled and is connected to anew.
        transport: How RTSP brings its pictures.
        realtime: Whether a file may be played as if it were live.
        loop: Whether that file begins again at its end.
        packets: Takes the packets of the stream as they come, in the thread that reads.
        retry: When to try again.
        clock: By which it waits.

    Attributes:
        reconnects: How often it came back.
        dropped: Pictures that came faster than they were taken.
    """

    duration_s = None
    frame_count = None

    def __init__(
        self,
        address: str,
        camera: str,
        *,
        wall: WallTime,
        tell: Callable[[Event], None],
        first_index: int = 0,
        not_before_s: float | None = None,
        fps: float | None = None,
        rotate: int = 0,
        stall_s: float = 4.0,
        transport: Transport = "tcp",
        realtime: bool = False,
        loop: bool = False,
        packets: PacketSink | None = None,
        retry: RetrySchedule | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.camera, self.size, self.nominal_fps, self.pixel_aspect = camera, (0, 0), fps or FALLBACK_FPS, 1.0
        self.reconnects = self.dropped = 0
        self._source, self._wall, self._tell, self._fps, self._clock = address, wall, tell, fps, clock
        self._stall_s, self._transport, self._realtime, self._loop = stall_s, transport, realtime, loop
        self._turns = rotate // 90
        self._retry = RetrySchedule() if retry is None else retry
        self._gate = SinkGate(packets)
        self._image_of = Converter()
        self._changed = threading.Condition()
        self._closed = False
        self._connection: Connection | None = None
        self._stuck: list[Connection] = []
        self._damaged_before = 0
        self._index = first_index
        self._state = CameraState(camera, wall, tell, not_before_s)
        self._frames = self._read()

    @property
    def damaged(self) -> int:
        """Packets and pictures that were damaged, so far, over all connections."""
        connection = self._connection
        return self._damaged_before + (0 if connection is None else connection.damaged)

    def __iter__(self) -> Iterator[Frame]:
        """The frames from now on; a second loop goes on where the first one stopped."""
        return self._frames

    def close(self) -> None:
        """Take no more: whoever waits for a frame gets the end at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            connection = self._connection
        if connection is not None:
            connection.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> Generator[Frame]:
        tries = 0
        try:
            while not self._closed:
                up_s = self._clock.now()
                try:
                    connection = self._connect()
                    yield from self._frames_of(connection)
                    return  # closed
                except LostError as lost:
                    failure = lost.failure
                lasted_s = self._clock.now() - up_s
                tries = 1 if self._state.is_up and lasted_s >= _SETTLED_S else tries + 1
                over = self._realtime and not self._loop and self._state.is_up and failure.reason == "ended"
                wait_s = None if over or failure.final else self._retry.wait_s(tries, failure.reason)
                self._state.down(failure, wait_s)
                if wait_s is None:
                    return
                with self._changed:
                    wait_until(self._changed, lambda: self._closed, wait_s, self._clock)
        finally:
            self._disconnect()
            self._state.end()

    def _connect(self) -> Connection:
        """Begin a connection.

        Raises:
            LostError: If that cannot be done.
        """
        self._stuck = [old for old in self._stuck if old.running]
        address = live_address(self._source, transport=self._transport, realtime=self._realtime, stall_s=self._stall_s)
        if len(self._stuck) > _MOST_STUCK:
            raise LostError(Failure("stalled", f"{address.shown}: connections to it hang; is the network there?"))
        reading = Reading(self._stall_s, self._fps, loop=self._loop and address.scheme == "file")
        with self._changed:
            self._connection = Connection(
                address,
                reading,
                f"ingest {self.camera}",
                self._wall,
                self._gate,
                first_index=self._index,
                not_before_s=self._state.last_s,
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
        self._index = max(self._index, connection.next_index)
        self._damaged_before += connection.damaged
        self.dropped += connection.pictures.dropped
        connection.join(_LOOK_S)
        if connection.running:
            self._stuck.append(connection)

    def _frames_of(self, connection: Connection) -> Generator[Frame]:
        """Frames until the connection is lost or closed.

        Raises:
            LostError: If it is lost.
        """
        try:
            while True:
                try:
                    picture = connection.pictures.take(_LOOK_S)
                except TimeoutError:
                    self._watch(connection)
                except EndOfItems:
                    return
                else:
                    yield self._frame(picture, connection)
        finally:
            self._disconnect()

    def _watch(self, connection: Connection) -> None:
        """Give up a connection that has been silent for too long.

        Raises:
            LostError: If it has.
        """
        now_s, shown = self._clock.now(), connection.address.shown
        if not connection.opened:
            if now_s - connection.alive_s > 2 * connection.address.open_s + 2:  # FFmpeg should have come back by then
                raise LostError(Failure("stalled", f"{shown}: connecting to it hangs; is the network there?"))
        elif now_s - connection.alive_s > max(self._stall_s, _STEPS_UNTIL_STALL * self._state.step_s):
            raise LostError(silent(shown))
        elif now_s - connection.picture_s > max(_FIRST_PICTURE_S, _STEPS_UNTIL_STALL * self._state.step_s):
            what = "data comes, and no picture can be made of it; restart the camera, or set it to H.264"
            raise LostError(Failure("damaged", f"{shown}: {what}"))

    def _frame(self, picture: Picture, connection: Connection) -> Frame:
        image = self._image_of(picture.image)
        if self._turns:
            image = np.ascontiguousarray(np.rot90(image, -self._turns))
        self.size = (image.shape[1], image.shape[0])
        turned = self._image_of.turned != bool(self._turns % 2)
        self.pixel_aspect = 1 / connection.pixel_aspect if turned else connection.pixel_aspect
        self.nominal_fps = min(self._fps or connection.fps or FALLBACK_FPS, connection.fps or FALLBACK_FPS)
        self.reconnects += self._state.was_up and not self._state.is_up
        self._state.picture(picture.time_s, self.size, connection.codec, connection.fps, self.nominal_fps)
        self._index = picture.index + 1
        return Frame(self.camera, picture.index, picture.time_s, image)
