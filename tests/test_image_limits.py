"""Pictures that say they are huge are refused by their header, whatever their format; nothing waits for a pipe."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidtrack.errors import InputError
from reidtrack.image import MOST_PIXELS, read_image, read_picture
from reidtrack.video.folder import ImageFolder

SIDE = 20_000
SMALL = np.arange(12 * 10 * 3, dtype=np.uint8).reshape(12, 10, 3)


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def encoded(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(SMALL).save(file, kind, **options)  # type: ignore[arg-type]
    return file.getvalue()


def jpeg(width: int, height: int, **options: object) -> bytes:
    return encoded("JPEG", **options).replace(struct.pack(">HH", 12, 10), struct.pack(">HH", height, width))


HUGE = {
    "png": png(SIDE, SIDE),
    "png of absurd size": png(2**31 - 1, 2**31 - 1),
    "jpeg": jpeg(SIDE, SIDE),
    "progressive jpeg": jpeg(SIDE, SIDE, progressive=True),
    "jpeg with exif": jpeg(SIDE, SIDE, exif=b"Exif\0\0" + b"II*\0\x08\0\0\0\0\0\0\0\0\0"),
    "bmp": encoded("BMP").replace(struct.pack("<ii", 10, 12), struct.pack("<ii", SIDE, SIDE)),
    "ppm": f"P6 {SIDE} {SIDE} 255\n".encode() + b"\0" * 100,
    "one wide row": png(MOST_PIXELS + 1, 1),
}


@pytest.mark.parametrize("case", HUGE)
@pytest.mark.parametrize("read", [read_image, read_picture])
def test_refused_by_its_header(case: str, read: object, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(HUGE[case])
    with pytest.raises(InputError, match=r"says that it is \d+ x \d+ pixels.*at most 134 million"):
        read(path)  # type: ignore[operator]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "PPM", "TIFF", "WEBP", "JPEG2000"])
def test_every_kind_is_still_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(encoded(kind))
    assert read_image(path).shape == (12, 10, 3)


def test_a_pipe_and_a_device_are_no_pictures(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    for path in (tmp_path / "a.png", Path("/dev/zero")):
        with pytest.raises(InputError, match="not a file on disk"):
            read_image(path)


def test_a_folder_passes_over_them_and_says_what_is_wrong_where_there_is_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(HUGE["png"])
    os.mkfifo(tmp_path / "2.png")
    with pytest.raises(InputError, match=r"none of its 2 images can be read.*1.png says that it is 20000 x 20000"):
        ImageFolder(tmp_path, "a")
    (tmp_path / "3.png").write_bytes(encoded("PNG"))
    with ImageFolder(tmp_path, "a") as folder:
        assert [frame.index for frame in folder] == [2]
        assert folder.damaged == 2
