"""Videos that play in a browser: H.264 in mp4, fragmented while open so that a killed run leaves one that plays."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import numpy as np

from reidtrack.errors import OutputError
from reidtrack.files import is_utf8, refuse_link, replacing
from reidtrack.types import ImageArray

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import OutputContainer
    from av.video.stream import VideoStream

_TIME_BASE = Fraction(1, 90_000)
_KEYFRAME_S = 1.0
_HOUR = round(3600 / _TIME_BASE)
_LONGEST_STEP = 6 * _HOUR
"""mp4 counts how long a picture stays in 31 bits of its time base, 6.6 hours; recorders that sleep at night pause
longer."""

logger = logging.getLogger(__name__)
_X264 = {"tune": "zerolatency"}  # holds no frames back, so that a kill loses none
_GPU = "h264_nvenc"
_NVENC = {"preset": "p4", "rc": "vbr", "bf": "0", "zerolatency": "1", "delay": "0", "forced-idr": "1"}
_FRAGMENTED = "frag_every_frame+empty_moov+default_base_moof"


class VideoSink:
    """Writes frames with their own time stamps into one mp4 file.

    While open, each frame is a fragment of its own and on disk as soon as the next one comes, so the file plays up to
    its end if the process is killed. On closing, the fragments are joined into a plain mp4 with its index in front,
    without encoding again. Odd sizes grow by one pixel, as 4:2:0 chroma needs. A keyframe comes at least each second.

    Args:
        path: The file to write; an existing one is replaced.
        size: Width and height of the images, pixels.
        fps_hint: Expected rate, for the encoder's rate control; times are the frames' own.
        crf: Constant rate factor of x264, 0 (lossless) to 51; 23 is its default.
        preset: Speed preset of x264.
        pixel_aspect: Width over height of a pixel as it is to be shown, which players are told.
        gpu: Encode on an NVIDIA GPU where there is one that can; `crf` is its constant quality then, never
            lossless. x264 takes its place where there is none, where it has no room for another video, or where
            pictures are too small for it.

    Raises:
        OutputError: If the file cannot be written, here or in any method.
    """

    def __init__(
        self,
        path: str | Path,
        size: tuple[int, int],
        *,
        fps_hint: float = 25.0,
        crf: int = 23,
        preset: str = "superfast",
        pixel_aspect: float = 1.0,
        gpu: bool = False,
    ) -> None:
        self.path = Path(path)
        self.size = size
        self._aspect = Fraction(pixel_aspect).limit_denominator(255)
        self._first_s: float | None = None
        self._last_pts = -1
        self._closed = False
        self._files = contextlib.ExitStack()
        self._whole_bytes = 0
        self._keyframe_pts: int | None = None
        with self._faults():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            refuse_link(self.path)
            self.path.unlink(missing_ok=True)  # another name of the same file keeps what it has
            self._container, self._stream = self._open(fps_hint, crf, preset, gpu)

    def write(self, image: ImageArray, time_s: float) -> None:
        """Append one image.

        Args:
            image: (H, W, 3) uint8 BGR, of the size given on construction.
            time_s: When it was taken, seconds; the video counts from its first frame. A time that does not advance is
                moved on by the shortest possible step.

        Raises:
            OutputError: If the disk is full or the file cannot be written.
            ValueError: If the image has another size.
        """
        if image.shape[1::-1] != self.size:
            raise ValueError(f"{self.path}: expected an image of {self.size}, got {image.shape[1::-1]}")
        self._first_s = time_s if self._first_s is None else self._first_s
        pts = max(round((time_s - self._first_s) / _TIME_BASE), self._last_pts + 1)
        if pts - self._last_pts > _LONGEST_STEP and self._last_pts >= 0:
            logger.warning("%s: a pause of %.1f hours is shown as 6 hours", self.path, (pts - self._last_pts) / _HOUR)
            self._first_s += (pts - self._last_pts - _LONGEST_STEP) * float(_TIME_BASE)
            pts = self._last_pts + _LONGEST_STEP
        self._last_pts = pts
        try:
            with self._faults():
                self._container.mux(self._stream.encode(self._picture(image, pts)))
                self._whole_bytes = self.path.stat().st_size
        except OutputError:
            self._abandon()
            raise

    def close(self) -> None:
        """Finish the file; without a frame there is none.

        Raises:
            OutputError: If the disk is full or the file cannot be written.
        """
        if self._closed:
            return
        self._closed = True
        try:
            with self._faults():
                if self._first_s is not None:
                    self._container.mux(self._stream.encode(None))
                self._container.close()
                self._files.close()
        except OutputError:
            self._abandon()
            raise
        if self._first_s is None:
            self.path.unlink(missing_ok=True)
        else:
            _join_fragments(self.path)

    def _abandon(self) -> None:
        """After a failed write: cut off the half-written fragment, which would keep the others from being read."""
        import av

        self._closed = True
        with contextlib.suppress(av.error.FFmpegError, OSError):
            self._container.close()
        with contextlib.suppress(OSError):
            self._files.close()
        with contextlib.suppress(OSError):
            if self._whole_bytes:
                os.truncate(self.path, self._whole_bytes)
            else:
                self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, fps: float, crf: int, preset: str, gpu: bool) -> tuple[OutputContainer, VideoStream]:
        import av

        if gpu and _GPU in av.codecs_available:
            quality = {"cq": str(max(crf, 1))}  # 0 would leave it to NVENC
            container, stream = self._open_with(_GPU, {**_NVENC, **quality}, fps)
            try:
                stream.codec_context.bit_rate = 0  # the quality decides
                stream.codec_context.open()
                return container, stream
            except (av.error.FFmpegError, OSError):
                container.close()
        return self._open_with("libx264", {**_X264, "crf": str(crf), "preset": preset}, fps)

    def _open_with(self, encoder: str, settings: dict[str, str], fps: float) -> tuple[OutputContainer, VideoStream]:
        import av

        options = {"movflags": _FRAGMENTED, "flush_packets": "1"}
        container = av.open(
            self._files.enter_context(opened_by_ffmpeg(self.path, "w")), "w", format="mp4", options=options
        )
        rate = Fraction(fps).limit_denominator(1001)
        stream = cast("VideoStream", container.add_stream(encoder, rate=rate, options=settings))
        stream.width, stream.height = self.size[0] + self.size[0] % 2, self.size[1] + self.size[1] % 2
        stream.pix_fmt = "yuv420p"
        if self._aspect != 1:
            stream.codec_context.sample_aspect_ratio = self._aspect
        context: Any = stream.codec_context
        context.time_base = _TIME_BASE
        # Players guess the colours of untagged video by its height; 6 is BT.601, as below.
        context.colorspace = context.color_primaries = context.color_trc = 6
        return container, stream

    def _picture(self, image: ImageArray, pts: int) -> VideoFrame:
        import av
        import cv2
        from av.video.frame import PictureType

        odd_height, odd_width = image.shape[0] % 2, image.shape[1] % 2
        if odd_height or odd_width:
            image = np.pad(image, ((0, odd_height), (0, odd_width), (0, 0)), mode="edge")
        # BT.601, limited range; OpenCV takes a third of swscale's time for it.
        picture = av.VideoFrame.from_ndarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), format="yuv420p")
        picture.pts, picture.time_base = pts, _TIME_BASE
        if self._keyframe_pts is None or pts - self._keyframe_pts >= _KEYFRAME_S / _TIME_BASE:
            picture.pict_type = PictureType.I
            self._keyframe_pts = pts
        return picture

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn errors of FFmpeg and of the disk into OutputError."""
        import av

        try:
            yield
        except (av.error.FFmpegError, OSError) as error:
            code = getattr(error, "errno", None)
            reason = getattr(error, "strerror", None) or type(error).__name__
            hint = "free some space and run again" if code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else None
            raise OutputError(f"cannot be written: {reason}", where=self.path, hint=hint) from error


@contextlib.contextmanager
def opened_by_ffmpeg(path: Path, mode: Literal["r", "w"]) -> Iterator[Any]:
    """What FFmpeg is told to open for a path: its name, or an open file where the name is no text that FFmpeg takes."""
    if is_utf8(path):
        yield f"file:{path}"  # which keeps FFmpeg from taking a colon in the name for a protocol
        return
    with path.open("rb" if mode == "r" else "w+b", buffering=0) as file:
        yield file


def _join_fragments(path: Path) -> None:
    """Copy a fragmented mp4 into a plain one with its index in front; where that fails, the fragmented one stays."""
    import av

    try:
        with replacing(path) as file:
            _copy_packets(path, Path(file.name))
    except (av.error.FFmpegError, OSError):
        return


def _copy_packets(path: Path, target_path: Path) -> None:
    """Copy a video, packet by packet, into an mp4 with its index in front."""
    import av

    with (
        opened_by_ffmpeg(path, "r") as whole,
        opened_by_ffmpeg(target_path, "w") as front,
        av.open(whole) as source,
        av.open(front, "w", format="mp4", options={"movflags": "faststart"}) as target,
    ):
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        copy.time_base = stream.time_base
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
