"""A network of two layers in training, for tests of single steps."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from reidtrack.train.augmentation.settings import Augmentation
from reidtrack.train.distill import Projections
from reidtrack.train.numerics import Numerics
from reidtrack.train.objective import Terms
from reidtrack.train.trainer import Batch, Distillation, Trainer


class Small(nn.Module):
    """A network that has memory for `fits` pictures at once."""

    def __init__(self, fits: int = 1000) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.fits = fits
        self.body = nn.Linear(3, 6)
        self.classifier = nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> Any:
        if len(x) > self.fits:
            raise torch.OutOfMemoryError("CUDA out of memory")
        feature = self.body(x.mean(dim=(2, 3)))
        return (self.classifier(feature), feature) if self.training else feature


def trainer(model: nn.Module, **others: Any) -> Trainer:
    optimiser = torch.optim.SGD([{"params": list(model.parameters()), "lr": 0.1, "base_lr": 0.1}], lr=0.1)
    return Trainer(
        model,
        optimiser,
        terms=others.pop("terms", Terms(triplet=0)),
        how=Augmentation(),
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
        numerics=Numerics(torch.device("cpu"), None, False),
        seed=0,
        least=4,
        **others,
    )


def batch() -> Batch:
    images = torch.randint(0, 256, (16, 8, 4, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))
    person = torch.arange(4).repeat_interleave(4)
    target = functional.normalize(torch.randn(16, 9, generator=torch.Generator().manual_seed(3)))
    return Batch(images, person, torch.zeros(16, dtype=torch.int64), target)


def beside(count: int, seed: int = 7) -> Batch:
    """The batch, with so many pictures of people nobody named."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 8, 4, 3), dtype=torch.uint8, generator=generator)
    target = functional.normalize(torch.randn(count, 9, generator=generator))
    return batch()._replace(unlabelled=images, unlabelled_target=target)


def taught(**others: Any) -> Trainer:
    """A trainer with centres and a teacher."""
    torch.manual_seed(4)
    maps = Projections(6, (9,))
    terms = Terms(triplet=0, centre=0.1)
    made = trainer(Small(), terms=terms, centres=torch.zeros(4, 6), distillation=Distillation(maps, 1.0, 0.5), **others)
    made._optimiser.add_param_group({"params": list(maps.parameters()), "lr": 0.1, "base_lr": 0.1})
    return made
