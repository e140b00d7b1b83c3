"""Frames of a folder of images."""

from __future__ import annotations

import configparser
import logging
import re
from collections.abc import Generator, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

from reidtrack.errors import InputError, UsageError
from reidtrack.image import IMAGE_SUFFIXES, left_out, read_picture
from reidtrack.types import Frame, ImageArray
from reidtrack.video.part import Part
from reidtrack.video.pattern import Pattern

FALLBACK_FPS = 25.0
_LEAST_SHARE = 0.5
"""Of the numbers from a folder's first to its last, how many have to be there for them to count frames: others are
stamps, or every tenth frame of something."""

logger = logging.getLogger(__name__)


class ImageFolder:
    """The images of a folder in natural order (`2.jpg` before `10.jpg`), as frames of an even rate.

    An image that cannot be read is counted as damaged and keeps its number, so the times of the others stay true. Names
    that count (`000001.jpg`) give frames their numbers where most are there: what is missing leaves a gap, and a line
    says so. Images of another size are scaled to that of the first one.

    Args:
        folder: Where the images lie, or a sequence of MOTChallenge (`seqinfo.ini`) with a folder of them; other
            subfolders are not looked into. Or a pattern of some of a folder's images (`Pattern`).
        camera: Name given to the frames.
        part: What to read of it, and its images per second; without them `seqinfo.ini` tells, else they are 25.
        offset_s: Seconds from the run's origin to the first image.

    Raises:
        InputError: If the folder holds no readable image.
        UsageError: If the images per second are not positive.
    """

    def __init__(self, folder: str | Path, camera: str, part: Part | None = None, *, offset_s: float = 0.0) -> None:
        self._part, self._offset_s = Part() if part is None else part, offset_s
        pattern = Pattern.of(folder)
        where, recorded = _sequence(Path(folder) if pattern is None else pattern.folder)
        fps = (recorded or FALLBACK_FPS) if self._part.fps is None else self._part.fps
        if not 0 < fps < float("inf"):
            raise UsageError(f"got {fps}", field="fps", expected="more than 0 images per second")
        self.camera = camera
        self.nominal_fps = fps
        self.pixel_aspect = 1.0
        self._images = _numbered(_images(where, pattern), where, pattern)
        self._damaged = 0
        self.duration_s: float | None = (self._images[-1][0] + 1) / fps
        first = next((image for _, path in self._images if (image := _load(path)) is not None), None)
        if first is None:
            what = f"none of its {len(self._images)} images can be read"
            raise InputError(what, where=Path(folder), hint=_why_not(self._images[0][1]))
        self.size = (first.shape[1], first.shape[0])
        self._told_size = False
        self._frames = self._read()

    @property
    def frame_count(self) -> int | None:
        """How many images the part holds."""
        return sum(self._part.takes(index, index / self.nominal_fps) for index, _ in self._images)

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

    def _tell_size(self, path: Path, size: tuple[int, int]) -> None:
        """Say once that images are not all of one size."""
        if not self._told_size:
            self._told_size = True
            logger.warning("%s: is of %dx%d; such images are scaled to the %dx%d of the first", path, *size, *self.size)

    def _read(self) -> Generator[Frame]:
        import cv2

        for index, path in self._images:
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
                self._tell_size(path, (image.shape[1], image.shape[0]))
                image = cv2.resize(image, self.size, interpolation=cv2.INTER_AREA)
            yield Frame(self.camera, index, time_s + self._offset_s, image)


def _sequence(folder: Path) -> tuple[Path, float | None]:
    """The folder of the images of a MOTChallenge sequence, or the folder itself, and the rate that `seqinfo.ini` tells.

    Args:
        folder: The sequence, or its folder of images.
    """
    parser = configparser.ConfigParser(interpolation=None)
    for home in (folder, folder.resolve().parent):
        try:
            if not parser.read(home / "seqinfo.ini", encoding="utf-8-sig"):
                continue
            inner = home / parser.get("Sequence", "imDir", fallback="img1")
            rate = parser.getfloat("Sequence", "frameRate")
        except (configparser.Error, UnicodeDecodeError, ValueError):
            continue
        if inner.resolve() == folder.resolve() or (home == folder and inner.is_dir() and not inner.is_symlink()):
            return inner if home == folder else folder, rate if 0 < rate < float("inf") else None
    return folder, None


def _numbered(paths: Sequence[Path], folder: Path, pattern: Pattern | None) -> list[tuple[int, Path]]:
    """Each image with its number from 0: that in its name, counted from the first one's, where names count frames."""
    numbers = _numbers(paths, pattern)
    counts = len(set(numbers)) == len(paths)
    missing = numbers[-1] - numbers[0] + 1 - len(paths) if counts else 0
    if missing <= 0 or len(paths) < _LEAST_SHARE * (len(paths) + missing):
        return list(enumerate(paths))
    before = next(i for i, (a, b) in enumerate(pairwise(numbers)) if b - a > 1)
    logger.warning(
        "%s: %d numbers are missing, first between %s and %s; the images keep their own",
        folder,
        missing,
        paths[before].name,
        paths[before + 1].name,
    )
    return [(number - numbers[0], path) for number, path in zip(numbers, paths, strict=True)]


def _numbers(paths: Sequence[Path], pattern: Pattern | None) -> list[int]:
    """The numbers in the images' names; none where they are not called alike but for a number at the end."""
    told = [] if pattern is None else [number for path in paths if (number := pattern.number(path)) is not None]
    if told:
        return told
    found = [re.fullmatch(r"(.*?)(\d+)", path.stem, re.ASCII | re.DOTALL) for path in paths]
    alike = len({match[1] for match in found if match is not None}) == 1
    return [int(match[2]) for match in found if match is not None] if alike else []


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """Sorting key that compares runs of digits as numbers and the rest without regard to case."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(1, int(part)) if part.isdecimal() else (0, part) for part in parts]


def _images(folder: Path, pattern: Pattern | None) -> list[Path]:
    try:
        shown = [p for p in folder.iterdir() if not p.name.startswith(".")] if pattern is None else pattern.files()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=folder, expected="a folder of images") from error
    if pattern is not None and not shown:
        raise InputError("no file there is called by the pattern that was given", where=folder, hint=_there(folder))
    paths = [p for p in shown if p.suffix.lower() in IMAGE_SUFFIXES]
    unread = left_out(p.name for p in shown)
    if unread and paths:
        logger.warning("%s: %s", folder, unread)
    if not paths:
        kinds = ", ".join(sorted(IMAGE_SUFFIXES))
        what = "the folder holds no images" if pattern is None else "no file of that pattern is an image"
        raise InputError(what, where=folder, expected=f"files ending in {kinds}", hint=unread)
    return sorted(paths, key=lambda p: (natural_key(p.name), p.name))


def _there(folder: Path) -> str:
    """What the folder holds instead."""
    names = sorted((p.name for p in folder.iterdir() if not p.name.startswith(".")), key=natural_key)
    return f"it holds {len(names)} files, such as {names[0]}" if names else "it is empty"


def _load(path: Path) -> ImageArray | None:
    """The image as (H, W, 3) uint8 BGR, or None where it cannot be read."""
    try:
        return read_picture(path)
    except InputError:
        return None


def _why_not(path: Path) -> str | None:
    """What is wrong with an image that cannot be read."""
    try:
        read_picture(path)
    except InputError as error:
        return f"{path.name} {error.what}"
    return None
