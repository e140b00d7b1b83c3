"""Measures what is known of a network's embeddings on people it was not trained on, seen by several cameras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import unit
from reidtrack.associate.calibration.mixture import Belief, Mixture
from reidtrack.associate.calibration.prior import FULL_CROPS, AppearancePrior, Variances
from reidtrack.types import DoubleArray, FloatArray, IntArray

LEAST_PEOPLE = 20
"""Of a site, in each of two cameras; of fewer nothing is measured."""
_WORTH = 7.0
"""People's worth of a known mean where only one site was measured: 4.0 to 7.7 of four networks over two sites."""
_GENERAL = 2
"""Sites' worth of what holds of networks in general: the next site is another (docs/results/few_people.md)."""
_MOST_OTHERS = 200_000
_TINY = 1e-3
_LEAST_PAIRS = 10
"""Of one person between two cameras; fewer say nothing of how much pairs of cameras differ."""
_TAIL, _TAIL_DEVIATIONS = 0.0005, 3.2905
"""Share of two people's distances, and deviations of a normal distribution, where the width of their lower half is
measured: thresholds lie in its tail, which reaches farther than its middle tells."""
_LEAST, _MOST = 2.0, 3.0
"""A prior is worth so many pairs, whatever a few pairs of cameras show."""


@dataclass(frozen=True, eq=False, slots=True)
class SeenPeople:
    """Crops of people of one site.

    Attributes:
        feature: (N, D) unit rows.
        person: (N,) whom each shows.
        camera: (N,) where.
        visit: (N,) which of the person's visits there, such as the sequence of the recording.
    """

    feature: FloatArray
    person: IntArray
    camera: IntArray
    visit: IntArray

    def __post_init__(self) -> None:
        count = len(self.feature)
        for name in ("person", "camera", "visit"):
            if getattr(self, name).shape != (count,):
                raise ValueError(f"SeenPeople.{name}: expected ({count},), got {getattr(self, name).shape}")


class _Site(NamedTuple):
    """What was measured at one site.

    Attributes:
        mean: (D,) of all tracklets, each camera counting the same.
        person: Variance, as `Variances` has it.
        tracklet: Likewise.
        crop: Likewise.
        camera: Likewise, about the site's mean.
        same: Two cameras to the distances of one person's tracklets in them.
        other: (P,) distances of different people in two cameras.
    """

    mean: DoubleArray
    person: float
    tracklet: float
    crop: float
    camera: float
    same: dict[tuple[int, int], DoubleArray]
    other: DoubleArray


