"""Sampling of batches: the images of an epoch's batches as pure functions of labels and a generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from reidtrack.errors import UsageError
from reidtrack.types import DoubleArray, IntArray


def shuffle_epoch(person: IntArray, generator: np.random.Generator, *, batch: int) -> IntArray:
    """Draw every image once, in random order; what does not fill a batch at the end is left out.

    Args:
        person: (N,) class numbers.
        generator: Source of randomness; advanced.
        batch: Images per batch.

    Returns:
        (B, batch) int64 rows.
    """
    order = generator.permutation(len(person))
    return _rows(order, batch)


def pk_epoch(person: IntArray, generator: np.random.Generator, *, people: int, images: int) -> IntArray:
    """Draw batches of `people` persons with `images` images each, for triplets (PK sampling, arXiv 1703.07737).

    Each person's images are shuffled and cut into groups of `images`; a person with fewer repeats some. Batches are
    filled with groups of different persons until fewer than `people` persons have any left.

    Args:
        person: (N,) class numbers.
        generator: Source of randomness; advanced.
        people: P, persons per batch.
        images: K, images per person.

    Returns:
        (B, people * images) int64 rows; the images of a person stand side by side.

    Raises:
        UsageError: If there are fewer than `people` persons.
    """
    return _fill(_by_person(person), generator, people, lambda rows: _groups(rows, generator, images))


def pk_camera_epoch(
    person: IntArray, camera: IntArray, generator: np.random.Generator, *, people: int, images: int
) -> IntArray:
    """Draw batches as `pk_epoch` does, each person's images spread over as many cameras as saw the person.

    Anchors then find positives taken by other cameras. A group takes one image from each camera in turn; a person seen
    by one camera gives what there is.

    Args:
        person: (N,) class numbers.
        camera: (N,) class numbers.
        generator: Source of randomness; advanced.
        people: P, persons per batch.
        images: K, images per person.

    Returns:
        (B, people * images) int64 rows.

    Raises:
        UsageError: If there are fewer than `people` persons.
    """
    return _fill(
        _by_person(person),
        generator,
        people,
        lambda rows: _groups(_interleaved(rows, camera, generator), generator, images, shuffle=False),
    )


def balanced_epoch(
    person: IntArray, camera: IntArray, generator: np.random.Generator, *, batch: int, power: float = 1.0
) -> IntArray:
    """Draw as many images as there are, with replacement, so that rare persons and cameras are as frequent as others.

    Args:
        person: (N,) class numbers.
        camera: (N,) class numbers.
        generator: Source of randomness; advanced.
        batch: Images per batch.
        power: 0 draws uniformly over images, 1 uniformly over persons and, within a person, over cameras.

    Returns:
        (B, batch) int64 rows.
    """
    order = generator.choice(len(person), size=len(person), p=balanced_weights(person, camera, power))
    return _rows(order, batch)


def balanced_weights(person: IntArray, camera: IntArray, power: float = 1.0) -> DoubleArray:
    """Probability of each image so that persons, and within them cameras, are drawn equally often.

    Args:
        person: (N,) class numbers.
        camera: (N,) class numbers.
        power: Between 0 (uniform over images) and 1 (uniform over persons).

    Returns:
        (N,) float64 with sum 1.
    """
    pair = person * (int(camera.max(initial=0)) + 1) + camera
    pairs, place, count = np.unique(pair, return_inverse=True, return_counts=True)
    of_person = pairs // (int(camera.max(initial=0)) + 1)
    cameras = np.bincount(of_person)[person]  # (N,) cameras that saw the image's person
    weight = (1.0 / (cameras * count[place.reshape(-1)])) ** power
    return np.asarray(weight / weight.sum(), np.float64)


class EpochSampler:
    """Batches without end, epoch after epoch, from a generator of its own whose state can be stored.

    The state is that before the current epoch was drawn and the batches already taken, so that a stopped training goes
    on with the very next batch.
    """

    def __init__(self, draw: Callable[[np.random.Generator], IntArray], seed: int) -> None:
        """Begin.

        Args:
            draw: Draws an epoch's batches, (B, batch) rows.
            seed: Of the generator.

        Raises:
            UsageError: If an epoch has no batch.
        """
        self._draw = draw
        self._generator = np.random.default_rng(seed)
        self.epoch = -1
        self._begin_epoch()

    def __iter__(self) -> Iterator[IntArray]:
        return self

    def __next__(self) -> IntArray:
        """Rows of the next batch, (batch,) int64."""
        if self.taken == len(self._batches):
            self._begin_epoch()
        self.taken += 1
        batch: IntArray = self._batches[self.taken - 1]
        return batch

    def __len__(self) -> int:
        """Number of batches of the current epoch."""
        return len(self._batches)

    def state(self) -> dict[str, Any]:
        """State for `restore`: plain numbers and text."""
        return {"epoch": self.epoch, "taken": self.taken, "generator": self._before}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue where `state` was taken."""
        self._generator.bit_generator.state = state["generator"]
        self.epoch = int(state["epoch"]) - 1
        self._begin_epoch()
        self.taken = int(state["taken"])

    def _begin_epoch(self) -> None:
        self._before: dict[str, Any] = dict(self._generator.bit_generator.state)
        self._batches = self._draw(self._generator)
        self.epoch += 1
        self.taken = 0
        if not len(self._batches):
            raise UsageError("too few training images for one batch", hint="use a smaller batch")


