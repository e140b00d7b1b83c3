"""Opening a live stream and choosing what to read of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reidtrack.image import MOST_PIXELS
from reidtrack.video.address import LiveAddress
from reidtrack.video.failure import Failure, LostError, opening_failure

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_IN_PARTS = ("hls", "mov", "matroska", "avi")
"""Demuxers of what comes in large parts, faster than it is shown."""
_MOST_FPS = 240
_ALL_OF_IT = 0.9
"""Of the time for opening: who took so long did not answer, whatever FFmpeg calls it."""


def open_stream(address: LiveAddress, silence_s: float) -> InputContainer:
    """Connect to a stream.

    Args:
        address: What is opened.
        silence_s: Seconds without data after which reading fails.

    Raises:
        LostError: If it cannot be opened.
    """
    import av

    begun_s = time.monotonic()
    timeout = None if address.scheme == "file" else (address.open_s, silence_s)
    try:
        return av.open(address.url, format=address.demuxer, options=address.options, timeout=timeout)
    except (av.error.FFmpegError, OSError, UnicodeError, ValueError) as error:
        failed = error
    # Out of the handler: the error holds the address with its password, and must be nobody's context.
    in_vain = time.monotonic() - begun_s > _ALL_OF_IT * address.open_s
    raise LostError(opening_failure(failed, address.url, address.shown, in_vain=in_vain))


def choose_pictures(container: InputContainer, shown: str) -> VideoStream:
    """The stream of pictures of a container, ready to be decoded; of others nothing is read.

    Raises:
        LostError: If there is none, or none that FFmpeg decodes.
    """
    from av.stream import Discard

    streams = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
    if not streams:
        kinds = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
        raise LostError(Failure("no_video", f"{shown}: has no pictures, only {kinds}; give its video stream"))
    known = [s for s in streams if s.codec_context is not None]
    if not known:
        what = "its pictures are coded in a way that FFmpeg does not know; set it to H.264"
        raise LostError(Failure("codec", f"{shown}: {what}"))
    stream = known[0]
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all  # sound that goes on does not hide that the picture is frozen
    context = stream.codec_context
    if not context.is_open:
        stream.thread_type = "SLICE"  # threads for whole pictures would hold back as many
        context.thread_count = 1  # cameras are decoded beside each other
        context.options = {**context.options, "max_pixels": str(MOST_PIXELS)}
    return stream


def claimed_fps(stream: VideoStream) -> float | None:
    """Pictures a second that a stream claims to have; None where it claims none that can be."""
    rate = stream.guessed_rate or stream.average_rate or stream.base_rate
    return float(rate) if rate and 0 < rate <= _MOST_FPS else None


def comes_in_parts(container: InputContainer, address: LiveAddress) -> bool:
    """Whether pictures come before they are to be shown."""
    return address.scheme == "file" or any(name in _IN_PARTS for name in container.format.name.split(","))


def has_stamps(container: InputContainer) -> bool:
    """Whether the stamps of a stream are its own, not made up by FFmpeg at 25 pictures a second."""
    import av

    no_stamps = container.format.flags & av.format.Flags.no_timestamps.value  # type: ignore[operator]  # an int
    return not no_stamps and "mpjpeg" not in container.format.name.split(",")
