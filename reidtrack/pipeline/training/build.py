"""The parts of a training, made from its configuration: numerics, trainer, sampling, learning rate."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reidtrack.config.train import BatchConfig, DistillConfig, OptimConfig, TrainConfig
from reidtrack.datasets import sampler
from reidtrack.engines.choose import choose_device
from reidtrack.errors import UsageError
from reidtrack.models.card import ModelCard
from reidtrack.pipeline.training.build_network import make_network, prepare_network
from reidtrack.types import FloatArray, IntArray

if TYPE_CHECKING:
    from reidtrack.train.numerics import Numerics
    from reidtrack.train.parallel import Group
    from reidtrack.train.trainer import Distillation, Trainer

logger = logging.getLogger(__name__)


def make_numerics(config: TrainConfig) -> Numerics:
    """Choose device and arithmetic; one process of several takes the GPU of its own number.

    Raises:
        DeviceError: If the device is not there.
        UsageError: If the device cannot calculate like that.
    """
    import torch

    from reidtrack.train.numerics import Numerics

    local = os.environ.get("LOCAL_RANK")
    device = choose_device(config.device)
    if device.startswith("cuda") and local is not None:
        device = f"cuda:{local}"
    names = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
    if config.precision != "auto":
        if config.precision == "fp16" and device == "cpu":
            raise UsageError("fp16 is for GPUs", where="precision", expected="auto, fp32 or bf16 on the CPU")
        return Numerics(torch.device(device), names[config.precision], config.channels_last)
    if device == "cpu":
        fast = (
            torch.cpu.get_capabilities().get("avx512_bf16", False) if hasattr(torch.cpu, "get_capabilities") else False
        )
        return Numerics(torch.device(device), torch.bfloat16 if fast else None, config.channels_last)
    chosen = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return Numerics(torch.device(device), chosen, config.channels_last)


class LearningTargets(NamedTuple):
    """Labels and teachers' embeddings of the training images.

    Attributes:
        sets: Number of persons of each data set; their classes stand one set after another.
        person: (N,) class number of each training image's person.
        targets: (N, K) float32, the teachers' embeddings of the images, side by side.
        dims: Length of each teacher's embedding.
    """

    sets: tuple[int, ...]
    person: IntArray
    targets: FloatArray
    dims: tuple[int, ...]


def make_trainer(
    config: TrainConfig,
    learnt: LearningTargets,
    numerics: Numerics,
    group: Group,
    state: Mapping[str, Any] | None = None,
) -> tuple[Trainer, ModelCard]:
    """Make the trainer on its device, and the card of the network that it trains.

    Args:
        config: All settings.
        learnt: Labels and teachers' embeddings.
        numerics: Device and arithmetic.
        group: This process among its peers.
        state: State of the training that will be resumed: its starting weights are not looked for again.

    Raises:
        WeightsError: As `make_network`.
    """
    import torch
    from torch import nn

    from reidtrack.train.augmentation.settings import Augmentation
    from reidtrack.train.objective import Terms
    from reidtrack.train.optim import Average, make_optimiser
    from reidtrack.train.trainer import Trainer

    classes = sum(learnt.sets)
    model, loaded, card = make_network(config, classes, None if state is None else state["trainer"])
    prepare_network(model, config.model, learnt.person, learnt.targets[:, : learnt.dims[0] if learnt.dims else 0])
    if group.size > 1 and numerics.device.type == "cuda":
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    layout = torch.channels_last if numerics.channels_last else torch.contiguous_format
    model = model.to(numerics.device)
    model.to(memory_format=layout)  # type: ignore[call-overload]
    optim, loss = config.optim, config.loss
    distillation = _distillation(config.distill, card.feature_dim, learnt.dims, numerics)
    optimiser = make_optimiser(
        model if distillation is None else nn.ModuleList([model, distillation.projections]),
        optim.name,
        lr=optim.lr,
        weight_decay=optim.weight_decay,
        momentum=optim.momentum,
        loaded=loaded if distillation is None else [f"0.{name}" for name in loaded],
        new_layers=optim.new_layers,
    )
    trainer = Trainer(
        model,
        optimiser,
        terms=Terms(**loss.model_dump()),
        how=Augmentation(**config.augment.model_dump()),
        mean=card.mean,
        std=card.std,
        numerics=numerics,
        seed=config.seed,
        loaded=loaded,
        average=Average(model, optim.ema) if optim.ema else None,
        centres=torch.zeros(classes, card.feature_dim, device=numerics.device) if loss.centre else None,
        clip=optim.clip,
        parts=config.batch.accumulate,
        least=2 * _unit(config.batch),
        group=group,
        statistics=not config.model.frozen_statistics,
        sets=learnt.sets,
        distillation=distillation,
    )
    return trainer, card


def _distillation(
    config: DistillConfig, feature_dim: int, dims: tuple[int, ...], numerics: Numerics
) -> Distillation | None:
    """Maps to the teachers' embeddings and the weights of their losses; None without teachers."""
    from reidtrack.train.distill import Projections
    from reidtrack.train.trainer import Distillation

    if not dims:
        return None
    return Distillation(Projections(feature_dim, dims).to(numerics.device), config.embedding, config.relation)


def make_draw(config: BatchConfig) -> Callable[[IntArray, IntArray, np.random.Generator], IntArray]:
    """Function from labels (N,), cameras (N,) and a generator to an epoch's batches (B, batch), rows of images."""
    people = config.size // config.images
    draws: dict[str, Callable[[IntArray, IntArray, np.random.Generator], IntArray]] = {
        "shuffle": lambda person, _, g: sampler.shuffle_epoch(person, g, batch=config.size),
        "pk": lambda person, _, g: sampler.pk_epoch(person, g, people=people, images=config.images),
        "pk-cameras": partial(sampler.pk_camera_epoch, people=people, images=config.images),
        "balanced": partial(sampler.balanced_epoch, batch=config.size, power=config.power),
    }
    return draws[config.sampler]


def make_rate(config: OptimConfig, epochs: int) -> Callable[[float], float]:
    """Function from epochs done to the factor on the learning rate."""
    from reidtrack.train.optim import rate_factor

    return partial(
        rate_factor,
        epochs=epochs,
        schedule=config.schedule,
        warmup_epochs=config.warmup_epochs,
        final=config.final,
        steps=config.steps,
        gamma=config.gamma,
    )


def check_parts(config: BatchConfig, processes: int) -> None:
    """Raise unless batches can be shared out to processes and cut into parts.

    Raises:
        UsageError: If the processes' shares, or their parts, are not whole persons, two or more, or not equally many
            images without labels.
    """
    pieces, unit = processes * config.accumulate, _unit(config)
    if config.unlabelled % pieces:
        raise UsageError(
            f"{config.unlabelled} unlabelled images cannot be shared out to {pieces} parts of a batch",
            where="batch.unlabelled",
            expected=f"a multiple of {pieces}",
        )
    if config.size % (pieces * unit) or config.size // pieces < 2 * unit:
        raise UsageError(
            f"a batch of {config.size} cannot be cut into {pieces} parts",
            where="batch",
            expected=f"parts of whole persons, two or more, {unit} images each",
        )


def _unit(config: BatchConfig) -> int:
    """Number of images that stay together in one part."""
    return config.images if config.sampler.startswith("pk") else 1