def _rows(order: IntArray, batch: int) -> IntArray:
    whole = len(order) // batch * batch
    return np.asarray(order[:whole].reshape(-1, batch), np.int64)


def _by_person(person: IntArray) -> list[IntArray]:
    """Rows (n,) of each person, in order of class numbers."""
    order = np.argsort(person, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(person[order])) + 1)


def _groups(rows: IntArray, generator: np.random.Generator, images: int, *, shuffle: bool = True) -> list[IntArray]:
    """Cut a person's rows into groups of `images`; at least one group, filled up with repetitions."""
    if shuffle:
        rows = generator.permutation(rows)
    if len(rows) < images:
        extra = generator.choice(rows, size=images - len(rows))
        return [np.concatenate([rows, extra])]
    return list(rows[: len(rows) // images * images].reshape(-1, images))


def _interleaved(rows: IntArray, camera: IntArray, generator: np.random.Generator) -> IntArray:
    """Shuffled rows ordered so that neighbours come from different cameras as long as there are any.

    The j-th of n images of a camera is placed at (j + u) / n, u uniform: cameras stay mixed to the end.
    """
    mixed = generator.permutation(rows)
    position = np.empty(len(mixed))
    for one in np.unique(camera[mixed]):
        at = np.flatnonzero(camera[mixed] == one)
        position[at] = (np.arange(len(at)) + generator.random()) / len(at)
    return np.asarray(mixed[np.argsort(position, kind="stable")], np.int64)


def _fill(
    persons: list[IntArray],
    generator: np.random.Generator,
    people: int,
    groups_of: Callable[[IntArray], list[IntArray]],
) -> IntArray:
    """Fill batches with one group each of `people` persons."""
    if len(persons) < people:
        raise UsageError(f"{len(persons)} persons in training", expected=f"at least {people}, as a batch holds")
    waiting = [groups_of(rows) for rows in persons]
    left = np.array([len(groups) for groups in waiting])
    batches = []
    while np.count_nonzero(left) >= people:
        # In proportion to what is left, so that persons with many images are not alone at the end.
        chosen = generator.choice(len(left), size=people, replace=False, p=left / left.sum())
        left[chosen] -= 1
        batches.append(np.concatenate([waiting[person].pop() for person in chosen]))
    return np.array(batches, np.int64).reshape(len(batches), -1)
