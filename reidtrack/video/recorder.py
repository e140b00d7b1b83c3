"""Records a camera's own stream, without encoding it again: files of some minutes, cut at key frames, named by UTC."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reidtrack.events import Event, Notice
from reidtrack.video.first_stamps import FirstStamps
from reidtrack.video.recording_disk import RecordingDisk
from reidtrack.video.recording_writer import NewFile, RecordingWriter
from reidtrack.video.remux import Remuxer, StreamCopy

if TYPE_CHECKING:
    from av import Packet
    from av.video.stream import VideoStream

_BACK_S = 1.0
"""Stamps that fall back by more than pictures are ever reordered by are a new count: a new file."""
_AHEAD_S = 3600.0
"""Nor does a file span a longer pause: mp4 counts how long a picture stays in 31 bits."""
_NO_KEY_S = 30.0
_TELL_S = 60.0


class Recorder:
    """What a camera's reader tells its packets to (`PacketSink`): they go into files `<UTC>.mp4` of a folder.

    Packets are put together in the reader's thread, which costs a copy, and written by another: the reader never waits
    for the disk, and nothing is raised to it. Where the disk is too slow, or refuses, packets are left out up to the
    next key frame, and counted. Codecs that mp4 does not hold go into Matroska (`.mkv`), H.264 and H.265 that do not
    tell their parameter sets at first into MPEG-TS (`.ts`); raw pictures are not recorded, and a line says so.

    A file begins with a key frame; pictures that are sent after it and shown before (open groups of pictures) need
    some of the file before, and are left out. Its name, its tags (`recording_tags`) and its stamps tell when each
    picture was taken: the first at the tags' `start_s`, each other as much later as its stamp.

    Args:
        folder: Where its files go; made when the first comes.
        camera: Name of the camera.
        origin: The moment from which times count.
        disk: Shared by all cameras of a folder.
        tell: Takes events; called by the reader's thread.
        segment_s: A file ends at the first key frame after so long.
        most_bytes: Most that waits for the disk.

    Attributes:
        pictures: Packets that were recorded.
        dropped: Packets that were left out because the disk was too slow or full, or because they were damaged.
    """

    def __init__(
        self,
        folder: Path,
        camera: str,
        *,
        origin: datetime,
        disk: RecordingDisk,
        tell: Callable[[Event], None],
        segment_s: float = 600.0,
        most_bytes: int = 16 << 20,
    ) -> None:
        self._camera, self._origin, self._disk, self._tell = camera, origin, disk, tell
        self._segment_s = segment_s
        self._writer = RecordingWriter(folder, disk, most_bytes)
        self._lock = threading.RLock()
        self._stream: StreamCopy | None = None
        self._stamps = FirstStamps(0.0)
        self._depth: int | None = None
        self._file: _File | None = None
        self._dropping = False
        self._begun_s, self._seen_key = 0.0, False
        self._told = 0
        self._told_s = -math.inf
        self.pictures = self.dropped = 0

    @property
    def current(self) -> Path | None:
        """The file that is being written; None between two."""
        return self._writer.current

    @property
    def written_bytes(self) -> int:
        """Bytes in all files since this was made."""
        return self._writer.written_bytes

    @property
    def fault(self) -> BaseException | None:
        """What the thread ended by that writes, before its time; None where it did not."""
        return self._writer.fault

    def begin(self, stream: VideoStream, start_s: float) -> None:
        """A new connection, or another codec or size: a new file.

        Args:
            stream: Open; not used after this.
            start_s: The present time, seconds since the origin.
        """
        import av

        with self._lock:
            self.end()
            self._depth, self._begun_s, self._seen_key = None, start_s, False
            try:
                self._stream = StreamCopy(stream)
            except (av.error.FFmpegError, ValueError):
                self._say_unknown(stream.codec_context.name, start_s)
                return
            self._stamps = FirstStamps(self._stream.step_s, reordered=self._stream.reordered)
            if not self._stream.formats:
                self._say("output", start_s, "its pictures come raw, gigabytes a minute: they are not recorded")

    def packet(self, packet: Packet[VideoStream], time_s: float) -> None:
        """Take the next packet in the order they are sent; never waits, never raises.

        Args:
            packet: Left as it is.
            time_s: When its picture is shown, seconds since the origin.
        """
        with self._lock:
            if packet.size and self._stream is not None and self._stream.formats:
                for known, known_s in self._stamps.add(packet, time_s):
                    self._take(self._stream, known, known_s)

    def end(self) -> None:
        """The connection is over: its file ends."""
        with self._lock:
            self._close_file()
            self._stream, self._dropping = None, False

    def close(self, timeout_s: float = 5.0) -> bool:
        """End the file and write what waits; whether that was done in time. What comes later is passed over."""
        self.end()
        return self._writer.close(timeout_s)

    def _take(self, of: StreamCopy, packet: Packet[VideoStream], time_s: float) -> None:
        file = self._file
        if file is not None and file.ends_before(packet, time_s, self._segment_s):
            self._close_file()
        self._note_room(packet, time_s)
        self._note_key(packet, time_s)
        if self._file is None and packet.is_keyframe and not self._dropping:
            self._file = self._start_file(of, time_s)
        if self._dropping:
            self.dropped += 1
        elif self._file is not None and time_s >= self._file.start_s:
            self._put(self._file, packet, time_s)

    def _note_key(self, packet: Packet[VideoStream], time_s: float) -> None:
        """Say so, once, where no key frame comes: nothing of the stream can be recorded then."""
        if packet.is_keyframe:
            self._seen_key = True
        elif not self._seen_key and time_s - self._begun_s > _NO_KEY_S:
            self._seen_key = True
            what = f"no key frame came for {_NO_KEY_S:.0f} s: it is not recorded until one comes"
            self._say("output", time_s, f"{what}; set a key-frame interval (GOP) of some seconds in the camera")

    def _note_room(self, packet: Packet[VideoStream], time_s: float) -> None:
        """Leave packets out while the disk takes none, and up to the next key frame."""
        if self._file is not None and self._writer.lost(self._file.new):
            self._file = None
            self._dropping = True
        if self._disk.full:
            self._close_file()
            self._dropping = True
        elif not self._writer.has_room:
            self._dropping = True
        elif packet.is_keyframe and self._dropping:
            self._dropping = False
            self._tell_dropped(time_s)

    def _start_file(self, of: StreamCopy, time_s: float) -> _File | None:
        """A file whose first picture is of this time; None where no format holds the stream."""
        import av

        start = self._origin + timedelta(seconds=round(time_s, 3))
        while of.formats:
            with contextlib.suppress(av.error.FFmpegError, ValueError):
                remuxer = Remuxer(of.stream, of.formats[0], time_s, start, self._depth)
                return _File(NewFile(start, of.formats[0]), remuxer, time_s)
            del of.formats[0]
        self._say_unknown(of.codec, time_s)
        return None

    def _put(self, file: _File, packet: Packet[VideoStream], time_s: float) -> None:
        import av

        try:
            data = file.remuxer.add(packet, time_s)
        except (av.error.FFmpegError, ValueError):  # a damaged packet: a new file begins with the next key frame
            self.dropped += 1
            self._close_file()
            return
        self.pictures += 1
        file.newest_s = max(file.newest_s, time_s)
        if data:
            self._writer.write(file.new, data)

    def _close_file(self) -> None:
        import av

        file, self._file = self._file, None
        if file is None:
            return
        self._depth = file.remuxer.depth
        with contextlib.suppress(av.error.FFmpegError, ValueError):
            self._writer.write(file.new, file.remuxer.close())
        self._writer.finish(file.new)

    def _say_unknown(self, codec: str, time_s: float) -> None:
        self._say("output", time_s, f"no file format holds its codec {codec}: it is not recorded")

    def _tell_dropped(self, time_s: float) -> None:
        """Say, not too often, how many packets are missing because of a slow disk."""
        if time_s - self._told_s < _TELL_S:
            return
        missing, self._told, self._told_s = self.dropped - self._told, self.dropped, time_s
        self._say("disk", time_s, f"{missing} pictures are missing from its recording: the disk was too slow or full")

    def _say(self, subject: Literal["disk", "output"], time_s: float, text: str) -> None:
        figures = {"dropped": float(self.dropped)} if subject == "disk" else None
        self._tell(
            Notice(time_s=time_s, subject=subject, camera=self._camera, text=f"{self._camera}: {text}", figures=figures)
        )


@dataclass
class _File:
    """The file that packets are put into."""

    new: NewFile
    remuxer: Remuxer
    start_s: float
    newest_s: float = -math.inf

    def ends_before(self, packet: Packet[VideoStream], time_s: float, segment_s: float) -> bool:
        """Whether a packet belongs into another file."""
        if not self.newest_s - _BACK_S <= time_s <= max(self.newest_s, self.start_s) + _AHEAD_S:
            return True
        return bool(packet.is_keyframe) and time_s >= self.start_s + segment_s
