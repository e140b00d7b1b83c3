"""Makes the parts of a training from its configuration."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reidtrack.config.train import BatchConfig, DistillConfig, ModelConfig, OptimConfig, TrainConfig
from reidtrack.datasets import sampler
from reidtrack.engines.choose import choose_device
from reidtrack.errors import UsageError, WeightsError
from reidtrack.models.card import ModelCard
from reidtrack.models.checkpoint import LoadedModel, load_checkpoint
from reidtrack.models.imagenet import load_imagenet
from reidtrack.models.zoo import build_model, feature_dim_of
from reidtrack.networks.find import find_weights
from reidtrack.types import FloatArray, IntArray

if TYPE_CHECKING:
    from torch import nn

    from reidtrack.train.parallel import Group
    from reidtrack.train.trainer import Distillation, Numerics, Trainer

logger = logging.getLogger(__name__)


def make_numerics(config: TrainConfig) -> Numerics:
    """Device and arithmetic; a process of several takes the GPU of its own number.

    Raises:
        DeviceError: If the device is not there.
        UsageError: If the device cannot calculate like that.
    """
    import torch

    from reidtrack.train.trainer import Numerics

    local = os.environ.get("LOCAL_RANK")
    place = choose_device(config.device)
    if place.startswith("cuda") and local is not None:
        place = f"cuda:{local}"
    names = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
    if config.precision != "auto":
        if config.precision == "fp16" and place == "cpu":
            raise UsageError("fp16 is for GPUs", where="precision", expected="auto, fp32 or bf16 on the CPU")
        return Numerics(torch.device(place), names[config.precision], config.channels_last)
    if place == "cpu":
        fast = (
            torch.cpu.get_capabilities().get("avx512_bf16", False) if hasattr(torch.cpu, "get_capabilities") else False
        )
        return Numerics(torch.device(place), torch.bfloat16 if fast else None, config.channels_last)
    chosen = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return Numerics(torch.device(place), chosen, config.channels_last)


def make_network(
    config: TrainConfig, classes: int, resumed: Mapping[str, Any] | None = None
) -> tuple[nn.Module, tuple[str, ...], ModelCard]:
    """The network with its starting weights, which of them were loaded, and the card of what it becomes.

    With the state of a trainer that will be `resumed`, the weights stay random: it brings them.

    Raises:
        WeightsError: If there is no such architecture, or the starting weights do not fit.
    """
    import torch

    from reidtrack.train.initial import take_over
    from reidtrack.train.objective import use_cosines

    torch.manual_seed(config.seed)
    name, init = config.model.architecture, config.model.init
    model = build_model(name, classes)
    if config.loss.identity == "arcface":
        use_cosines(model)
    card = ModelCard(name, size_hw=config.stages[-1].size, feature_dim=feature_dim_of(name))
    if resumed is not None:
        card = dataclasses.replace(card, mean=tuple(resumed["mean"]), std=tuple(resumed["std"]))
        return model, tuple(resumed["loaded"]), card
    if init == "random":
        logger.info("%s: random starting weights", name)
        return model, (), card
    if init in ("imagenet", "imagenet-or-random"):
        return model, _imagenet(model, name, must=init == "imagenet"), card
    source = load_checkpoint(find_weights(Path(init), "reid"))
    card = dataclasses.replace(card, mean=source.card.mean, std=source.card.std)
    if source.card.architecture != name:
        return model, _widened(model, name, source, init, config.seed), card
    return model, take_over(model, source.model), card


def _widened(model: nn.Module, name: str, source: LoadedModel, init: str, seed: int) -> tuple[str, ...]:
    """Start from a narrower network of the same kind."""
    import torch

    from reidtrack.models.widen import widen

    try:
        names = widen(source.model, model, torch.Generator().manual_seed(seed))
    except ValueError as error:
        raise WeightsError(
            f"weights of {source.card.architecture}", where=init, expected=f"weights of {name}, or of a narrower one"
        ) from error
    logger.info("%s: widened to %s", init, name)
    return names


def _imagenet(model: nn.Module, name: str, *, must: bool) -> tuple[str, ...]:
    try:
        return load_imagenet(model, name)
    except WeightsError as error:
        if must:
            raise
        logger.warning("random starting weights instead of ImageNet's: %s", error)
        return ()


class Learnt(NamedTuple):
    """What is learnt, as far as the trainer has to know.

    Attributes:
        sets: Persons of each data set; their classes stand one set after another.
        person: (N,) class number of each training image's person.
        targets: (N, K) the teachers' embeddings of the images, side by side.
        dims: Length of each teacher's.
    """

    sets: tuple[int, ...]
    person: IntArray
    targets: FloatArray
    dims: tuple[int, ...]


def make_trainer(
    config: TrainConfig, learnt: Learnt, numerics: Numerics, group: Group, state: Mapping[str, Any] | None = None
) -> tuple[Trainer, ModelCard]:
    """Everything that takes steps, on its device.

    Args:
        config: All settings.
        learnt: Persons to tell apart, and what teachers say.
        numerics: Where and how precisely.
        group: This process among its peers.
        state: Of the training that will be resumed: its starting weights are not looked for again.

    Raises:
        WeightsError: As `make_network`.
    """
    import torch
    from torch import nn

    from reidtrack.train.augment import Augmentation
    from reidtrack.train.objective import Terms
    from reidtrack.train.optim import Average, make_optimiser
    from reidtrack.train.trainer import Trainer

    classes = sum(learnt.sets)
    model, loaded, card = make_network(config, classes, None if state is None else state["trainer"])
    _shape(model, config.model, learnt)
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


def _shape(model: nn.Module, config: ModelConfig, learnt: Learnt) -> None:
    """Hold layers, mix style, begin with given class weights: whatever is asked of the network before it learns."""
    import torch
    from torch import nn

    from reidtrack.train.initial import classes_from_means, hold
    from reidtrack.train.mixstyle import insert_mixstyle

    try:
        hold(model, config.frozen)
        if config.mixstyle:
            insert_mixstyle(model, config.mixstyle_after, config.mixstyle)
        if config.classes_from == "teacher":
            first = torch.from_numpy(learnt.targets[:, : learnt.dims[0]])
            classifier = getattr(model, "classifier", None)
            if not isinstance(classifier, nn.Linear):
                raise ValueError("has no single classifier to begin with a teacher's embeddings")
            classes_from_means(classifier, first, torch.from_numpy(learnt.person))
    except ValueError as error:
        raise UsageError(f"{config.architecture}: {error}", where="model") from error


def _distillation(
    config: DistillConfig, feature_dim: int, dims: tuple[int, ...], numerics: Numerics
) -> Distillation | None:
    from reidtrack.train.distill import Projections
    from reidtrack.train.trainer import Distillation

    if not dims:
        return None
    return Distillation(Projections(feature_dim, dims).to(numerics.device), config.embedding, config.relation)


def make_draw(config: BatchConfig) -> Callable[[IntArray, IntArray, np.random.Generator], IntArray]:
    """How an epoch's batches are put together."""
    people = config.size // config.images
    draws: dict[str, Callable[[IntArray, IntArray, np.random.Generator], IntArray]] = {
        "shuffle": lambda person, _, g: sampler.shuffle_epoch(person, g, batch=config.size),
        "pk": lambda person, _, g: sampler.pk_epoch(person, g, people=people, images=config.images),
        "pk-cameras": partial(sampler.pk_camera_epoch, people=people, images=config.images),
        "balanced": partial(sampler.balanced_epoch, batch=config.size, power=config.power),
    }
    return draws[config.sampler]


def make_rate(config: OptimConfig, epochs: int) -> Callable[[float], float]:
    """Epochs done to the factor on the learning rate."""
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
    """Refuse batches that cannot be shared out.

    Raises:
        UsageError: If the processes' shares, or their parts, are not whole persons, two or more.
    """
    pieces, unit = processes * config.accumulate, _unit(config)
    if config.size % (pieces * unit) or config.size // pieces < 2 * unit:
        raise UsageError(
            f"a batch of {config.size} cannot be cut into {pieces} parts",
            where="batch",
            expected=f"parts of whole persons, two or more, {unit} images each",
        )


def _unit(config: BatchConfig) -> int:
    """Images that stay together."""
    return config.images if config.sampler.startswith("pk") else 1
