"""Frames of a folder of images."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from reidtrack.errors import InputError, UsageError
from reidtrack.types import Frame, ImageArray
from reidtrack.video.part import Part

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


class ImageFolder:
    """The images of a folder in natural order (`2.jpg` before `10.jpg`), as frames of an even rate.

    An image that cannot be read is counted as damaged and keeps its number, so the times of the others stay true.
    Images of another size are scaled to that of the first one.

    Args:
        folder: Where the images lie; subfolders are not looked into.
        camera: Name given to the frames.
        part: What to read of it, and its images per second; all at 25, if it is None.
        offset_s: Seconds from the run's origin to the first image.

    Raises:
        InputError: If the folder holds no readable image.
        UsageError: If the images per second are not positive.
    """

    def __init__(self, folder: str | Path, camera: str, part: Part | None = None, *, offset_s: float = 0.0) -> None:
        self._part, self._offset_s = Part() if part is None else part, offset_s
        fps = self._part.fps
        if not 0 < fps < float("inf"):
            raise UsageError(f"got {fps}", where="fps", expected="more than 0 images per second")
        self.camera = camera
        self.nominal_fps = fps
        self._paths = _images(Path(folder))
        self._damaged = 0
        self.duration_s: float | None = len(self._paths) / fps
        first = next((image for image in map(_load, self._paths) if image is not None), None)
        if first is None:
            raise InputError(f"none of its {len(self._paths)} images can be read", where=folder)
        self.size = (first.shape[1], first.shape[0])
        self._frames = self._read()

    @property
    def frame_count(self) -> int | None:
        """How many images the part holds."""
        return sum(self._part.takes(i, i / self.nominal_fps) for i in range(len(self._paths)))

    @property
    def damaged(self) -> int:
        """Images that could not be read, so far."""
        return self._damaged

    def __iter__(self) -> Iterator[Frame]:
        """The frames that are left; a second loop goes on where the first one stopped."""
        return self._frames

    def close(self) -> None:
        """No frames come after this."""
        self._frames.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> Generator[Frame]:
        import cv2

        for index, path in enumerate(self._paths):
            time_s = index / self.nominal_fps
            if self._part.after(time_s):
                return
            if not self._part.takes(index, time_s):
                continue
            image = _load(path)
            if image is None:
                self._damaged += 1
                continue
            if image.shape[1::-1] != self.size:
                image = cv2.resize(image, self.size, interpolation=cv2.INTER_AREA)
            yield Frame(self.camera, index, time_s + self._offset_s, image)


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """Sorting key that compares runs of digits as numbers and the rest without regard to case."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(1, int(part)) if part.isdecimal() else (0, part) for part in parts]


def _images(folder: Path) -> list[Path]:
    try:
        paths = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith(".")]
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=folder, expected="a folder of images") from error
    if not paths:
        kinds = ", ".join(sorted(IMAGE_SUFFIXES))
        raise InputError("the folder holds no images", where=folder, expected=f"files ending in {kinds}")
    return sorted(paths, key=lambda p: (natural_key(p.name), p.name))


def _load(path: Path) -> ImageArray | None:
    """The image as (H, W, 3) uint8 BGR, or None where it cannot be read."""
    import cv2

    try:
        # Not cv2.imread, which cannot open every name on Windows and warns on standard error.
        image: ImageArray | None = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None
    return image
