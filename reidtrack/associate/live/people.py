"""People as they are held while cameras are live: what is left of each once a tracklet is too old to be joined anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reidtrack.associate.appearance import mean_features, tracklet_weights, unit
from reidtrack.associate.live.known import CameraView, SeenPerson
from reidtrack.associate.live.parts import Part
from reidtrack.types import DoubleArray, Tracklet

HalfArray = NDArray[np.float16]

PROTOTYPES = 3
"""Pooled features of a person and camera; more are merged, the two that are most alike."""
_CAMERAS = 6
"""Cameras of a person of which there are prototypes: those that saw the person last."""
ELSEWHERE = -1
"""Track id of the last box of prototypes that another process's camera has made."""
_ROWS = 8
"""Crops that a prototype stands for where tracklets are compared, so that it counts as a full one."""


@dataclass(eq=False, slots=True)
class Prototypes:
    """What one camera saw of a person before: a few pooled features, and the last box.

    Attributes:
        feature: (K, D) float16, unit rows, at most `PROTOTYPES`.
        weight: (K,) tracklets' worth of each, above 0.
        first_s: First time in this camera, seconds.
        last: The last box: a tracklet of one.
    """

    feature: HalfArray
    weight: DoubleArray
    first_s: float
    last: Tracklet

    @property
    def mean(self) -> DoubleArray:
        """(D,) unit mean of the features."""
        found: DoubleArray = unit((self.weight @ self.feature.astype(np.float64))[None])[0]
        return found

    def as_tracklet(self, serial: int) -> Tracklet:
        """The prototypes as a tracklet as well known as a full one, at the time and place of the last box."""
        share = np.maximum(1, np.round(_ROWS * self.weight / self.weight.sum())).astype(np.int64)
        rows = np.repeat(unit(self.feature.astype(np.float64)).astype(np.float32), share, axis=0)
        return Tracklet(
            self.last.camera,
            serial,
            self.last.frame,
            self.last.time_s,
            self.last.xyxy,
            self.last.score,
            rows,
            np.repeat(self.last.frame, len(rows)),
            np.ones(len(rows), np.float32),
        )

    def with_more(self, other: Prototypes) -> Prototypes:
        """These and others of the same camera, pooled."""
        feature = np.concatenate([self.feature, other.feature])
        weight = np.concatenate([self.weight, other.weight])
        while len(feature) > PROTOTYPES:
            feature, weight = _without_one(feature, weight)
        newest = max((self.last, other.last), key=lambda t: t.last_time_s)
        return Prototypes(feature, weight, min(self.first_s, other.first_s), newest)


def prototypes_of(tracklet: Tracklet) -> Prototypes | None:
    """One prototype of a tracklet; None where nothing was embedded."""
    if not len(tracklet.features):
        return None
    last = np.zeros(len(tracklet), np.bool_)
    last[-1] = True
    mean = mean_features([tracklet]).astype(np.float16)
    if not mean.any():
        return None
    none = np.zeros(len(tracklet.features), np.bool_)  # no slice: that would hold all features of the track in memory
    return Prototypes(mean, tracklet_weights([tracklet]), tracklet.first_time_s, tracklet.part(last, none))


def _without_one(feature: HalfArray, weight: DoubleArray) -> tuple[HalfArray, DoubleArray]:
    """The features with the two that are most alike made one."""
    alike = feature.astype(np.float32) @ feature.T.astype(np.float32)
    np.fill_diagonal(alike, -np.inf)
    a, b = sorted(divmod(int(alike.argmax()), len(feature)))
    both = weight[[a, b]] @ feature[[a, b]].astype(np.float64)
    merged = unit(both[None]).astype(np.float16)
    kept = np.delete(np.arange(len(feature)), b)
    feature, total = feature.copy(), weight.copy()
    feature[a], total[a] = merged[0], weight[a] + weight[b]
    return feature[kept], total[kept]


@dataclass(eq=False, slots=True)
class Person:
    """An identity.

    Attributes:
        number: From 1; never given to anybody else.
        first_s: First seen, seconds.
        last_s: Last seen, seconds.
        name: What the person is called, or None.
        kept: Whether a tracklet was kept as this person's, so that the number stays.
        before: Camera to what it saw before the tracklets that are still held.
        met: Numbers of people in memory who stood in a camera at the same time.
        asked: Features that the person had when a gallery was last asked; 0 before.
        shown: Whether something was seen since the gallery was last told.
    """

    number: int
    first_s: float
    last_s: float
    name: str | None = None
    kept: bool = False
    before: dict[str, Prototypes] = field(default_factory=dict)
    met: set[int] = field(default_factory=set)
    asked: int = 0
    shown: bool = False

    def note(self, part: Part) -> None:
        """Take notice of when a part of the person's was seen."""
        self.first_s = min(self.first_s, part.tracklet.first_time_s)
        self.last_s = max(self.last_s, part.last_s)

    def add(self, found: Prototypes) -> None:
        """Pool what a camera saw with what it saw before; only the cameras that saw the person last are kept."""
        camera = found.last.camera
        self.before[camera] = self.before[camera].with_more(found) if camera in self.before else found
        self.shown = True
        self._limit()

    def replace(self, found: Prototypes) -> None:
        """Take what a camera saw in place of what it saw before."""
        self.before[found.last.camera] = found
        self._limit()

    def _limit(self) -> None:
        if len(self.before) > _CAMERAS:
            del self.before[min(self.before, key=lambda name: (self.before[name].last.last_time_s, name))]

    def absorb(self, other: Person) -> None:
        """Take over everything that is known of another number that is the same person."""
        self.first_s, self.last_s = min(self.first_s, other.first_s), max(self.last_s, other.last_s)
        self.name, self.kept = self.name or other.name, self.kept or other.kept
        for _, found in sorted(other.before.items()):
            self.add(found)
        self.met |= other.met
        self.shown = True

    def pooled(self, parts: Iterable[Part]) -> dict[str, Prototypes]:
        """Camera to what it saw of the person in all, some of it in parts that are still held."""
        found = dict(self.before)
        for part in parts:
            more = prototypes_of(part.tracklet)
            if more is not None:
                found[part.camera] = found[part.camera].with_more(more) if part.camera in found else more
        return found

    def views(self, parts: Iterable[Part]) -> SeenPerson:
        """What was seen of the person here in all, as a gallery takes it."""
        found = {name: p for name, p in self.pooled(parts).items() if p.last.track_id != ELSEWHERE}
        views = tuple(
            CameraView(camera, float(p.weight.sum()), p.mean.astype(np.float32), p.first_s, p.last.last_time_s)
            for camera, p in sorted(found.items())
        )
        return SeenPerson(self.number, views)
