"""Small synthetic material for tests: pictures that carry their number, and videos of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.types import ImageArray

BITS = 12
COLUMNS, ROWS = 4, 3
SIZE = (96, 64)


def counter_image(number: int, size: tuple[int, int] = SIZE) -> ImageArray:
    """A picture of twelve blocks, bright for each set bit of `number`; survives compression and scaling."""
    bits = np.array([number >> bit & 1 for bit in range(BITS)], np.uint8).reshape(ROWS, COLUMNS)
    rows = np.arange(size[1]) * ROWS // size[1]
    columns = np.arange(size[0]) * COLUMNS // size[0]
    grey = 40 + 170 * bits[rows][:, columns]
    return np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)


def read_counter(image: ImageArray) -> int:
    """The number that `counter_image` wrote."""
    height, width = image.shape[:2]
    number = 0
    for bit in range(BITS):
        row, column = divmod(bit, COLUMNS)
        y, x = int((row + 0.5) * height / ROWS), int((column + 0.5) * width / COLUMNS)
        number |= int(image[y - 2 : y + 3, x - 2 : x + 3].mean() > 125) << bit
    return number


def even_times(count: int, fps: float) -> list[float]:
    """Times of `count` frames at an even rate."""
    return [i / fps for i in range(count)]


def write_video(
    path: Path,
    times_s: Sequence[float],
    *,
    size: tuple[int, int] = SIZE,
    images: Iterable[ImageArray] | None = None,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    fps: int = 25,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    aspect: Fraction | None = None,
) -> Path:
    """Write frames that carry their number at the given times; the suffix says which container."""
    import av

    time_base = Fraction(1, fps) if path.suffix == ".h264" or codec in ("mpeg4", "mpeg2video") else Fraction(1, 90_000)
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream: Any = container.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        stream.codec_context.time_base = time_base
        container.start_encoding()
        pictures = (counter_image(i, size) for i in range(len(times_s))) if images is None else images
        for image, time_s in zip(pictures, times_s, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = round(time_s / time_base), time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    """A file with a second of silence and no pictures."""
    import av

    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=8000)
        for number in range(8):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 8000, number * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def set_display_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write a, b, c, d of the display matrix into an mp4's track header (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 4 + 20 + 8 + 8
    a, b, c, d = (value * 0x10000 for value in matrix)
    words = [a, b, 0, c, d, 0, 0, 0, 0x40000000]
    data[start : start + 36] = b"".join(word.to_bytes(4, "big", signed=True) for word in words)
    path.write_bytes(data)


def overwrite(path: Path, start: float, length: int, seed: int = 0) -> None:
    """Put `length` random bytes into a file, from the share `start` of its length on."""
    data = bytearray(path.read_bytes())
    place = int(len(data) * start)
    data[place : place + length] = np.random.default_rng(seed).integers(0, 256, length, np.uint8).tobytes()
    path.write_bytes(data)
