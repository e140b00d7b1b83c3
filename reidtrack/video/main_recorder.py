"""Recording of a camera's main stream while its smaller one is looked at."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from reidtrack.events import Event, Notice
from reidtrack.runtime.background import SideThread
from reidtrack.runtime.queues import SYSTEM_CLOCK, Clock
from reidtrack.video.address import Transport
from reidtrack.video.failure import Failure
from reidtrack.video.kept_stream import KeptStream, StreamOptions
from reidtrack.video.packet_sink import PacketSink, SinkGate
from reidtrack.video.retry import RetrySchedule
from reidtrack.video.wall_time import WallTime

_PATIENCE_S = 2.0


class MainRecorder:
    """Gives the packets of a stream to a sink, in a thread of its own, without decoding them; comes back when lost.

    Whether the camera is there is said by who looks at it; here, as notices, that its recording pauses and goes on.

    Args:
        address: Of the main stream.
        camera: Name of the camera.
        wall: Tells the time of the session, the same as of the frames.
        tell: Told what happens, by its own thread.
        packets: Takes the packets.
        stall_s: Silence after which the stream counts as stalled.
        transport: How RTSP brings its pictures.
        realtime: Whether a file may be played as if it were live.
        loop: Whether that file begins again at its end.
        retry: When to try again.
        clock: By which it waits.
    """

    def __init__(
        self,
        address: str,
        camera: str,
        *,
        wall: WallTime,
        tell: Callable[[Event], None],
        packets: PacketSink,
        stall_s: float = 4.0,
        transport: Transport = "tcp",
        realtime: bool = False,
        loop: bool = False,
        retry: RetrySchedule | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._camera, self._wall, self._tell = camera, wall, tell
        self._reason: str | None = None
        self._stream = KeptStream(
            StreamOptions(address, stall_s, transport, realtime, loop, decode=False),
            f"record {camera}",
            wall,
            SinkGate(packets),
            self._pause,
            retry=retry,
            clock=clock,
        )
        self._thread = SideThread(self._run, f"keep {camera}")
        self._thread.start()

    @property
    def damaged(self) -> int:
        """Packets that were damaged, so far."""
        return self._stream.damaged

    @property
    def running(self) -> bool:
        """Whether it goes on: False after `close`, or where trying again is of no use."""
        return self._thread.alive

    @property
    def fault(self) -> BaseException | None:
        """What its thread ended by before its time; None where it did not. Nothing is recorded any more then."""
        return self._thread.fault

    def close(self) -> None:
        """Record no more; what was begun has been ended on return."""
        self._stream.close()
        self._thread.join(_PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        for connection, _ in self._stream.read():
            if self._reason is not None and connection.packets:
                self._reason = None
                self._say("its main stream is there again and is recorded")

    def _pause(self, failure: Failure, retry_s: float | None) -> None:
        if failure.reason != self._reason or retry_s is None:
            self._reason = failure.reason
            self._say(f"its main stream is not recorded: {failure.detail}")

    def _say(self, text: str) -> None:
        self._tell(Notice(time_s=self._wall.now_s(), subject="cameras", camera=self._camera, text=text))
