"""Frames of a camera whose recording is many files, as of one: times by the clock, numbers that go on."""

from __future__ import annotations

import logging
import math
from collections.abc import Generator, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from reidtrack.errors import InputError
from reidtrack.types import Frame
from reidtrack.video.file import VideoFile, fit, other_shape
from reidtrack.video.file_stream import open_recording
from reidtrack.video.part import Part
from reidtrack.video.segment_list import Segment, SegmentList
from reidtrack.video.segments import SegmentTimes, find_segments

logger = logging.getLogger(__name__)


class SegmentedSource:
    """The files of one camera, read one after another; a file that fails is told of, and the next one goes on.

    A frame's time is that of its file's start and its own stamp within. Where two files show the same time, it is read
    from the earlier one. Where there is no file, nothing comes: time jumps ahead. Pictures come in the size of the
    first file's.

    Args:
        listed: The files.
        camera: Name given to the frames.
        part: What to read, counted from the first file's first frame.
        offset_s: Seconds from the run's origin to that frame.
        hwaccel: What decodes them, see `open_container`.

    Raises:
        InputError: If not one file can be read.
        DeviceError: If `hwaccel` names a device that is not there.
    """

    def __init__(
        self,
        listed: SegmentList,
        camera: str,
        part: Part | None = None,
        *,
        offset_s: float = 0.0,
        hwaccel: str = "none",
    ) -> None:
        self.camera = camera
        self._part, self._offset_s, self._hwaccel = Part() if part is None else part, offset_s, hwaccel
        self._segments = listed.segments
        self.start = self._segments[0].start
        self.duration_s: float | None = max(self._begins_s(s) + s.duration_s for s in self._segments)
        self._recorded_s = listed.seconds
        self._damaged = 0
        self._open: VideoFile | None = None
        with self._first() as first:
            self.size, self.nominal_fps, self.pixel_aspect = first.size, first.nominal_fps, first.pixel_aspect
        self._frames = self._read()

    @property
    def frame_count(self) -> int | None:
        """Estimate of how many frames the part holds; gaps have none."""
        frames = round(self._recorded_s * self.nominal_fps) or None
        return self._part.count(frames, self.duration_s)

    @property
    def damaged(self) -> int:
        """Damaged packets and frames, so far."""
        return self._damaged + (0 if self._open is None else self._open.damaged)

    def __iter__(self) -> Iterator[Frame]:
        """The frames that are left; a second loop goes on where the first one stopped."""
        return self._frames

    def close(self) -> None:
        """Let go of the file that is open; no frames come after this."""
        self._frames.close()
        self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begins_s(self, segment: Segment) -> float:
        return (segment.start - self.start).total_seconds()

    def _first(self) -> VideoFile:
        """The first file that can be read."""
        failure: InputError | None = None
        for segment in self._segments:
            try:
                return VideoFile(segment.path, self.camera, hwaccel=self._hwaccel)
            except InputError as error:
                failure = failure or error
        assert failure is not None
        raise failure

    def _read(self) -> Generator[Frame]:
        base, last_s, size = 0, -math.inf, self.size
        for segment in self._segments:
            begins_s = self._begins_s(segment)
            if self._part.after(begins_s):
                return
            if begins_s + segment.duration_s < self._part.start_s - 1:
                base += count_frames(segment.path)
                continue
            count = 0
            for frame in self._frames_of(segment):
                count = frame.index + 1
                time_s = begins_s + frame.time_s
                if time_s <= last_s:
                    continue
                if self._part.after(time_s):
                    return
                if self._part.takes(base + frame.index, time_s):
                    last_s = time_s
                    anew, size = frame.begins_anew or other_shape(frame.size, size), frame.size
                    image = fit(frame.image, self.size)
                    yield Frame(self.camera, base + frame.index, time_s + self._offset_s, image, anew)
            base += count or count_frames(segment.path)

    def _frames_of(self, segment: Segment) -> Generator[Frame]:
        """Frames of one file; what is wrong with it is told, once."""
        start_s = max(0.0, self._part.start_s - self._begins_s(segment))
        try:
            self._open = VideoFile(segment.path, self.camera, Part(start_s), hwaccel=self._hwaccel)
            yield from self._open
        except InputError as error:
            logger.warning("%s: %s; the files behind it are read", self.camera, error)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._open is not None:
            self._damaged += self._open.damaged
            self._open.close()
            self._open = None


def open_segmented(
    source: str | Path, camera: str, part: Part, times: SegmentTimes, *, offset_s: float = 0.0, hwaccel: str = "none"
) -> SegmentedSource:
    """Open a folder or glob of files as one camera; what is wrong with any of them is told in lines.

    Raises:
        InputError: If not one file can be read.
        DeviceError: If there is no such device.
        UsageError: If the pattern of times or the zone is none.
    """
    listed = find_segments(source, times)
    for line in listed.lines(camera):
        logger.warning("%s", line)
    return SegmentedSource(listed, camera, part, offset_s=offset_s, hwaccel=hwaccel)


def count_frames(path: Path) -> int:
    """How many frames a file holds: as its index says, else by its packets; 0 where it cannot be read."""
    import av

    try:
        with open_recording(path) as container:
            stream = container.streams.video[0]
            return stream.frames or sum(packet.size > 0 for packet in container.demux(stream))
    except (InputError, av.error.FFmpegError, OSError, IndexError):
        return 0


def began_at(source: str | Path, times: SegmentTimes) -> datetime | None:
    """When the first file of a camera begins; None where its files tell no time, or cannot be read."""
    try:
        first = find_segments(source, times).segments[0]
    except InputError:
        return None
    return None if first.start_from == "order" else first.start
