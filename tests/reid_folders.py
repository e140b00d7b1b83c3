"""Tiny data sets on disk, in the layouts their owners publish; every picture is one colour."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

MARKET = (
    "bounding_box_train/0002_c1s1_000451_03.jpg",
    "bounding_box_train/0002_c2s1_000551_01.jpg",
    "bounding_box_train/0007_c3s3_077419_03.jpg",
    "bounding_box_train/0007_c3s3_077544_01.jpg",
    "query/0001_c1s1_001051_00.jpg",
    "query/0001_c2s1_000301_00.jpg",
    "bounding_box_test/-1_c1s1_000401_03.jpg",
    "bounding_box_test/0000_c1s1_000151_01.jpg",
    "bounding_box_test/0000_c4s6_000810_02.jpg",
    "bounding_box_test/0001_c1s1_001051_03.jpg",
    "bounding_box_test/0001_c3s1_000551_00.jpg",
)


def write_image(path: Path, *, size_wh: tuple[int, int] = (8, 16), bgr: tuple[int, int, int] = (40, 80, 120)) -> None:
    """A picture of one colour, in the format of its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((size_wh[1], size_wh[0], 3), bgr, np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())


def write_images(folder: Path, names: Iterable[str]) -> Path:
    """One small picture under each name; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write_image(folder / name)
    return folder
