"""One video stream of a file or address, from where it is opened to where it ends or another takes its place."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.errors import InputError
from reidtrack.image import MOST_PIXELS, check_pixels
from reidtrack.video.accel import open_container
from reidtrack.video.naming import is_url, redact
from reidtrack.video.probe import check_file, explain, local_options, no_frames, reason_of
from reidtrack.video.rates import duration_of, median_step_s
from reidtrack.video.skip import skip
from reidtrack.video.ts_tables import Changes

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

_STAMPS = 33
"""Packets whose stamps tell the rate: more than any distance between a picture's place in decoding and in showing."""
_READ_ERRORS_LIMIT = 100
_PACKETS_HELD_BACK = 2
"""That a reader may still give of a stream after one of another has come."""
_LOOKED_AHEAD = 12_000_000
"""Bytes within which FFmpeg finds out what a recording holds: it reads 5 MB of packets, and what is between them."""
_MOST_UNDECODED = 25
_MOST_UNDECODED_SHARE = 0.1
"""Of a recording's last pictures, how many may be lost as damage; what is more is a part that is not read."""


class FileStream:
    """Packets and pictures of the first video stream, read once; damaged packets are counted and passed over.

    Args:
        source: A file or an address.
        timeout_s: How long an address may keep silent, seconds.
        hwaccel: What decodes it, see `open_container`.
        begins_at: The byte where a file begins.

    Attributes:
        begins_at: The byte from which on it is read.
        stream: The stream.
        duration_s: Length that the recording announces; None where it announces none.
        step_s: Median seconds between its first pictures by their stamps; None where it is not known.
        pictures: What it decodes to.
        damaged: Packets that were damaged, refused by the decoder or missing, and pictures with errors, so far.
        goes_on_at: The byte from which another stream takes its place, once that is known.
        ends_early: Why what follows is not read, once that is known.

    Raises:
        InputError: If it holds no pictures that can be read.
        DeviceError: If `hwaccel` names a device that is not there.
    """

    def __init__(self, source: str | Path, timeout_s: float, hwaccel: str, begins_at: int = 0) -> None:
        self._source, self._timeout_s, self._hwaccel, self.begins_at = source, timeout_s, hwaccel, begins_at
        self._name = redact(source)
        self.damaged = self._decoded_packets = self._undecoded_at_end = 0
        self.goes_on_at: int | None = None
        self.ends_early: InputError | None = None
        self._changes: Changes | None = None
        self.container = open_recording(source, timeout_s, hwaccel, begins_at)
        try:
            self.stream = self._choose(self.container)
            self.duration_s = duration_of(self.container, self.stream)
            if self.container.format.name == "mpegts" and not is_url(source):
                self._changes = Changes(Path(source), self.stream.id, begins_at)
                self._keep_to_the_first(Path(source))
            self._limit_pixels()
            if not self.stream.codec_context.is_hwaccel:
                self.stream.thread_type = "AUTO"
            packets = self._demux()
            first = list(itertools.islice(packets, 0 if is_url(source) else _STAMPS))
        except BaseException:
            self.container.close()
            raise
        self.step_s = median_step_s([packet.pts for packet in first], self.stream.time_base)
        self._packets = itertools.chain(first, packets)
        self.pictures = self._decode(self._packets)

    @property
    def is_mp4(self) -> bool:
        """Whether it has an index of its packets."""
        return self.container.format.name.startswith("mov,mp4")

    def again(self) -> FileStream:
        """The same from its beginning; this one is closed."""
        self.close()
        return FileStream(self._source, self._timeout_s, self._hwaccel, self.begins_at)

    def next_one(self) -> FileStream:
        """The stream that takes this one's place; this one is closed."""
        self.close()
        return FileStream(self._source, self._timeout_s, self._hwaccel, self.goes_on_at or 0)

    def skip_to(self, pts: int) -> tuple[int, int | None]:
        """Go to the last keyframe before a stamp without decoding; its number, and its stamp if there is one."""
        skipped = skip(self._packets, pts)
        self.pictures = self._decode(itertools.chain(skipped.packets, self._packets))
        return skipped.index, skipped.pts

    def end(self) -> None:
        """Say so where it has ended before its pictures did.

        Raises:
            InputError: If what follows could not be decoded, or is of another stream.
        """
        if self._undecoded_at_end > max(_MOST_UNDECODED, self._decoded_packets * _MOST_UNDECODED_SHARE):
            self.ends_early = InputError(
                f"nothing could be decoded of its last {self._undecoded_at_end} pictures",
                where=self._name,
                hint="its codec changes there, or it is damaged: cut it in two there, or record it again",
            )
        if self.ends_early is not None:
            raise self.ends_early

    def nothing_decoded(self, damaged: int) -> InputError:
        """Why there is no picture, where so many packets were damaged."""
        if damaged:
            what = f"none of its {damaged} packets could be decoded"
            hint = f"the file is damaged, or its pictures have more than {MOST_PIXELS // 10**6} million pixels"
            return InputError(what, where=self._name, hint=f"{hint}; copy or record it again")
        return no_frames(self._source)

    def close(self) -> None:
        """Let go of the file."""
        self.pictures.close()
        self.container.close()

    def _keep_to_the_first(self, path: Path) -> None:
        """Open a transport stream that soon becomes another one up to there: FFmpeg takes all for what comes last."""
        start = self.begins_at
        ends_at = Changes(path, None, start).up_to(start + _LOOKED_AHEAD)
        if ends_at is None:
            return
        with contextlib.suppress(InputError):  # of what holds no picture: it is told where the other one is read
            spare = open_recording(path, hwaccel=self._hwaccel, begins_at=start, ends_at=ends_at)
            try:
                stream = self._choose(spare)
                changes = Changes(path, stream.id, start)
                if changes.up_to(ends_at) is not None:
                    self.container, spare = spare, self.container
                    self.stream, self._changes = stream, changes
            finally:
                spare.close()

    def _choose(self, container: InputContainer) -> VideoStream:
        streams = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
        if not streams:
            kinds = {"a cover picture" if s.type == "video" else s.type for s in container.streams}
            found = ", ".join(sorted(kinds)) or "nothing"
            raise InputError(
                f"has no video stream, only {found}", where=self._name, hint="give a file that holds pictures"
            )
        known = [s for s in streams if s.codec_context is not None]
        if not known:
            raise InputError(
                "its pictures are coded in a way that FFmpeg does not know",
                where=self._name,
                expected="H.264, H.265, MJPEG or another codec that FFmpeg decodes",
                hint="convert it with the maker's own program",
            )
        return next((s for s in known if s.disposition & s.disposition.default), known[0])

    def _limit_pixels(self) -> None:
        """Refuse pictures that are declared too large, and let the decoder refuse those that become so."""
        context = self.stream.codec_context
        check_pixels((context.width, context.height), self._name)
        if not context.is_open:
            context.options = {**context.options, "max_pixels": str(MOST_PIXELS)}

    def _demux(self) -> Iterator[Packet[VideoStream]]:
        import av

        failures = count = 0
        others_from: int | None = None
        packets = self.container.demux(self.stream)
        while failures < _READ_ERRORS_LIMIT:
            try:
                packet = next(packets)
            except IndexError:  # a packet of a stream that was not there when the recording was opened
                others_from = count
                packets = self.container.demux(self.stream)
            except StopIteration:
                if self._changes is not None and (goes_on_at := self._changes.up_to(math.inf)) is not None:
                    self.goes_on_at = goes_on_at
                    return
                if others_from is not None and count - others_from <= _PACKETS_HELD_BACK:
                    self.ends_early = InputError(
                        f"another stream takes the place of this one after {count} pictures; what follows is not read",
                        where=self._name,
                        hint="its program or codec changes there: cut it in two there, and give each part",
                    )
                if self.is_mp4:  # its index says how many packets there are: those missing were cut off
                    self.damaged += max(0, self.stream.frames - count)
                return
            except av.error.InvalidDataError:
                failures += 1
                self.damaged += 1
                packets = self.container.demux(self.stream)
            except (av.error.FFmpegError, OSError) as error:
                stopped = InputError(f"reading stopped: {reason_of(error)}", where=self._name)
                break
            else:
                if self._is_other(packet):
                    return
                failures = 0
                count += packet.size > 0
                yield packet
        else:
            return
        raise stopped from None

    def _is_other(self, packet: Packet[VideoStream]) -> bool:
        """Whether a packet is of another stream that goes on under this one's number; the file is left before it."""
        if self._changes is None or packet.pos is None:
            return False
        self.goes_on_at = self._changes.up_to(packet.pos)
        return self.goes_on_at is not None

    def _decode(self, packets: Iterable[Packet[VideoStream]]) -> Generator[VideoFrame]:
        import av

        given = 0
        for packet in packets:
            self.damaged += bool(packet.is_corrupt)
            given += packet.size > 0
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.damaged += 1
                self._undecoded_at_end += 1
                continue
            if frames:
                self._undecoded_at_end = 0
                self._decoded_packets += 1
            for frame in frames:
                self.damaged += bool(frame.is_corrupt)
                yield frame
        if self.goes_on_at is not None:  # at the end of a file the container says so itself
            with contextlib.suppress(av.error.FFmpegError):
                for frame in self.stream.codec_context.decode(None):
                    self._decoded_packets += 1
                    yield frame
        if not self._decoded_packets:  # a decoder that waits for its first whole picture says nothing
            self.damaged = max(self.damaged, given)


