from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from builders import counter_image, read_counter

from reidtrack.errors import InputError, UsageError
from reidtrack.video.fingerprint import fingerprint
from reidtrack.video.naming import name_cameras
from reidtrack.video.pattern import Pattern, expand
from reidtrack.video.source import Part, open_source


def fill(folder: Path, names: list[str]) -> Path:
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        if Path(name).suffix in (".jpg", ".png"):
            assert cv2.imwrite(str(folder / name), counter_image(number))
        else:
            (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("name", "there", "indices", "shown"),
    [
        pytest.param("img%06d.jpg", ["img000001.jpg", "img000002.jpg", "other.jpg"], [0, 1], [0, 1], id="counter"),
        pytest.param("img%06d.jpg", ["img000001.jpg", "img000001.png"], [0], [0], id="another ending"),
        pytest.param("%d.png", ["2.png", "10.png", "03.png"], [0, 1], [0, 1], id="no zeros: 03 is none"),
        pytest.param("%02d.png", ["98.png", "99.png", "100.png"], [0, 1, 2], [0, 1, 2], id="more digits than asked"),
        pytest.param("a%03d_b.png", ["a001_b.png", "a002_b.png", "a004_b.png"], [0, 1, 3], [0, 1, 2], id="a gap"),
        pytest.param("%03d0.png", ["0010.png", "0020.png"], [0, 1], [0, 1], id="every tenth, the zero is a letter"),
        pytest.param("100%%_%d.png", ["100%_1.png", "100_2.png"], [0], [0], id="percent sign"),
        pytest.param("*.jpg", ["2.jpg", "10.jpg", "x.png", ".1.jpg"], [0, 1], [0, 1], id="glob, natural order"),
        pytest.param("c1_*", ["c1_001.jpg", "c2_001.jpg", "c1_003.jpg"], [0, 2], [0, 2], id="glob of one camera's"),
        pytest.param("f[12].png", ["f1.png", "f2.png", "f3.png"], [0, 1], [0, 1], id="a set of letters"),
    ],
)
def test_a_pattern_is_one_camera(
    tmp_path: Path, name: str, there: list[str], indices: list[int], shown: list[int]
) -> None:
    source = str(fill(tmp_path / "door", there) / name)
    assert expand([source]) == [source]
    with open_source(source, "cam", part=Part(fps=10)) as opened:
        frames = list(opened)
    assert [f.index for f in frames] == indices
    assert [read_counter(f.image) for f in frames] == shown


@pytest.mark.parametrize(
    ("name", "there"),
    [
        pytest.param("film[1].mp4", ["film[1].mp4"], id="a file's own name"),
        pytest.param("100%d.png", ["100%d.png"], id="a file with a percent sign"),
        pytest.param("film.mp4", [], id="no pattern"),
        pytest.param("50%.mp4", [], id="percent without a counter"),
        pytest.param("%d_%d.jpg", [], id="two counters"),
        pytest.param("x" * 5000 + "*", [], id="too long a name"),
        pytest.param("a\0*.jpg", [], id="NUL"),
    ],
)
def test_no_pattern(tmp_path: Path, name: str, there: list[str]) -> None:
    assert Pattern.of(fill(tmp_path, there) / name) is None


def test_an_address_is_no_pattern() -> None:
    assert Pattern.of("http://host/video?name=*") is None


@pytest.mark.parametrize(
    ("name", "there", "said"),
    [
        pytest.param("img%06d.jpg", ["img1.jpg"], "called by the pattern.*1 files, such as img1.jpg", id="no match"),
        pytest.param("*.jpg", [], "it is empty", id="empty folder"),
        pytest.param("*", ["a.txt"], "no file of that pattern is an image", id="no picture"),
    ],
)
def test_a_pattern_that_matches_nothing(tmp_path: Path, name: str, there: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        open_source(fill(tmp_path, there) / name, "cam")


def test_a_pattern_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere is not there"):
        open_source(tmp_path / "nowhere" / "*.jpg", "cam")


def test_globs_of_recordings_are_expanded(tmp_path: Path) -> None:
    fill(tmp_path, ["b.mp4", "a.mp4", "x.jpg"])
    assert expand(["first.mp4", str(tmp_path / "*.mp4")]) == [
        "first.mp4",
        str(tmp_path / "a.mp4"),
        str(tmp_path / "b.mp4"),
    ]
    nothing = str(tmp_path / "*.mkv")
    assert expand([nothing]) == [nothing]
    with pytest.raises(UsageError, match=r"matches pictures and others, such as x\.jpg and a\.mp4"):
        expand([str(tmp_path / "*")])


def test_cameras_are_named_after_folder_and_beginning(tmp_path: Path) -> None:
    door = fill(tmp_path / "door", [])
    names = [str(door / name) for name in ("img_%06d.jpg", "*.jpg", "%d.jpg", "c1-*.jpg", "c2-*.jpg")]
    assert name_cameras(names) == ["door_img", "door", "door_2", "door_c1", "door_c2"]


def test_a_pattern_has_a_fingerprint_of_its_pictures_alone(tmp_path: Path) -> None:
    fill(tmp_path, ["a1.png", "a2.png", "b1.png"])
    before = fingerprint(tmp_path / "a*.png")
    (tmp_path / "b1.png").unlink()
    assert before is not None
    assert fingerprint(tmp_path / "a*.png") == before
    (tmp_path / "a2.png").unlink()
    assert fingerprint(tmp_path / "a*.png") != before
