"""The trainer: one step of the optimiser, and everything that later steps depend on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from reidtrack.train.augmentation.augment import augment
from reidtrack.train.augmentation.settings import Augmentation
from reidtrack.train.distill import Projections
from reidtrack.train.initial import set_training
from reidtrack.train.losses import moved_centres
from reidtrack.train.numerics import Numerics, halve, is_out_of_memory
from reidtrack.train.objective import BatchTeaching, Terms, objective
from reidtrack.train.optim import Average, set_rates
from reidtrack.train.parallel import Group

logger = logging.getLogger(__name__)


class Batch(NamedTuple):
    """Images and labels of one step.

    Attributes:
        images: (N, H, W, 3) uint8, BGR.
        person: (N,) int64 class numbers; with pk samplers a person's images stand side by side.
        camera: (N,) int64.
        target: (N, K) float32, the teachers' embeddings side by side; K is 0 where there is none.
        unlabelled: (M, H, W, 3) uint8, BGR: images of people nobody named, for the teachers' terms alone.
        unlabelled_target: (M, K) float32, the teachers' embeddings of those.
    """

    images: Tensor
    person: Tensor
    camera: Tensor
    target: Tensor = torch.zeros(0, 0)
    unlabelled: Tensor = torch.zeros(0, 0, 0, 3, dtype=torch.uint8)
    unlabelled_target: Tensor = torch.zeros(0, 0)


def cut(batch: Batch, part: int, parts: int) -> Batch:
    """One of equally large parts of a batch, 0-based; images without labels are shared out as evenly as they go."""
    labelled, unlabelled = (
        slice(part * count // parts, (part + 1) * count // parts)
        for count in (len(batch.person), len(batch.unlabelled))
    )
    return Batch(*(values[labelled] for values in batch[:4]), *(values[unlabelled] for values in batch[4:]))


class Generators(NamedTuple):
    """Sources of a step's randomness: images with labels are varied the same whether there are others or not."""

    labelled: torch.Generator
    unlabelled: torch.Generator


class Distillation(NamedTuple):
    """Maps to the teachers' embeddings, which are trained along, and the weights of both losses.

    Attributes:
        projections: A map for each teacher.
        embedding: Weight of `embedding_loss`.
        relation: Weight of `relation_loss`.
    """

    projections: Projections
    embedding: float
    relation: float


