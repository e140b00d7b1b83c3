"""Recordings of other lengths, made of the packets of one recording without encoding anything again."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def cut(source: Path, target: Path, frames: int) -> int:
    """Write the first pictures of a recording, in the order of decoding; how many there are."""
    import av

    count = 0
    with av.open(str(source)) as container, av.open(str(target), "w") as out:
        stream = container.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for packet in container.demux(stream):
            if packet.size and count < frames:
                packet.stream = copy
                out.mux(packet)
                count += 1
    return count


def join(source: Path, target: Path, times: int) -> int:
    """Write a recording several times in a row into one file; how many frames it has once."""
    import av

    count = 0
    with av.open(str(target), "w") as out:
        copy: Any = None
        shift = 0
        for _ in range(times):
            with av.open(str(source)) as container:
                stream = container.streams.video[0]
                copy = out.add_stream_from_template(stream) if copy is None else copy
                packets = [packet for packet in container.demux(stream) if packet.size]
                count, end = len(packets), max(packet.pts + packet.duration for packet in packets)
                for packet in packets:
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, copy
                    out.mux(packet)
                shift += end
    return count


def size_hw(source: Path) -> tuple[int, int]:
    """Height and width of a recording's pictures."""
    import av

    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        return stream.height, stream.width


def count_frames(source: Path) -> int:
    """Packets of a recording: what is decoded of it."""
    import av

    with av.open(str(source)) as container:
        return sum(packet.size > 0 for packet in container.demux(container.streams.video[0]))
