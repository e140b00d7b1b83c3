"""A live stream as browsers play it: its own packets in fragmented MP4, a fragment for each picture."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reidtrack.video.remux import TIME_BASE, FileFormat, Remuxer, formats_for

if TYPE_CHECKING:
    from av import Packet
    from av.video.stream import VideoStream

logger = logging.getLogger(__name__)

LIVE_MP4 = FileFormat(
    "mp4",
    ".mp4",
    options={
        "movflags": "frag_every_frame+empty_moov+default_base_moof",
        "video_track_timescale": str(TIME_BASE.denominator),
    },
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = 8
"""Bytes of a box's length and kind (ISO/IEC 14496-12, 4.2)."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What comes before the fragments of a stream.

    Attributes:
        data: Initialisation segment.
        start_s: Time at which the stamps of its fragments begin, seconds since the origin.
        mime: Type and codec, as `MediaSource.isTypeSupported` takes it.
    """

    data: bytes
    start_s: float
    mime: str


@dataclass(frozen=True, slots=True)
class Fragment:
    """One picture.

    Attributes:
        data: Media segment.
        time_s: When it is shown, seconds since the origin.
        key: Whether it can be shown without those before it.
    """

    data: bytes
    time_s: float
    key: bool


class FragmentSink:
    """Takes a camera's packets (`PacketSink`) and gives them on as fragments; what cannot be put so gives nothing.

    A fragment is given when the next packet comes, which tells how long its picture is shown.

    Args:
        give: Told of each piece, in the thread that reads; None says that what follows cannot be played so.
        playable: False gives nothing: pictures that have to be turned first are not shown as they come.
    """

    def __init__(self, give: Callable[[Beginning | Fragment | None], None], *, playable: bool = True) -> None:
        self._give, self._playable = give, playable
        self._remuxer: Remuxer | None = None
        self._waiting: deque[tuple[float, bool]] = deque()
        self._start_s = 0.0
        self._has_begun = False

    def begin(self, stream: VideoStream, start_s: float) -> None:
        """Stamps begin anew."""
        self._remuxer, self._has_begun, self._start_s = None, False, start_s
        self._waiting.clear()
        fits = stream.codec_context.name == "h264" and any(form.name == "mp4" for form in formats_for(stream))
        if self._playable and fits:
            self._do(lambda: setattr(self, "_remuxer", Remuxer(stream, LIVE_MP4, start_s, _moment(start_s))))
        if self._remuxer is None:
            self._give(None)

    def packet(self, packet: Packet[VideoStream], time_s: float) -> None:
        """The next packet."""
        remuxer = self._remuxer
        if remuxer is None:
            return
        self._waiting.append((time_s, bool(packet.is_keyframe)))
        self._do(lambda: self._pass_on(remuxer.add(packet, max(time_s, self._start_s))))

    def end(self) -> None:
        """No packet follows."""
        remuxer, self._remuxer = self._remuxer, None
        if remuxer is not None:
            self._do(lambda: self._pass_on(remuxer.close()))

    def _do(self, work: Callable[[], None]) -> None:
        """Do what FFmpeg may refuse: then nothing is given until stamps begin anew."""
        import av

        try:
            work()
        except (av.error.FFmpegError, ValueError) as error:
            logger.warning("this stream is not shown as it is: %s", type(error).__name__)
            self._remuxer = None
            self._give(None)

    def _pass_on(self, data: bytes) -> None:
        beginning, fragments = split_fragments(data)
        if beginning and not self._has_begun:
            mime = mime_of(beginning)
            if mime is None:
                self._remuxer = None
                self._give(None)
                return
            self._has_begun = True
            self._give(Beginning(beginning, self._start_s, mime))
        for fragment in fragments:
            time_s, key = self._waiting.popleft() if self._waiting else (self._start_s, False)
            self._give(Fragment(fragment, time_s, key))


def split_fragments(data: bytes) -> tuple[bytes, list[bytes]]:
    """The initialisation segment within what a muxer wrote, empty where there is none, and each fragment."""
    beginning, fragments = b"", []
    for kind, box in _boxes(data):
        if kind in (b"ftyp", b"moov"):
            beginning += box
        elif kind == b"moof":
            fragments.append(box)
        elif kind == b"mdat" and fragments:
            fragments[-1] += box
    return beginning, fragments


def mime_of(beginning: bytes) -> str | None:
    """Type and codec of an initialisation segment of H.264 (RFC 6381); None of another."""
    place = beginning.find(b"avcC")
    profile = beginning[place + 5 : place + 8]
    return f'video/mp4; codecs="avc1.{profile.hex()}"' if place >= 0 and len(profile) == 3 else None


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + _HEAD <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if length < _HEAD or place + length > len(data):
            return
        yield data[place + 4 : place + _HEAD], data[place : place + length]
        place += length


def _moment(start_s: float) -> datetime:
    return _EPOCH + timedelta(seconds=max(0.0, start_s))
