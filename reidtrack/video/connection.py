"""One connection to a live camera, in a thread of its own: opens it, reads packets, decodes pictures.

Whoever wants the pictures waits for them with a clock of their own, and leaves a connection that has gone silent: its
thread comes back from FFmpeg by itself, finds that nobody is interested any more, and lets go of everything.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reidtrack.runtime.queues import BoundedQueue, Clock, wait_until
from reidtrack.video.address import LiveAddress
from reidtrack.video.failure import Failure, LostError, cleaned, closed
from reidtrack.video.live_decoder import LiveDecoder
from reidtrack.video.open_live import choose_pictures, claimed_fps, comes_in_parts, has_stamps, open_stream
from reidtrack.video.packet_sink import SinkGate
from reidtrack.video.parameter_sets import has_start_codes, sequence_sets
from reidtrack.video.rates import FALLBACK_FPS
from reidtrack.video.stream_time import FAR_S, StreamTime
from reidtrack.video.wall_time import WallTime

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

_WAITING = 2
"""Pictures that wait to be taken; a new one takes the place of the oldest."""
_BURST_S = 0.01
"""Packets that come faster after one another were waiting: they are older than their arrival."""
_MOST_BURST_S = 0.5
_ON_TIME_S = 0.5
"""What is held back comes when it is due, as far as stamps go; by more, it comes too late."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture.

    Attributes:
        image: As FFmpeg decoded it.
        index: How many pictures that were wanted came before it.
        time_s: Seconds since the origin.
        play: How often the file has begun again before it.
    """

    image: VideoFrame
    index: int
    time_s: float
    play: int = 0


@dataclass(frozen=True)
class Reading:
    """How a connection is read.

    Attributes:
        silence_s: Seconds without a packet after which FFmpeg gives up by itself.
        fps: Pictures a second that are wanted; None wants all.
        decode: Whether packets are decoded.
        loop: Whether a file begins again at its end.
    """

    silence_s: float
    fps: float | None = None
    decode: bool = True
    loop: bool = False


class Connection:
    """Reads one address once, in a thread that it starts.

    Args:
        address: What is opened.
        reading: How.
        name: Of the thread.
        wall: Tells the time.
        gate: Takes the packets.
        first_index: Number of the first picture.
        not_before_s: No picture has an earlier time.
        ticks: Clock by which it waits, and by which `alive_s` counts.

    Attributes:
        address: What is opened.
        pictures: Those that were wanted; ends with LostError, or with what went wrong in a sink.
        alive_s: When a packet or picture last came, by the clock; at first, when it was begun.
        picture_s: Likewise, when a picture last came; at first, when it was opened.
        opened: Whether it was.
        packets: How many came.
        codec: Name of the codec, `h264`.
        fps: The rate that the stream claims.
        next_index: Number of the next picture.
    """

    def __init__(
        self,
        address: LiveAddress,
        reading: Reading,
        name: str,
        wall: WallTime,
        gate: SinkGate,
        *,
        first_index: int = 0,
        not_before_s: float = float("-inf"),
        ticks: Clock,
    ) -> None:
        self.address, self._reading, self._wall, self._gate, self._ticks = address, reading, wall, gate, ticks
        self._is_file = address.scheme == "file"
        self._left = False
        self._changed = threading.Condition()
        self.pictures: BoundedQueue[Picture] = BoundedQueue(_WAITING, "drop_oldest", changed=self._changed, clock=ticks)
        self.alive_s = ticks.now()
        self.picture_s = self.alive_s
        self.opened = False
        self.packets = 0
        self._decoder = LiveDecoder()
        self.codec, self.fps, self.pixel_aspect = "", None, 1.0
        self.next_index = first_index
        self._times = StreamTime(not_before_s)
        self._due_s: float | None = None
        self._size: tuple[int, int] | None = None
        self._sets = b""
        self._plays = 0
        gate.hand_to(self)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    fps: float | None

    @property
    def damaged(self) -> int:
        """Packets and pictures with errors so far."""
        return self._decoder.damaged

    @property
    def running(self) -> bool:
        """Whether its thread is still there."""
        return self._thread.is_alive()

    def leave(self) -> None:
        """Take no more from it: the thread ends as soon as FFmpeg lets it, and gives nothing to anybody."""
        with self._changed:
            self._left = True
            self.pictures.close()
            self._changed.notify_all()
        self._gate.revoke(self)

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end, so many seconds at most."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._read()
        except LostError as lost:
            error = LostError(cleaned(lost.failure, self.address.url))
        except BaseException as bug:
            error = bug
        self._gate.revoke(self)
        self.pictures.end(error)

    def _read(self) -> None:
        while not self._left:
            container = open_stream(self.address, self._reading.silence_s)
            try:
                stream = choose_pictures(container, self.address.shown)
                self.codec, self.fps = stream.codec_context.name, claimed_fps(stream)
                self.pixel_aspect = float(stream.sample_aspect_ratio or 1)
                self.alive_s = self.picture_s = self._ticks.now()
                self.opened = True
                ended = self._play(container, stream)
            finally:
                container.close()
            if not self._reading.loop or ended is not None or not self.packets:
                raise LostError(closed(self.address.shown, ended))
            with self._changed:  # the last picture is shown as long as any other
                wait_until(self._changed, lambda: self._left, 1 / (self.fps or FALLBACK_FPS), self._ticks)
            self._plays += 1

    def _play(self, container: InputContainer, stream: VideoStream) -> Exception | None:
        """Read until the stream ends, somebody leaves, or it cannot be read: what the last was."""
        import av

        paced = comes_in_parts(container, self.address)
        self._times = StreamTime(self._times.last_s, self._is_file or has_stamps(container))
        packets = self._packets(container, stream)
        try:
            first = [] if paced else list(_burst(packets, self._wall))
            self._times.begin((_stamp_s(packet, stream), arrival_s) for packet, arrival_s in first)
            self._begin(stream, first[0] if first else None)
            for packet, arrival_s in itertools.chain(first, packets):
                self._take(packet, stream, arrival_s, paced)
        except (av.error.FFmpegError, OSError) as error:
            return error
        return None

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[tuple[Packet[VideoStream], float]]:
        """Packets of the stream and when they came, until it ends or somebody leaves."""
        import av

        packets = container.demux(stream)
        while not self._left:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.InvalidDataError:
                self._decoder.unreadable()
                self._give_up_if_hopeless()
                packets = container.demux(stream)
                continue
            self.alive_s = self._ticks.now()
            yield packet, self._wall.now_s()

    def _begin(self, stream: VideoStream, first: tuple[Packet[VideoStream], float] | None) -> None:
        arrival_s = self._wall.now_s() if first is None else first[1]
        stamp_s = None if first is None else _stamp_s(first[0], stream)
        self._gate.begin(self, stream, self._times.of(stamp_s, arrival_s))

    def _take(self, packet: Packet[VideoStream], stream: VideoStream, arrival_s: float, paced: bool) -> None:
        if packet.size:
            self.packets += 1
            stamp_s = _stamp_s(packet, stream)
            if stamp_s is None and self._is_file:  # a bare stream: played at the rate it claims
                stamp_s = self.packets / (self.fps or FALLBACK_FPS)
            if paced:
                arrival_s = self._wait_for(stamp_s, arrival_s)
            if self._times.packet(stamp_s, arrival_s) or self._differs(packet, stream):
                self._gate.begin(self, stream, self._times.of(stamp_s, arrival_s))
        if self._reading.decode:
            self._decode(packet, stream, arrival_s)
        if packet.size:  # after its decoding: who records it may change its stamps
            shown_s = None if packet.pts is None else float(packet.pts * packet.time_base)
            self._gate.packet(self, packet, self._times.of(shown_s, arrival_s))

    def _differs(self, packet: Packet[VideoStream], stream: VideoStream) -> bool:
        """Whether pictures of another kind begin with a packet, as far as it says so itself."""
        if not packet.is_keyframe or not has_start_codes(stream.codec_context.extradata):
            return False
        sets = sequence_sets(bytes(packet), self.codec)
        before, self._sets = self._sets, sets or self._sets
        return bool(before) and self._sets != before

    def _wait_for(self, stamp_s: float | None, arrival_s: float) -> float:
        """Hold a packet back until its time has come; when it is taken to have come."""
        due_s = self._times.of(stamp_s, arrival_s)
        most_s = float("inf") if self._is_file else FAR_S  # which is a new count of stamps
        while not self._left and 0 < due_s - self._wall.now_s() < most_s:
            with self._changed:
                wait_until(self._changed, lambda: self._left, min(due_s - self._wall.now_s(), 1.0), self._ticks)
            self.alive_s = self._ticks.now()
        now_s = self._wall.now_s()
        return due_s if abs(now_s - due_s) < _ON_TIME_S else now_s

    def _decode(self, packet: Packet[VideoStream], stream: VideoStream, arrival_s: float) -> None:
        frames = self._decoder.decode(packet, stream)
        self._give_up_if_hopeless()
        for frame in frames:
            size = (frame.width, frame.height)
            if self._size is not None and size != self._size and not self._sets:
                self._gate.begin(self, stream, self._times.of(_stamp_s(packet, stream), arrival_s))
            self._size = size
            shown_s = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
            time_s = self._times.picture(shown_s, arrival_s)
            self.alive_s = self.picture_s = self._ticks.now()
            if self._wanted(time_s):
                self.pictures.put(Picture(frame, self.next_index, time_s, self._plays))
                self.next_index += 1

    def _wanted(self, time_s: float) -> bool:
        """Whether a picture is one of those that are looked at: the first after each moment that is due."""
        if self._reading.fps is None:
            return True
        step_s = 1 / self._reading.fps
        if self._due_s is not None and time_s < self._due_s:
            return False
        late = self._due_s is None or time_s - self._due_s > step_s
        self._due_s = (time_s if late or self._due_s is None else self._due_s) + step_s
        return True

    def _give_up_if_hopeless(self) -> None:
        if self._decoder.hopeless:
            what = "what comes cannot be decoded; restart the camera, or set it to H.264"
            raise LostError(Failure("damaged", f"{self.address.shown}: {what}"))


def _burst(
    packets: Iterable[tuple[Packet[VideoStream], float]], wall: WallTime
) -> Iterator[tuple[Packet[VideoStream], float]]:
    """The packets that were waiting already, and the first that was waited for."""
    begun_s = last_s = wall.now_s()
    for packet, arrival_s in packets:
        yield packet, arrival_s
        if arrival_s - last_s > _BURST_S or arrival_s - begun_s > _MOST_BURST_S:
            return
        last_s = arrival_s


def _stamp_s(packet: Packet[VideoStream], stream: VideoStream) -> float | None:
    """When a packet is to be decoded, by its stamps, seconds; None where it has none."""
    stamp = packet.pts if packet.dts is None else packet.dts
    base = packet.time_base or stream.time_base
    return None if stamp is None or base is None else float(stamp * base)
