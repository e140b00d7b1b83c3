"""Frames of a video file or address: anything FFmpeg reads, through PyAV."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from reidtrack.errors import InputError
from reidtrack.types import Frame, ImageArray
from reidtrack.video.clock import Clock
from reidtrack.video.convert import Converter
from reidtrack.video.file_stream import FileStream
from reidtrack.video.naming import redact
from reidtrack.video.part import Part
from reidtrack.video.rates import nominal_fps

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.stream import VideoStream

logger = logging.getLogger(__name__)

_MOST_ASPECT = 4
"""Anamorphic recordings have 16:11 or 2:1; what is beyond is a fault of the container."""
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
        self._name = redact(source)
        self._part, self._offset_s = Part() if part is None else part, offset_s
        self._image_of = Converter()
        self._damaged_before = 0
        self._begins_anew = False
        self._now = FileStream(source, timeout_s, hwaccel)
        try:
            first = next(self._now.pictures, None)
            lost = first is None and self._now.goes_on_at is not None
            if lost:
                first = self._go_on()
            if first is None:
                raise self._now.nothing_decoded(self.damaged)
            if lost:
                self._damaged_before = max(self._damaged_before, 1)
                logger.warning(
                    "%s: nothing could be decoded of its first %d bytes; it is read from where its stream becomes "
                    "another one (%s)",
                    camera,
                    self._now.begins_at,
                    self._now.stream.codec_context.name,
                )
            self.nominal_fps = nominal_fps(self._now.container, self._now.stream, self._now.step_s)
            self.duration_s = self._now.duration_s
            self._whole_count = self._now.stream.frames or round((self.duration_s or 0) * self.nominal_fps) or None
            height, width = self._convert(first).shape[:2]
            self.pixel_aspect = _pixel_aspect(self._now.stream, self._image_of.turned)
            self.size = (width, height)
            self._sizes, self._last_size = {self.size}, self.size
            self._frames = self._read(first)
        except BaseException:
            self._now.close()
            raise

    @property
    def frame_count(self) -> int | None:
        """Estimate of how many frames the part holds, or None where the container does not tell."""
        return self._part.count(self._whole_count, self.duration_s)

    @property
    def damaged(self) -> int:
        """Packets that were damaged, refused by the decoder or missing, and frames with errors, so far."""
        return self._damaged_before + self._now.damaged

    def __iter__(self) -> Iterator[Frame]:
        """The frames that are left; a second loop goes on where the first one stopped."""
        return self._frames

    def close(self) -> None:
        """Let go of the file; no frames come after this."""
        self._frames.close()
        self._now.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, first: VideoFrame) -> Generator[Frame]:
        clock = Clock(self._now.stream.time_base or Fraction(1, 90_000), 1 / self.nominal_fps)
        pictures: Iterator[tuple[int, VideoFrame]] = enumerate(itertools.chain([first], self._now.pictures))
        if self._part.start_s >= _SKIP_FROM_S and first.pts is not None and self._now.is_mp4:
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
        self._now.end()

    def _go_on(self) -> VideoFrame | None:
        """The first picture of what takes this stream's place; None where none can be decoded."""
        for _ in range(_MOST_EMPTY):
            self._change_to(self._now.next_one())
            first = next(self._now.pictures, None)
            if first is not None or self._now.goes_on_at is None:
                return first
        return None

    def _change_to(self, stream: FileStream) -> None:
        self._damaged_before += self._now.damaged
        self._now = stream

    def _rest(self, index: int) -> Iterator[tuple[int, VideoFrame]] | None:
        """Numbered pictures from where the stream becomes another one on; None where it does not, or nobody can tell.

        Args:
            index: Number of the next picture.
        """
        if self._now.goes_on_at is None:
            return None
        former, first = self._now.stream.codec_context.name, None
        with contextlib.suppress(InputError):
            first = self._go_on()
        if first is None:
            what = f"its stream becomes another one after {index} pictures, of which nothing could be decoded"
            self._now.ends_early = InputError(what, where=self._name, hint="convert it with the maker's own program")
            return None
        logger.warning(
            "%s: after %d pictures its stream becomes another one (%s, before %s), which is read on from there",
            self.camera,
            index,
            self._now.stream.codec_context.name,
            former,
        )
        self._begins_anew = True
        return enumerate(itertools.chain([first], self._now.pictures), index)

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
        self._change_to(self._now.again())
        start_pts = first_pts + round(self._part.start_s / (self._now.stream.time_base or 1))
        index, pts = self._now.skip_to(start_pts)
        if pts is None:
            return enumerate(self._now.pictures)
        clock.read(first_pts)
        whole = (p for p in self._now.pictures if p.pts is None or p.pts >= pts)
        first = next(whole, None)
        if first is None or first.pts != pts or not _is_clean_start(first):
            return self._from_the_beginning()
        return enumerate(itertools.chain([first], whole), index)

    def _from_the_beginning(self) -> Iterator[tuple[int, VideoFrame]]:
        """Decode everything: what the file calls a keyframe needs pictures before it, as with intra refresh."""
        self._change_to(self._now.again())
        return enumerate(self._now.pictures)


def _is_clean_start(picture: VideoFrame) -> bool:
    """Whether a picture needs none before it, as far as the decoder tells."""
    from av.video.frame import PictureType

    return bool(picture.key_frame) and picture.pict_type == PictureType.I and not picture.is_corrupt


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


def _pixel_aspect(stream: VideoStream, turned: bool) -> float:
    """Width over height of a pixel as it is to be shown; 1 where the recording does not tell."""
    ratio = stream.sample_aspect_ratio
    if not ratio or not max(ratio, 1 / ratio) <= _MOST_ASPECT:
        return 1.0
    return float(1 / ratio if turned else ratio)
