import pytest

from reidtrack.video.parameter_sets import has_start_codes, sequence_sets

SPS, PPS, IDR = b"\x67\x42\xc0\x0a", b"\x68\xce", b"\x65" + b"\x11" * 50
LONG, SHORT = b"\0\0\0\1", b"\0\0\1"


@pytest.mark.parametrize(
    ("packet", "codec", "found"),
    [
        pytest.param(b"", "h264", b"", id="empty"),
        pytest.param(LONG + IDR, "h264", b"", id="none"),
        pytest.param(LONG + SPS + LONG + PPS + SHORT + IDR, "h264", SPS, id="one"),
        pytest.param(SHORT + SPS + SHORT + SPS + b"\1" + SHORT + IDR, "h264", SPS + SPS + b"\1", id="two"),
        pytest.param(SHORT + SPS, "h264", SPS, id="at the end"),
        pytest.param(SHORT, "h264", b"", id="a start code alone"),
        pytest.param(SHORT + b"\x42\x01\x02" + SHORT + b"\x26\x01", "hevc", b"\x42\x01\x02", id="H.265"),
        pytest.param(SHORT + SPS, "mjpeg", b"", id="a codec without them"),
        pytest.param(SHORT + b"\x65" * 5000 + SHORT + SPS, "h264", b"", id="behind the picture"),
    ],
)
def test_sequence_sets(packet: bytes, codec: str, found: bytes) -> None:
    assert sequence_sets(packet, codec) == found


@pytest.mark.parametrize(
    ("extradata", "has"), [(None, True), (b"", True), (LONG + SPS, True), (b"\1\x42\xc0\x0a", False)]
)
def test_packets_of_mp4_have_lengths_instead(extradata: bytes | None, has: bool) -> None:
    assert has_start_codes(extradata) is has
