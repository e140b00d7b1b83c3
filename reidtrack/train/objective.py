"""The weighted sum of losses that one training minimises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from reidtrack.train.distill import Projections, embedding_loss, relation_loss
from reidtrack.train.losses import arcface_logits, batch_hard_triplet, centre_loss, circle_loss


@dataclass(frozen=True, slots=True)
class Terms:
    """Weights and parameters of the losses; a weight of 0 leaves one out. Units as in `losses`."""

    identity: Literal["softmax", "arcface"] = "softmax"
    identity_weight: float = 1.0
    smoothing: float = 0.1
    arcface_margin: float = 0.3
    arcface_scale: float = 30.0
    triplet: float = 1.0
    triplet_margin: float | Literal["soft"] = 0.3
    triplet_cross_camera: bool = False
    triplet_normalise: bool = False
    centre: float = 0.0
    centre_rate: float = 0.5
    circle: float = 0.0
    circle_margin: float = 0.25
    circle_scale: float = 64.0
    per_set: bool = False


class BatchTeaching(NamedTuple):
    """Teachers' embeddings of a batch, and how much they count.

    Attributes:
        projections: Maps from the student's feature to each teacher's embedding.
        embedding: Weight of `embedding_loss`.
        relation: Weight of `relation_loss`.
        target: (N + M, sum of their lengths) embeddings of the batch's pictures, those without labels last.
    """

    projections: Projections
    embedding: float
    relation: float
    target: Tensor


class Outcome(NamedTuple):
    """Losses of one batch: their sum with its gradient, each weighted value, and how many were classified right.

    `unlabelled` among the values is not a term of its own: it is `embedding` of the pictures without labels alone.
    """

    total: Tensor
    parts: dict[str, Tensor]
    right: Tensor


class CosineClassifier(nn.Linear):
    """Cosines of the angles between features and class weights, for margins in the angle."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__(inputs, classes, bias=False)
        nn.init.xavier_normal_(self.weight)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's name)
        """(N, inputs) -> (N, classes) in -1..1."""
        return functional.linear(functional.normalize(input.float()), functional.normalize(self.weight.float()))


def use_cosine_classifier(model: nn.Module) -> None:
    """Replace a network's linear layers called `classifier` by cosine classifiers."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and name.split(".")[0] == "classifier":
            parent, _, last = name.rpartition(".")
            setattr(model.get_submodule(parent), last, CosineClassifier(module.in_features, module.out_features))


def objective(
    terms: Terms,
    logits: Tensor | tuple[Tensor, ...],
    features: Tensor,
    person: Tensor,
    camera: Tensor,
    centres: Tensor | None = None,
    *,
    sets: Sequence[int] = (),
    teaching: BatchTeaching | None = None,
) -> Outcome:
    """Compute the weighted sum of all losses of a batch, in single precision.

    Args:
        terms: Weights and parameters of the losses.
        logits: (N, C), or one of those for each part of a network that classifies parts.
        features: (N + M, D); the last M are of pictures without labels, which count in the teachers' terms alone.
        person: (N,) int64 class numbers.
        camera: (N,) int64.
        centres: (C, D), for the centre loss.
        sets: Persons of each data set, whose classes stand one set after another; with `per_set`, a person competes
            with those of his own set only: one classifier for each.
        teaching: Teachers' embeddings of the pictures.
    """
    heads = [head.float() for head in (logits if isinstance(logits, tuple) else (logits,))]
    every, count = features.float(), len(person)
    features = every if len(every) == count else every[:count]
    parts: dict[str, Tensor] = {}
    if terms.identity_weight:
        parts["identity"] = (
            terms.identity_weight * torch.stack([_identity(terms, h, person, sets) for h in heads]).mean()
        )
    if terms.triplet:
        apart = camera if terms.triplet_cross_camera else None
        parts["triplet"] = terms.triplet * batch_hard_triplet(
            features, person, apart, margin=terms.triplet_margin, normalise=terms.triplet_normalise
        )
    if terms.circle:
        parts["circle"] = terms.circle * circle_loss(
            features, person, margin=terms.circle_margin, scale=terms.circle_scale
        )
    if terms.centre and centres is not None:
        parts["centre"] = terms.centre * centre_loss(features, centres, person)
    if teaching is not None:
        parts |= _distillation_terms(teaching, every)
    total = sum(parts.values(), start=features.new_zeros(()))
    summed = sum(head.detach() for head in heads[1:]) + heads[0].detach()
    right = _within_sets(summed, person, sets if terms.per_set else ()).argmax(dim=1) == person
    if teaching is not None and teaching.embedding and len(every) > count:
        parts["unlabelled"] = _unlabelled_share(teaching, every.detach(), count)
    return Outcome(total, {name: value.detach() for name, value in parts.items()}, right.sum())


def _within_sets(logits: Tensor, person: Tensor, sets: Sequence[int]) -> Tensor:
    """Logits with those of other sets' persons at minus infinity: nobody was trained against them."""
    if len(sets) < 2:
        return logits
    of_class = torch.repeat_interleave(
        torch.arange(len(sets), device=logits.device), torch.tensor(sets, device=logits.device)
    )
    return logits.masked_fill(of_class[None] != of_class[person][:, None], -torch.inf)


def _distillation_terms(teaching: BatchTeaching, features: Tensor) -> dict[str, Tensor]:
    parts = {}
    if teaching.embedding:
        parts["embedding"] = teaching.embedding * embedding_loss(teaching.projections, features, teaching.target)
    if teaching.relation:
        parts["relation"] = teaching.relation * relation_loss(features, teaching.target, teaching.projections.dims)
    return parts


@torch.no_grad()
def _unlabelled_share(teaching: BatchTeaching, features: Tensor, count: int) -> Tensor:
    """The weighted embedding loss of the pictures without labels alone, which is part of that of all."""
    return teaching.embedding * embedding_loss(teaching.projections, features[count:], teaching.target[count:])


def _identity(terms: Terms, logits: Tensor, person: Tensor, sets: Sequence[int]) -> Tensor:
    if terms.identity == "arcface":
        logits = arcface_logits(logits, person, margin=terms.arcface_margin, scale=terms.arcface_scale)
    if not terms.per_set or len(sets) < 2:
        return functional.cross_entropy(logits, person, label_smoothing=terms.smoothing)
    total, first = logits.new_zeros(()), 0
    for count in sets:
        rows = torch.nonzero((person >= first) & (person < first + count)).squeeze(1)
        own, right = logits[rows, first : first + count], person[rows] - first
        total = total + functional.cross_entropy(own, right, label_smoothing=terms.smoothing, reduction="sum")
        first += count
    return total / len(person)
