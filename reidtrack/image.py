"""Reading a picture whole, and resizing it without aliasing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from reidtrack.errors import InputError
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


def read_image(path: Path) -> ImageArray:
    """Decode an image file.

    Returns:
        (H, W, 3) uint8, BGR.

    Raises:
        InputError: If it is absent, empty, no image, or ends too early (where OpenCV fills up with grey).
    """
    import cv2

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path, expected="an image") from error
    if not data:
        raise InputError("the file is empty", where=path, expected="an image")
    if data.startswith((b"\xff\xd8", b"\x89PNG")) and not any(mark in data[-_TAIL_BYTES:] for mark in _END_MARKS):
        _check_whole(path)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise InputError("cannot be decoded", where=path, expected="an image", hint="the file is damaged or no image")
    return np.asarray(image, np.uint8)


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


def _check_whole(path: Path) -> None:
    """Let Pillow, which does not accept a picture that ends early, decide about a file without an end mark."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError("the image ends too early", where=path, hint="copy it again") from error
