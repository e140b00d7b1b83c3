"""The parameter sets in a packet of H.264 or H.265: what says of which size and kind its pictures are."""

from __future__ import annotations

import re

_START = re.compile(b"\x00\x00\x01")
_MOST_BYTES = 4096
"""They come before the picture, which is long."""
_SPS = {"h264": (0x1F, 0, {7}), "hevc": (0x3F, 1, {33})}
"""Codec to mask and shift of the kind of a unit in its first byte, and the kinds that are sequence parameter sets (Rec.
ITU-T H.264, 7.3.1; H.265, 7.3.1.2)."""


def sequence_sets(packet: bytes, codec: str) -> bytes:
    """The sequence parameter sets of a packet whose units begin with start codes; empty where it has none.

    Args:
        packet: Its bytes (Annex B of Rec. ITU-T H.264 and H.265).
        codec: `h264` or `hevc`; of others there are none.
    """
    if codec not in _SPS:
        return b""
    mask, shift, kinds = _SPS[codec]
    head = packet[:_MOST_BYTES]
    starts = [found.end() for found in _START.finditer(head)]
    found = b""
    for start, end in zip(starts, [start - 3 for start in starts[1:]] + [len(head)], strict=False):
        if start < len(head) and (head[start] >> shift) & mask in kinds:
            found += head[start:end].rstrip(b"\x00")
    return found


def has_start_codes(extradata: bytes | None) -> bool:
    """Whether units begin with start codes, by its stream's extra data; those with lengths have a 1 first."""
    return not extradata or extradata[0] == 0
