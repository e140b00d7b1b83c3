"""Fine-tuning: a low learning rate, BatchNorm frozen, a running mean of the weights."""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from reidtrack.types import FloatArray
from tools.train_detector.augment import training_picture
from tools.train_detector.data import Picture
from tools.train_detector.network import gains

logger = logging.getLogger("train_detector")
_TRUNK = 11
"""Layers of YOLO11 before the first that joins two of them."""


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        epochs: Times that every picture is shown as the main one of a training picture.
        batch: Pictures a step.
        rate: Highest learning rate of AdamW.
        imgsz: Side of a training picture, pixels.
        decay: Of the running mean of the weights, by step.
        seed: Of order and augmentation.
    """

    epochs: int = 2
    batch: int = 8
    rate: float = 2e-4
    imgsz: int = 640
    decay: float = 0.995
    seed: int = 0


def fit(start: Any, pictures: Sequence[Picture], plan: Plan) -> Any:
    """Train a copy of `start`.

    Args:
        start: The one-class network.
        pictures: What to learn from.
        plan: How.

    Returns:
        The mean network, in evaluation mode.
    """
    torch.manual_seed(plan.seed)
    network = copy.deepcopy(start).to(memory_format=torch.channels_last)
    mean = copy.deepcopy(network).eval()
    parameters = _trained(network)
    optimiser = torch.optim.AdamW(parameters, lr=plan.rate, weight_decay=1e-4)
    criterion = _criterion(network)
    steps, step = plan.epochs * math.ceil(len(pictures) / plan.batch), 0
    for epoch in range(1, plan.epochs + 1):
        started, losses = time.process_time(), []
        for chosen in _batches(pictures, plan, epoch):
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * _factor(step, steps)
            losses.append(_step(network, criterion, chosen))
            nn.utils.clip_grad_norm_(parameters, 10.0)
            optimiser.step()
            optimiser.zero_grad()
            step += 1
            _follow(mean, network, min(plan.decay, (1 + step) / (10 + step)))
        box, score, edges = np.mean(losses, axis=0)
        spent = time.process_time() - started
        logger.info("epoch %d: box %.3f, score %.3f, edges %.3f, %.0f CPU-seconds", epoch, box, score, edges, spent)
    return mean


def _trained(network: nn.Module) -> list[nn.Parameter]:
    """Train neck and head; the trunk, all of BatchNorm, and what turns edge distributions into boxes stay."""
    network.train().requires_grad_(True)
    network.model[:_TRUNK].requires_grad_(False)  # type: ignore[index]
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval().requires_grad_(False)
    network.model[-1].dfl.requires_grad_(False)  # type: ignore[union-attr,index]
    return [p for p in network.parameters() if p.requires_grad]


def _criterion(network: Any) -> Any:
    from ultralytics.utils.loss import v8DetectionLoss

    network.args = gains(box=7.5, cls=0.5, dfl=1.5)
    return v8DetectionLoss(network)


def _batches(pictures: Sequence[Picture], plan: Plan, epoch: int) -> Iterator[list[Picture]]:
    rng = np.random.default_rng([plan.seed, epoch])
    order = rng.permutation(len(pictures))
    for first in range(0, len(order), plan.batch):
        yield [training_picture(pictures, int(i), plan.imgsz, rng) for i in order[first : first + plan.batch]]


def _step(network: nn.Module, criterion: Any, pictures: Sequence[Picture]) -> FloatArray:
    """Add a batch's gradients; gives the mean losses of boxes, scores and edges."""
    planes = np.stack([p.image[..., ::-1].transpose(2, 0, 1) for p in pictures])
    images = (torch.from_numpy(planes).float() / 255).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        raw = network(images)
    predicted = {key: raw[key].float() for key in ("boxes", "scores")} | {"feats": raw["feats"]}
    criterion.bce.weight = _attended(pictures, [f.shape[2:] for f in raw["feats"]])
    loss, parts = criterion(predicted, _targets(pictures))
    (loss.sum() / len(pictures)).backward()
    return np.array([float(value) for value in parts.values()])


def _targets(pictures: Sequence[Picture]) -> dict[str, torch.Tensor]:
    side = pictures[0].image.shape[0]
    number = np.repeat(np.arange(len(pictures)), [len(p.xyxy) for p in pictures])
    xyxy = np.concatenate([p.xyxy for p in pictures]) / side
    cxcywh = np.concatenate([(xyxy[:, :2] + xyxy[:, 2:]) / 2, xyxy[:, 2:] - xyxy[:, :2]], axis=1)
    return {
        "batch_idx": torch.from_numpy(number).float(),
        "cls": torch.zeros(len(number)),
        "bboxes": torch.from_numpy(cxcywh.astype(np.float32)),
    }


def _attended(pictures: Sequence[Picture], grids: Sequence[Sequence[int]]) -> torch.Tensor:
    """Which cells are scored: (B, cells, 1), 0 in a box to ignore unless in one to find too."""
    side = pictures[0].image.shape[0]
    cells = np.concatenate([_centres(height, width, side / height) for height, width in grids])
    weight = [~_within(cells, p.ignored) | _within(cells, p.xyxy) for p in pictures]
    return torch.from_numpy(np.stack(weight)[..., None]).float()


def _centres(height: int, width: int, stride: float) -> FloatArray:
    y, x = np.mgrid[:height, :width]
    return ((np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * stride).astype(np.float32)


def _within(points: FloatArray, xyxy: FloatArray) -> np.ndarray:
    beyond = (points[:, None] >= xyxy[None, :, :2]) & (points[:, None] <= xyxy[None, :, 2:])
    inside: np.ndarray = beyond.all(axis=2).any(axis=1)
    return inside


def _factor(step: int, steps: int) -> float:
    """Share of the learning rate: up over a twentieth of the steps, then a half cosine down to a twentieth."""
    up = max(1, steps // 20)
    if step < up:
        return (step + 1) / up
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - up) / max(1, steps - up)))


@torch.no_grad()
def _follow(mean: nn.Module, network: nn.Module, decay: float) -> None:
    for kept, new in zip(mean.parameters(), network.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)
