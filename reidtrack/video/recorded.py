"""When recordings say that they were made, and by how much one began after another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reidtrack.errors import DeviceError, InputError
from reidtrack.video.file_stream import open_recording
from reidtrack.video.naming import is_folder, is_url
from reidtrack.video.pattern import Pattern
from reidtrack.video.rates import duration_of
from reidtrack.video.recording_tags import read_start

if TYPE_CHECKING:
    from av.container import InputContainer

_LEAST_YEAR = 1990
"""Clocks that were never set say 1904 or 1970."""
_MOST_APART_S = 24 * 3600.0
"""Recordings that began further apart are not of one event, or one of the clocks is wrong."""
_LEAST_APART_S = 1e-3


class MadeAt(NamedTuple):
    """What the header of a recording tells.

    Attributes:
        moment: When it was made, in UTC; None where it names no moment, or not a real one.
        duration_s: Its length in seconds; 0 where it tells none.
        size: Width and height of its pictures, pixels.
    """

    moment: datetime | None
    duration_s: float
    size: tuple[int, int]


class Began(NamedTuple):
    """When recordings began beside each other.

    Attributes:
        offsets_s: One for each recording, the earliest at 0; all 0 where that cannot be told.
        told: A line that says what was made of the times in the files; None where they say nothing of interest.
    """

    offsets_s: list[float]
    told: str | None


def recorded_at(source: str | Path) -> datetime | None:
    """The moment that a video file's `creation_time` names, in UTC; None where it names none, or not a real one.

    Recordings of live cameras say it more finely, see `recording_tags`.
    """
    if is_url(source) or is_folder(source) or Pattern.of(source) is not None:
        return None
    try:
        with open_recording(source) as container:
            return _moment_of(container)
    except (InputError, DeviceError):  # opening it once more says what is wrong
        return None


def made_at(path: Path) -> MadeAt:
    """What the header of a video file tells; nothing is decoded.

    Raises:
        InputError: If it cannot be opened, or holds no pictures.
    """
    with open_recording(path) as container:
        stream = next((s for s in container.streams.video if not s.disposition & s.disposition.attached_pic), None)
        if stream is None or stream.codec_context is None:
            raise InputError("has no video stream that FFmpeg decodes", where=path)
        size = stream.codec_context.width, stream.codec_context.height
        return MadeAt(_moment_of(container), duration_of(container, stream) or 0.0, size)


def _moment_of(container: InputContainer) -> datetime | None:
    exact = read_start(container.metadata)
    if exact is not None:
        return exact
    told = [container.metadata, *(stream.metadata for stream in container.streams.video)]
    text = next((tags["creation_time"] for tags in told if "creation_time" in tags), None)
    try:
        moment = None if text is None else datetime.fromisoformat(text)
        moment = None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None if moment is None or moment.year < _LEAST_YEAR else moment


def offsets_recorded(cameras: Sequence[str], moments: Sequence[datetime | None]) -> Began:
    """Offsets of recordings by the moments at which their files say that they were recorded.

    They are used where every recording has one and all began within a day; else all recordings are taken to begin
    together.

    Args:
        cameras: Names of the recordings.
        moments: One for each, None where it has none.
    """
    nothing = [0.0] * len(cameras)
    known = {camera: moment for camera, moment in zip(cameras, moments, strict=True) if moment is not None}
    if len(cameras) < 2 or not known:
        return Began(nothing, None)
    missing = [camera for camera in cameras if camera not in known]
    if missing:
        what = f"{_some(list(known))} say when they were recorded, {_some(missing)} not"
        return Began(nothing, f"{what}: all are taken to begin together")
    first = min(known.values())
    offsets = [(known[camera] - first).total_seconds() for camera in cameras]
    if max(offsets) < _LEAST_APART_S:
        return Began(nothing, None)
    if max(offsets) > _MOST_APART_S:
        earliest, apart = cameras[offsets.index(0.0)], f"{max(offsets) / 86400:.1f} days"
        latest = cameras[offsets.index(max(offsets))]
        what = f"the files say that {latest} was recorded {apart} after {earliest}, which is not believed"
        return Began(nothing, f"{what}: all are taken to begin together")
    said = ", ".join(f"{camera} {offset:g}" for camera, offset in zip(cameras, offsets, strict=True))
    what = f"the files' creation times are taken for when each began: {said} seconds"
    return Began(offsets, f"{what}; where they are wrong, offsets that you give win")


def _some(cameras: Sequence[str]) -> str:
    return cameras[0] if len(cameras) == 1 else f"{cameras[0]} and {len(cameras) - 1} more"
