"""The training loop: epochs, their log, their files, and going on after a stop."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from reidtrack.datasets.sampler import EpochSampler
from reidtrack.errors import UsageError
from reidtrack.runtime.progress import Progress
from reidtrack.train.log import epoch_line, write_curves, write_log
from reidtrack.train.parallel import Group, share
from reidtrack.train.plan import Plan, TrainingImages
from reidtrack.train.state import save_state
from reidtrack.train.throughput import Throughput
from reidtrack.train.trainer import Trainer
from reidtrack.types import IntArray

logger = logging.getLogger(__name__)

STATE = "state.pt"
LOG = "log.csv"
CURVES = "curves.png"
TRIPLETS = "triplets.png"
TASK = "training"
"""The one task of each epoch's stage of progress."""

Row = dict[str, float]


class Hooks(NamedTuple):
    """Functions that the loop calls at certain moments.

    Attributes:
        validate: From network and input size to named figures.
        export: Writes the network; given it and the log so far.
        finish_epoch: Given the row of each epoch that has ended.
        progress: Told of the progress: its stages are epochs, counted in steps.
        stop: Whether the user wants to end.
    """

    validate: Callable[[nn.Module, tuple[int, int]], Row]
    export: Callable[[nn.Module, Sequence[Row]], None]
    finish_epoch: Callable[[Row], None]
    progress: Progress
    stop: Callable[[], bool]


