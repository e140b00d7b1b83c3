"""One frame of a camera as a JPEG: of the recording that was read or, where that is not at hand, the run's video."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from reidtrack.errors import InputError
from reidtrack.runs.manifest_sections import RecordingEntry
from reidtrack.server.data.library import RunSeen
from reidtrack.server.data.places import AllowedFolders
from reidtrack.video.fingerprint import fingerprint
from reidtrack.video.source import open_source

_LONGEST_SIDE = 3840
_NEAR_S = 1e-4
"""Times are written with six decimals; a frame that begins this much after the asked time is still meant."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame: its time in seconds since the run's origin, its index, its size in pixels, and JPEG bytes."""

    time_s: float
    index: int
    size: tuple[int, int]
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Film:
    """What can be played of a camera.

    Attributes:
        path: The file.
        first_time_s: Time of its first picture, seconds since the run's origin.
        kind: `original`, as it was recorded, or `annotated`, with boxes drawn in.
    """

    path: Path
    first_time_s: float
    kind: str


def films(run: RunSeen, camera: str, allowed: AllowedFolders) -> list[Film]:
    """What there is of a camera, the original first, where it may be read and is what was read."""
    entry = next(entry for entry in run.manifest.inputs if entry.camera == camera)
    found = []
    path = allowed.holds(entry.source)
    if path is not None and path.is_file() and entry.recording is not None and _is_same(path, entry.recording):
        found.append(Film(path, entry.offset_s, "original"))
    video, counted = run.folder.video(camera), run.manifest.cameras.get(camera)
    if video.is_file() and not video.is_symlink() and counted is not None:
        found.append(Film(video, counted.first_time_s or 0.0, "annotated"))
    return found


def _is_same(path: Path, former: RecordingEntry) -> bool:
    """Whether a file is the recording that was read: one that has grown since is."""
    found = path.stat()
    return _digest(path, found.st_mtime_ns, found.st_size, former.bytes) == former.sha256


@lru_cache(maxsize=1024)
def _digest(path: Path, modified_ns: int, size: int, of_bytes: int) -> str | None:
    del modified_ns, size  # what was changed since is looked at again
    found = fingerprint(path, of_bytes=of_bytes)
    return None if found is None else found.sha256


def frame_at(film: Film, camera: str, time_s: float, width: int | None) -> Picture:
    """The frame that shows a moment: the last one that begins at or before it.

    Args:
        film: Where from.
        camera: Name of the camera.
        time_s: Seconds since the run's origin.
        width: Most pixels of its width; None takes it as it is.

    Raises:
        InputError: If it cannot be decoded, or there is no such frame.
    """
    wanted_s = max(0.0, time_s - film.first_time_s)
    chosen = None
    # Begin a second before, so that the last frame before a gap is found too.
    with open_source(film.path, camera, start_s=max(0.0, wanted_s - 1.0), offset_s=film.first_time_s) as source:
        for frame in source:
            if chosen is not None and frame.time_s > time_s + _NEAR_S:
                break
            chosen = frame
    if chosen is None:
        raise InputError("there is no frame at that time")
    return _encode(chosen.time_s, chosen.index, chosen.image, width)


def _encode(time_s: float, index: int, image: object, width: int | None) -> Picture:
    import cv2
    import numpy as np

    pixels = np.asarray(image)
    height, full = pixels.shape[:2]
    scale = min(1.0, (width or _LONGEST_SIDE) / full, _LONGEST_SIDE / max(height, full))
    if scale < 1:
        size = max(1, round(full * scale)), max(1, round(height * scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise InputError("the frame cannot be encoded")
    return Picture(time_s, index, (full, height), data.tobytes())
