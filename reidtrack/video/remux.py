"""A camera's own packets, put into a file format piece by piece, without encoding them again.

The muxer writes into memory: what comes out is whole fragments, which somebody else puts on disk.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from reidtrack.video.recording_tags import file_tags

if TYPE_CHECKING:
    from av import Packet
    from av.container import OutputContainer
    from av.video.stream import VideoStream

TIME_BASE = Fraction(1, 90_000)
_FRAGMENT_S = 0.5
"""Of a stream with pictures at least twice a second; a kill loses what is not in a whole fragment."""
_LEAD = 16
"""Units of time before the first picture: room for the stamps of decoding, which may not be below 0."""
_MOST_DEPTH = _LEAD - 1
_FEW_B_FRAMES = 2
_LAST_S = 0.04
"""How long the last picture of a file is shown."""
_NEED_HEADERS = ("h264", "hevc")
"""Codecs whose parameter sets mp4 and Matroska want before the first picture."""
_RAW = ("rawvideo", "wrapped_avframe")


@dataclass(frozen=True)
class FileFormat:
    """A file format that streams are recorded in.

    Attributes:
        name: As FFmpeg calls it.
        suffix: How its files end.
        atomic: Whether a fragment that is cut off keeps the rest from being read, so that it must be put down whole.
        tagged: Whether it holds tags.
        options: Of the muxer.
    """

    name: str
    suffix: str
    atomic: bool = False
    tagged: bool = True
    options: dict[str, str] = field(default_factory=dict)


MP4 = FileFormat(
    "mp4",
    ".mp4",
    atomic=True,
    options={
        "movflags": "frag_keyframe+empty_moov+default_base_moof",
        "frag_duration": str(round(_FRAGMENT_S * 1e6)),
        "video_track_timescale": str(TIME_BASE.denominator),
    },
)
MATROSKA = FileFormat("matroska", ".mkv", options={"cluster_time_limit": str(round(_FRAGMENT_S * 1e3))})
MPEG_TS = FileFormat("mpegts", ".ts", tagged=False)


def formats_for(stream: VideoStream) -> list[FileFormat]:
    """File formats that may hold a stream, the best first: fragmented mp4, else Matroska.

    MPEG-TS alone holds H.264 and H.265 whose parameter sets are not known before the first picture. Raw pictures have
    none: a minute of them fills gigabytes.
    """
    context = stream.codec_context
    if context.name in _RAW:
        return []
    if context.name in _NEED_HEADERS and not context.extradata:
        return [MPEG_TS]
    return [MP4, MATROSKA]


class StreamCopy:
    """What a file has to know of a stream to hold its packets: stays good when the connection is closed.

    Args:
        stream: Open; not used after this.

    Raises:
        FFmpegError: If it cannot be copied.
        ValueError: Likewise.

    Attributes:
        codec: Name of the codec.
        formats: File formats that may hold it, the best first.
        stream: The copy.
        step_s: Usual seconds between two pictures.
        reordered: Whether pictures are sent in another order than shown (B-frames).
    """

    def __init__(self, stream: VideoStream) -> None:
        import av

        self.codec = stream.codec_context.name
        self.formats = formats_for(stream)
        self.reordered = bool(stream.codec_context.has_b_frames)
        rate = stream.average_rate or stream.guessed_rate
        self.step_s = float(1 / rate) if rate and rate > 1 else _LAST_S
        self._holder = av.open(cast("Any", _Pieces()), "w", format="nut")
        self.stream = _copy_of(stream, self._holder)


class DecodingOrder:
    """Stamps of decoding made from those of showing: never later than these, and always advancing.

    Streams over RTP tell only when a picture is shown. With pictures that depend on later ones (B-frames), those are
    sent first: the n-th picture is decoded when the n-th of all stamps in order is due, `depth` pictures earlier.

    Args:
        depth: How many pictures may be sent before one that is shown earlier; it grows where that is too few, and the
            picture that tells is shown that little later.
    """

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self._waiting: list[int] = []
        self._last = -1

    def stamp(self, pts: int) -> tuple[int, int]:
        """Stamps of showing and of decoding of the next picture in the order it is sent.

        Args:
            pts: When it is shown; of the first, more than `depth`.
        """
        insort(self._waiting, pts)
        due = self._waiting.pop(0) if len(self._waiting) > self.depth else 0
        self._last = max(due, self._last + 1)
        if self._last > pts:
            self.depth = min(self.depth + 1, _MOST_DEPTH)
        return max(pts, self._last), self._last


class Remuxer:
    """Puts packets of one stream into one file, in memory; `take` brings out whole fragments.

    Args:
        stream: What the packets come from, open.
        file_format: Of the file.
        start_s: Time of its first picture, seconds since the origin of the folder.
        start: The same moment, which the file tells too.
        depth: Of `DecodingOrder`.

    Raises:
        FFmpegError: If the format does not hold the stream.
        ValueError: Likewise.
    """

    def __init__(
        self, stream: VideoStream, file_format: FileFormat, start_s: float, start: datetime, depth: int | None = None
    ) -> None:
        import av

        self._start_s = start_s
        self._pieces = _Pieces()
        options = {**file_format.options, "flush_packets": "1"}
        self._container: OutputContainer = av.open(
            cast("Any", self._pieces), "w", format=file_format.name, options=options
        )
        try:
            self._stream = _copy_of(stream, self._container)
            self._stream.time_base = TIME_BASE
            self._container.metadata.update(file_tags(start_s, start))
            self._container.start_encoding()
            self._header = self._pieces.take()
        except BaseException:
            self._container.close()
            raise
        default = _FEW_B_FRAMES if stream.codec_context.has_b_frames else 0
        self._order = DecodingOrder(default if depth is None else depth)

    @property
    def depth(self) -> int:
        """How many pictures were sent before one that is shown earlier, at most."""
        return self._order.depth

    def add(self, packet: Packet[VideoStream], time_s: float) -> bytes:
        """Put in the next packet; what is ready for the disk, whole fragments or nothing.

        Args:
            packet: Left as it is.
            time_s: When its picture is shown, seconds since the origin of the folder, not before the file's first.

        Raises:
            FFmpegError: If it cannot be put in.
        """
        import av

        copy = av.Packet(bytes(packet))
        pts = _LEAD + round((time_s - self._start_s) / TIME_BASE)
        copy.pts, copy.dts = self._order.stamp(pts)
        copy.time_base, copy.is_keyframe = TIME_BASE, packet.is_keyframe
        copy.duration = round(_LAST_S / TIME_BASE)
        copy.stream = self._stream
        self._container.mux(copy)
        return self._take()

    def close(self) -> bytes:
        """End the file; what is left for the disk.

        Raises:
            FFmpegError: If it cannot be ended.
        """
        self._container.close()
        return self._take()

    def _take(self) -> bytes:
        """What the muxer has written; the header waits for the first fragment, for a file without one is unreadable."""
        data = self._pieces.take()
        if not data:
            return b""
        data, self._header = self._header + data, b""
        return data


def _copy_of(stream: VideoStream, container: OutputContainer) -> VideoStream:
    """A stream of a file that is to hold the packets of another.

    Raises:
        ValueError: If the file's format does not hold its codec.
    """
    import av

    try:
        return container.add_stream_from_template(stream)
    except av.codec.codec.UnknownCodecError:  # the decoder is called otherwise than any encoder: libdav1d
        return container.add_stream_from_template(stream, opaque=True)


class _Pieces:
    """What a muxer has written: a file that only grows, in memory."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        whole = b"".join(self._pieces)
        self._pieces.clear()
        return whole
