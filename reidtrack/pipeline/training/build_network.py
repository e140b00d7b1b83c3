"""The network of a training: its architecture, starting weights, and what is asked of it before it learns."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidtrack.config.train import ModelConfig, TrainConfig
from reidtrack.errors import UsageError, WeightsError
from reidtrack.models.card import ModelCard
from reidtrack.models.checkpoint import LoadedModel, load_checkpoint
from reidtrack.models.imagenet import load_imagenet
from reidtrack.models.zoo import build_model, feature_dim_of
from reidtrack.networks.find import find_weights
from reidtrack.types import FloatArray, IntArray

if TYPE_CHECKING:
    from torch import nn

logger = logging.getLogger(__name__)


def make_network(
    config: TrainConfig, classes: int, resumed: Mapping[str, Any] | None = None
) -> tuple[nn.Module, tuple[str, ...], ModelCard]:
    """Make the network with its starting weights.

    With the state of a trainer that will be `resumed`, the weights stay random: it brings them.

    Returns:
        The network, the names of the weights that were loaded, and the card of what it becomes.

    Raises:
        WeightsError: If there is no such architecture, or the starting weights do not fit.
    """
    import torch

    from reidtrack.train.initial import copy_weights
    from reidtrack.train.objective import use_cosine_classifier

    torch.manual_seed(config.seed)
    name, init = config.model.architecture, config.model.init
    model = build_model(name, classes)
    if config.loss.identity == "arcface":
        use_cosine_classifier(model)
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
    return model, copy_weights(model, source.model), card


def _widened(model: nn.Module, name: str, source: LoadedModel, init: str, seed: int) -> tuple[str, ...]:
    """Start from a narrower network of the same kind; the names of the weights that were loaded."""
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
    """Load weights trained on ImageNet; their names, none where they are not to be had and need not be."""
    try:
        return load_imagenet(model, name)
    except WeightsError as error:
        if must:
            raise
        logger.warning("random starting weights instead of ImageNet's: %s", error)
        return ()


def prepare_network(model: nn.Module, config: ModelConfig, person: IntArray, teacher: FloatArray) -> None:
    """Freeze layers, mix style and set class weights, as the settings ask.

    Args:
        model: The network.
        config: The settings.
        person: (N,) class number of each training image's person.
        teacher: (N, D) embeddings of the first teacher.

    Raises:
        UsageError: If the network has no such layer, or no classifier that the embeddings fit.
    """
    import torch
    from torch import nn

    from reidtrack.train.augmentation.mixstyle import insert_mixstyle
    from reidtrack.train.initial import freeze, set_class_weights

    try:
        freeze(model, config.frozen)
        if config.mixstyle:
            insert_mixstyle(model, config.mixstyle_after, config.mixstyle)
        if config.classes_from == "teacher":
            classifier = getattr(model, "classifier", None)
            if not isinstance(classifier, nn.Linear):
                raise ValueError("has no single classifier to begin with a teacher's embeddings")
            set_class_weights(classifier, torch.from_numpy(teacher), torch.from_numpy(person))
    except ValueError as error:
        raise UsageError(f"{config.architecture}: {error}", where="model") from error