class Training:
    """One training, from its first or any later step to its last.

    Args:
        plan: Images, stages, batches, learning rate.
        trainer: Takes the steps.
        out: Folder of the state, the log and the curves.
        device: Where batches go.
        group: This process among its peers.
    """

    def __init__(self, plan: Plan, trainer: Trainer, out: Path, device: torch.device, group: Group) -> None:
        self._plan, self._trainer, self._out, self._device, self._group = plan, trainer, out, device, group
        self._images: TrainingImages | None = None
        self._sampler: EpochSampler | None = None
        self._sampler_state: dict[str, Any] | None = None
        self._taken: IntArray = np.zeros(0, np.int64)
        self._seconds = 0.0
        self.rows: list[Row] = []

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what `load_state` read.

        Raises:
            UsageError: If it belongs to other images.
        """
        if state["images"] != len(self._plan.samples):
            raise UsageError(
                f"{len(self._plan.samples)} training images",
                where=self._out / STATE,
                expected=f"{state['images']}, as when the training began",
            )
        now = 0 if self._plan.unlabelled is None else len(self._plan.unlabelled.samples)
        if state.get("unlabelled", 0) != now:
            raise UsageError(
                f"{now} pictures without labels",
                where=self._out / STATE,
                expected=f"{state.get('unlabelled', 0)}, as when the training began",
            )
        self._trainer.restore(state["trainer"])
        self.rows, self._sampler_state, self._seconds = state["rows"], state["sampler"], state["seconds"]

    def run(self, hooks: Hooks) -> bool:
        """Train to the end, or until stopped; either way the state on disk is that of the last step.

        Returns:
            Whether the training ran to its end.

        Raises:
            UsageError: If the loss is no longer finite, or batches do not fit the data.
            InputError: If no image can be read.
            OutputError: If a file cannot be written.
        """
        while len(self.rows) < self._plan.epochs:
            clock = Throughput()
            whole = self._epoch(hooks, clock)
            self._seconds += clock.seconds
            if not whole:
                self._save()
                return False
            row = self._close_epoch(hooks, clock)
            hooks.finish_epoch(row)
            hooks.progress.info(epoch_line(row))
            if self._stopped(hooks) and len(self.rows) < self._plan.epochs:
                return False
        return True

    def _epoch(self, hooks: Hooks, clock: Throughput) -> bool:
        """Take the steps of the current epoch that are not taken yet; whether it ran to its end."""
        done = len(self.rows)
        images, sampler = self._ready(self._plan.size_of(done))
        frozen = done < self._plan.frozen_epochs
        told: int | None = None
        clock.start()
        while True:
            self._taken = next(sampler)
            if told is None:
                hooks.progress.stage(f"epoch {done + 1} of {self._plan.epochs}", {TASK: len(sampler)}, "steps")
                told = 0
            batch = images.batch(self._taken[share(self._plan.batch, self._group)], self._unlabelled_rows())
            rate = self._plan.rate(done + (sampler.taken - 1) / len(sampler))
            self._trainer.take(batch, rate=rate, frozen=frozen)
            clock.count(self._plan.batch)
            last = sampler.taken == len(sampler)
            if last or clock.due():
                hooks.progress.advance(TASK, sampler.taken - told, self._figures(sampler, clock))
                told = sampler.taken
            if last:
                hooks.progress.finish(TASK)
                return True
            if self._stopped(hooks):
                return False

    def _unlabelled_rows(self) -> IntArray | None:
        """This process's rows of the coming step's images without labels; None where there are none."""
        unlabelled = self._plan.unlabelled
        if unlabelled is None:
            return None
        return unlabelled.rows(self._trainer.steps, self._plan.seed)[share(unlabelled.batch, self._group)]

    def _ready(self, size_hw: tuple[int, int]) -> tuple[TrainingImages, EpochSampler]:
        """Images of a size, and the sampler, which is made once."""
        if self._images is None or self._images.size_hw != size_hw:
            self._images = None  # frees the other size first
            self._images = TrainingImages(self._plan, size_hw, self._device)
        if self._sampler is None:
            person, camera = self._images.person, self._images.camera
            self._sampler = EpochSampler(lambda generator: self._plan.draw(person, camera, generator), self._plan.seed)
            if self._sampler_state is not None:
                self._sampler.restore(self._sampler_state)
        return self._images, self._sampler

    def _figures(self, sampler: EpochSampler, clock: Throughput) -> dict[str, float]:
        """Figures of the epoch so far, and the minutes that the whole training will still take."""
        sums = self._trainer.sums()
        loss = sums["loss"] / sums["images"]
        if not math.isfinite(loss):
            raise UsageError(
                f"the loss is no longer finite in epoch {len(self.rows) + 1}",
                hint="lower optim.lr, or set precision=fp32 or optim.clip=5",
            )
        images_left = self._work_left(sampler.taken / len(sampler)) * len(sampler) * self._plan.batch
        return {
            "loss": loss,
            "accuracy": sums["right"] / sums["images"],
            "images/s": clock.images_per_s,
            "minutes left in all": images_left / clock.images_per_s / 60,
        }

    def _work_left(self, part: float) -> float:
        """Epochs left, each counted by its pixels relative to the current one's; `part` of which is done."""
        done = len(self.rows)
        areas = [math.prod(self._plan.size_of(epoch)) for epoch in range(done, self._plan.epochs)]
        return sum(areas) / areas[0] - part

    def _close_epoch(self, hooks: Hooks, clock: Throughput) -> Row:
        """Log, validate and save a finished epoch; its row of the log."""
        epoch, size = len(self.rows), self._plan.size_of(len(self.rows))
        sums = self._trainer.sums()
        total = self._group.sum(torch.tensor(list(sums.values()), dtype=torch.float64, device=self._device)).tolist()
        mean = {name: value / total[list(sums).index("images")] for name, value in zip(sums, total, strict=True)}
        row = {"epoch": epoch + 1.0, "height": float(size[0]), "width": float(size[1])}
        counts = ("images", "right", "unlabelled_images")
        row |= {"rate": self._plan.rate(epoch)} | {k: v for k, v in mean.items() if k not in counts}
        if "unlabelled_images" in mean:
            row["unlabelled_images"] = total[list(sums).index("unlabelled_images")]
        row |= {"accuracy": mean["right"], "images_per_s": clock.images_per_s, "seconds": self._seconds}
        if self._group.first and self._plan.validates(epoch):
            row |= hooks.validate(self._trainer.shown, size)
            self._trainer.back_to_training()
            self._draw_triplets()
        self._trainer.clear_sums()
        self._seconds = 0.0
        self.rows.append(row)
        self._save()
        if self._group.first:
            write_log(self._out / LOG, self.rows)
            write_curves(self._out / CURVES, self.rows)
            hooks.export(self._trainer.shown, self.rows)
        self._group.wait()
        return row

    def _draw_triplets(self) -> None:
        if self._plan.triplets == "none" or self._images is None:
            return
        from reidtrack.train.triplets import write_triplets

        batch = self._images.batch(self._taken)
        features, images = self._trainer.features(batch.images), batch.images.cpu().numpy()
        cross = self._plan.triplets == "cross-camera"
        write_triplets(self._out / TRIPLETS, images, features, batch.person, batch.camera, cross_camera=cross)

    def _save(self) -> None:
        """Write what `resume` reads."""
        if not self._group.first or self._sampler is None:
            return
        state = {
            "images": len(self._plan.samples),
            "unlabelled": 0 if self._plan.unlabelled is None else len(self._plan.unlabelled.samples),
            "trainer": self._trainer.state(),
            "sampler": self._sampler.state(),
            "rows": self.rows,
            "seconds": self._seconds,
        }
        save_state(self._out / STATE, state)

    def _stopped(self, hooks: Hooks) -> bool:
        return self._group.any(hooks.stop(), self._device)


def last_figures(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Figures of the last validation, by name; none where there was none."""
    for row in reversed(rows):
        figures = {name: value for name, value in row.items() if name.endswith((" rank1", " mAP"))}
        if figures:
            return figures
    return {}
