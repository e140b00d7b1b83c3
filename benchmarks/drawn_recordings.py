"""Recordings drawn from measured looks: people who walk from camera to camera, with the truth known.

A crop's look is a sum of four parts, each measured on images of people whom the network was not trained on, named as
Market-1501 names them (`0002_c1s1_000451_03.jpg`: person, camera, sequence, frame):

- the person: the mean of the person's visits, their cameras' shifts taken off;
- the visit: how far the mean of one visit (a person in one sequence of one camera) lies from the person's;
- the crop: how far one image lies from its visit's mean;
- the camera: how far the mean of all of a camera's visits lies from that of all cameras.

People, visits and crops are drawn from those measured, so look-alikes are as frequent as they are; new cameras are
drawn from a normal distribution with the covariance of the measured ones.

Real visits of those people, nothing drawn but who is among them, are there too: fewer, to the data set's own cameras.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reidtrack.datasets.readers.market1501 import parse_market1501
from reidtrack.embed.file import read_features
from reidtrack.types import DoubleArray, IntArray, Tracklet

CROPS = (3, 12)
"""Of a visit, least and most."""
BOXES_A_CROP = 5
RATE = 10.0
"""Frames a second."""
AT_ONCE = 10
"""People in a camera, on average."""


@dataclass(frozen=True, eq=False)
class Looks:
    """The parts of measured looks, rows in D dimensions.

    Attributes:
        person: (P, D).
        visit: (V, D).
        crop: (C, D).
        camera: (K, D).
    """

    person: DoubleArray
    visit: DoubleArray
    crop: DoubleArray
    camera: DoubleArray

    @classmethod
    def measured(cls, features: Path) -> Looks:
        """Of images that were embedded by `reidtrack embed`."""
        found = read_features(features)
        samples = [parse_market1501(Path(path)) for path in found.paths]
        rows = [i for i, sample in enumerate(samples) if sample is not None]
        named = np.array([(s.person_id, s.camera_id, s.sequence) for s in samples if s is not None])
        feature = found.features[rows].astype(np.float64)
        visit, of_visit = np.unique(named, axis=0, return_inverse=True)
        mean = _means(feature, of_visit.ravel())
        shift = _means(mean, np.unique(visit[:, 1], return_inverse=True)[1])
        shift -= shift.mean(axis=0)
        at_home = mean - shift[np.unique(visit[:, 1], return_inverse=True)[1]]
        of_person = np.unique(visit[:, 0], return_inverse=True)[1]
        count = np.bincount(of_person)
        person = _means(at_home, of_person)
        # A mean of few visits lies too near to each of them.
        again = count[of_person] > 1
        wider = np.sqrt(count / np.maximum(count - 1, 1))[of_person]
        several = np.bincount(of_visit.ravel())[of_visit.ravel()] > 1
        return cls(
            person,
            ((at_home - person[of_person]) * wider[:, None])[again],
            (feature - mean[of_visit.ravel()])[several],
            shift,
        )

    @classmethod
    def documented(cls) -> Looks:
        """Where no features are at hand: normal distributions as wide and in as many dimensions as those measured.

        OSNet x0.25 of MSMT17 on the training images of Market-1501; dimensions by the participation ratio.
        """
        rng = np.random.default_rng(0)
        parts = {"person": (751, 0.505, 26), "visit": (3541, 0.422, 77), "crop": (12417, 0.403, 100)}
        parts["camera"] = (6, 0.127, 5)
        drawn = {}
        for name, (count, size, dimensions) in parts.items():
            drawn[name] = np.zeros((count, 101))
            drawn[name][:, :dimensions] = rng.normal(size=(count, dimensions)) * size / np.sqrt(dimensions)
        drawn["person"][:, 100] += 0.691
        return cls(**drawn)

    def summary(self) -> dict[str, float]:
        """Root mean square size of each part, of the people around their mean."""
        parts = {"person": self.person - self.person.mean(axis=0)}
        parts |= {"visit": self.visit, "crop": self.crop, "camera": self.camera}
        sizes = {name: float(np.sqrt((rows**2).sum(axis=1).mean())) for name, rows in parts.items()}
        return sizes | {"mean": float(np.linalg.norm(self.person.mean(axis=0)))}


def _means(rows: DoubleArray, group: IntArray) -> DoubleArray:
    total = np.zeros((int(group.max()) + 1, rows.shape[1]))
    np.add.at(total, group, rows)
    return total / np.bincount(group)[:, None]


def draw(looks: Looks, count: int, cameras: int, seed: int) -> tuple[list[Tracklet], IntArray]:
    """Visits of people who walk about, and who each is.

    Nobody is in two cameras at a time; people leave, return, and see some cameras several times.

    Args:
        looks: What people look like.
        count: Of tracklets, at most seven a person on average.
        cameras: How many there are.
        seed: Of the draw.
    """
    rng = np.random.default_rng(seed)
    people = max(2, count // 7)
    who = rng.permutation(np.arange(count) % people)
    face = looks.person[rng.permutation(len(looks.person))[:people]]
    spread = rng.normal(size=(cameras, len(looks.camera))) / np.sqrt(len(looks.camera))
    shift = spread @ looks.camera * np.sqrt(len(looks.camera) / (len(looks.camera) - 1))
    crops = rng.integers(*CROPS, count, endpoint=True)
    first = _walks(who, crops * BOXES_A_CROP, cameras, rng)
    place = rng.integers(0, cameras, count)
    tracklets = []
    for i in range(count):
        visit = face[who[i]] + looks.visit[rng.integers(len(looks.visit))] + shift[place[i]]
        tracklets.append(
            _tracklet(i, place[i], first[i], visit + looks.crop[rng.integers(len(looks.crop), size=crops[i])])
        )
    return tracklets, who


def real_visits(features: Path, people: int, seed: int) -> tuple[list[Tracklet], IntArray]:
    """Visits as they were: all images of a person in one camera; none at the time of another. And who each is.

    Args:
        features: Of images that were embedded by `reidtrack embed`.
        people: How many, drawn from all.
        seed: Of the draw.
    """
    found = read_features(features)
    named = [(i, sample) for i, path in enumerate(found.paths) if (sample := parse_market1501(Path(path))) is not None]
    person = np.array([sample.person_id for _, sample in named])
    camera = np.array([sample.camera_id for _, sample in named])
    row = np.array([i for i, _ in named])
    everybody = np.unique(person)
    chosen = np.random.default_rng(seed).choice(everybody, min(people, len(everybody)), replace=False)
    tracklets: list[Tracklet] = []
    who = []
    for number, one in enumerate(chosen.tolist()):
        for place in np.unique(camera[person == one]).tolist():
            crops = found.features[row[(person == one) & (camera == place)]].astype(np.float64)
            tracklets.append(_tracklet(len(tracklets), place, 1000 * len(tracklets), crops))
            who.append(number)
    return tracklets, np.array(who)


def _walks(who: IntArray, length: IntArray, cameras: int, rng: np.random.Generator) -> IntArray:
    """First frames (N,) of visits: each person's follow each other with gaps."""
    span = max(int(length.sum() / (cameras * AT_ONCE)), 4 * int(length.max()))
    first = np.zeros(len(who), np.int64)
    for person in range(int(who.max()) + 1):
        visits = rng.permutation(np.flatnonzero(who == person))
        gaps = rng.dirichlet(np.ones(len(visits) + 1)) * max(span - int(length[visits].sum()), len(visits) + 1)
        first[visits] = np.cumsum(gaps[:-1]).astype(np.int64) + np.concatenate([[0], np.cumsum(length[visits])[:-1]])
    return first


def _tracklet(number: int, camera: int, first: int, crops: DoubleArray) -> Tracklet:
    frame = np.arange(first, first + len(crops) * BOXES_A_CROP)
    unit = crops / np.linalg.norm(crops, axis=1, keepdims=True)
    return Tracklet(
        f"camera{camera:02d}",
        number + 1,
        frame,
        frame / RATE,
        np.tile(np.array([10, 10, 30, 70], np.float32), (len(frame), 1)),
        np.ones(len(frame), np.float32),
        unit.astype(np.float32),
        frame[::BOXES_A_CROP],
        np.ones(len(crops), np.float32),
    )
