"""Passing over the start of a recording without decoding it, and still knowing the number of each frame."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class _Packet(Protocol):
    @property
    def pts(self) -> int | None: ...

    @property
    def dts(self) -> int | None: ...

    @property
    def is_keyframe(self) -> bool: ...

    @property
    def is_discard(self) -> bool: ...


P = TypeVar("P", bound=_Packet)


@dataclass(frozen=True, slots=True)
class Skipped(Generic[P]):
    """Where decoding begins.

    Attributes:
        packets: Taken from the stream and still to be decoded, before the rest of it.
        index: Number of the frame that the first of them holds.
        pts: Stamp of that frame; those before it come out broken, to be dropped. None where nothing was skipped.
    """

    packets: list[P]
    index: int
    pts: int | None


def skip(packets: Iterator[P], start_pts: int) -> Skipped[P]:
    """Take packets up to `start_pts` and keep those from the last keyframe that is shown at or before it.

    A frame's number is how many frames are shown before it: one per packet, which holds for mp4, where a sample is a
    picture. Packets come in order of decoding and none is shown before it is decoded, so all that are shown before
    `start_pts` have been seen once one is decoded after it.

    Args:
        packets: The stream from its first packet; those not needed are left in it.
        start_pts: First stamp that is wanted.
    """
    kept: list[P] = []
    stamps = array("q")
    key_pts: int | None = None
    for packet in packets:
        if packet.pts is None or packet.dts is None:
            kept.append(packet)
            break
        if packet.is_keyframe and packet.pts <= start_pts:
            kept.clear()
            key_pts = packet.pts
        kept.append(packet)
        if not packet.is_discard:
            stamps.append(packet.pts)
        if packet.dts >= start_pts:
            break
    index = 0 if key_pts is None else sum(stamp < key_pts for stamp in stamps)
    return Skipped(kept, index, key_pts if index else None)
