"""What a report is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reidtrack.types import DoubleArray, Identity

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class CameraSummary:
    """What was read from one camera.

    Attributes:
        name: Of the camera.
        frames: How many were read.
        first_time_s: Time of the first frame in seconds since the run's origin; None where there is none.
        last_time_s: Time of the last frame.
        size: Width and height in pixels.
        people: How many identities it saw.
        video: Annotated video, relative to the report; None where there is none. It starts with the first frame.
    """

    name: str
    frames: int
    first_time_s: float | None
    last_time_s: float | None
    size: tuple[int, int] | None
    people: int
    video: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """Where people walked, seen from above.

    Attributes:
        step_s: Time from one point of a path to the next.
        paths: Camera and track id of a visit to its path, (n, 2) in units of the plan, from the visit's start on.
    """

    step_s: float
    paths: Mapping[tuple[str, int], DoubleArray]


@dataclass(frozen=True, eq=False, slots=True)
class ReportData:
    """All that one report shows.

    Attributes:
        title: Heading.
        created: When the report was made, as text.
        origin: The run's origin, the zero of all times, as text.
        cameras: In the order of the command line.
        identities: In any order; shown by id.
        crops: Camera and track id to JPEG files in memory, best first.
        colours: Identity to `#rrggbb`, as on the videos; grey where absent.
        settings: Name to value, nested or not.
        timings: Name of a stage to seconds.
        notes: What the reader should know first, such as an input that could not be read.
        gallery: Identity to who that is in a gallery: key, name, distance, new; empty where none was asked.
        folder: Of the run, as commands name it.
        calibration: What `calibration.json` says; None where there is none.
        site: What `site.json` says; None where there is none.
        plan: Paths on the floor plan; None where no camera has one.
    """

    title: str
    created: str
    origin: str
    cameras: Sequence[CameraSummary]
    identities: Sequence[Identity]
    crops: Mapping[tuple[str, int], Sequence[bytes]] = field(default_factory=dict)
    colours: Mapping[int, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()
    gallery: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    folder: str = "DIR"
    calibration: Mapping[str, Any] | None = None
    site: Mapping[str, Any] | None = None
    plan: Plan | None = None

    def __post_init__(self) -> None:
        names = [camera.name for camera in self.cameras]
        if len(set(names)) < len(names):
            raise ValueError(f"ReportData.cameras: expected every name once, got {names}")
        if unknown := {t.camera for identity in self.identities for t in identity} - set(names):
            raise ValueError(f"ReportData.identities: expected cameras among {names}, got {sorted(unknown)}")
        ids = [identity.id for identity in self.identities]
        if len(set(ids)) < len(ids):
            raise ValueError("ReportData.identities: expected every id once")
        if wrong := [c for c in self.colours.values() if not _COLOUR.fullmatch(c)]:
            raise ValueError(f"ReportData.colours: expected #rrggbb, got {wrong[0]!r}")
