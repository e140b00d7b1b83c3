"""Frames to H.264, with the white balance of the camera."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from tools.render_sample.cameras import HEIGHT, WIDTH

_CRF = "23"


def encode(path: Path, frames: Sequence[Path], fps: int, balance: tuple[float, float, float]) -> None:
    """Write pictures as one H.264 file that plays in a browser.

    Args:
        path: The file, replaced whole.
        frames: Pictures in order.
        fps: Frames a second.
        balance: Factors of red, green and blue.
    """
    partial = path.with_suffix(".partial.mp4")
    table = _tables(balance)
    with av.open(str(partial), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": _CRF, "preset": "slow"})
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, fps)
        for index, picture in enumerate(frames):
            image = cv2.LUT(cv2.imread(str(picture), cv2.IMREAD_COLOR), table)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    partial.replace(path)


def _tables(balance: tuple[float, float, float]) -> np.ndarray:
    """Look-up tables, (1, 256, 3) BGR: the factor works on light, and sRGB's curve is near enough a power of 2.2."""
    level = np.arange(256) / 255
    columns = [np.minimum(1, level * factor ** (1 / 2.2)) for factor in reversed(balance)]
    return np.round(np.stack(columns, axis=1)[None] * 255).astype(np.uint8)
