"""The recordings of a run: which they are, which part of them is read, and opening them for each pass."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reidtrack.errors import InputError, UsageError
from reidtrack.video.part import Part
from reidtrack.video.source import Source, is_url, name_cameras, open_source, redact


@dataclass(frozen=True)
class CameraInput:
    """One recording.

    Attributes:
        camera: Name of the camera.
        source: Video file, folder of images, pattern of images or address.
        offset_s: Seconds from the run's origin to its first frame.
        offset_from: How that is known, where it was not given: `creation_time`.
        time_pattern: How names of its files tell their times, where the camera has a pattern of its own.
        time_zone: Zone of times in names, where the camera has one of its own.
    """

    camera: str
    source: str
    offset_s: float = 0.0
    offset_from: str | None = None
    time_pattern: str | None = None
    time_zone: str | None = None

    def part_of(self, part: Part) -> Part:
        """What to read of it, where `part` is to be read of all."""
        pattern, zone = self.time_pattern or part.time_pattern, self.time_zone or part.time_zone
        return replace(part, time_pattern=pattern, time_zone=zone)

    def to_json(self) -> dict[str, Any]:
        """As `run.json` keeps it: paths absolute, passwords hidden."""
        shown = redact(self.source)
        if not is_url(self.source) and shown == self.source:
            shown = str(Path(self.source).resolve())
        said = {"camera": self.camera, "source": shown, "offset_s": self.offset_s}
        own = {name: getattr(self, name) for name in ("offset_from", "time_pattern", "time_zone")}
        return said | {name: value for name, value in own.items() if value is not None}


def pair_offsets(offsets_s: Sequence[float], count: int) -> list[float]:
    """Offsets in seconds, one for each of `count` recordings; all 0 if none are given.

    Raises:
        UsageError: If there are too few or too many.
    """
    if not offsets_s:
        return [0.0] * count
    if len(offsets_s) != count:
        raise UsageError(f"{len(offsets_s)} offsets for {count} videos", field="offsets", expected="one for each")
    return list(offsets_s)


def pair_detections(
    texts: Sequence[str], sources: Sequence[str], cameras: Sequence[str] | None = None
) -> dict[str, Path]:
    """Camera to its detection file: by `CAMERA=FILE`, or one file for each camera in order.

    Raises:
        UsageError: If the files and the cameras do not go together.
    """
    names = name_cameras(sources, cameras)
    if not texts:
        return {}
    if all("=" not in text for text in texts) and len(texts) == len(names):
        return {name: Path(text) for name, text in zip(names, texts, strict=True)}
    pairs = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or name not in names:
            raise UsageError(
                f"cannot tell the camera of {text!r}",
                field="detections",
                expected=f"{names[0]}=FILE, for each camera",
            )
        pairs[name] = Path(path)
    missing = [name for name in names if name not in pairs]
    if missing:
        raise UsageError(f"no detections for {missing[0]}", field="detections", expected="a file for each camera")
    return pairs


def open_inputs(
    inputs: Sequence[CameraInput],
    part: Part,
    stack: contextlib.ExitStack,
    fail: Callable[[str, InputError], None],
    hwaccel: str = "none",
) -> list[Source]:
    """Open every recording that can be opened.

    Args:
        inputs: The recordings.
        part: What to read of them.
        stack: Closes them.
        fail: Told of each one that cannot be opened.
        hwaccel: What decodes them: `none`, `auto` or FFmpeg's name of a device.

    Raises:
        DeviceError: If there is no such device.
        UsageError: If an offset or the rate of a folder's images is out of range.
    """
    sources = []
    for item in inputs:
        try:
            own = item.part_of(part)
            source = open_source(item.source, item.camera, part=own, offset_s=item.offset_s, hwaccel=hwaccel)
        except InputError as error:
            fail(item.camera, error)
        else:
            sources.append(stack.enter_context(source))
    return sources
