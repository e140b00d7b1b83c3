"""From decoded pictures to upright images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reidtrack.types import ImageArray
from reidtrack.video.orient import IDENTITY, orient, orientation

if TYPE_CHECKING:
    from av import VideoFrame


class Converter:
    """Turns decoded pictures into upright BGR images, keeping the scaler of the last format."""

    def __init__(self) -> None:
        from av.video.reformatter import VideoReformatter

        self._reformatter = VideoReformatter()
        self._rotation: int | None = None
        self._turn = IDENTITY

    @property
    def turned(self) -> bool:
        """Whether the last picture lay on its side."""
        return self._turn[0] == 0

    def __call__(self, picture: VideoFrame) -> ImageArray:
        """Image of a picture, (H, W, 3) uint8, BGR, turned as its container says."""
        if picture.rotation != self._rotation:
            # Not for each picture: asking for side data ties it into a cycle, and pictures pile up until collected.
            self._rotation, self._turn = picture.rotation, _turn(picture)
        image = self._reformatter.reformat(picture, format="bgr24").to_ndarray()
        return orient(image.astype(np.uint8, copy=False), self._turn)


def _turn(picture: VideoFrame) -> tuple[int, int, int, int]:
    matrix: Any = picture.side_data.get("DISPLAYMATRIX")
    return IDENTITY if matrix is None else orientation(np.frombuffer(matrix, np.int32).tolist())
