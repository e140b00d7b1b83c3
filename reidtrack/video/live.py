"""Frames of a live camera: it may be late, silent, gone and back, and only says so."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from types import TracebackType
from typing import Self

import numpy as np

from reidtrack.events import Event
from reidtrack.runtime.queues import SYSTEM_CLOCK, Clock
from reidtrack.types import Frame
from reidtrack.video.address import Transport
from reidtrack.video.camera_state import CameraState
from reidtrack.video.connection import Connection, Picture
from reidtrack.video.convert import Converter
from reidtrack.video.kept_stream import KeptStream, StreamOptions
from reidtrack.video.packet_sink import PacketSink, SinkGate
from reidtrack.video.rates import FALLBACK_FPS
from reidtrack.video.retry import RetrySchedule
from reidtrack.video.wall_time import WallTime

__all__ = ["LiveSource", "PacketSink"]


class LiveSource:
    """Frames of one live camera, for ever: connects, decodes, and connects anew whenever it is lost.

    Nothing is raised for a camera that cannot be reached or read: `tell` is told, and it is tried again. A thread of
    its own reads and decodes the stream; iterating waits for it, turns its newest picture into an image, and watches
    over it. `size` is (0, 0) before the first frame, and follows the frames when the stream's size changes;
    `nominal_fps` begins with what the stream claims and follows the steps that are seen. Iterating
    ends after `close`, which any thread may call; at the end of a file that is not looped; and, said with a
    `CameraDown` that has no next try, where trying again is of no use.

    Args:
        address: `rtsp://...` and the like, the number or path of a webcam, or (with `realtime`) a file.
        camera: Name of the camera.
        wall: Tells the time of the session.
        tell: Told what happens, by the thread that iterates.
        first_index: Number of the first frame; they go on over all connections.
        not_before_s: Time of the last frame that the session before had of this camera; what lies between it and the
            first frame is told as a gap.
        fps: Frames a second that are wanted; others are not even turned into images, and have no number. None wants
            all.
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
        self.reconnects = 0
        self._fps, self._turns = fps, rotate // 90
        self._image_of = Converter()
        self._state = CameraState(camera, wall, tell, not_before_s)
        self._stream = KeptStream(
            StreamOptions(address, stall_s, transport, realtime, loop, fps),
            f"ingest {camera}",
            wall,
            SinkGate(packets),
            self._state.down,
            first_index=first_index,
            not_before_s=self._state.last_s,
            retry=retry,
            clock=clock,
        )
        self._plays = 0
        self._frames = self._read()

    @property
    def given_up(self) -> bool:
        """Whether it ended since trying again was of no use; somebody may have mended it since."""
        return self._stream.given_up

    @property
    def damaged(self) -> int:
        """Packets and pictures that were damaged, so far, over all connections."""
        return self._stream.damaged

    @property
    def dropped(self) -> int:
        """Pictures that came faster than they were taken, so far, over all connections."""
        return self._stream.dropped

    def __iter__(self) -> Iterator[Frame]:
        """The frames from now on; a second loop goes on where the first one stopped."""
        return self._frames

    def close(self) -> None:
        """Take no more: whoever waits for a frame gets the end at once. Any thread may call it."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> Generator[Frame]:
        pictures = self._stream.read()
        try:
            for connection, picture in pictures:
                if picture is not None:
                    yield self._frame(picture, connection)
        finally:
            pictures.close()
            self._state.end()

    def _frame(self, picture: Picture, connection: Connection) -> Frame:
        image = self._image_of(picture.image)
        if self._turns:
            image = np.ascontiguousarray(np.rot90(image, -self._turns))
        self.size = (image.shape[1], image.shape[0])
        on_its_side = self._image_of.turned != bool(self._turns % 2)
        self.pixel_aspect = 1 / connection.pixel_aspect if on_its_side else connection.pixel_aspect
        claimed = connection.fps or FALLBACK_FPS
        self.reconnects += self._state.was_up and not self._state.is_up
        self._state.picture(
            picture.time_s, self.size, connection.codec, connection.fps, min(self._fps or claimed, claimed)
        )
        self._tell_play(picture)
        self._stream.step_s, self.nominal_fps = self._state.step_s, 1 / self._state.step_s
        return Frame(self.camera, picture.index, picture.time_s, image)

    def _tell_play(self, picture: Picture) -> None:
        """Tell where a file that is looped begins again; of a new connection, nothing is known of that."""
        if picture.play > self._plays:
            self._state.restarted(picture.time_s, picture.index)
        self._plays = picture.play
