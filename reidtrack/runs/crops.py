"""Pictures of people: kept while reading, sorted by identity once identities are settled.

A crop's file is `crops/<identity>/<camera>-<track>-<frame>.jpg`; while identities are not known yet, the folder in
between is `unsettled`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from reidtrack.embed.select import Candidate
from reidtrack.errors import OutputError
from reidtrack.types import Identity, Tracklet

UNSETTLED = "unsettled"
_NAME = re.compile(r"(?P<camera>.+)-(?P<track>\d+)-(?P<frame>\d+)\.jpg")


class Crop(NamedTuple):
    """A picture on disk: camera, track id in the tracker's log, frame, file."""

    camera: str
    track_id: int
    frame: int
    path: Path


class CropStore:
    """Keeps crops on disk while a run reads: all that were chosen, the best of each track, or none.

    Args:
        folder: `crops/` of the run.
        keep: Which ones.
    """

    def __init__(self, folder: Path, keep: Literal["none", "best", "all"]) -> None:
        self._folder = folder / UNSETTLED
        self._keep = keep
        self._best: dict[tuple[str, int], tuple[float, Path]] = {}

    def offer(self, candidate: Candidate) -> None:
        """Keep a crop, or not.

        Raises:
            OutputError: If it cannot be written.
        """
        key = candidate.camera, candidate.track_id
        quality, former = self._best.get(key, (-1.0, None))
        if self._keep == "none" or (self._keep == "best" and candidate.quality <= quality):
            return
        path = self._folder / f"{candidate.camera}-{candidate.track_id}-{candidate.frame}.jpg"
        _write_jpeg(path, candidate)
        if self._keep == "best":
            if former is not None and former != path:
                former.unlink(missing_ok=True)
            self._best[key] = (candidate.quality, path)


def _write_jpeg(path: Path, candidate: Candidate) -> None:
    import cv2

    done, data = cv2.imencode(".jpg", candidate.crop, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise OutputError("a crop cannot be encoded", where=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise OutputError("cannot be written", where=path, hint=error.strerror) from error


def list_crops(folder: Path) -> list[Crop]:
    """Every crop below `crops/`, sorted by camera, track and frame."""
    found = []
    for path in folder.glob("*/*.jpg"):
        if match := _NAME.fullmatch(path.name):
            found.append(Crop(match["camera"], int(match["track"]), int(match["frame"]), path))
    return sorted(found)


def crop_keys(tracklet: Tracklet) -> Iterator[tuple[str, int, int]]:
    """Camera, track id in the log, and frame of each crop that a tracklet may have."""
    for frame in tracklet.feature_frame.tolist():
        yield tracklet.camera, tracklet.logged_id, frame


def sort_crops(folder: Path, identities: Sequence[Identity]) -> None:
    """Move each crop into the folder of its identity; crops of nobody stay unsettled.

    Raises:
        OutputError: If they cannot be moved.
    """
    owner = {key: identity.id for identity in identities for t in identity for key in crop_keys(t)}
    try:
        for crop in list_crops(folder):
            number = owner.get((crop.camera, crop.track_id, crop.frame))
            target = folder / (UNSETTLED if number is None else str(number)) / crop.path.name
            if target != crop.path:
                target.parent.mkdir(parents=True, exist_ok=True)
                crop.path.replace(target)
        for below in folder.glob("*/"):
            if not any(below.iterdir()):
                below.rmdir()
    except OSError as error:
        raise OutputError("cannot be moved", where=error.filename, hint=error.strerror) from error
