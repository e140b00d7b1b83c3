"""Sections of the manifest of a run, see `manifest`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat

_Side = Annotated[int, Field(gt=0, le=1 << 16)]
"""Pixels of a picture's width or height."""


@dataclass
class CameraCount:
    """What a tracking pass has read of one camera so far.

    Attributes:
        frames: Frames read.
        last_frame: Index of the last one, 0-based; -1 before the first.
        first_time_s: Time of the first one, seconds since the run's origin.
        last_time_s: Time of the last one.
        boxes: Boxes of confirmed tracks.
        skipped_crops: Crops whose embedding was not usable.
        damaged_packets: Packets or pictures that could not be decoded.
    """

    frames: int = 0
    last_frame: int = -1
    first_time_s: float | None = None
    last_time_s: float | None = None
    boxes: int = 0
    skipped_crops: int = 0
    damaged_packets: int = 0


class Section(BaseModel):
    """A part of the manifest; keys of other versions are kept, and written again as they were. Numbers are finite."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, allow_inf_nan=False)


class RecordingEntry(Section):
    """What tells the recording that was read from another under its path (`video.fingerprint.Fingerprint`)."""

    bytes: NonNegativeInt
    modified_utc: str
    sha256: str


class InputEntry(Section):
    """One recording, and what it said about itself once it was open.

    Attributes:
        camera: Name of the camera.
        source: Video file or folder, absolute; or an address without its password.
        offset_s: Seconds from the run's origin to the first frame.
        offset_from: `creation_time` where that said so; None where it was given, or nothing said so.
        time_pattern: How names of its files tell their times, where the camera has a pattern of its own.
        time_zone: Zone of times in names, where the camera has one of its own.
        size: Width and height, pixels; None until the recording was opened.
        nominal_fps: Frames per second that the container announces.
        duration_s: Length that the container announces; None where it announces none.
        error: Why it could not be read, or not to its end.
        imgsz: Longer side of the detector's input that was chosen for it; None where it was not left to the run.
        imgsz_reason: Why that one, in words.
        tiles: Tiles along the longer side that were chosen for it; None where it is looked at as a whole.
        recording: What tells it from another under its path; None of an address, and in runs from before.
        rotate: Degrees clockwise by which a live camera's pictures are turned.
        looked_at: Width and height of what is looked at, where a live camera has a smaller stream for that.
    """

    camera: str
    source: str = ""
    offset_s: float = 0.0
    offset_from: str | None = None
    time_pattern: str | None = None
    time_zone: str | None = None
    size: tuple[_Side, _Side] | None = None
    nominal_fps: PositiveFloat | None = None
    duration_s: float | None = None
    error: str | None = None
    imgsz: _Side | None = None
    imgsz_reason: str | None = None
    tiles: _Side | None = None
    recording: RecordingEntry | None = None
    rotate: int = 0
    looked_at: tuple[_Side, _Side] | None = None


class CameraEntry(Section):
    """What was read of one camera (`CameraCount`), and how many people it saw."""

    frames: NonNegativeInt
    last_frame: int = -1
    first_time_s: float | None = None
    last_time_s: float | None = None
    boxes: NonNegativeInt = 0
    skipped_crops: NonNegativeInt = 0
    damaged_packets: NonNegativeInt = 0
    people: NonNegativeInt = 0


class PassEntry(Section):
    """How long a pass took, and how busy its stages were (`StageTimes.to_json`)."""

    wall_s: float
    busy_s: dict[str, float]
    bottleneck: str
    cores_busy: float
    cores: int


class AssociationEntry(Section):
    """The thresholds that told people apart, and how they were found, in words."""

    threshold: float
    same_camera_threshold: float
    calibration: str


class CorrectionsEntry(Section):
    """Which corrections were applied: the file, relative to the run where it lies there, and how many it holds."""

    file: str
    entries: int


class NumbersEntry(Section):
    """The last numbers that were given in a live camera: a session that goes on begins behind them.

    Attributes:
        last_frame: Index of a frame, 0-based; -1 before the first.
        last_track: Track id; 0 before the first.
        last_time_s: Seconds since the origin.
    """

    last_frame: Annotated[int, Field(ge=-1, lt=1 << 53)] = -1
    last_track: Annotated[int, Field(ge=0, lt=1 << 53)] = 0
    last_time_s: NonNegativeFloat = 0.0
