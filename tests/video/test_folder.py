from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from builders import SIZE, counter_image, read_counter

from reidtrack.errors import InputError, UsageError
from reidtrack.video.folder import natural_key
from reidtrack.video.source import Part, Source, open_source


def fill(folder: Path, names: list[str]) -> Path:
    for number, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), counter_image(number))
    return folder


def test_images_come_in_natural_order(tmp_path: Path) -> None:
    fill(tmp_path, ["1.jpg", "2.PNG", "10.jpeg", "11.bmp", "100.webp"])
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden.jpg").touch()
    with open_source(tmp_path, "cam", part=Part(fps=5), offset_s=3) as source:
        assert isinstance(source, Source)
        assert (source.size, source.nominal_fps, source.frame_count, source.duration_s) == (SIZE, 5, 5, 1.0)
        frames = list(source)
    assert [read_counter(f.image) for f in frames] == [f.index for f in frames] == [0, 1, 2, 3, 4]
    assert [f.time_s for f in frames] == pytest.approx([3, 3.2, 3.4, 3.6, 3.8])


def test_a_part(tmp_path: Path) -> None:
    fill(tmp_path, [f"{i}.png" for i in range(20)])
    with open_source(tmp_path, "cam", part=Part(0.5, 1.5, stride=4, fps=10)) as source:
        assert source.frame_count == 2
        assert [(f.index, read_counter(f.image)) for f in source] == [(8, 8), (12, 12)]


def test_a_broken_image_is_counted_and_keeps_its_number(tmp_path: Path) -> None:
    fill(tmp_path, [f"{i}.png" for i in range(4)])
    (tmp_path / "0.png").write_bytes(b"")
    (tmp_path / "2.png").write_bytes(b"\x89PNG broken")
    with open_source(tmp_path, "cam", part=Part(fps=10)) as source:
        assert [(f.index, f.time_s) for f in source] == [(1, 0.1), (3, pytest.approx(0.3))]
        assert source.damaged == 2


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(counter_image(1, (150, 90)), id="another size"),
        pytest.param(counter_image(1)[:, :, 0], id="grey"),
        pytest.param(counter_image(1).astype(np.uint16) * 257, id="16 bits"),
        pytest.param(np.dstack([counter_image(1), np.full(SIZE[::-1], 255, np.uint8)]), id="alpha"),
    ],
)
def test_every_image_becomes_bgr_of_one_size(tmp_path: Path, image: np.ndarray) -> None:
    fill(tmp_path, ["0.png"])
    assert cv2.imwrite(str(tmp_path / "1.png"), image)
    with open_source(tmp_path, "cam") as source:
        frames = list(source)
    assert [read_counter(f.image) for f in frames] == [0, 1]
    assert {f.size for f in frames} == {SIZE}


@pytest.mark.parametrize("fps", [0, -1, float("inf"), float("nan")])
def test_a_rate_must_be_positive(tmp_path: Path, fps: float) -> None:
    with pytest.raises(UsageError, match="fps"):
        open_source(fill(tmp_path, ["0.png"]), "cam", part=Part(fps=fps))


def test_natural_key() -> None:
    names = ["b1", "a10", "a2", "A1", "a", "2", "10", "a1b2"]
    assert sorted(names, key=natural_key) == ["2", "10", "a", "A1", "a1b2", "a2", "a10", "b1"]