def open_recording(
    source: str | Path,
    timeout_s: float = 10.0,
    hwaccel: str = "none",
    begins_at: int = 0,
    ends_at: int | None = None,
) -> InputContainer:
    """Open a video file or an address without decoding anything.

    Args:
        source: Which.
        timeout_s: How long an address may keep silent, seconds.
        hwaccel: What decodes it, see `open_container`.
        begins_at: The byte where a file begins.
        ends_at: The byte before which a transport stream ends; None where the file does.

    Raises:
        InputError: If it cannot be opened.
        DeviceError: If `hwaccel` names a device that is not there.
    """
    import av

    remote = is_url(source)
    if not remote:
        check_file(Path(source))
    # "file:" keeps FFmpeg from taking a colon in a file's name for a protocol.
    address = f"file:{source}"
    if remote:
        scheme, rest = str(source).split("://", 1)
        address = f"{scheme.lower()}://{rest}"  # FFmpeg knows no RTSP://
    options = {"rtsp_transport": "tcp"} if address.startswith("rtsp") else {} if remote else local_options(Path(source))
    if ends_at is not None:
        address = f"subfile,,start,{begins_at},end,{ends_at},,:{address}"
        options["protocol_whitelist"] = "file,subfile"
    elif begins_at:
        options["skip_initial_bytes"] = f"{begins_at}"
    try:
        form = None if ends_at is None else "mpegts"  # of a few packets FFmpeg does not guess it
        return open_container(address, hwaccel, form, timeout=timeout_s if remote else None, options=options)
    except (av.error.FFmpegError, OSError, UnicodeError) as error:
        failure = explain(error, source)
    raise failure from None  # out of the handler: the original error holds the address with its password
