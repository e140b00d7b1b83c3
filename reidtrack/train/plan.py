"""What is trained on: stages of epochs, and the images of one size as batches on the device."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from reidtrack.datasets.images import ImageStore
from reidtrack.datasets.record import Sample, camera_labels
from reidtrack.errors import InputError
from reidtrack.train.trainer import Batch
from reidtrack.types import FloatArray, IntArray

logger = logging.getLogger(__name__)

Draw = Callable[[IntArray, IntArray, np.random.Generator], IntArray]
"""Takes (N,) class numbers of persons and cameras and a generator, gives an epoch's (B, batch) rows."""


class Stage(NamedTuple):
    """A number of epochs at one input size, (height, width)."""

    epochs: int
    size_hw: tuple[int, int]


class Unlabelled(NamedTuple):
    """Images without labels that a batch has beside those with labels.

    Attributes:
        samples: The images, U of them.
        targets: (U, K) float32 of the teachers.
        batch: How many are in a batch, over all processes.
    """

    samples: Sequence[Sample]
    targets: FloatArray
    batch: int

    def rows(self, step: int, seed: int) -> IntArray:
        """Rows (batch,) of the images of a step, 0-based, from the seed and the step alone.

        The images go round in random order, a new one each time: all come once before any comes again.
        """
        places = np.arange(step * self.batch, (step + 1) * self.batch)
        rounds, within = np.divmod(places, len(self.samples))
        orders = {number: _order(len(self.samples), seed, number) for number in np.unique(rounds).tolist()}
        return np.array([orders[n][i] for n, i in zip(rounds.tolist(), within.tolist(), strict=True)], np.int64)


@lru_cache(maxsize=2)
def _order(count: int, seed: int, number: int) -> IntArray:
    """The order of `count` images in a round."""
    # A stream of its own: the labelled images' order begins with the bare seed.
    return np.random.default_rng([seed, number, 1]).permutation(count)


@dataclass(frozen=True)
class Plan:
    """The plan of a training: images, stages, batches, learning rate.

    Attributes:
        samples: Training images.
        labels: (N,) class number of each one's person.
        stages: Stages in order.
        draw: Puts an epoch's batches together.
        batch: Images of a batch, over all processes.
        seed: Seed of the order of images.
        frozen_epochs: Epochs at the start in which loaded layers are frozen.
        rate: From epochs done, with a fraction, to the factor on the learning rate.
        validate_every: Epochs between validations; 0 validates at the end only.
        targets: (N, K) float32 of the teachers, a row for each sample; K is 0 where there is none.
        triplets: Whether triplets are drawn at each validation, and which positives they may have.
        unlabelled: Images without labels and how many a batch has; None without.
    """

    samples: Sequence[Sample]
    labels: IntArray
    stages: tuple[Stage, ...]
    draw: Draw
    batch: int
    seed: int
    frozen_epochs: int
    rate: Callable[[float], float]
    validate_every: int
    triplets: Literal["none", "any", "cross-camera"] = "none"
    targets: FloatArray | None = None
    unlabelled: Unlabelled | None = None

    @property
    def epochs(self) -> int:
        """Number of epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)

    def size_of(self, epoch: int) -> tuple[int, int]:
        """Input size of an epoch, 0-based."""
        ends = np.cumsum([stage.epochs for stage in self.stages])
        return self.stages[int(np.searchsorted(ends, epoch, side="right"))].size_hw

    def validates(self, epoch: int) -> bool:
        """Whether an epoch, 0-based, ends with a validation."""
        last = epoch + 1 == self.epochs
        return last or (self.validate_every > 0 and (epoch + 1) % self.validate_every == 0)


class TrainingImages:
    """Training images of one size, decoded, and on the device where they fit twice.

    Args:
        plan: The training's.
        size_hw: Height and width, pixels.
        device: Where batches go.
    """

    def __init__(self, plan: Plan, size_hw: tuple[int, int], device: torch.device) -> None:
        store = ImageStore(plan.samples, size_hw)
        for line in store.bad:
            logger.warning("left out: %s", line)
        self.size_hw = size_hw
        self.person = plan.labels[store.rows]
        self.camera = camera_labels(store.samples)
        self._device = device
        camera_ids = np.array([sample.camera_id for sample in store.samples], np.int64)
        images = torch.from_numpy(store.images)
        targets = np.zeros((len(plan.samples), 0), np.float32) if plan.targets is None else plan.targets
        labels = (torch.from_numpy(self.person), torch.from_numpy(camera_ids))
        self._labelled: tuple[Tensor, ...] = (images, *labels, torch.from_numpy(targets[store.rows]))
        self._unlabelled: tuple[Tensor, ...] = () if plan.unlabelled is None else _read_all(plan.unlabelled, size_hw)
        held = sum(values.nbytes for values in (*self._labelled, *self._unlabelled))
        if device.type == "cuda" and 2 * held < torch.cuda.mem_get_info(device)[0]:
            self._labelled = tuple(values.to(device) for values in self._labelled)
            self._unlabelled = tuple(values.to(device) for values in self._unlabelled)

    def batch(self, rows: IntArray, unlabelled: IntArray | None = None) -> Batch:
        """Batch of some rows (B,) of the images, and (M,) of those without labels, on the device."""
        index = torch.from_numpy(rows)
        labelled = (self._taken(values, index) for values in self._labelled)
        if unlabelled is None:
            return Batch(*labelled)
        index_of_others = torch.from_numpy(unlabelled)
        return Batch(*labelled, *(self._taken(values, index_of_others) for values in self._unlabelled))

    def _taken(self, values: Tensor, index: Tensor) -> Tensor:
        return values[index.to(values.device)].to(self._device, non_blocking=True)


def _read_all(unlabelled: Unlabelled, size_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Images (U, H, W, 3) without labels, all of which the teachers could read, and their targets (U, K)."""
    store = ImageStore(unlabelled.samples, size_hw)
    if store.bad:
        raise InputError(store.bad[0], hint="remove pictures without labels that cannot be read")
    return torch.from_numpy(store.images), torch.from_numpy(unlabelled.targets)