class _Visits(NamedTuple):
    """Tracklets of one site: each visit of a person to a camera, of `FULL_CROPS` crops at most.

    Attributes:
        crops: Of each, (K, D) unit rows.
        mean: (T, D) of its crops.
        person: (T,).
        camera: (T,) from 0.
    """

    crops: list[DoubleArray]
    mean: DoubleArray
    person: IntArray
    camera: IntArray

    @classmethod
    def of(cls, seen: SeenPeople) -> _Visits:
        named, group = np.unique(np.stack([seen.person, seen.camera, seen.visit]), axis=1, return_inverse=True)
        order = np.argsort(group.ravel(), kind="stable")
        rows = np.split(order, np.flatnonzero(np.diff(group.ravel()[order])) + 1)
        crops = [seen.feature[r[:: 1 + (len(r) - 1) // FULL_CROPS]].astype(np.float64) for r in rows]
        mean = np.stack([c.mean(axis=0) for c in crops])
        return cls(crops, mean, named[0], np.unique(named[1], return_inverse=True)[1].ravel())

    def pairs(self) -> IntArray:
        """Pairs (P, 2) of one person's tracklets in two cameras.

        Raises:
            ValueError: If too few people are seen by two cameras.
        """
        found = [self._pairs(np.flatnonzero(self.person == person)) for person in np.unique(self.person)]
        people = sum(len(pairs) > 0 for pairs in found)
        if people < LEAST_PEOPLE:
            raise ValueError(f"expected {LEAST_PEOPLE} people or more that two cameras saw, got {people}")
        return np.concatenate(found)

    def _pairs(self, rows: IntArray) -> IntArray:
        kept = [(a, b) for a, b in combinations(rows.tolist(), 2) if self.camera[a] != self.camera[b]]
        return np.array(kept, np.int64).reshape(-1, 2)

    def crop_variance(self) -> float:
        """Between crops of a tracklet."""
        several = [((c - c.mean(axis=0)) ** 2).sum() / (len(c) - 1) for c in self.crops if len(c) > 1]
        return float(np.mean(several)) if several else _TINY


def measure_prior(sites: Sequence[SeenPeople], measured: str = "") -> AppearancePrior:
    """What is known of a network beforehand.

    Args:
        sites: Crops of people it was not trained on; of one site alone, how much sites differ is what it is for
            networks in general.
        measured: On what, in words.

    Raises:
        ValueError: If a site has fewer than `LEAST_PEOPLE` people that two of its cameras saw.
    """
    found = [_measure(site) for site in sites]
    if not found:
        raise ValueError("expected people of one site at least")
    mean = np.mean([site.mean for site in found], axis=0)
    parts = {name: _middle(getattr(s, name) for s in found) for name in ("person", "tracklet", "crop")}
    if len(found) > 1:
        between = sum(((site.mean - mean) ** 2).sum() for site in found) / (len(found) - 1)
        parts["camera"] = float(between) + _middle(site.camera for site in found)
    else:
        parts["camera"] = Variances(**parts).of_tracklet / _WORTH
    return AppearancePrior(mean, Variances(**parts), *_distances(found), measured)


def _measure(seen: SeenPeople) -> _Site:
    """One site; what noise adds to a variance is taken off."""
    visits = _Visits.of(seen)
    pairs, camera, crop = visits.pairs(), visits.camera, visits.crop_variance()
    noise = crop / np.array([len(c) for c in visits.crops])
    crowd = np.bincount(camera)
    biases = np.stack([visits.mean[camera == c].mean(axis=0) for c in range(len(crowd))])
    centre = biases.mean(axis=0)
    away = visits.mean - biases[camera]
    apart = ((away[pairs[:, 0]] - away[pairs[:, 1]]) ** 2).sum(axis=1) / 2
    tracklet = float((apart - noise[pairs].mean(axis=1)).mean())
    total = float(((away**2).sum(axis=1) - noise).mean())
    bias = ((biases - centre) ** 2).sum(axis=1).mean() * len(biases) / (len(biases) - 1)
    look = unit(np.stack([unit(c - biases[k]).mean(axis=0) for c, k in zip(visits.crops, camera, strict=True)]))
    distance = 1 - np.einsum("pd,pd->p", look[pairs[:, 0]], look[pairs[:, 1]])
    cameras = np.sort(camera[pairs], axis=1)
    same = {(int(a), int(b)): distance[(cameras == (a, b)).all(axis=1)] for a, b in np.unique(cameras, axis=0)}
    chance = float(((total + noise.mean()) / crowd).mean())
    person, tracklet, camera_size = (max(v, _TINY) for v in (total - tracklet, tracklet, float(bias) - chance))
    return _Site(centre, person, tracklet, crop, camera_size, same, _others(look, visits.person, camera))


def _others(look: DoubleArray, person: IntArray, camera: IntArray) -> DoubleArray:
    """Distances of two people in two cameras; of so many drawn by a fixed seed."""
    a, b = np.random.default_rng(0).integers(0, len(look), (2, _MOST_OTHERS))
    kept = (person[a] != person[b]) & (camera[a] != camera[b])
    distance: DoubleArray = 1 - np.einsum("pd,pd->p", look[a[kept]], look[b[kept]])
    return distance


def _distances(sites: Sequence[_Site]) -> tuple[Mixture, Belief]:
    """How distances lie, drawn towards networks in general, each site counting the same; how many pairs that is worth.

    A prior of `worth` pairs whose place differs by `differ` from one pair of cameras to another, of distances that
    spread by `spread`, tells as much as `(spread / differ) ** 2` pairs do.
    """
    same = [np.concatenate(list(site.same.values())) for site in sites]
    middle = [float(np.median(site.other)) for site in sites]
    beyond = [float(np.quantile(s.other, 0.8413)) - m for s, m in zip(sites, middle, strict=True)]
    tail = [(m - float(np.quantile(s.other, _TAIL))) / _TAIL_DEVIATIONS for s, m in zip(sites, middle, strict=True)]
    spread = _middle(float(d.std()) for d in same)
    found = {
        "same": _middle(float(d.mean()) for d in same),
        "other": _middle(middle),
        "beyond": _middle(beyond),
        "alike": float(np.clip(_middle(tail) / _middle(beyond), 1.0, 2.0)),
        "spread": spread,
    }
    share = len(sites) / (len(sites) + _GENERAL)
    mixture = Mixture(**{key: share * value + (1 - share) * getattr(Mixture(), key) for key, value in found.items()})
    return mixture, Belief(same=_worth(list(_places(sites)), spread), other=Belief().other)


def _places(sites: Sequence[_Site]) -> Iterator[tuple[int, float]]:
    """Of each pair of cameras that says something, which site it is of, and where one person's distances lie."""
    for number, site in enumerate(sites):
        for distance in site.same.values():
            if len(distance) >= _LEAST_PAIRS:
                yield number, float(distance.mean())


def _worth(places: Sequence[tuple[int, float]], spread: float) -> float:
    """Pairs that the place of one person's distances is worth, by how much it differs; each site counts the same."""
    by_site = [[p for n, p in places if n == number] for number in sorted({n for n, _ in places})]
    if len(by_site) < 2:  # how much sites differ is not known
        return Belief().same
    middle = _middle(_middle(site) for site in by_site)
    differ = _middle(_middle((p - middle) ** 2 for p in site) for site in by_site)
    return float(np.clip(spread**2 / max(differ, 1e-6), _LEAST, _MOST))


def _middle(values: Iterator[float] | Sequence[float]) -> float:
    return float(np.mean(list(values)))
