"""Reading a picture whole, and resizing it without aliasing."""

from __future__ import annotations

import io
import os
import struct
import threading
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from reidtrack.errors import InputError
from reidtrack.plain_file import read_plain
from reidtrack.types import ImageArray

IMAGE_SUFFIXES = frozenset(
    {".avif", ".bmp", ".dib", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm"}
    | {".tif", ".tiff", ".webp"}
)
"""Endings of pictures that OpenCV's wheels read."""
UNREAD_SUFFIXES = frozenset(
    {".arw", ".cr2", ".cr3", ".dng", ".exr", ".gif", ".hdr", ".heic", ".heif", ".jxl", ".nef", ".psd", ".raw", ".svg"}
)
"""Endings of pictures that it does not read."""

_END_MARKS = (b"\xff\xd9", b"IEND\xaeB`\x82")  # of JPEG, of PNG
_TAIL_BYTES = 64
MOST_PIXELS = 1 << 27
"""Pictures and videos of more are refused before they are decoded: 134 million, twice an 8K panorama, are 400 MB."""
_MOST_FILE_BYTES = 1 << 30
_SIZE_IN_PNG = slice(16, 24)
_JPEG_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of the segments that say how large a JPEG is."""
_PILLOW = threading.Lock()


def read_picture(path: Path) -> ImageArray:
    """Decode an image file that may end too early, as one picture of many: what is missing is grey.

    Returns:
        (H, W, 3) uint8, BGR.

    Raises:
        InputError: If it is absent, empty, no image, or has more than `MOST_PIXELS`.
    """
    return _decode(_read(path), path)


def read_image(path: Path) -> ImageArray:
    """Decode an image file.

    Returns:
        (H, W, 3) uint8, BGR.

    Raises:
        InputError: If it is absent, empty, no image, has more than `MOST_PIXELS`, or ends too early (where OpenCV fills
            up with grey).
    """
    return decode_image(_read(path), path)


def decode_image(data: bytes, where: Path, most_pixels: int = MOST_PIXELS) -> ImageArray:
    """Decode the content of an image file.

    Args:
        data: The content.
        where: What it is called in messages.
        most_pixels: Pictures of more are not decoded.

    Returns:
        (H, W, 3) uint8, BGR.

    Raises:
        InputError: If it is no image, has more than `most_pixels`, or ends too early.
    """
    check_pixels(_declared_size(data), where, most_pixels)
    if data.startswith((b"\xff\xd8", b"\x89PNG")) and not any(mark in data[-_TAIL_BYTES:] for mark in _END_MARKS):
        _check_whole(data, where)
    return _decode(data, where)


def _read(path: Path) -> bytes:
    try:
        data = read_plain(path, _MOST_FILE_BYTES)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path, expected="an image") from error
    if not data:
        raise InputError("the file is empty", where=path, expected="an image")
    return data


def _decode(data: bytes, path: Path) -> ImageArray:
    import cv2

    check_pixels(_declared_size(data), path)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # such as of a size that it refuses itself
        image = None
    if image is None:
        raise InputError("cannot be decoded", where=path, expected="an image", hint="the file is damaged or no image")
    return np.asarray(image, np.uint8)


def check_pixels(size: tuple[int, int] | None, where: object, most: int = MOST_PIXELS) -> None:
    """Raise if pictures are too large to be decoded.

    Args:
        size: Width and height as they are declared; None where nothing is known.
        where: What declares them, for the message.
        most: Pixels that are allowed.

    Raises:
        InputError: If these are more than that.
    """
    if size is not None and size[0] * size[1] > most:
        raise InputError(
            f"says that it is {size[0]} x {size[1]} pixels",
            where=where,
            expected=f"at most {most // 10**6} million",
            hint="make it smaller, or the file is damaged",
        )


def _declared_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in a picture's header, without decoding it; None where that cannot be told."""
    if data.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", data[_SIZE_IN_PNG].ljust(8, b"\0"))
        return width, height
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    from PIL import Image

    with _PILLOW, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # the limit here is `MOST_PIXELS`
        try:
            with Image.open(io.BytesIO(data)) as image:
                return image.size
        except Exception:
            return None
        finally:
            Image.MAX_IMAGE_PIXELS = most


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            at += 1  # between segments, decoders skip what is none
            continue
        marker = data[at + 1]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9 or marker == 0:
            return None
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def left_out(names: Iterable[str]) -> str | None:
    """What to say of files of a folder that are pictures and are not read, or None where there are none."""
    found = sorted(name for name in names if os.path.splitext(name)[1].lower() in UNREAD_SUFFIXES)  # noqa: PTH122
    if not found:
        return None
    what = "1 picture is" if len(found) == 1 else f"{len(found)} pictures are"
    return f"{what} of a kind that is not read and left out, such as {found[0]}"


def resize(image: ImageArray, size_hw: tuple[int, int]) -> ImageArray:
    """Resize an (H, W, 3) uint8 picture to `size_hw`, without aliasing."""
    import cv2

    height, width = size_hw
    shrinks = image.shape[0] > height and image.shape[1] > width
    scaled = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(scaled, dtype=np.uint8)


def _check_whole(data: bytes, where: Path) -> None:
    """Let Pillow, which does not accept a picture that ends early, decide about a file without an end mark."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # `check_pixels` has decided
            with Image.open(io.BytesIO(data)) as image:
                image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError("the image ends too early", where=where, hint="copy it again") from error
