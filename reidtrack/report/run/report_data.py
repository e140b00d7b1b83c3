"""The input of a run's report: everything the page shows, as plain records."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reidtrack.report.times import DayClock
from reidtrack.types import DoubleArray, Identity, LinkDecision, TrackletKey

CONFIRMED: LinkDecision = "must_link"
"""Decision of a link whose two tracklets a person's corrections call one person."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class CameraSummary:
    """What was read from one camera.

    Attributes:
        name: The camera's name.
        frames: Number of frames read.
        first_time_s: Time of the first frame in seconds since the run's origin; None where there is none.
        last_time_s: Time of the last frame.
        size: Width and height in pixels.
        people: Number of identities it saw.
        video: Annotated video, relative to the run's folder; None where there is none. It starts with the first frame.
        recorded_s: On a page of a day, seconds of it that were recorded.
        gaps: On a page of a day, first and last second of what was not recorded between two recordings, the longest
            ones.
    """

    name: str
    frames: int
    first_time_s: float | None
    last_time_s: float | None
    size: tuple[int, int] | None
    people: int
    video: str | None = None
    recorded_s: float | None = None
    gaps: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, eq=False, slots=True)
class FloorPaths:
    """Where people walked, seen from above.

    Attributes:
        step_s: Time from one point of a path to the next, seconds.
        paths: Camera and track id of a tracklet to its path, (n, 2) in units of the floor plan, from its start on.
    """

    step_s: float
    paths: Mapping[tuple[str, int], DoubleArray]


@dataclass(frozen=True, slots=True)
class GalleryMatch:
    """Who a person is in the gallery.

    Attributes:
        key: The gallery's own key of the person.
        name: What the gallery calls the person, or None.
        new: Whether this run added the person to the gallery.
        distance: Appearance distance to the gallery's person, 0 (same) to 2; None where there is nobody to compare.
        probability: Calibrated probability that this is right, or None.
    """

    key: str
    name: str | None = None
    new: bool = False
    distance: float | None = None
    probability: float | None = None

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> GalleryMatch:
        """Match as `identities.json` describes it under `person`; older runs leave fields out."""
        return cls(
            entry["key"],
            entry.get("name"),
            bool(entry.get("new")),
            entry.get("distance"),
            entry.get("probability"),
        )


@dataclass(frozen=True, slots=True)
class OtherPage:
    """A place on another page of the same report.

    Attributes:
        label: What a link to it says.
        href: Where it is, relative to this page.
    """

    label: str
    href: str


@dataclass(frozen=True, eq=False, slots=True)
class DayPart:
    """Which part of a run's report a page is, where that is one of days.

    Attributes:
        heading: The day, as text.
        clock: Times of the day as clocks show them.
        zone: What the clocks' zone is called.
        front: The front page.
        pages: Links to the day before and after, and to other pages of the day; without a link, this one.
        people: Identity's id to the other pages on which the person is.
        visits: Camera and track id to the page of a visit that is not on this one.
        over: Camera and track id of a visit that midnight cuts to whether it began before, and whether it goes on.
    """

    heading: str
    clock: DayClock
    zone: str
    front: str
    pages: Sequence[tuple[str, str | None]] = ()
    people: Mapping[int, Sequence[OtherPage]] = field(default_factory=dict)
    visits: Mapping[TrackletKey, OtherPage] = field(default_factory=dict)
    over: Mapping[TrackletKey, tuple[bool, bool]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class ReportData:
    """Everything one report shows.

    Made once per run: `dataclasses.replace` brings timings, notes and videos up to date for a second rendering, so
    that pictures need not be read again.

    Attributes:
        title: Heading.
        created: When the report was made, as text.
        origin: The run's origin, the zero of all times, as text.
        cameras: In the order of the command line.
        identities: In any order; shown by id.
        thumbnails: Camera and track id of a tracklet to its JPEG files in memory, best first.
        colours: Identity's id to `#rrggbb`, as on the videos; grey where absent.
        settings: Name to value, nested or not.
        timings: Name of a stage to seconds.
        notes: What the reader should know first, such as an input that could not be read.
        gallery: Identity's id to who that is in the gallery; empty where no gallery was asked.
        folder: The run's folder, as commands name it.
        calibration: Content of `calibration.json`; None where there is none.
        site: Content of `site.json`; None where there is none.
        floor_paths: Paths on the floor plan; None where no camera has one.
        zones: Content of `zones.json`; None where there is none.
        day: Which part of the report this page is; None where one page is all of it.

    Raises:
        ValueError: If two cameras or two identities share a name or id, an identity was seen by a camera that is not
            listed, or a colour is not `#rrggbb`.
    """

    title: str
    created: str
    origin: str
    cameras: Sequence[CameraSummary]
    identities: Sequence[Identity]
    thumbnails: Mapping[tuple[str, int], Sequence[bytes]] = field(default_factory=dict)
    colours: Mapping[int, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()
    gallery: Mapping[int, GalleryMatch] = field(default_factory=dict)
    folder: str = "DIR"
    calibration: Mapping[str, Any] | None = None
    site: Mapping[str, Any] | None = None
    floor_paths: FloorPaths | None = None
    zones: Mapping[str, Any] | None = None
    day: DayPart | None = None

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
