"""Telling whether a recording is the one that was read before: the same path may hold another one."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reidtrack.errors import InputError
from reidtrack.image import IMAGE_SUFFIXES
from reidtrack.video.naming import is_folder, is_url
from reidtrack.video.pattern import Pattern

_HEAD = 1 << 20
_SAMPLE = 1 << 16
_SAMPLES = 15
"""Places between beginning and end that are looked at beside the beginning: two recordings of one length that begin
with the same header, and a black picture, differ there. 2 MB are read of a recording however long it is."""
_IMAGES = 200
"""Of a folder, that are looked into."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells one recording from another.

    Attributes:
        bytes: Size of the file; of a folder, of all its images.
        modified_utc: When it was changed last, ISO 8601; of a folder, its youngest image.
        sha256: Digest of its beginning and of samples from there to its end; of a folder, of the names and sizes of its
            images too.
    """

    bytes: int
    modified_utc: str
    sha256: str


def fingerprint(source: str | Path, of_bytes: int | None = None) -> Fingerprint | None:
    """Fingerprint of a recording on disk; None of an address, and of what cannot be read.

    Args:
        source: A video file, a folder of images or a pattern of them.
        of_bytes: Length of the beginning that counts, where the file has grown; all of it, if it is None or longer.
    """
    if is_url(source):
        return None
    try:
        pattern = Pattern.of(source)
        if pattern is not None:
            return _of_images(pattern.files(), pattern.folder)
        path = Path(source)
        return _of_images(path.rglob("*"), path) if is_folder(source) else _of_file(path, of_bytes)
    except (InputError, OSError, ValueError, OverflowError):
        return None


def _of_file(path: Path, of_bytes: int | None) -> Fingerprint | None:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        return None
    size = found.st_size if of_bytes is None else min(of_bytes, found.st_size)
    digest = hashlib.sha256()
    for piece in _samples(path, size):
        digest.update(piece)
    return Fingerprint(size, _time(found.st_mtime), digest.hexdigest())


def _of_images(paths: Iterable[Path], folder: Path) -> Fingerprint:
    """Of those among `paths`, within `folder`, that are images; of all where none is."""
    listed = sorted(p for p in paths if p.is_file())
    images = [p for p in listed if p.suffix.lower() in IMAGE_SUFFIXES] or listed  # of a camera in many files, those
    sizes = [image.stat().st_size for image in images]
    digest = hashlib.sha256()
    for image, size in zip(images, sizes, strict=True):
        digest.update(f"{image.relative_to(folder)}\0{size}\0".encode(errors="surrogateescape"))
    for image in _spread(images):
        with image.open("rb") as file:
            digest.update(file.read(_SAMPLE))
    latest = max((image.stat().st_mtime for image in images), default=0.0)
    return Fingerprint(sum(sizes), _time(latest), digest.hexdigest())


def _samples(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield file.read(min(_HEAD, size))
        last = size - _SAMPLE
        for number in range(1, _SAMPLES + 1):
            start = last * number // _SAMPLES
            if start >= _HEAD:
                file.seek(start)
                yield file.read(_SAMPLE)


def _spread(images: Sequence[Path]) -> list[Path]:
    """Some images, the first and the last among them."""
    step = max(1, len(images) // _IMAGES)
    return [*images[::step], *images[-1:]]


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
