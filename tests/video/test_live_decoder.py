"""A stream that is joined somewhere in its middle, and one that is damaged."""

from __future__ import annotations

import io

import av
import pytest
from http_cameras import transport_stream

from reidtrack.video.live_decoder import LiveDecoder

PACKET = 188
"""Bytes of a packet of a transport stream."""


def decoded(body: bytes) -> tuple[LiveDecoder, list[int]]:
    """The decoder after a transport stream, or after it gave up, and the numbers of the pictures."""
    decoder, numbers = LiveDecoder(), list[int]()
    with av.open(io.BytesIO(body)) as container:
        stream = container.streams.video[0]
        first = None
        for packet in container.demux(stream):
            for frame in decoder.decode(packet, stream):
                assert frame.pts is not None
                assert frame.time_base is not None
                first = frame.time if first is None else first
                numbers.append(round(frame.time * 10))
            if decoder.hopeless:
                break
    return decoder, numbers


@pytest.mark.parametrize("part", [0.1, 0.5], ids=["soon after a key frame", "halfway"])
def test_who_joins_between_two_key_frames_waits_for_the_next(part: float) -> None:
    body = transport_stream(0, 160, every=120)
    from_begin = decoded(body)[1]
    at = int(len(body) * part) // PACKET * PACKET
    decoder, numbers = decoded(body[at:])
    assert not decoder.hopeless
    assert decoder.damaged == 0
    assert numbers == from_begin[120:]


def test_what_cannot_be_decoded_after_a_key_frame_is_counted() -> None:
    body = bytearray(transport_stream(0, 160, every=1))
    for at in range(PACKET * 40, len(body), PACKET):
        body[at + 40 : at + PACKET] = bytes(PACKET - 40)
    decoder, numbers = decoded(bytes(body))
    assert decoder.damaged > 0
    assert len(numbers) < 160
