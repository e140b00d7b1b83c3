"""Frames of a video file or address: anything FFmpeg reads, through PyAV."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from reidtrack.errors import InputError
from reidtrack.image import MOST_PIXELS, check_pixels
from reidtrack.types import Frame, ImageArray
from reidtrack.video.accel import open_container
from reidtrack.video.clock import Clock
from reidtrack.video.convert import Converter
from reidtrack.video.naming import is_url, redact
from reidtrack.video.part import Part
from reidtrack.video.probe import check_file, explain, local_options, no_frames, reason_of
from reidtrack.video.skip import skip
from reidtrack.video.ts_tables import Changes

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

logger = logging.getLogger(__name__)

FALLBACK_FPS = 25.0
_MOST_FPS = 1000
_MOST_OFF = 2.0
"""A claimed rate that is off by more from the stamps is no rate: browsers and recording programs write 1000, the unit
of their stamps. Less is what a camera with a varying rate comes to."""
_STAMPS = 33
"""Packets whose stamps tell the rate: more than any distance between a picture's place in decoding and in showing."""
_LEAST_STAMPS = 3
_MOST_ASPECT = 4
"""Anamorphic recordings have 16:11 or 2:1; what is beyond is a fault of the container."""
_READ_ERRORS_LIMIT = 100
_PACKETS_HELD_BACK = 2
"""That a reader may still give of a stream after one of another has come."""
_MOST_UNDECODED = 25
_MOST_UNDECODED_SHARE = 0.1
"""Of a recording's last pictures, how many may be lost as damage; what is more is a part that is not read."""
_MOST_SIZES_TOLD = 5
_MOST_EMPTY = 20
"""How often in a row a recording may become another one that holds no picture; each time it is opened anew."""
_SAME_SHAPE = 1.05
"""Proportions that differ by less are those of sizes that were rounded, to whole blocks of 16 too."""
_SKIP_FROM_S = 5.0
"""Starts earlier than this are decoded through, which is quick enough."""


