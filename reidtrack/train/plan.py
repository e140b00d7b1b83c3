"""What is trained on: stages of epochs, and the images of one size as batches on the device."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from reidtrack.datasets.images import ImageStore
from reidtrack.datasets.record import Sample, camera_labels
from reidtrack.train.trainer import Batch
from reidtrack.types import FloatArray, IntArray

logger = logging.getLogger(__name__)

Draw = Callable[[IntArray, IntArray, np.random.Generator], IntArray]
"""Takes (N,) class numbers of persons and cameras and a generator, gives an epoch's (B, batch) rows."""


class Stage(NamedTuple):
    """A number of epochs at one input size, (height, width)."""

    epochs: int
    size_hw: tuple[int, int]


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
        self._all = Batch(images, *labels, torch.from_numpy(targets[store.rows]))
        if device.type == "cuda" and 2 * images.nbytes < torch.cuda.mem_get_info(device)[0]:
            self._all = Batch(*(values.to(device) for values in self._all))

    def batch(self, rows: IntArray) -> Batch:
        """Batch of some rows (B,) of the images, on the device."""
        index = torch.from_numpy(rows)
        return Batch(*(self._taken(values, index) for values in self._all))

    def _taken(self, values: Tensor, index: Tensor) -> Tensor:
        return values[index.to(values.device)].to(self._device, non_blocking=True)
