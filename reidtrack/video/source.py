"""Where frames come from: one protocol for files, folders of files or images and live cameras."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from reidtrack.errors import InputError, UsageError
from reidtrack.files import is_utf8
from reidtrack.types import Frame
from reidtrack.video.file import VideoFile
from reidtrack.video.folder import ImageFolder
from reidtrack.video.naming import is_folder, is_url, name_cameras, redact
from reidtrack.video.part import MOST_SECONDS, Part
from reidtrack.video.pattern import Pattern
from reidtrack.video.segmented import open_segmented
from reidtrack.video.segments import SegmentTimes, is_segmented

__all__ = ["ImageFolder", "Part", "Source", "VideoFile", "is_url", "name_cameras", "open_source", "redact"]


@runtime_checkable
class Source(Protocol):
    """One camera's frames, pulled one by one.

    Nothing is promised about length: a source may end at any frame, take long for the next one, or jump ahead in time.
    Time never goes back. A source is read once; a loop that is left early goes on in the next one.

    Attributes:
        camera: Name of the camera.
        size: Width and height of every frame, pixels.
        nominal_fps: The rate the source claims; for estimates only, times come from the frames.
        duration_s: Length of the whole recording in seconds, or None where unknown.
        pixel_aspect: Width over height of a pixel as it is to be shown; 1 for square ones.
    """

    camera: str
    size: tuple[int, int]
    nominal_fps: float
    duration_s: float | None
    pixel_aspect: float

    @property
    def frame_count(self) -> int | None:
        """Estimate of how many frames come in all, or None where unknown."""

    @property
    def damaged(self) -> int:
        """Packets and frames that were damaged, so far."""

    def __iter__(self) -> Iterator[Frame]: ...

    def close(self) -> None:
        """Let go of what is held open."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_source(
    source: str | Path,
    camera: str,
    *,
    part: Part | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    stride: int = 1,
    fps: float | None = None,
    offset_s: float = 0.0,
    hwaccel: str = "none",
) -> Source:
    """Open a video file, a folder of videos or of images, some of its images by a pattern, or an address.

    A folder of videos is one camera's recording in many files (`segments`).

    Args:
        source: What to open.
        camera: Name given to the frames.
        part: What to read of it; if it is None, the next four say so.
        start_s: First second to read, within the camera's own recording.
        end_s: Second to stop before; None reads to the end.
        stride: Read the frames whose index is a multiple of this.
        fps: Images per second of a folder of images; None for what it says itself.
        offset_s: Seconds from the run's origin to the recording's first frame.
        hwaccel: What decodes a video: `none`, `auto` or FFmpeg's name of a device.

    Raises:
        InputError: If nothing can be read from it.
        DeviceError: If there is no such device.
        UsageError: If the offset or the rate of a folder's images is out of range.
    """
    if not abs(offset_s) <= MOST_SECONDS:  # NaN too
        raise UsageError(f"got {offset_s}", field="offsets", expected=f"seconds, at most {MOST_SECONDS:.0e}")
    if not is_url(source) and not is_utf8(source):
        raise InputError("its name is not UTF-8", where=redact(source), hint="rename it")
    part = Part(start_s, end_s, stride, fps) if part is None else part
    times = SegmentTimes(part.time_pattern, part.time_zone)
    if is_segmented(source, times if part.time_pattern is not None else None):
        return open_segmented(source, camera, part, times, offset_s=offset_s, hwaccel=hwaccel)
    if is_folder(source) or Pattern.of(source) is not None:
        return ImageFolder(source, camera, part, offset_s=offset_s)
    return VideoFile(source, camera, part, offset_s=offset_s, hwaccel=hwaccel)
