"""Reading pictures whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from reid_folders import write_image

from reidtrack.errors import InputError
from reidtrack.image import read_image


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_reads_bgr(tmp_path: Path, suffix: str) -> None:
    write_image(tmp_path / f"x{suffix}", size_wh=(8, 16), bgr=(20, 90, 200))
    image = read_image(tmp_path / f"x{suffix}")
    assert image.shape == (16, 8, 3)
    assert np.abs(image.astype(int) - [20, 90, 200]).max() <= 6


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_picture_that_ends_early_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"x{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 32, 3), dtype=np.uint8)
    import cv2

    data = cv2.imencode(suffix, noise)[1].tobytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match=r"x\..*: the image ends too early"):
        read_image(path)


def test_bytes_after_the_end_do_no_harm(tmp_path: Path) -> None:
    write_image(tmp_path / "x.jpg")
    (tmp_path / "x.jpg").write_bytes((tmp_path / "x.jpg").read_bytes() + bytes(500))
    assert read_image(tmp_path / "x.jpg").shape == (16, 8, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "cannot be read: No such file", id="absent"),
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b"holiday", "cannot be decoded", id="no picture"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "x.jpg").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_image(tmp_path / "x.jpg")
