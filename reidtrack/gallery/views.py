"""What a gallery keeps: where views come from, what they show of whom, and people in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from reidtrack.types import DoubleArray, FloatArray, IntArray

Track = tuple[str, int]
"""Camera and track id."""


class Source(NamedTuple):
    """Where views come from.

    Attributes:
        key: What tells the source from all others.
        kind: A run, or a photo.
        path: Where it lay.
    """

    key: str
    kind: Literal["run", "photo"]
    path: str


class View(NamedTuple):
    """What one camera of a source saw of a person.

    Attributes:
        camera: Its name; of a photo, "photo".
        weight: How much it counts, above 0.
        feature: (D,) float32, mean of the raw features.
        first_utc: When, seconds since 1970.
        last_utc: Until when.
        tracks: Track ids within the camera.
    """

    camera: str
    weight: float
    feature: FloatArray
    first_utc: float
    last_utc: float
    tracks: tuple[int, ...] = ()


class ViewBlock(NamedTuple):
    """Some views, side by side, those of one person together.

    Attributes:
        view: (V,) number of the view.
        person: (V,) number of the person.
        place: (V,) number of the camera within its source.
        weight: (V,).
        feature: (V, D) float32.
    """

    view: IntArray
    person: IntArray
    place: IntArray
    weight: DoubleArray
    feature: FloatArray


class Sighting(NamedTuple):
    """A view in words: whom it shows, where and when.

    Attributes:
        key: Of the person.
        name: What the person is called, or None.
        camera: That saw the person.
        tracks: Track ids within the camera.
        source: The run or photo.
        first_utc: Seconds since 1970.
        last_utc: Likewise.
    """

    key: str
    name: str | None
    camera: str
    tracks: tuple[int, ...]
    source: Source
    first_utc: float
    last_utc: float


@dataclass(frozen=True, slots=True)
class Known:
    """One person of a gallery.

    Attributes:
        key: Stable id.
        name: What the person is called, or None.
        runs: How many runs saw the person.
        photos: How many photos are there.
        cameras: That saw the person, sorted.
        first_utc: First seen, seconds since 1970; None where there is no view.
        last_utc: Last seen.
    """

    key: str
    name: str | None
    runs: int
    photos: int
    cameras: tuple[str, ...]
    first_utc: float | None
    last_utc: float | None
