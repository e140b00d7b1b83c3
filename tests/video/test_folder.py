from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from builders import SIZE, counter_image, read_counter

from reidtrack.errors import UsageError
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
