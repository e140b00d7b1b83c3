"""Pictures of people: kept while reading, sorted by identity once identities are settled.

A crop's file is `crops/<identity>/<camera>-<track>-<frame>.jpg`; while identities are not known yet, the folder in
between is `unsettled`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from reidtrack.embed.select import Candidate
from reidtrack.errors import OutputError
from reidtrack.files import refuse_link
from reidtrack.types import Identity, Tracklet

UNSETTLED = "unsettled"
_MOST_TRACKS = 10_000
"""Whose best crops are remembered: more than are in sight of many cameras at a time."""
_NAME = re.compile(r"(?P<camera>.+)-(?P<track>[0-9]{1,18})-(?P<frame>[0-9]{1,18})\.jpg")


class Crop(NamedTuple):
    """A picture on disk: camera, track id in the tracker's log, frame, file."""

    camera: str
    track_id: int
    frame: int
    path: Path


class CropStore:
    """Keeps crops on disk while a run reads: all that were chosen, the best of each track, or none.

    What it remembers is bounded: of tracks that have given no crop for long, the last best one simply stays.

    Args:
        folder: `crops/` of the run.
        keep: Which ones.
        may_fail: Whether one that cannot be written is counted and passed over: a full disk does not end live cameras.

    Attributes:
        lost: Crops that could not be written.
    """

    def __init__(self, folder: Path, keep: Literal["none", "best", "all"], *, may_fail: bool = False) -> None:
        self._folder = folder / UNSETTLED
        self._keep, self._may_fail = keep, may_fail
        self.lost = 0
        self._best: dict[tuple[str, int], tuple[float, Path | None]] = {}

    def offer(self, candidate: Candidate) -> None:
        """Keep a crop, or not.

        Raises:
            OutputError: If it cannot be written, and has to be.
        """
        try:
            self._offer(candidate)
        except (OutputError, OSError):
            if not self._may_fail:
                raise
            self.lost += 1

    def _offer(self, candidate: Candidate) -> None:
        if self._keep == "none":
            return
        key = candidate.camera, candidate.track_id
        quality, former = self._best.pop(key, (-1.0, None))
        path = self._folder / f"{candidate.camera}-{candidate.track_id}-{candidate.frame}.jpg"
        if self._keep == "all":
            _write_jpeg(path, candidate)
            return
        if candidate.quality > quality:
            _write_jpeg(path, candidate)
            if former is not None and former != path:
                former.unlink(missing_ok=True)
            quality, former = candidate.quality, path
        self._best[key] = quality, former
        if len(self._best) > _MOST_TRACKS:
            del self._best[next(iter(self._best))]  # that of which nothing was offered for the longest time


def _write_jpeg(path: Path, candidate: Candidate) -> None:
    import cv2

    done, data = cv2.imencode(".jpg", candidate.crop, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise OutputError("a crop cannot be encoded", where=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # never into a file that has another name too, or through a link
        with path.open("xb") as file:
            file.write(data.tobytes())
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)  # half of it
        raise OutputError("cannot be written", where=path, hint=error.strerror) from error


def list_crops(folder: Path) -> list[Crop]:
    """Every crop below `crops/`, sorted by camera, track and frame; what a user or a link put there is passed over."""
    return sorted(crop for own in _own_folders(folder) for path in own.iterdir() if (crop := _crop(path)) is not None)


def first_crop(folder: Path, cameras: Collection[str]) -> Crop | None:
    """A crop of some cameras, found without listing all: the first one of the first identity that has any.

    Args:
        folder: `crops/` of the run.
        cameras: Of which it may be.
    """
    for own in sorted(_own_folders(folder), key=lambda path: (len(path.name), path.name)):
        found = (_crop(path) for path in sorted(own.iterdir()))
        crop = next((crop for crop in found if crop is not None and crop.camera in cameras), None)
        if crop is not None:
            return crop
    return None


def crops_of(folder: Path, identity: int) -> list[Crop]:
    """Crops of one identity, sorted as by `list_crops`: those of a whole archive are too many to list for each page.

    Args:
        folder: `crops/` of the run, sorted by identity.
        identity: Its id.
    """
    own = folder / str(identity)
    if folder.is_symlink() or own.is_symlink() or not own.is_dir():
        return []
    return sorted(crop for path in own.iterdir() if (crop := _crop(path)) is not None)


def remove_crops(folder: Path, cameras: Collection[str]) -> None:
    """Remove the crops of a run and its folders of them; what a user put there stays.

    Args:
        folder: `crops/` of the run.
        cameras: Of the run.

    Raises:
        OutputError: If they cannot be removed.
    """
    try:
        for crop in list_crops(folder):
            if crop.camera in cameras:
                crop.path.unlink()
        for own in _own_folders(folder):
            _remove_empty(own)
        if folder.is_dir() and not folder.is_symlink():
            _remove_empty(folder)
    except OSError as error:
        raise OutputError("cannot be removed", where=error.filename, hint=error.strerror) from error


def _crop(path: Path) -> Crop | None:
    match = _NAME.fullmatch(path.name)
    if match is None or path.is_symlink() or not path.is_file():
        return None
    return Crop(match["camera"], int(match["track"]), int(match["frame"]), path)


def _own_folders(folder: Path) -> list[Path]:
    """Folders of identities below `crops/`, and that of crops without one; links are none."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    named = (path for path in folder.iterdir() if path.name == UNSETTLED or re.fullmatch("[1-9][0-9]*", path.name))
    return sorted(path for path in named if path.is_dir() and not path.is_symlink())


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def crop_keys(tracklet: Tracklet) -> Iterator[tuple[str, int, int]]:
    """Camera, track id in the log, and frame of each crop that a tracklet may have."""
    for frame in tracklet.feature_frame.tolist():
        yield tracklet.camera, tracklet.logged_id, frame


def sort_crops(folder: Path, identities: Sequence[Identity], cameras: Collection[str]) -> None:
    """Move each crop into the folder of its identity; crops of nobody become unsettled.

    Args:
        folder: `crops/` of the run.
        identities: Everybody.
        cameras: Of the run; pictures that are called otherwise are a user's own.

    Raises:
        OutputError: If they cannot be moved.
    """
    owner = {key: identity.id for identity in identities for t in identity for key in crop_keys(t)}
    try:
        for crop in list_crops(folder):
            if crop.camera not in cameras:
                continue
            number = owner.get((crop.camera, crop.track_id, crop.frame))
            target = folder / (UNSETTLED if number is None else str(number)) / crop.path.name
            if target != crop.path:
                refuse_link(target.parent)
                target.parent.mkdir(parents=True, exist_ok=True)
                crop.path.replace(target)
        for own in _own_folders(folder):
            _remove_empty(own)
    except OSError as error:
        raise OutputError("cannot be moved", where=error.filename, hint=error.strerror) from error