class Trainer:
    """A network with its optimiser, average and counters.

    All randomness of a step follows from the seed, the step's number and the process's rank, so that a training that
    goes on from `state` takes the very steps that an uninterrupted one takes.

    Attributes:
        model: The network that is trained.
        steps: Steps taken.
        parts: Parts that a batch is cut into.
    """

    def __init__(
        self,
        model: nn.Module,
        optimiser: torch.optim.Optimizer,
        *,
        terms: Terms,
        how: Augmentation,
        mean: Sequence[float],
        std: Sequence[float],
        numerics: Numerics,
        seed: int,
        loaded: tuple[str, ...] = (),
        average: Average | None = None,
        centres: Tensor | None = None,
        clip: float = 0.0,
        parts: int = 1,
        least: int = 2,
        group: Group | None = None,
        statistics: bool = True,
        sets: Sequence[int] = (),
        distillation: Distillation | None = None,
    ) -> None:
        self.model, self.steps, self.parts = model, 0, parts
        self._sums: dict[str, Tensor] = {}
        self._optimiser, self._terms, self._how = optimiser, terms, how
        self._mean, self._std, self._numerics, self._seed = mean, std, numerics, seed
        self._loaded, self._average, self._centres = loaded, average, centres
        self._clip, self._least, self._group = clip, least, group or Group()
        self._scaler = torch.amp.GradScaler(numerics.device.type, enabled=numerics.autocast == torch.float16)
        self._fixed = frozenset(key for key, value in model.named_parameters() if not value.requires_grad)
        self._frozen: bool | None = None
        self._forward: nn.Module = model
        self._statistics, self._sets, self._distillation = statistics, tuple(sets), distillation

    @property
    def shown(self) -> nn.Module:
        """Network to validate and keep: the average where there is one."""
        return self.model if self._average is None else self._average.model

    def take(self, batch: Batch, *, rate: float, frozen: bool = False) -> None:
        """Take one step of the optimiser.

        Args:
            batch: This process's share.
            rate: Factor on the learning rate.
            frozen: Train only the layers that no checkpoint brought.

        Raises:
            DeviceError: If memory does not suffice however small the parts.
        """
        self._set_frozen(frozen)
        set_rates(self._optimiser, rate)
        while True:
            try:
                sums = self._gradients(batch)
                break
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                # A process that cuts its share while others do not would wait for them without end.
                if not is_out_of_memory(error) or self._group.size > 1:
                    raise
            self.parts = halve(self.parts, len(batch.person), self._least)
            logger.warning("out of memory: from now on %d images at once", len(batch.person) // self.parts)
        self._update()
        self.steps += 1
        if self._average is not None:
            self._average.follow(self.model, self.steps)
        for name, value in sums.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        """Features (N, D) of images (N, H, W, 3), uint8 BGR, by the network that is kept, without augmentation."""
        model = self.shown.eval()
        x = augment(images, Augmentation(), torch.Generator(), self._mean, self._std)
        with torch.autocast(x.device.type, self._numerics.autocast, enabled=self._numerics.autocast is not None):
            found: Tensor = model(x)
        self.back_to_training()
        return found.float()

    def back_to_training(self) -> None:
        """Put the network back into training mode after an evaluation."""
        set_training(
            self.model, self._loaded, frozen=bool(self._frozen), fixed=self._fixed, statistics=self._statistics
        )

    def sums(self) -> dict[str, float]:
        """Added up by `take`: images, images classified right, and each loss times images; waits for the device."""
        return {name: float(value) for name, value in self._sums.items()}

    def clear_sums(self) -> None:
        """Begin to add up anew."""
        self._sums = {}

    def state(self) -> dict[str, Any]:
        """Everything the next step depends on."""
        return {
            "model": self.model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "scaler": self._scaler.state_dict(),
            "average": None if self._average is None else self._average.model.state_dict(),
            "centres": self._centres,
            "projections": None if self._distillation is None else self._distillation.projections.state_dict(),
            "steps": self.steps,
            "parts": self.parts,
            "sums": self.sums(),
            "loaded": list(self._loaded),
            "mean": list(self._mean),
            "std": list(self._std),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._scaler.load_state_dict(state["scaler"])
        if self._average is not None:
            self._average.model.load_state_dict(state["average"])
        if self._centres is not None:
            self._centres = state["centres"].to(self._numerics.device)
        if self._distillation is not None:
            self._distillation.projections.load_state_dict(state["projections"])
        self.steps, self.parts = state["steps"], state["parts"]
        device = self._numerics.device
        self._sums = {
            name: torch.tensor(value, dtype=torch.float64, device=device) for name, value in state["sums"].items()
        }
        self._frozen = None

    def _set_frozen(self, frozen: bool) -> None:
        """Freeze or release loaded layers, where that changes; parallel training learns of it by wrapping anew."""
        if frozen == self._frozen:
            return
        self._frozen = frozen
        self.back_to_training()
        if self._group.size > 1:
            gpu = [self._numerics.device.index] if self._numerics.device.type == "cuda" else None
            # Without labels the classifier has no part in the loss.
            unused = not self._terms.identity_weight
            self._forward = DistributedDataParallel(self.model, device_ids=gpu, find_unused_parameters=unused)

    def _gradients(self, batch: Batch) -> dict[str, Tensor]:
        """Leave the gradient of the whole batch in the parameters, and return sums of what is logged."""
        generators = self._seeded()
        self._optimiser.zero_grad(set_to_none=True)
        sums: dict[str, Tensor] = {}
        seen: list[tuple[Tensor, Tensor]] = []
        for part in range(self.parts):
            piece = cut(batch, part, self.parts)
            features = self._backward(piece, generators, sums, share=1 / self.parts, last=part + 1 == self.parts)
            seen.append((features, piece.person))
        self._share_projections()
        if self._centres is not None:
            features, person = (self._group.gather(torch.cat(values)) for values in zip(*seen, strict=True))
            self._centres = moved_centres(self._centres, features, person, self._terms.centre_rate)
        return sums

    def _backward(
        self, piece: Batch, generators: Generators, sums: dict[str, Tensor], *, share: float, last: bool
    ) -> Tensor:
        """Add the gradient of a part, times its share of the batch, and return its labelled images' features."""
        count = len(piece.person)
        x = augment(piece.images, self._how, generators.labelled, self._mean, self._std)
        if len(piece.unlabelled):
            others = augment(piece.unlabelled, self._how, generators.unlabelled, self._mean, self._std)
            x = torch.cat([x, others])
        if self._numerics.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        wrapped = isinstance(self._forward, DistributedDataParallel)
        if wrapped and not last:
            self._forward.require_backward_grad_sync = False  # type: ignore[assignment]
        with torch.autocast(x.device.type, self._numerics.autocast, enabled=self._numerics.autocast is not None):
            logits, features = self._forward(x)
        outcome = objective(
            self._terms,
            tuple(head[:count] for head in logits) if isinstance(logits, tuple) else logits[:count],
            features,
            piece.person,
            piece.camera,
            self._centres,
            sets=self._sets,
            teaching=self._teaching(piece),
        )
        self._scaler.scale(outcome.total * share).backward()  # type: ignore[no-untyped-call]
        if wrapped:
            self._forward.require_backward_grad_sync = True  # type: ignore[assignment]
        logged = {"loss": outcome.total.detach(), **outcome.parts}
        added = {name: value.double() * count for name, value in logged.items()}
        added |= {"right": outcome.right.double(), "images": torch.full_like(added["loss"], count)}
        if len(piece.unlabelled):
            added["unlabelled_images"] = torch.full_like(added["loss"], len(piece.unlabelled))
        for name, value in added.items():
            sums[name] = sums[name] + value if name in sums else value
        kept: Tensor = features[:count].detach().float()
        return kept

    def _share_projections(self) -> None:
        """Average the gradients of the maps to the teachers over the processes, as is done with the network's."""
        if self._distillation is None or self._group.size == 1:
            return
        for parameter in self._distillation.projections.parameters():
            if parameter.grad is not None:
                parameter.grad = self._group.sum(parameter.grad) / self._group.size

    def _teaching(self, piece: Batch) -> BatchTeaching | None:
        if self._distillation is None:
            return None
        target = torch.cat([piece.target, piece.unlabelled_target]) if len(piece.unlabelled) else piece.target
        return BatchTeaching(*self._distillation, target)

    def _update(self) -> None:
        if self._clip:
            self._scaler.unscale_(self._optimiser)
            nn.utils.clip_grad_norm_(self.model.parameters(), self._clip)
        self._scaler.step(self._optimiser)
        self._scaler.update()

    def _seeded(self) -> Generators:
        """Generators of this step; dropout's is seeded too."""
        words = np.random.SeedSequence([self._seed, self.steps, self._group.rank]).generate_state(4, np.uint32)
        seed, other = (int(words[i]) << 31 ^ int(words[i + 1]) for i in (0, 2))
        torch.manual_seed(seed)
        return Generators(torch.Generator().manual_seed(seed), torch.Generator().manual_seed(other))
