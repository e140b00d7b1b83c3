import sys
from pathlib import Path

import pytest

from reidtrack.errors import UsageError
from reidtrack.video.source import is_url, name_cameras, redact


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("a/b@c:d.mp4", "a/b@c:d.mp4", id="a path stays"),
        pytest.param("rtsp://host:554/x@y", "rtsp://host:554/x@y", id="no password, an @ in the path"),
        pytest.param("rtsp://host", "rtsp://host", id="host only"),
        pytest.param("rtsp://[::1]:554/x", "rtsp://[::1]:554/x", id="IPv6"),
        pytest.param("rtsp://user@host/x", "rtsp://***@host/x", id="user only: it may be a token"),
        pytest.param("rtsp://user:hunter2@host/x", "rtsp://***@host/x", id="password"),
        pytest.param("rtsp://user:1234@host/x", "rtsp://***@host/x", id="password of digits"),
        pytest.param("rtsp://:hunter2@host/x", "rtsp://***@host/x", id="password without user"),
        pytest.param("rtsp://user:hun@ter2@host:554/x", "rtsp://***@host:554/x", id="@ in the password"),
        pytest.param("rtsp://user:hun/ter2@host/x", "rtsp://***@host/x", id="slash in the password"),
        pytest.param("rtsp://user:hun@t/er2@host/x", "rtsp://***@host/x", id="@ and slash in the password"),
        pytest.param(
            "rtsp://host/user=a&password=hunter2&c=1", "rtsp://host/user=a&password=***&c=1", id="in the path"
        ),
        pytest.param("https://host/v?token=hunter2&x=1", "https://host/v?token=***&x=1", id="in the query"),
        pytest.param(
            "rtsp://h/user=admin_password=hunter2_channel=1_stream=0.sdp",
            "rtsp://h/user=admin_password=***_channel=1_stream=0.sdp",
            id="joined in the path, as recorders have it",
        ),
        pytest.param("rtsp://h/user=a_password=hun_ter2", "rtsp://h/user=a_password=***", id="with an underscore"),
        pytest.param("rtsp://h/a?user_password=hunter2", "rtsp://h/a?user_password=***", id="a longer key"),
        pytest.param("http://h/a?access_token=hunter2#x", "http://h/a?access_token=***#x", id="a token"),
        pytest.param("http://h/a;sessionid=hunter2?b=1", "http://h/a;sessionid=***?b=1", id="a session"),
        pytest.param("http://h/a?PWD=hunter2&api_key=hunter2", "http://h/a?PWD=***&api_key=***", id="two, capitals"),
        pytest.param("http://h/a?password=hun/ter2&c=1", "http://h/a?password=***&c=1", id="slash in a value"),
        pytest.param("rtsp://hunter2@host/x", "rtsp://***@host/x", id="a user that is the secret"),
        pytest.param("rtsp:/user:hunter2@host/x", "rtsp:/***@host/x", id="one slash"),
        pytest.param("rtsp:user:hunter2@host/x", "rtsp:***@host/x", id="no slash"),
        pytest.param("rtps//user:hunter2@host/x", "rtps//***@host/x", id="no colon"),
        pytest.param("rtspp://user:hunter2@host/x", "rtspp://***@host/x", id="an unknown scheme"),
        pytest.param("RTSP://user:hunter2@host/x", "RTSP://***@host/x", id="capitals"),
        pytest.param(
            "http://relay/api?src=rtsp://user:hunter2@cam/x", "http://relay/api?src=rtsp://***@cam/x", id="nested"
        ),
        pytest.param(
            "http://relay:1984/a.mjpeg?src=rtsp%3A%2F%2Fuser%3Ahunter2%40cam%2Fx&b=1",
            "http://relay:1984/a.mjpeg?src=rtsp%3A%2F%2F***%40cam%2Fx&b=1",
            id="nested and encoded",
        ),
        pytest.param(
            "http://relay/a?src=rtsp%253a%252f%252fhunter2%2540cam",
            "http://relay/a?src=rtsp%253a%252f%252f***%2540cam",
            id="encoded twice",
        ),
        pytest.param(
            "http://relay/a?src=http%3A%2F%2Fcam%2Fx%3Fuser%3Da%26pwd%3Dhunter2%26c%3D1",
            "http://relay/a?src=http%3A%2F%2Fcam%2Fx%3Fuser%3Da%26pwd%3D***%26c%3D1",
            id="a key of a nested one",
        ),
        pytest.param("rtsp://h/user=hunter2_channel=1", "rtsp://h/user=***_channel=1", id="a user alone in the path"),
        pytest.param("http://h/v.cgi?loginuse=a&loginpas=hunter2", "http://h/v.cgi?loginuse=a&loginpas=***", id="pas"),
        pytest.param("http://h/token/hunter2/live", "http://h/token/***/live", id="a token as a folder"),
        pytest.param("rtsp://h:554/admin:hunter2/ch1", "rtsp://h:554/***/ch1", id="user and password as a folder"),
        pytest.param("rtsp://h/ch1/admin:hunter2", "rtsp://h/ch1/***", id="user and password at the end"),
        pytest.param("rtsp://user:hunter2%40x@host/x", "rtsp://***@host/x", id="an encoded @"),
        pytest.param("videos/monkey=3.mp4", "videos/monkey=3.mp4", id="a path with a word that ends in key"),
        pytest.param("c:/videos/a@b.mp4", "c:/videos/a@b.mp4", id="a drive of Windows"),
    ],
)
def test_redact(url: str, shown: str) -> None:
    assert redact(url) == shown
    assert "hunter2" not in redact(url)


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        pytest.param([], [], id="none"),
        pytest.param(["a/View_001.mp4"], ["View_001"], id="stem"),
        pytest.param(["a/cam.mp4", "b/cam.avi", "c/cam.mkv"], ["cam", "cam_2", "cam_3"], id="same stems"),
        pytest.param(["a/cam.mp4", "b/CAM.mp4"], ["cam", "CAM_2"], id="case does not tell files apart"),
        pytest.param(
            ["cam.mp4", "x/cam.mp4", "cam_2.mp4"], ["cam", "cam_2", "cam_2_2"], id="made name meets a real one"
        ),
        pytest.param(["mosaic.mp4"], ["mosaic_2"], id="name of another output"),
        pytest.param(["a b/c: d*.mp4", "...mp4", "-x.mp4"], ["c_d", "camera", "x"], id="odd characters"),
        pytest.param(["Straße 7.mp4"], ["Straße_7"], id="letters beyond ASCII"),
        pytest.param(["rtsp://u:p@10.0.0.5:554/live/1?token=x"], ["10.0.0.5_554_live_1"], id="address"),
        pytest.param(["x" * 300 + ".mp4"], ["x" * 90], id="long"),
    ],
)
def test_cameras_are_named_after_their_files(sources: list[str], names: list[str]) -> None:
    assert name_cameras(sources) == names


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("rtsp://10.0.0.5/user=admin_password=hunter2_channel=1_stream=0.sdp", "10.0.0.5_user_admin_password"),
        ("rtsp://hunter2@10.0.0.5/live", "10.0.0.5_live"),
        ("rtsp:/user:hunter2@10.0.0.5/live", "live"),
    ],
)
def test_no_camera_is_named_after_a_secret(source: str, name: str) -> None:
    (found,) = name_cameras([source])
    assert found.startswith(name)
    assert "hunter2" not in found


