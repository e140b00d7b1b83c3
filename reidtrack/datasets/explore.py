"""Figures of a data set's lists: counts, coverage of cameras, imbalance. Images are not opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from reidtrack.datasets.record import JUNK_ID, SPLITS, UNKNOWN_CAMERA, ReidDataset, Sample
from reidtrack.types import DoubleArray, IntArray


@dataclass(frozen=True, eq=False, slots=True)
class SplitFigures:
    """Counts of one split.

    Attributes:
        name: Of the split.
        images: Number of images.
        people: Number of persons, junk and distractors left out.
        cameras: Number of known cameras.
        junk: Number of images of nobody in particular.
        distractors: Number of images of people without a query, who share an id.
        per_person: (people,) int64, images of each person, most first.
    """

    name: str
    images: int
    people: int
    cameras: int
    junk: int
    distractors: int
    per_person: IntArray

    @property
    def one_image(self) -> int:
        """Number of persons with a single image."""
        return int((self.per_person == 1).sum())


def split_figures(dataset: ReidDataset) -> list[SplitFigures]:
    """Counts of each split that has images, and of all of them together where there are several."""
    parts: list[tuple[str, tuple[Sample, ...]]] = [(n, dataset.split(n)) for n in SPLITS if dataset.split(n)]
    if len(parts) > 1:
        parts.append(("all", dataset.samples))
    return [_figures(name, samples, dataset) for name, samples in parts]


def _figures(name: str, samples: Sequence[Sample], dataset: ReidDataset) -> SplitFigures:
    per_person = images_per_person(named_people(samples, dataset))
    return SplitFigures(
        name=name,
        images=len(samples),
        people=len(per_person),
        cameras=len({sample.camera_id for sample in samples} - {UNKNOWN_CAMERA}),
        junk=sum(sample.person_id == JUNK_ID for sample in samples),
        distractors=sum(sample.person_id in dataset.distractors for sample in samples),
        per_person=per_person,
    )


def named_people(samples: Iterable[Sample], dataset: ReidDataset) -> list[Sample]:
    """Samples that show one certain person: neither junk nor distractors."""
    nobody = dataset.distractors | {JUNK_ID}
    return [sample for sample in samples if sample.person_id not in nobody]


def images_per_person(samples: Sequence[Sample]) -> IntArray:
    """Number of images (P,) of each person, most first."""
    counts = np.unique([sample.person_id for sample in samples], return_counts=True)[1] if samples else np.zeros(0)
    return np.sort(counts.astype(np.int64))[::-1]


def camera_ids(samples: Iterable[Sample]) -> list[int]:
    """Ids of the known cameras, sorted."""
    return sorted({sample.camera_id for sample in samples} - {UNKNOWN_CAMERA})


def camera_pairs(samples: Sequence[Sample], cameras: Sequence[int]) -> IntArray:
    """Number of persons seen by both of two cameras; on the diagonal, by that camera.

    Args:
        samples: Without junk and distractors.
        cameras: Camera ids, in the order of rows and columns.

    Returns:
        (C, C) int64.
    """
    seen = _presence(samples, cameras)
    return seen.T @ seen


def cameras_per_person(samples: Sequence[Sample], cameras: Sequence[int]) -> IntArray:
    """Number of persons seen by 0, 1, ... C known cameras: (C + 1,) int64."""
    return np.bincount(_presence(samples, cameras).sum(axis=1), minlength=len(cameras) + 1).astype(np.int64)


def _presence(samples: Sequence[Sample], cameras: Sequence[int]) -> IntArray:
    """Matrix (P, C) int64, 1 where a camera saw a person."""
    people = sorted({sample.person_id for sample in samples})
    row = {person: i for i, person in enumerate(people)}
    column = {camera: i for i, camera in enumerate(cameras)}
    seen = np.zeros((len(people), len(cameras)), np.int64)
    for sample in samples:
        if sample.camera_id in column:
            seen[row[sample.person_id], column[sample.camera_id]] = 1
    return seen


def lorenz(counts: IntArray) -> DoubleArray:
    """Lorenz curve: share of all images that the persons with the fewest hold, person after person.

    Args:
        counts: (P,) images per person.

    Returns:
        (P + 1,) float64 from 0 to 1; a straight line where all have as many.
    """
    held = np.concatenate([[0.0], np.cumsum(np.sort(counts), dtype=np.float64)])
    return np.asarray(held / max(held[-1], 1.0), np.float64)


def gini(counts: IntArray) -> float:
    """Gini coefficient of images per person: 0 where all have as many, near 1 where one has all."""
    curve = lorenz(counts)
    return float(1 - np.mean(curve[1:] + curve[:-1])) if len(counts) else 0.0


def top_share(counts: IntArray, part: float = 0.1) -> float:
    """Share of the images held by the `part` of the persons with the most; at least one person."""
    most = np.sort(counts)[::-1][: max(1, round(part * len(counts)))]
    return float(most.sum() / counts.sum()) if len(counts) else 0.0


def people_over_cameras(
    samples: Sequence[Sample], cameras: Sequence[int], rows: int, generator: np.random.Generator
) -> list[tuple[int, dict[int, Sample]]]:
    """Choose persons to show side by side: seen by many cameras, every camera shown about as often.

    One after another the person is taken whose cameras were shown least so far, each counting 1 / (1 + times shown);
    at random among equals.

    Args:
        samples: Without junk and distractors.
        cameras: Camera ids.
        rows: How many persons at most.
        generator: Source of randomness; advanced.

    Returns:
        Person id and one random image for each camera that has any (unknown cameras count as one), by id.
    """
    by_person: dict[int, dict[int, list[Sample]]] = {}
    for sample in samples:
        by_person.setdefault(sample.person_id, {}).setdefault(sample.camera_id, []).append(sample)
    seen = _presence(samples, cameras)
    people, order = sorted(by_person), generator.permutation(len(by_person))
    shown = np.zeros(len(cameras))
    chosen: list[int] = []
    for _ in range(min(rows, len(people))):
        worth = (seen[order] / (1 + shown)).sum(axis=1)
        worth[np.isin(order, chosen)] = -1
        best = int(order[np.argmax(worth)])
        chosen.append(best)
        shown += seen[best]
    picked = [people[row] for row in sorted(chosen)]
    return [
        (
            person,
            {camera: found[int(generator.integers(len(found)))] for camera, found in sorted(by_person[person].items())},
        )
        for person in picked
    ]
