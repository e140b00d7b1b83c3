"""Records of image data sets: a sample, and a data set of three splits with notes; their labels and counts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from reidtrack.errors import InputError, param
from reidtrack.types import IntArray

JUNK_ID = -1
"""Person id of gallery images that show part of a person or several: neither right nor wrong, never trained on."""

UNKNOWN_CAMERA = -1
"""Camera id of images whose camera is not known."""

SplitName = Literal["train", "query", "gallery"]
SPLITS: tuple[SplitName, ...] = ("train", "query", "gallery")


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a re-identification data set.

    Attributes:
        path: The image file.
        person_id: The person's label in the data set.
        camera_id: The camera's id in the data set.
        sequence: Number of the recording, where the file name tells it.
        frame: Number of the frame, where the file name tells it.
    """

    path: Path
    person_id: int
    camera_id: int
    sequence: int | None = None
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class ReidDataset:
    """Person images in three splits.

    Person ids are the data set's own, unique over its splits, with gaps: `person_labels` numbers them as classes.

    Attributes:
        name: What to call it in tables.
        train: Images to train on.
        query: Images whose person is searched for.
        gallery: Images that are searched; may hold junk (person -1) and distractors (persons without a query).
        notes: One line each about what is missing or odd, and what was decided.
        person_names: Person id to name, where the data set has names.
        camera_names: Camera id to name, where the data set has names.
        distractors: Person ids that stand for many people at once, wrong answers to every query.
    """

    name: str
    train: tuple[Sample, ...] = ()
    query: tuple[Sample, ...] = ()
    gallery: tuple[Sample, ...] = ()
    notes: tuple[str, ...] = ()
    person_names: Mapping[int, str] = field(default_factory=dict)
    camera_names: Mapping[int, str] = field(default_factory=dict)
    distractors: frozenset[int] = frozenset()

    def split(self, name: SplitName) -> tuple[Sample, ...]:
        """Samples of one split."""
        splits = {"train": self.train, "query": self.query, "gallery": self.gallery}
        return splits[name]

    @property
    def samples(self) -> tuple[Sample, ...]:
        """All samples: train, query, gallery."""
        return self.train + self.query + self.gallery

    def with_notes(self, *notes: str) -> ReidDataset:
        """Copy of the data set with further notes."""
        return replace(self, notes=self.notes + notes)

    def require_train(self) -> ReidDataset:
        """Check that the data set can be trained on, and return it.

        Raises:
            InputError: If there are no training images, or all are of one person.
        """
        if not self.train:
            raise InputError("has no training images", where=self.name, hint=_first(self.notes))
        if len({sample.person_id for sample in self.train}) < 2:
            raise InputError("training images of one person only", where=self.name, expected="two persons or more")
        return self

    def require_test(self) -> ReidDataset:
        """Check that the data set can be ranked on, and return it.

        Raises:
            InputError: If query or gallery are empty, or no query has a true match in the gallery.
        """
        missing = [split for split in ("query", "gallery") if not self.split(split)]
        if missing:
            raise InputError(
                f"has no {' and no '.join(missing)} images, so nothing can be ranked",
                where=self.name,
                hint=f"{param('hold_out')} N sets N identities of the training images aside"
                if self.train
                else _first(self.notes),
            )
        if not queries_with_match(self.query, self.gallery):
            raise InputError(
                "no query has a true match in the gallery",
                where=self.name,
                expected="the same person by another camera, or by an unknown one",
            )
        return self


def person_labels(samples: Sequence[Sample]) -> IntArray:
    """Class number of each sample's person.

    Returns:
        (N,) int64 in 0..P-1, persons in order of their ids.
    """
    ids = np.array([sample.person_id for sample in samples], np.int64)
    return np.unique(ids, return_inverse=True)[1].reshape(-1).astype(np.int64)


def camera_labels(samples: Sequence[Sample]) -> IntArray:
    """Class number of each sample's camera.

    Returns:
        (N,) int64 in 0..C-1, cameras in order of their ids.
    """
    ids = np.array([sample.camera_id for sample in samples], np.int64)
    return np.unique(ids, return_inverse=True)[1].reshape(-1).astype(np.int64)


def ranking_ids(query: Sequence[Sample], gallery: Sequence[Sample]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Person and camera ids of queries and gallery, as `benchmark.ranking.rank` takes them.

    Queries by unknown cameras get a camera id that no gallery image has: they are matched with images by any camera.
    An image that is query and gallery at once does not find itself: with an unknown camera, both get an id of its own.

    Returns:
        (Q,) person and camera of the queries, (G,) person and camera of the gallery, int64.
    """
    query_id, gallery_id = (np.array([s.person_id for s in part], np.int64) for part in (query, gallery))
    query_cam, gallery_cam = (np.array([s.camera_id for s in part], np.int64) for part in (query, gallery))
    query_cam[query_cam == UNKNOWN_CAMERA] = UNKNOWN_CAMERA - 1
    if (query_cam < 0).any() or (gallery_cam < 0).any():
        _hide_own_files(query, gallery, query_cam, gallery_cam)
    return query_id, query_cam, gallery_id, gallery_cam


def _hide_own_files(
    query: Sequence[Sample], gallery: Sequence[Sample], query_cam: IntArray, gallery_cam: IntArray
) -> None:
    """Give queries and the gallery images that are the same file one camera, in place, where either's is unknown."""
    own: dict[str, int] = {}
    for row, sample in enumerate(query):
        own.setdefault(os.path.realpath(sample.path), row)
    for column, sample in enumerate(gallery):
        row = own.get(os.path.realpath(sample.path), -1)
        if row < 0:
            continue
        if query_cam[row] < 0:
            query_cam[row] = gallery_cam[column] if gallery_cam[column] >= 0 else UNKNOWN_CAMERA - 2 - row
        if gallery_cam[column] < 0:
            gallery_cam[column] = query_cam[row]


def queries_with_match(query: Sequence[Sample], gallery: Sequence[Sample]) -> int:
    """Queries whose person the gallery shows by another camera (or in another image, where a camera is unknown)."""
    query_id, query_cam, gallery_id, gallery_cam = (ids.tolist() for ids in ranking_ids(query, gallery))
    cameras: dict[int, set[int]] = {}
    for person, camera in zip(gallery_id, gallery_cam, strict=True):
        cameras.setdefault(person, set()).add(camera)
    asked = zip(query_id, query_cam, strict=True)
    return sum(person != JUNK_ID and bool(cameras.get(person, set()) - {camera}) for person, camera in asked)


def one_image_people(samples: Iterable[Sample]) -> list[int]:
    """Ids of persons with a single image, sorted; junk is nobody."""
    counts = Counter(sample.person_id for sample in samples)
    return sorted(person for person, count in counts.items() if count == 1 and person != JUNK_ID)


def counted(number: int, noun: str) -> str:
    """Text of a number and a noun: `1 file`, `1,200 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _first(notes: Sequence[str]) -> str | None:
    return notes[0] if notes else None