class VideoFile:
    """Frames of one video, read once from front to back.

    The first frame is decoded on construction, so a file that cannot be read says so at once. Frames come upright (the
    container's rotation is applied) and in the size of the first one. Damaged packets are counted and passed over.

    Where a transport stream becomes another one midway, it is read on from there; FFmpeg may lose a picture or two.

    Args:
        source: A file or an address.
        camera: Name given to the frames.
        part: What to read of it; all, if it is None.
        offset_s: Seconds from the run's origin to the first frame.
        timeout_s: How long an address may keep silent, seconds.
        hwaccel: What decodes it, see `open_container`.

    Raises:
        InputError: If nothing can be read from it.
        DeviceError: If `hwaccel` names a device that is not there.
    """

    def __init__(
        self,
        source: str | Path,
        camera: str,
        part: Part | None = None,
        *,
        offset_s: float = 0.0,
        timeout_s: float = 10.0,
        hwaccel: str = "none",
    ) -> None:
        self.camera = camera
        self._source, self._timeout_s, self._hwaccel = source, timeout_s, hwaccel
        self._name = redact(source)
        self._part, self._offset_s = Part() if part is None else part, offset_s
        self._image_of = Converter()
        self._begins_at = self._damaged = 0
        self._begins_anew = False
        self._open()
        try:
            first = next(self._decoded, None)
            if first is None and self._goes_on_at is not None:
                first = self._go_on()
            if first is None:
                raise self._nothing_decoded()
            self.nominal_fps = _nominal_fps(self._container, self._stream, self._step_s)
            self.duration_s = duration_of(self._container, self._stream)
            self._whole_count = self._stream.frames or round((self.duration_s or 0) * self.nominal_fps) or None
            height, width = self._convert(first).shape[:2]
            self.pixel_aspect = _pixel_aspect(self._stream, self._image_of.turned)
            self.size = (width, height)
            self._sizes, self._last_size = {self.size}, self.size
            self._frames = self._read(first)
        except BaseException:
            self._container.close()
            raise

    @property
    def frame_count(self) -> int | None:
        """Estimate of how many frames the part holds, or None where the container does not tell."""
        return self._part.count(self._whole_count, self.duration_s)

    @property
    def damaged(self) -> int:
        """Packets that were damaged, refused by the decoder or missing, and frames with errors, so far."""
        return self._damaged

    def __iter__(self) -> Iterator[Frame]:
        """The frames that are left; a second loop goes on where the first one stopped."""
        return self._frames

    def close(self) -> None:
        """Let go of the file; no frames come after this."""
        self._frames.close()
        self._decoded.close()
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        self._container = open_recording(self._source, self._timeout_s, self._hwaccel, self._begins_at)
        streams = [s for s in self._container.streams.video if not s.disposition & s.disposition.attached_pic]
        if not streams:
            kinds = {"a cover picture" if s.type == "video" else s.type for s in self._container.streams}
            self._container.close()
            found = ", ".join(sorted(kinds)) or "nothing"
            raise InputError(
                f"has no video stream, only {found}", where=self._name, hint="give a file that holds pictures"
            )
        known = [s for s in streams if s.codec_context is not None]
        if not known:
            self._container.close()
            raise InputError(
                "its pictures are coded in a way that FFmpeg does not know",
                where=self._name,
                expected="H.264, H.265, MJPEG or another codec that FFmpeg decodes",
                hint="convert it with the maker's own program",
            )
        self._stream = next((s for s in known if s.disposition & s.disposition.default), known[0])
        self._limit_pixels()
        if not self._stream.codec_context.is_hwaccel:
            self._stream.thread_type = "AUTO"
        self._decoded_packets = self._undecoded_at_end = 0
        self._goes_on_at: int | None = None
        self._changes: Changes | None = None
        if self._container.format.name == "mpegts" and not is_url(self._source):
            self._changes = Changes(Path(self._source), self._stream.id, self._begins_at)
        self._ends_early: InputError | None = None
        packets = self._demux()
        try:
            first = list(itertools.islice(packets, 0 if is_url(self._source) else _STAMPS))
        except BaseException:
            self._container.close()
            raise
        self._step_s = median_step_s([packet.pts for packet in first], self._stream.time_base)
        self._packets = itertools.chain(first, packets)
        self._decoded = self._decode(self._packets)

    def _limit_pixels(self) -> None:
        """Refuse pictures that are declared too large, and let the decoder refuse those that become so."""
        context = self._stream.codec_context
        try:
            check_pixels((context.width, context.height), self._name)
        except InputError:
            self._container.close()
            raise
        if not context.is_open:
            context.options = {**context.options, "max_pixels": str(MOST_PIXELS)}

    def _nothing_decoded(self) -> InputError:
        if self._damaged:
            what = f"none of its {self._damaged} packets could be decoded"
            hint = f"the file is damaged, or its pictures have more than {MOST_PIXELS // 10**6} million pixels"
            return InputError(what, where=self._name, hint=f"{hint}; copy or record it again")
        return no_frames(self._source)

    def _demux(self) -> Iterator[Packet[VideoStream]]:
        import av

        failures = count = 0
        others_from: int | None = None
        packets = self._container.demux(self._stream)
        while failures < _READ_ERRORS_LIMIT:
            try:
                packet = next(packets)
            except IndexError:  # a packet of a stream that was not there when the recording was opened
                others_from = count
                packets = self._container.demux(self._stream)
            except StopIteration:
                if self._changes is not None and (goes_on_at := self._changes.up_to(math.inf)) is not None:
                    self._goes_on_at = goes_on_at
                    return
                if others_from is not None and count - others_from <= _PACKETS_HELD_BACK:
                    self._ends_early = InputError(
                        f"another stream takes the place of this one after {count} pictures; what follows is not read",
                        where=self._name,
                        hint="its program or codec changes there: cut it in two there, and give each part",
                    )
                if _is_mp4(self._container):  # its index says how many packets there are: those missing were cut off
                    self._damaged += max(0, self._stream.frames - count)
                return
            except av.error.InvalidDataError:
                failures += 1
                self._damaged += 1
                packets = self._container.demux(self._stream)
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
        self._goes_on_at = self._changes.up_to(packet.pos)
        return self._goes_on_at is not None

    def _decode(self, packets: Iterable[Packet[VideoStream]]) -> Generator[VideoFrame]:
        import av

        for packet in packets:
            self._damaged += bool(packet.is_corrupt)
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self._damaged += 1
                self._undecoded_at_end += 1
                continue
            if frames:
                self._undecoded_at_end = 0
                self._decoded_packets += 1
            for frame in frames:
                self._damaged += bool(frame.is_corrupt)
                yield frame
        if self._goes_on_at is not None:  # at the end of a file the container says so itself
            with contextlib.suppress(av.error.FFmpegError):
                yield from self._stream.codec_context.decode(None)

    def _read(self, first: VideoFrame) -> Generator[Frame]:
        clock = Clock(self._stream.time_base or Fraction(1, 90_000), 1 / self.nominal_fps)
        pictures: Iterator[tuple[int, VideoFrame]] = enumerate(itertools.chain([first], self._decoded))
        if self._part.start_s >= _SKIP_FROM_S and first.pts is not None and _is_mp4(self._container):
            pictures = self._pass_over(clock, first.pts)
        while True:
            index = -1
            for index, picture in pictures:
                time_s = clock.read(picture.pts)
                if self._part.after(time_s):
                    return
                if self._part.takes(index, time_s):
                    image = self._fit(self._convert(picture), time_s)
                    yield Frame(self.camera, index, time_s + self._offset_s, image, self._begins_anew)
                    self._begins_anew = False
            rest = self._rest(index + 1)
            if rest is None:
                break
            pictures = rest
            clock.begin_anew()
        if self._undecoded_at_end > max(_MOST_UNDECODED, self._decoded_packets * _MOST_UNDECODED_SHARE):
            self._ends_early = InputError(
                f"nothing could be decoded of its last {self._undecoded_at_end} pictures",
                where=self._name,
                hint="its codec changes there, or it is damaged: cut it in two there, or record it again",
            )
        if self._ends_early is not None:
            raise self._ends_early

    def _go_on(self) -> VideoFrame | None:
        """The first picture of what takes this stream's place; None where none can be decoded."""
        for _ in range(_MOST_EMPTY):
            self._container.close()
            self._begins_at = self._goes_on_at or 0
            self._open()
            first = next(self._decoded, None)
            if first is not None or self._goes_on_at is None:
                return first
        return None

    def _rest(self, index: int) -> Iterator[tuple[int, VideoFrame]] | None:
        """Numbered pictures from where the stream becomes another one on; None where it does not, or nobody can tell.

        Args:
            index: Number of the next picture.
        """
        if self._goes_on_at is None:
            return None
        former, first = self._stream.codec_context.name, None
        with contextlib.suppress(InputError):
            first = self._go_on()
        if first is None:
            what = f"its stream becomes another one after {index} pictures, of which nothing could be decoded"
            self._ends_early = InputError(what, where=self._name, hint="convert it with the maker's own program")
            return None
        logger.warning(
            "%s: after %d pictures its stream becomes another one (%s, before %s), which is read on from there",
            self.camera,
            index,
            self._stream.codec_context.name,
            former,
        )
        self._begins_anew = True
        return enumerate(itertools.chain([first], self._decoded), index)

    def _convert(self, picture: VideoFrame) -> ImageArray:
        """A picture as an upright image.

        Raises:
            InputError: If it cannot be made one.
        """
        import av

        try:
            return self._image_of(picture)
        except (av.error.FFmpegError, ValueError, OverflowError, MemoryError) as error:
            what = f"a picture of {picture.width}x{picture.height} {picture.format.name} cannot be converted"
            raise InputError(what, where=self._name, hint=str(error) or "there is too little memory") from error

    def _fit(self, image: ImageArray, time_s: float) -> ImageArray:
        """The image in the size of the first one; a line says so where another size begins."""
        size = (image.shape[1], image.shape[0])
        self._begins_anew |= other_shape(size, self._last_size)
        self._last_size = size
        if size not in self._sizes and len(self._sizes) < _MOST_SIZES_TOLD:
            self._sizes.add(size)
            logger.warning(
                "%s: from %.1f s on its pictures are of %dx%d; they are scaled to the %dx%d of the first",
                self.camera,
                time_s,
                *size,
                *self.size,
            )
        return fit(image, self.size)

    def _pass_over(self, clock: Clock, first_pts: int) -> Iterator[tuple[int, VideoFrame]]:
        """Open anew, go to the last keyframe before the start without decoding, and number the pictures from there."""
        self._container.close()
        self._open()
        start_pts = first_pts + round(self._part.start_s / (self._stream.time_base or 1))
        skipped = skip(self._packets, start_pts)
        self._decoded = self._decode(itertools.chain(skipped.packets, self._packets))
        if skipped.pts is None:
            return enumerate(self._decoded)
        clock.read(first_pts)
        whole = (p for p in self._decoded if p.pts is None or p.pts >= skipped.pts)
        first = next(whole, None)
        if first is None or first.pts != skipped.pts or not _is_clean_start(first):
            return self._from_the_beginning()
        return enumerate(itertools.chain([first], whole), skipped.index)

    def _from_the_beginning(self) -> Iterator[tuple[int, VideoFrame]]:
        """Decode everything: what the file calls a keyframe needs pictures before it, as with intra refresh."""
        self._container.close()
        self._open()
        return enumerate(self._decoded)


