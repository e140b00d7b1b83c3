"""`reidtrack train`: a re-identification network trained on one or several data sets."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import yaml

from reidtrack.config.load import dump, load
from reidtrack.config.train import DataConfig, LossConfig, StageConfig, TrainConfig
from reidtrack.datasets.carve import carve, random_people
from reidtrack.datasets.combine import as_training, combine
from reidtrack.datasets.record import ReidDataset, Sample, person_labels
from reidtrack.datasets.unlabelled import read_unlabelled
from reidtrack.datasets.zoo import load_dataset
from reidtrack.errors import ConfigError, OutputError, UsageError, param
from reidtrack.files import write_whole
from reidtrack.models.card import ModelCard
from reidtrack.models.checkpoint import save_checkpoint
from reidtrack.models.zoo import build_model
from reidtrack.pipeline.training import build as train_build
from reidtrack.pipeline.training.targets import teacher_targets
from reidtrack.pipeline.training.tensorboard import Events
from reidtrack.pipeline.training.validate import Validation
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress, Silent
from reidtrack.types import FloatArray

if TYPE_CHECKING:
    from torch import nn

    from reidtrack.train.plan import Plan

__all__ = ["Trained", "TrainingData", "make_plan", "read_data", "train"]

logger = logging.getLogger(__name__)

CONFIG = "config.yaml"
WEIGHTS = "model.safetensors"
FREE_TO_CHANGE = ("device", "threads", "validation", "tensorboard")
"""Settings that may change when a training is resumed: they change none of its steps."""


@dataclass(frozen=True)
class Trained:
    """The outcome of a training.

    Attributes:
        weights: Path of the network as it is now, with its card.
        log: One row for each finished epoch.
        finished: Whether it ran to the end; otherwise it can be resumed.
    """

    weights: Path
    log: tuple[Mapping[str, float], ...]
    finished: bool


@dataclass(frozen=True)
class TrainingData:
    """Images to train on and images to rank, none of them in both.

    Attributes:
        train: All data sets as one.
        tests: Each data set's query and gallery.
        sets: Number of training persons of each data set, in the order of `train`.
        unlabelled: Images without person and camera, for the teachers alone.
    """

    train: ReidDataset
    tests: tuple[ReidDataset, ...]
    sets: tuple[int, ...]
    unlabelled: tuple[Sample, ...] = ()


def train(
    config: TrainConfig,
    out: Path,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Trained:
    """Train a network.

    Args:
        config: All settings.
        out: Folder for `model.safetensors`, `state.pt`, `log.csv`, `curves.png` and `config.yaml`.
        resume: Go on with the training in `out`; its stages may have become more, or the last one longer.
        progress: Told of the progress, by the first process alone: stages are epochs, counted in steps.
        cancel: Ends the training after the step at which it is cancelled; it can be resumed.

    Raises:
        UsageError: If settings do not fit each other or the data, `out` holds a training, or the loss diverges.
        InputError: If a data set cannot be read.
        WeightsError: If the starting weights do not fit.
        DeviceError: If the device is not there or has too little memory.
        OutputError: If `out` cannot be written.
    """
    import torch

    from reidtrack.train import loop
    from reidtrack.train.parallel import joined
    from reidtrack.train.state import load_state

    if config.threads:
        torch.set_num_threads(config.threads)
    numerics = train_build.make_numerics(config)
    torch.backends.cudnn.benchmark = True  # every batch of a stage has one shape
    data = read_data(config.data)
    with joined(numerics.device.type == "cuda") as group:
        train_build.check_parts(config.batch, group.size)
        _check_unlabelled(config, data.unlabelled)
        if group.first:
            _claim(out, config, resume=resume)
        group.wait()
        state = load_state(out / loop.STATE) if resume else None
        targets, dims = group.from_first(partial(teacher_targets, config, data.train.train))
        others, _ = group.from_first(partial(teacher_targets, config, data.unlabelled))
        learnt = train_build.LearningTargets(data.sets, person_labels(data.train.train), targets, dims)
        trainer, card = train_build.make_trainer(config, learnt, numerics, group, state)
        card = dataclasses.replace(card, data=_about(data), source=f"reidtrack train, {config.model.architecture}")
        validation = Validation(data.tests, card, numerics, config.validation.batch)
        training = loop.Training(make_plan(config, data, targets, others), trainer, out, numerics.device, group)
        if state is not None:
            training.resume(state)
            logger.info("%s: goes on after %d epochs", out, len(training.rows))
        hooks = loop.Hooks(
            validate=validation.figures,
            export=partial(_export, out / WEIGHTS, card),
            finish_epoch=Events(out / "events").write if config.tensorboard and group.first else lambda _: None,
            progress=progress if progress is not None and group.first else Silent(),
            stop=lambda: cancel is not None and cancel.cancelled,
        )
        finished = training.run(hooks)
    return Trained(out / WEIGHTS, tuple(training.rows), finished)


def read_data(config: DataConfig) -> TrainingData:
    """Read the lists of all data sets, and hold out identities for validation.

    Raises:
        UsageError: If none is named, or fewer identities are there than shall be held out.
        InputError: If one cannot be read or has nothing to learn.
    """
    if not config.sets:
        raise UsageError("no data set to train on", where="data.sets", hint=f"{param('data')} market1501=DIR")
    parts, tests = [], []
    for entry in config.sets:
        whole = load_dataset(entry.name, entry.root, **entry.options)
        for note in whole.notes:
            logger.info("%s: %s", whole.name, note)
        part = carve(whole, _held_out(whole, config)) if config.hold_out else whole
        if part.query and part.gallery and not (config.everything and not config.hold_out):
            tests.append(part)
        parts.append((as_training(part) if config.everything and not config.hold_out else part).require_train())
    sets = tuple(len({sample.person_id for sample in part.train}) for part in parts)
    return TrainingData(combine(parts), tuple(tests), sets, read_unlabelled(config.unlabelled))


def _held_out(dataset: ReidDataset, config: DataConfig) -> int | set[int]:
    """Identities to hold out: how many of the last ones, or ids drawn at random, the same ones each time."""
    if config.hold_out_by == "last":
        return config.hold_out
    return random_people(dataset.train, config.hold_out)


def _check_unlabelled(config: TrainConfig, unlabelled: Sequence[Sample]) -> None:
    """Say what is learnt from without labels; refuse a batch of more than there are."""
    if config.batch.unlabelled > len(unlabelled):
        raise UsageError(
            f"{config.batch.unlabelled} unlabelled images a batch",
            where="batch.unlabelled",
            expected=f"at most the {len(unlabelled)} in data.unlabelled",
        )
    if unlabelled:
        logger.info(
            "%s unlabelled images, %d beside each batch of %d: for the teachers' terms alone",
            f"{len(unlabelled):,}",
            config.batch.unlabelled,
            config.batch.size,
        )


def make_plan(
    config: TrainConfig, data: TrainingData, targets: FloatArray | None = None, others: FloatArray | None = None
) -> Plan:
    """Make the plan of a training from its settings and data.

    Args:
        config: All settings.
        data: Images.
        targets: (N, K) float32 of the teachers, a row for each training image.
        others: (U, K) float32, likewise for each image without a label.
    """
    from reidtrack.train.plan import Plan, Stage, Unlabelled

    stages = tuple(Stage(stage.epochs, stage.size) for stage in config.stages)
    return Plan(
        samples=data.train.train,
        labels=person_labels(data.train.train),
        stages=stages,
        draw=train_build.make_draw(config.batch),
        batch=config.batch.size,
        seed=config.seed,
        frozen_epochs=config.model.frozen_epochs,
        rate=train_build.make_rate(config.optim, sum(stage.epochs for stage in stages)),
        validate_every=config.validation.every,
        triplets=_triplets(config.loss),
        targets=targets,
        unlabelled=None
        if others is None or not len(others)
        else Unlabelled(data.unlabelled, others, config.batch.unlabelled),
    )


def _triplets(config: LossConfig) -> Literal["none", "any", "cross-camera"]:
    if not config.triplet:
        return "none"
    return "cross-camera" if config.triplet_cross_camera else "any"


def _claim(out: Path, config: TrainConfig, *, resume: bool) -> None:
    """Keep the settings beside the training; refuse those of another one."""
    kept = out / CONFIG
    if not resume:
        if kept.exists():
            raise OutputError(
                "holds a training",
                where=out,
                hint=f"{param('resume', True)} goes on with it; or choose another {param('out')}",
            )
        write_whole(kept, yaml.safe_dump(dump(config), sort_keys=False))
        return
    former = load(TrainConfig, kept)
    before, now = dump(former), dump(config)
    more = _more_epochs(former.stages, config.stages)
    for key in now:
        if key not in FREE_TO_CHANGE and before[key] != now[key] and not (key == "stages" and more):
            hint = "the last stage may have more epochs, and stages may follow it" if key == "stages" else None
            raise ConfigError(f"{key} differs from the training that shall be resumed", where=kept, hint=hint)
    if more:
        write_whole(kept, yaml.safe_dump({**before, "stages": now["stages"]}, sort_keys=False))
        epochs = sum(stage.epochs for stage in config.stages)
        logger.info("%s: %d epochs more; the rate is now that of a training of %d epochs", out, more, epochs)


def _more_epochs(before: Sequence[StageConfig], now: Sequence[StageConfig]) -> int:
    """By how many epochs stages go on from earlier ones; 0 where they are others, or no more."""
    last = len(before) - 1
    if len(now) <= last or now[:last] != before[:last] or now[last].size != before[last].size:
        return 0
    longer = now[last].epochs - before[last].epochs
    return longer + sum(stage.epochs for stage in now[last + 1 :]) if longer >= 0 else 0


def _about(data: TrainingData) -> str:
    images, cameras = len(data.train.train), len({sample.camera_id for sample in data.train.train})
    labelled = f"{data.train.name}: {images} images of {sum(data.sets)} persons by {cameras} cameras"
    return labelled + (f"; {len(data.unlabelled)} unlabelled images" if data.unlabelled else "")


def _export(path: Path, card: ModelCard, model: nn.Module, rows: Sequence[Mapping[str, float]]) -> None:
    """Write the network without its classifier, whose classes mean nothing elsewhere."""
    from reidtrack.train.initial import copy_weights
    from reidtrack.train.loop import last_figures

    plain = build_model(card.architecture)
    copy_weights(plain, model)
    height, width = int(rows[-1]["height"]), int(rows[-1]["width"])
    figures = {"epochs": rows[-1]["epoch"], **last_figures(rows)}
    save_checkpoint(path, plain, dataclasses.replace(card, size_hw=(height, width), figures=figures))
