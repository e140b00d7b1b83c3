"""Measuring what is known of a network's embeddings, on people it was not trained on, seen by several cameras."""

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
"""Least people of a site that two of its cameras saw; not tuned."""
_WORTH = 7.0
"""People's worth of a known mean where only one site was measured: 4.0 to 7.7 of four networks over two sites."""
_GENERAL = 2
"""Sites' worth of what holds of networks in general: the next site is another (docs/results/few_people.md)."""
_MOST_OTHERS = 200_000
_TINY = 1e-3
_LEAST_PAIRS = 10
"""Least pairs of one person between two cameras; fewer say nothing of how much pairs of cameras differ. Not tuned."""
_TAIL, _TAIL_DEVIATIONS = 0.0005, 3.2905
"""Share of two people's distances, and deviations of a normal distribution, where the width of their lower half is
measured: thresholds lie in its tail, which reaches farther than its middle tells."""
_LEAST, _MOST = 2.0, 3.0
"""A prior is worth so many pairs, whatever a few pairs of cameras show."""


@dataclass(frozen=True, eq=False, slots=True)
class SeenPeople:
    """Embedded crops of people of one site.

    Attributes:
        feature: (N, D) unit rows.
        person: (N,) id of the person that each shows.
        camera: (N,) id of the camera.
        visit: (N,) number of the person's tracklet there, such as the sequence of the recording.
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
        mean: (D,) mean of all tracklets, each camera counting the same.
        person: Variance between people (`Variances`).
        tracklet: Variance of one person between tracklets.
        crop: Variance between crops of a tracklet.
        camera: Variance of the cameras' means about the site's.
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


class _SiteTracklets(NamedTuple):
    """Tracklets of one site, of `FULL_CROPS` crops at most.

    Attributes:
        crops: (K, D) unit rows of each tracklet's crops.
        mean: (T, D) mean of its crops.
        person: (T,) id of the person.
        camera: (T,) camera index from 0.
    """

    crops: list[DoubleArray]
    mean: DoubleArray
    person: IntArray
    camera: IntArray

    @classmethod
    def of(cls, seen: SeenPeople) -> _SiteTracklets:
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
        """Variance between crops of a tracklet."""
        several = [((c - c.mean(axis=0)) ** 2).sum() / (len(c) - 1) for c in self.crops if len(c) > 1]
        return float(np.mean(several)) if several else _TINY


def measure_prior(sites: Sequence[SeenPeople], measured: str = "") -> AppearancePrior:
    """Prior of a network, measured on people it was not trained on.

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
    """Variances and distances of one site; what noise adds to a variance is taken off."""
    tracklets = _SiteTracklets.of(seen)
    pairs, camera, crop = tracklets.pairs(), tracklets.camera, tracklets.crop_variance()
    noise = crop / np.array([len(c) for c in tracklets.crops])
    per_camera = np.bincount(camera)
    biases = np.stack([tracklets.mean[camera == c].mean(axis=0) for c in range(len(per_camera))])
    centre = biases.mean(axis=0)
    centred = tracklets.mean - biases[camera]
    apart = ((centred[pairs[:, 0]] - centred[pairs[:, 1]]) ** 2).sum(axis=1) / 2
    tracklet = float((apart - noise[pairs].mean(axis=1)).mean())
    total = float(((centred**2).sum(axis=1) - noise).mean())
    bias = ((biases - centre) ** 2).sum(axis=1).mean() * len(biases) / (len(biases) - 1)
    appearance = unit(
        np.stack([unit(c - biases[k]).mean(axis=0) for c, k in zip(tracklets.crops, camera, strict=True)])
    )
    distance = 1 - np.einsum("pd,pd->p", appearance[pairs[:, 0]], appearance[pairs[:, 1]])
    cameras = np.sort(camera[pairs], axis=1)
    same = {(int(a), int(b)): distance[(cameras == (a, b)).all(axis=1)] for a, b in np.unique(cameras, axis=0)}
    chance = float(((total + noise.mean()) / per_camera).mean())
    person, tracklet, camera_size = (max(v, _TINY) for v in (total - tracklet, tracklet, float(bias) - chance))
    return _Site(centre, person, tracklet, crop, camera_size, same, _others(appearance, tracklets.person, camera))


def _others(appearance: DoubleArray, person: IntArray, camera: IntArray) -> DoubleArray:
    """Distances (P,) of two people in two cameras, of pairs drawn by a fixed seed."""
    a, b = np.random.default_rng(0).integers(0, len(appearance), (2, _MOST_OTHERS))
    kept = (person[a] != person[b]) & (camera[a] != camera[b])
    distance: DoubleArray = 1 - np.einsum("pd,pd->p", appearance[a[kept]], appearance[b[kept]])
    return distance


def _distances(sites: Sequence[_Site]) -> tuple[Mixture, Belief]:
    """Distribution of distances, drawn towards networks in general, each site counting the same; its worth in pairs.

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
    return mixture, Belief(same=_worth(list(_same_distances(sites)), spread), other=Belief().other)


def _same_distances(sites: Sequence[_Site]) -> Iterator[tuple[int, float]]:
    """Site number and mean distance of one person, for each pair of cameras that says something."""
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
