"""Decoding the packets of a live stream, with a count of what is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.stream import VideoStream

_MOST_HELD = 16
"""Pictures that a decoder holds back to put them in order (Rec. ITU-T H.264, A.3.1)."""
_MOST_UNREAD = 50
"""Packets in a row that cannot be read or decoded before a stream is given up."""


class LiveDecoder:
    """Decodes packets as they come; what is damaged is counted and passed over.

    Whoever joins a stream between two key frames, which may lie ten seconds apart, can decode nothing until the next
    one: that is no damage.

    Attributes:
        decoded: Pictures so far.
        damaged: Packets and pictures with errors, and pictures that the decoder keeps to itself because of damage.
    """

    def __init__(self) -> None:
        self.decoded = self.damaged = 0
        self._unread = self._held = 0
        self._in_fields = self._begun = False

    @property
    def hopeless(self) -> bool:
        """Whether too many packets in a row could not be read."""
        return self._unread > _MOST_UNREAD

    def unreadable(self) -> None:
        """Count a packet that could not even be read."""
        self.damaged += 1
        self._unread += 1

    def decode(self, packet: Packet[VideoStream], stream: VideoStream) -> list[VideoFrame]:
        """Pictures that are ready after a packet, in the order they are shown."""
        import av

        self.damaged += bool(packet.is_corrupt)
        self._begun = self._begun or packet.is_keyframe
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, OSError):
            if self._begun:
                self.unreadable()
            return []
        if frames:
            self._unread, self._begun = 0, True
        self.damaged += sum(bool(frame.is_corrupt) for frame in frames)
        self._in_fields = self._in_fields or any(frame.interlaced_frame for frame in frames)
        if self.decoded and packet.size and not self._in_fields:  # of fields, two packets make a picture
            self._count_missing(len(frames), _MOST_HELD if stream.codec_context.has_b_frames else 1)
        self.decoded += len(frames)
        return frames

    def _count_missing(self, pictures: int, most: int) -> None:
        self._held += 1 - pictures
        if self._held > most:
            self.damaged += self._held - most
            self._held = most