@pytest.mark.parametrize(
    ("names", "indices", "said"),
    [
        pytest.param(["000001", "000002", "000003"], [0, 1, 2], False, id="all there"),
        pytest.param(["000001", "000002", "000005"], [0, 1, 4], True, id="a gap"),
        pytest.param(["000000", "000002", "000003"], [0, 2, 3], True, id="counted from 0"),
        pytest.param(["a_7", "a_8", "a_10"], [0, 1, 3], True, id="from another number, with a prefix"),
        pytest.param(["10", "20", "30", "40"], [0, 1, 2, 3], False, id="every tenth of something"),
        pytest.param(["20261129101500", "20261129101501", "20261129101507"], [0, 1, 2], False, id="stamps"),
        pytest.param(["a1", "b2", "c9"], [0, 1, 2], False, id="other prefixes"),
        pytest.param(["x", "y", "z"], [0, 1, 2], False, id="no numbers"),
        pytest.param(["1", "01", "4"], [0, 1, 2], False, id="a number twice"),
    ],
)
def test_images_keep_the_numbers_that_names_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, names: list[str], indices: list[int], said: bool
) -> None:
    fill(tmp_path, [f"{name}.png" for name in names])
    with open_source(tmp_path, "cam", part=Part(fps=10)) as source:
        frames = list(source)
        assert source.frame_count == len(names)
    assert [f.index for f in frames] == indices
    assert [f.time_s for f in frames] == pytest.approx([index / 10 for index in indices])
    assert ("numbers are missing" in caplog.text) == said


INI = "[Sequence]\nname=S\nimDir={folder}\nframeRate={rate}\nseqLength=3\n"


@pytest.mark.parametrize(
    ("ini", "open_at", "fps", "rate"),
    [
        pytest.param(INI.format(folder="img1", rate=12), "S/img1", None, 12, id="the folder of images"),
        pytest.param(INI.format(folder="img1", rate=12), "S", None, 12, id="the sequence"),
        pytest.param(INI.format(folder="img1", rate=12), "S", 5, 5, id="a rate that was given"),
        pytest.param(INI.format(folder="img1", rate=0), "S", None, 25, id="no rate"),
        pytest.param("\ufeff" + INI.format(folder="img1", rate=12), "S", None, 12, id="byte order mark"),
        pytest.param("frameRate=12", "S/img1", None, 25, id="damaged"),
        pytest.param(INI.format(folder="other", rate=12), "S/img1", None, 25, id="of another folder"),
    ],
)
def test_sequences_of_motchallenge(tmp_path: Path, ini: str, open_at: str, fps: float | None, rate: float) -> None:
    (tmp_path / "S/img1").mkdir(parents=True)
    fill(tmp_path / "S/img1", [f"{i:06d}.jpg" for i in (1, 2, 3)])
    (tmp_path / "S/seqinfo.ini").write_text(ini, encoding="utf-8")
    with open_source(tmp_path / open_at, "cam", part=Part(fps=fps)) as source:
        assert source.nominal_fps == rate
        assert [f.index for f in source] == [0, 1, 2]


def test_a_sequences_images_do_not_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "S").mkdir()
    (tmp_path / "other").mkdir()
    fill(tmp_path / "other", ["1.png"])
    (tmp_path / "S/img1").symlink_to(tmp_path / "other")
    (tmp_path / "S/seqinfo.ini").write_text(INI.format(folder="img1", rate=12))
    with pytest.raises(InputError, match="holds no images"):
        open_source(tmp_path / "S", "cam")


@pytest.mark.parametrize("suffix", [".jfif", ".avif", ".jp2", ".JPE", ".ppm", ".tif"])
def test_kinds_of_images(tmp_path: Path, suffix: str) -> None:
    fill(tmp_path, ["0.png"])
    as_written = {".jfif": ".jpg", ".JPE": ".jpg"}.get(suffix, suffix)
    assert cv2.imwrite(str(tmp_path / f"image{as_written}"), counter_image(1))
    (tmp_path / f"image{as_written}").rename(tmp_path / f"1{suffix}")
    with open_source(tmp_path, "cam") as source:
        assert len(list(source)) == 2


@pytest.mark.parametrize(
    ("names", "said"),
    [
        pytest.param(["1.heic"], "1 picture is of a kind", id="one"),
        pytest.param(["1.gif", "2.cr2"], "2 pictures are of a kind", id="two"),
        pytest.param(["notes.txt", "Thumbs.db"], "", id="no pictures"),
    ],
)
def test_what_is_left_out_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, names: list[str], said: str
) -> None:
    fill(tmp_path, ["0.png"])
    for name in names:
        (tmp_path / name).touch()
    open_source(tmp_path, "cam").close()
    assert said in caplog.text
    assert bool(said) == bool(caplog.records)
