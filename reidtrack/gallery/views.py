"""What a gallery keeps: where views come from, what they show of whom; and how views are made of a run or a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from reidtrack.associate.appearance import mean_features, tracklet_weights
from reidtrack.associate.calibration.prior import FULL_CROPS
from reidtrack.types import DoubleArray, FloatArray, Identity, IntArray


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
    """Some views of a gallery as parallel arrays, those of one person together.

    Attributes:
        view: (V,) id of the view.
        person: (V,) id of the person.
        source_camera: (V,) id of the camera of one source: cameras of two runs differ, also where they share a name.
        weight: (V,) above 0.
        feature: (V, D) float32.
    """

    view: IntArray
    person: IntArray
    source_camera: IntArray
    weight: DoubleArray
    feature: FloatArray


class DescribedView(NamedTuple):
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
class KnownPerson:
    """One person of a gallery.

    Attributes:
        key: Stable id.
        name: What the person is called, or None.
        runs: How many runs saw the person.
        photos: How many photos are there.
        cameras: That saw the person, sorted.
        first_utc: First seen, seconds since 1970; None where there is no view.
        last_utc: Last seen.
        consent: The day on which the person agreed to be known, `YYYY-MM-DD`; None where it is not noted.
        until: The last day on which the person is kept; None for no end.
    """

    key: str
    name: str | None
    runs: int
    photos: int
    cameras: tuple[str, ...]
    first_utc: float | None
    last_utc: float | None
    consent: str | None = None
    until: str | None = None


def views_of(identity: Identity, origin_utc: float) -> list[View]:
    """Views of a run's identity: for each camera the mean of its tracklets there; none where nothing was embedded.

    Args:
        identity: Of a run.
        origin_utc: When the run's time begins, seconds since 1970.
    """
    views = []
    for camera in identity.cameras:
        tracklets = [t for t in identity if t.camera == camera and len(t.features)]
        if not tracklets:
            continue
        weight = tracklet_weights(tracklets)
        mean = weight @ mean_features(tracklets) / weight.sum()
        first_s, last_s = min(t.first_time_s for t in tracklets), max(t.last_time_s for t in tracklets)
        tracks = tuple(sorted(t.track_id for t in tracklets))
        times = origin_utc + first_s, origin_utc + last_s
        views.append(View(camera, float(weight.sum()), mean.astype(np.float32), *times, tracks))
    return views


def photo_view(feature: FloatArray, taken_utc: float = 0.0) -> View:
    """The view of a photo with that feature (D,): it counts as one crop of a tracklet does."""
    return View("photo", 1 / FULL_CROPS, feature, taken_utc, taken_utc)