def test_a_folder_keeps_its_whole_name(tmp_path: Path) -> None:
    folder = tmp_path / "site.A"
    folder.mkdir()
    assert name_cameras([folder]) == ["site.A"]


def test_given_names_are_taken() -> None:
    assert name_cameras(["a.mp4", "b.mp4"], ["Hall", "Gate 2"]) == ["Hall", "Gate 2"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(["one"], "got 1 names (expected 2", id="too few"),
        pytest.param(["a", "A"], "'a' is given twice", id="twice but for case"),
        pytest.param(["a", "b/c"], "'b/c' cannot be a file name", id="slash"),
        pytest.param(["a", ".."], "'..' cannot be a file name", id="dots"),
        pytest.param(["a", ""], "'' cannot be a file name", id="empty"),
        pytest.param(["a", "b."], "'b.' cannot be a file name", id="trailing dot"),
        pytest.param(["a", "x" * 101], "cannot be a file name", id="too long"),
        pytest.param(["a", "Mosaic"], "the name of another output", id="taken"),
    ],
)
def test_names_that_cannot_be_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=r"^cameras: ") as caught:
        name_cameras(["a.mp4", "b.mp4"], names)
    assert message in caught.value.message


def test_names_are_file_names_in_every_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    assert name_cameras(["rtsp://h/Dör-2", "Łuk.mp4"]) == ["h_Dör-2", "Łuk"]
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    assert name_cameras(["rtsp://h/Dör-2", "Łuk.mp4", "Łu.mp4"]) == ["h_D_r-2", "uk", "u"]
    assert name_cameras(["a.mp4"], ["Door-2"]) == ["Door-2"]
    with pytest.raises(UsageError, match="'Dör-2' has letters that file names cannot have"):
        name_cameras(["a.mp4"], ["Dör-2"])


@pytest.mark.parametrize(
    ("source", "expected"), [("rtsp://h/x", True), ("http://h", True), ("C:/x.mp4", False), ("a//b.mp4", False)]
)
def test_is_url(source: str, expected: bool) -> None:
    assert is_url(source) is expected
