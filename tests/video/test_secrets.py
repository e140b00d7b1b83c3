import pytest

from reidtrack.video.secrets import secrets_of, without_secrets

ADDRESS = "rtsp://vi%3Aewer:hunt%40er%2F2@10.0.0.5:554/live"
RECORDER = "rtsp://10.0.0.5/user=admin_password=hunter2_channel=1_stream=0.sdp"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        pytest.param(f"cannot open '{ADDRESS}'", ADDRESS, id="the address as FFmpeg says it"),
        pytest.param("password hunt%40er%2F2 refused", ADDRESS, id="as it stands"),
        pytest.param("password hunt@er/2 refused", ADDRESS, id="decoded"),
        pytest.param("password hunt%40er/2 refused", ADDRESS, id="half decoded"),
        pytest.param("password hunt%40er%2f2 refused", ADDRESS, id="encoded in small letters"),
        pytest.param("user vi:ewer unknown", ADDRESS, id="the user, decoded"),
        pytest.param("Basic aHVudGVyOnNlY3JldA==", "http://hunter:secret@h/", id="as HTTP sends it"),
        pytest.param("password=hunter2", RECORDER, id="a key in the path"),
        pytest.param("token hunter2", "http://h/a?token=hunter2", id="a token"),
        pytest.param("user hunter2", "rtsp://hunter2@h/a", id="a user that is the secret"),
        pytest.param("x hunter2 y", "http://relay/a?src=rtsp%3A%2F%2Fuser%3Ahunter2%40cam", id="nested"),
    ],
)
def test_secrets_are_taken_out_of_any_text(text: str, address: str) -> None:
    clean = without_secrets(text, address)
    assert "***" in clean
    for secret in ("hunt", "vi:ewer", "vi%3Aewer", "aHVudGVyOnNlY3JldA"):
        assert secret not in clean


@pytest.mark.parametrize("address", ["rtsp://10.0.0.5/live", "/dev/video0", "0", "hall.mp4", "rtsp://a:b@h/x"])
def test_texts_without_secrets_stay(address: str) -> None:
    assert without_secrets("nobody answers at a host", address) == "nobody answers at a host"
    assert secrets_of(address) <= {"a:b", "a%3Ab", "a%3ab", "YTpi"}
