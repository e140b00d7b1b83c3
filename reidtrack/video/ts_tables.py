"""Where in an MPEG transport stream its pictures become other ones: another program, or another codec.

What a stream holds stand in its tables (ISO/IEC 13818-1, 2.4.4): the PAT names its programs, the PMT of each the
streams it has. Recorders that begin anew in the same file, and files that were joined, change them midway.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from reidtrack.types import ImageArray, IntArray

_SYNC = 0x47
_LENGTHS = ((188, 0), (192, 4), (204, 0))
"""Bytes from packet to packet, and of them before a packet: as broadcast, with times (M2TS), with check bytes."""
_PACKET = 188
_AT_ONCE = 65_536
"""Packets that are read at once, 12 MB."""
_PICTURES = frozenset({0x01, 0x02, 0x10, 0x1B, 0x24, 0x33, 0x42, 0xD1, 0xEA})
"""Types of streams that hold pictures: MPEG-1, 2 and 4, H.264, H.265, H.266, AVS, Dirac, VC-1."""
_PROGRAM_TABLE = 0
_NONE = -1
_END = math.inf

Streams = frozenset[tuple[int, int, int]]
"""Program, type and number (PID) of each stream of pictures."""


class Changes:
    """Where the stream that is read of a file ends because others take its place, found while it is read.

    Args:
        path: The file; one that is no transport stream has no changes.
        pid: Number of the stream; None where it is not known yet, and any that becomes another one is meant.
        begins_at: Byte from which on it is read.
    """

    def __init__(self, path: Path, pid: int | None, begins_at: int = 0) -> None:
        self._found = self._changes(path, pid, begins_at)
        self._change: int | None = None
        self._looked_at: float = begins_at

    def up_to(self, offset: float) -> int | None:
        """Byte, at most `offset`, from which on the file is to be read as another one; None where there is none."""
        while self._change is None and self._looked_at <= offset and self._looked_at < _END:
            self._looked_at, self._change = next(self._found, (_END, None))
        return self._change if self._change is not None and self._change <= offset else None

    def _changes(self, path: Path, pid: int | None, begins_at: int) -> Iterator[tuple[float, int | None]]:
        """Bytes up to which all was looked at, with the change if one was found there."""
        programs: dict[int, int] = {}
        known: dict[int, Streams] = {}
        table_at, own = begins_at, Streams()
        for offset, number, section in _sections(path, begins_at, programs):
            if number == _PROGRAM_TABLE:
                table_at = offset
                if (named := _programs(section)) != programs:
                    programs.clear()
                    programs.update(named)
                    known.clear()
            elif number in programs.values():
                known[number] = _pictures(section)
            pictures = Streams().union(*known.values())
            complete = len(known) == len(set(programs.values())) and bool(pictures)
            if complete and not own:
                own = Streams(one for one in pictures if pid in (None, one[2]))
                if not own:  # coded in a way that the tables have no number for
                    return
            yield offset, table_at if complete and _is_other(own, pictures) else None


def _is_other(own: Streams, pictures: Streams) -> bool:
    """Whether none of some streams is left, or another one has the number of one of them."""
    return not own & pictures or not {one[2] for one in own - pictures}.isdisjoint(one[2] for one in pictures)


def _sections(path: Path, start: int, programs: dict[int, int]) -> Iterator[tuple[int, int, bytes]]:
    """Byte, PID and section of each PAT, and of each PMT that the last PAT names (`programs`: number to PID).

    Now and then `_NONE` instead of a PID, with the byte up to which all was looked at.
    """
    with path.open("rb") as file:
        head = np.frombuffer(file.read(3 * max(length for length, _ in _LENGTHS)), np.uint8)
        length, before = next((one for one in _LENGTHS if _fits(head, *one)), (0, 0))
        if not length:
            return
        offset = file.seek(start - start % length)
        while len(data := file.read(length * _AT_ONCE)) >= length:
            rows = np.frombuffer(data[: len(data) // length * length], np.uint8).reshape(-1, length)
            whole = _in_step(rows[:, before])
            for row, pid in _beginnings(rows[:whole, before : before + _PACKET]):
                if pid == _PROGRAM_TABLE or pid in programs.values():
                    yield offset + row * length, pid, _section(rows[row, before : before + _PACKET].tobytes())
            offset += whole * length
            yield offset, _NONE, b""
            if whole < len(rows):  # a part was cut off there: its next one begins within a packet
                offset += _next_step(data[whole * length :], length, before)
            file.seek(offset)


def _fits(head: ImageArray, length: int, before: int) -> bool:
    places = head[before : 3 * length : length]
    return len(places) == 3 and bool((places == _SYNC).all())


def _in_step(first: ImageArray) -> int:
    """How many packets there are up to the first three that begin otherwise; one alone is damaged."""
    lost = np.convolve(first != _SYNC, np.ones(3), "valid") == 3 if len(first) >= 3 else np.zeros(0, np.bool_)
    return int(np.argmax(lost)) if lost.any() else len(first)


def _next_step(data: bytes, length: int, before: int) -> int:
    """Bytes up to where packets begin again."""
    values = np.frombuffer(data, np.uint8)
    steps = np.flatnonzero(values[: 4 * length] == _SYNC) - before
    return next((int(step) for step in steps if step > 0 and _fits(values[step:], length, before)), len(data))


def _beginnings(packets: ImageArray) -> Iterator[tuple[int, int]]:
    """Row and PID of each packet in which a section, or a picture, begins."""
    pid: IntArray = (packets[:, 1].astype(np.int64) & 0x1F) << 8 | packets[:, 2]
    begins = (packets[:, 0] == _SYNC) & (packets[:, 1] & 0x40 > 0) & (packets[:, 3] & 0x10 > 0)
    rows = np.flatnonzero(begins)
    yield from zip(rows.tolist(), pid[rows].tolist(), strict=True)


def _section(packet: bytes) -> bytes:
    """The section that begins in a packet, as far as it lies in it."""
    start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
    if start >= len(packet):
        return b""
    return packet[start + 1 + packet[start] :]


def _programs(section: bytes) -> dict[int, int]:
    """Number of each program to the PID of its PMT."""
    end = _end(section)
    entries = [section[at : at + 4] for at in range(8, end - 3, 4)]
    named = {e[0] << 8 | e[1]: (e[2] & 0x1F) << 8 | e[3] for e in entries}
    return {number: pid for number, pid in named.items() if number}  # 0: the network's own table


def _pictures(section: bytes) -> Streams:
    """Streams of pictures of one program."""
    end = _end(section)
    if end < 16:
        return Streams()
    program, at, found = section[3] << 8 | section[4], 12 + ((section[10] & 0x0F) << 8 | section[11]), set()
    while at + 5 <= end:
        if section[at] in _PICTURES:
            found.add((program, section[at], (section[at + 1] & 0x1F) << 8 | section[at + 2]))
        at += 5 + ((section[at + 3] & 0x0F) << 8 | section[at + 4])
    return Streams(found)


def _end(section: bytes) -> int:
    """Where a section's entries end: before its four check bytes, or where the packet does."""
    if len(section) < 12:
        return 0
    return min(len(section), 3 + ((section[1] & 0x0F) << 8 | section[2]) - 4)
