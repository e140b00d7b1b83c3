"""Optimisers by name, the learning rate over time, and the running average of weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


def make_optimiser(
    model: nn.Module,
    name: Literal["adam", "adamw", "sgd"],
    *,
    lr: float,
    weight_decay: float,
    momentum: float,
    loaded: Collection[str] = (),
    new_layers: float = 1.0,
) -> torch.optim.Optimizer:
    """Make an optimiser over a network's parameters.

    Args:
        model: Its trainable parameters are taken.
        name: Which optimiser.
        lr: Full learning rate; each group keeps its own in `base_lr`.
        weight_decay: L2 for adam and sgd, decoupled for adamw; none on biases and normalisation with adamw.
        momentum: Of sgd.
        loaded: Names of parameters that came from a checkpoint.
        new_layers: Factor on the rate of all others, where there is a checkpoint.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for key, parameter in model.named_parameters():
        rate = lr * (new_layers if loaded and key not in loaded else 1.0)
        decay = 0.0 if name == "adamw" and parameter.ndim < 2 else weight_decay
        groups.setdefault((rate, decay), []).append(parameter)
    tables: list[dict[str, Any]] = [
        {"params": parameters, "lr": rate, "base_lr": rate, "weight_decay": decay}
        for (rate, decay), parameters in groups.items()
    ]
    if name == "sgd":
        return torch.optim.SGD(tables, lr=lr, momentum=momentum, nesterov=momentum > 0)
    return torch.optim.AdamW(tables, lr=lr) if name == "adamw" else torch.optim.Adam(tables, lr=lr)


def rate_factor(
    epoch: float,
    epochs: int,
    schedule: Literal["cosine", "steps"],
    *,
    warmup_epochs: float,
    final: float = 0.0,
    steps: Sequence[float] = (),
    gamma: float = 0.1,
) -> float:
    """Factor on the learning rate, 0 to 1, at a time of a training.

    Args:
        epoch: Epochs done, with a fraction.
        epochs: Epochs altogether.
        schedule: `cosine` falls to `final` (arXiv 1608.03983), `steps` multiplies by `gamma` at each of `steps`.
        warmup_epochs: Linear rise from a hundredth.
        final: Factor at the end.
        steps: Epochs.
        gamma: Factor of each step.
    """
    if epoch < warmup_epochs:
        return 0.01 + 0.99 * epoch / warmup_epochs
    if schedule == "steps":
        return math.prod([gamma for step in steps if epoch >= step])
    done = min(1.0, (epoch - warmup_epochs) / max(epochs - warmup_epochs, 1e-9))
    return final + (1 - final) * (1 + math.cos(math.pi * done)) / 2


def set_rates(optimiser: torch.optim.Optimizer, factor: float) -> None:
    """Set each group's learning rate to `factor` times its full one."""
    for group in optimiser.param_groups:
        group["lr"] = factor * group["base_lr"]


class Average:
    """Exponential moving average of a network's weights; statistics of normalisation are averaged too.

    Attributes:
        model: A copy of the network that holds the average, in evaluation mode.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        """Begin with the weights as they are.

        Args:
            model: The network that is trained.
            decay: Weight of the past per step; smaller at the start, so that fresh weights do not linger.
        """
        self._decay = decay
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._mean, self._counts = _tensors(self.model)

    @torch.no_grad()
    def follow(self, model: nn.Module, step: int) -> None:
        """Move towards `model` after its step number `step`, from 1."""
        values, counts = _tensors(model)
        average = get_ema_multi_avg_fn(min(self._decay, (1 + step) / (10 + step)))  # type: ignore[no-untyped-call]
        average(self._mean, values, step)
        for mean, value in zip(self._counts, counts, strict=True):
            mean.copy_(value)


def _tensors(model: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Parameters and buffers of a network: those with fractions, and counters."""
    tensors = [t.detach() for t in (*model.parameters(), *model.buffers())]
    return [t for t in tensors if t.is_floating_point()], [t for t in tensors if not t.is_floating_point()]
