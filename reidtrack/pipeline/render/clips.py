"""Which recordings hold a stretch of time, and their frames in order of time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from reidtrack.errors import InputError, UsageError
from reidtrack.pipeline.run.same_recordings import same_recordings
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runs.manifest import RunManifest
from reidtrack.types import Frame
from reidtrack.video.part import Part
from reidtrack.video.recording_tags import recording_start_s
from reidtrack.video.source import Source, is_url, open_source

_NAME_S = 5.0
"""How far the name of a recording may lie from its first picture, and how long it may overlap the next one."""


@dataclass(frozen=True)
class Clip:
    """A recording: the first second of it is `start_s` since the origin; it is over by `until_s`."""

    path: str
    start_s: float
    until_s: float


def find_clips(
    folder: LiveFolder, manifest: RunManifest, cameras: Sequence[str], from_s: float, until_s: float
) -> dict[str, list[Clip]]:
    """Camera to the recordings that may hold something of a stretch of time, in order.

    Raises:
        InputError: If there are none.
        UsageError: If a camera is not known.
    """
    live = folder.is_live
    known = folder.recorded_cameras() if live else [entry.camera for entry in manifest.inputs]
    for camera in cameras:
        if camera not in known:
            there = ", ".join(known) or "none"
            raise UsageError(f"no recordings of {camera!r}", field="cameras", expected=f"some of {there}")
    found = {}
    for camera in cameras or known:
        near = _live_clips(folder, camera, manifest.origin, from_s, until_s) if live else _run_clips(manifest, camera)
        clips = [clip for clip in near if clip.start_s <= until_s and clip.until_s > from_s]
        if clips:
            found[camera] = clips
    if not found:
        raise nothing_recorded(folder, cameras or known)
    return found


def _live_clips(folder: LiveFolder, camera: str, origin: datetime, from_s: float, until_s: float) -> Iterator[Clip]:
    """Recordings of a live camera about a stretch of time; each is over when the next one begins."""
    pieces = folder.recordings(camera)
    names_s = [(piece.start - origin).total_seconds() for piece in pieces]
    ends_s = [*names_s[1:], float("inf")]
    near = [
        (piece.path, name_s)
        for piece, name_s, end_s in zip(pieces, names_s, ends_s, strict=False)
        if name_s - _NAME_S < until_s and end_s + _NAME_S > from_s
    ]
    starts = [recording_start_s(path) for path, _ in near]
    exact = [name_s if found is None else found for (_, name_s), found in zip(near, starts, strict=True)]
    nexts = [*exact[1:], float("inf")]
    for (path, _), start_s, end_s in zip(near, exact, nexts, strict=False):
        yield Clip(str(path), start_s, end_s)


def _run_clips(manifest: RunManifest, camera: str) -> Iterator[Clip]:
    """The recording of a camera of a run; none of an address, which shows something else by now.

    Raises:
        InputError: If another recording lies in its place.
    """

    def refuse(camera: str, error: InputError) -> None:
        del camera
        raise error

    inputs = [item for item in manifest.camera_inputs() if item.camera == camera and not is_url(item.source)]
    for item in same_recordings(inputs, manifest, refuse):
        yield Clip(item.source, item.offset_s, float("inf"))


def nothing_recorded(folder: LiveFolder, cameras: Sequence[str]) -> InputError:
    """The error that there is no recording of that time; it tells what there is."""
    starts = [piece.start for camera in cameras for piece in folder.recordings(camera)]
    hint = "nothing was recorded, or it was deleted meanwhile"
    if starts:
        first, last = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (min(starts), max(starts)))
        hint = f"recordings begin between {first} and {last}"
    return InputError("there is no recording of that time", where=folder.path, hint=hint)


@dataclass
class Stretch:
    """The frames of one camera in a stretch of time, over as many recordings as it takes."""

    camera: str
    clips: list[Clip]
    from_s: float
    until_s: float
    fail: Callable[[InputError], None]

    def frames(self) -> Generator[tuple[Source, Frame]]:
        """Frames with the recording that each is from, in order of time."""
        last_s = -np.inf
        for clip in self.clips:
            try:
                with self._open(clip) as source:
                    for frame in source:
                        if last_s < frame.time_s <= self.until_s:
                            last_s = frame.time_s
                            yield source, frame
            except InputError as error:  # a recording that is damaged, or was deleted meanwhile: the others go on
                self.fail(error)

    def _open(self, clip: Clip) -> Source:
        start_s = max(0.0, self.from_s - clip.start_s)
        end_s = None if np.isinf(self.until_s) else self.until_s - clip.start_s + 1e-6
        part = Part(start_s, None if end_s is None or end_s <= start_s else end_s)
        return open_source(clip.path, self.camera, part=part, offset_s=clip.start_s)
