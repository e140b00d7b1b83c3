from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import even_times, write_sound, write_video

from reidtrack.errors import InputError, UsageError
from reidtrack.video.source import Part, VideoFile, open_source


def missing(folder: Path) -> Path:
    write_video(folder / "gate.mp4", even_times(2, 10))
    return folder / "gats.mp4"


def missing_folder(folder: Path) -> Path:
    return folder / "nowhere" / "a.mp4"


def empty(folder: Path) -> Path:
    (folder / "a.mp4").touch()
    return folder / "a.mp4"


def text(folder: Path) -> Path:
    (folder / "a.mp4").write_text("Not a video at all.\n" * 50)
    return folder / "a.mp4"


def noise(folder: Path) -> Path:
    (folder / "a.mp4").write_bytes(bytes(range(256)) * 20)
    return folder / "a.mp4"


def without_moov(folder: Path) -> Path:
    path = write_video(folder / "a.mp4", even_times(50, 10))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def without_frames(folder: Path) -> Path:
    return write_video(folder / "a.mkv", [], codec="ffv1")


def only_a_header(folder: Path) -> Path:
    return write_video(folder / "a.mp4", [], container_options={"movflags": "empty_moov+frag_keyframe"})


def undecodable(folder: Path) -> Path:
    path = write_video(folder / "a.mp4", even_times(20, 10), codec="mpeg4", fps=10)
    data = path.read_bytes()
    start, end = data.index(b"mdat") + 4, data.rindex(b"moov") - 4
    path.write_bytes(data[:start] + b"\xff" * (end - start) + data[end:])
    return path


def sound_only(folder: Path) -> Path:
    return write_sound(folder / "a.mp4")


def empty_folder(folder: Path) -> Path:
    (folder / "notes.txt").touch()
    return folder


def folder_of_broken_images(folder: Path) -> Path:
    (folder / "1.jpg").write_bytes(b"no image")
    return folder


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(missing, "no such file; did you mean gate.mp4?", id="missing"),
        pytest.param(missing_folder, "no such file; the folder", id="missing folder"),
        pytest.param(empty, "the file is empty (0 bytes)", id="empty"),
        pytest.param(text, "text, not a video", id="text"),
        pytest.param(noise, "not a video", id="noise"),
        pytest.param(without_moov, "cut off before its index (moov atom) was written", id="no moov atom"),
        pytest.param(without_frames, "holds no frames", id="no frames"),
        pytest.param(only_a_header, "holds no frames", id="only a header"),
        pytest.param(undecodable, "packets could be decoded; the file is damaged", id="nothing decodable"),
        pytest.param(sound_only, "has no video stream, only audio", id="sound only"),
        pytest.param(empty_folder, "the folder holds no images", id="folder without images"),
        pytest.param(folder_of_broken_images, "none of its 1 images can be read", id="folder of broken images"),
    ],
)
def test_what_cannot_be_read_says_why(
    tmp_path: Path, make: Callable[[Path], Path], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = make(tmp_path)
    with pytest.raises(InputError) as caught:
        open_source(path, "cam")
    assert words in caught.value.message
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", even_times(2, 10))
    path.chmod(0)
    with pytest.raises(InputError, match=r"cannot be read: Permission denied.*chmod"):
        open_source(path, "cam")


def test_permission_errors_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.mp4", even_times(2, 10))

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"cannot be read: Permission denied.*chmod"):
        open_source(path, "cam")


def test_an_address_fails_fast_and_hides_its_password() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(InputError) as caught:
        open_source(f"rtsp://admin:hunter2@127.0.0.1:{port}/live", "cam")
    assert f"rtsp://***@127.0.0.1:{port}/live: cannot be opened" in caught.value.message
    assert "hunter2" not in caught.value.message
    assert caught.value.__suppress_context__


def test_a_silent_address_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://user:hunter2@127.0.0.1:{server.getsockname()[1]}/video.mp4"
        with pytest.raises(InputError, match="cannot be opened") as caught:
            VideoFile(url, "cam", timeout_s=0.2)
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("name", ["a:b.mp4", "%03d.mp4", "späße 1.mp4", "-x.mp4", "file:x.mp4"])
def test_odd_file_names_open(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "plain.mp4", even_times(2, 10)).rename(tmp_path / name)
    with open_source(name, "cam") as source:
        assert len(list(source)) == 2


@pytest.mark.parametrize(
    ("part", "words"),
    [
        pytest.param({"stride": 0}, "stride: got 0 (expected 1 or more)", id="stride"),
        pytest.param({"start_s": -1.0}, "start: got -1.0", id="negative start"),
        pytest.param(
            {"start_s": 2.0, "end_s": 2.0}, "end: got 2.0 (expected more than the start, 2 s)", id="empty part"
        ),
    ],
)
def test_parts_that_cannot_be(part: dict[str, float], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        Part(**part)  # type: ignore[arg-type]
    assert words in caught.value.message


@pytest.mark.parametrize("offset_s", [float("nan"), float("inf")])
def test_offsets_that_cannot_be(offset_s: float) -> None:
    with pytest.raises(UsageError, match="offsets: got"):
        open_source("video.mp4", "cam", offset_s=offset_s)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ffconcat version 1.0\nfile a.mp4\n", id="ffconcat"),
        pytest.param("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.mp4\n#EXT-X-ENDLIST\n", id="m3u8"),
        pytest.param("v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n", id="sdp"),
    ],
)
def test_a_list_under_the_name_of_a_video_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.mp4").write_text(text)
    with pytest.raises(InputError, match=r"list.mp4: text, not a video"):
        open_source(tmp_path / "list.mp4", "a")


@pytest.mark.parametrize(
    ("address", "line"),
    [
        pytest.param(
            "rtps://x:y@127.0.0.1/", r"rtps://\*\*\*@.*no protocol 'rtps'.*did you mean rtsps?://", id="misspelt"
        ),
        pytest.param("RTSP://127.0.0.1:9/", r"Connection refused", id="in capitals"),
    ],
)
def test_schemes(address: str, line: str) -> None:
    with pytest.raises(InputError, match=line):
        open_source(address, "a")