def _is_clean_start(picture: VideoFrame) -> bool:
    """Whether a picture needs none before it, as far as the decoder tells."""
    from av.video.frame import PictureType

    return bool(picture.key_frame) and picture.pict_type == PictureType.I and not picture.is_corrupt


def open_recording(
    source: str | Path, timeout_s: float = 10.0, hwaccel: str = "none", begins_at: int = 0
) -> InputContainer:
    """Open a video file or an address without decoding anything; `begins_at` is the byte where a file begins.

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
    if begins_at:
        options["skip_initial_bytes"] = f"{begins_at}"
    try:
        return open_container(address, hwaccel, timeout=timeout_s if remote else None, options=options)
    except (av.error.FFmpegError, OSError, UnicodeError) as error:
        failure = explain(error, source)
    raise failure from None  # out of the handler: the original error holds the address with its password


def _is_mp4(container: InputContainer) -> bool:
    return container.format.name.startswith("mov,mp4")


def fit(image: ImageArray, size: tuple[int, int]) -> ImageArray:
    """An image scaled to a width and height, pixels; itself where it has them."""
    if image.shape[1::-1] == size:
        return image
    import cv2

    resized: ImageArray = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return resized


def other_shape(size: tuple[int, int], former: tuple[int, int]) -> bool:
    """Whether pictures of two sizes show another view: scaled alone, they have the same proportions."""
    ratio = size[0] * former[1] / (size[1] * former[0])
    return max(ratio, 1 / ratio) > _SAME_SHAPE


def median_step_s(pts: Sequence[int | None], time_base: Fraction | None) -> float | None:
    """Median seconds between pictures by their stamps, or None where fewer than three have one.

    Args:
        pts: In the order of decoding.
        time_base: Seconds per unit.
    """
    stamps = sorted({stamp for stamp in pts if stamp is not None})
    if len(stamps) < _LEAST_STAMPS or not time_base:
        return None
    return float(np.median(np.diff(stamps))) * float(time_base)


def _pixel_aspect(stream: VideoStream, turned: bool) -> float:
    """Width over height of a pixel as it is to be shown; 1 where the recording does not tell."""
    ratio = stream.sample_aspect_ratio
    if not ratio or not max(ratio, 1 / ratio) <= _MOST_ASPECT:
        return 1.0
    return float(1 / ratio if turned else ratio)


def _nominal_fps(container: InputContainer, stream: VideoStream, step_s: float | None) -> float:
    """The rate that a recording claims, or that of its own stamps where these are of quite another one."""
    rates = [stream.average_rate, stream.guessed_rate, stream.base_rate]
    if container.duration is None:  # a bare stream without a container: the average is FFmpeg's default, 25
        rates = rates[1:]
    claimed = next((float(rate) for rate in rates if rate and 0 < rate <= _MOST_FPS), None)
    if step_s and 0 < 1 / step_s <= _MOST_FPS:
        off = max(claimed * step_s, 1 / (claimed * step_s)) if claimed else _MOST_OFF + 1
        return 1 / step_s if off > _MOST_OFF else claimed or FALLBACK_FPS
    return claimed or FALLBACK_FPS


def duration_of(container: InputContainer, stream: VideoStream) -> float | None:
    """Length in seconds that a container tells of a stream, else of itself; None where it tells none."""
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / 1_000_000
    else:
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
