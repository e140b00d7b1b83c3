"""Losses as pure functions of features, labels and cosines; identity softmax is torch's own."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

UNKNOWN_CAMERA = -1
"""Camera id of images whose camera is not known: taken to differ from every other."""


def pair_masks(person: Tensor, camera: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Masks of the positive and of the negative pairs of a batch.

    Args:
        person: (N,) int64 class numbers.
        camera: (N,) int64; where given, positives are by different cameras.

    Returns:
        Two (N, N) bool masks; a picture is no pair with itself.
    """
    same = person[:, None] == person[None]
    positive = same & ~torch.eye(len(person), dtype=torch.bool, device=person.device)
    if camera is not None:
        positive &= (camera[:, None] != camera[None]) | (camera == UNKNOWN_CAMERA)[:, None]
    return positive, ~same


def hardest_pairs(distance: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The farthest positive and the nearest negative of each anchor that has both.

    Args:
        distance: (N, N).
        positive: (N, N) bool.
        negative: (N, N) bool.

    Returns:
        (A,) anchors, (A,) their positives, (A,) their negatives: row numbers.
    """
    anchor = torch.nonzero(positive.any(dim=1) & negative.any(dim=1)).squeeze(1)
    rows = distance.detach()[anchor]
    farthest = rows.masked_fill(~positive[anchor], -math.inf).argmax(dim=1)
    nearest = rows.masked_fill(~negative[anchor], math.inf).argmin(dim=1)
    return anchor, farthest, nearest


def euclidean(features: Tensor) -> Tensor:
    """Euclidean distances (N, N) between the rows of (N, D); the derivative is finite where rows are equal."""
    square = features.square().sum(dim=1)
    squared = square[:, None] + square[None] - 2 * features @ features.T
    return squared.clamp(min=1e-12).sqrt()


def batch_hard_triplet(
    features: Tensor,
    person: Tensor,
    camera: Tensor | None = None,
    *,
    margin: float | Literal["soft"] = 0.3,
    normalise: bool = False,
) -> Tensor:
    """Triplet loss over the hardest positive and negative of each anchor (Hermans et al., arXiv 1703.07737).

    Args:
        features: (N, D).
        person: (N,) int64 class numbers.
        camera: (N,) int64; where given, anchor and positive are by different cameras.
        margin: By how much negatives shall be farther; `soft` puts softplus in place of the hinge.
        normalise: Measure between unit vectors.

    Returns:
        The mean over anchors with a positive and a negative; 0 where there is none.
    """
    distance = euclidean(functional.normalize(features) if normalise else features)
    anchor, positive, negative = hardest_pairs(distance, *pair_masks(person, camera))
    if not len(anchor):
        return features.sum() * 0.0
    gap = distance[anchor, positive] - distance[anchor, negative]
    return functional.softplus(gap).mean() if margin == "soft" else functional.relu(gap + margin).mean()


def circle_loss(features: Tensor, person: Tensor, *, margin: float = 0.25, scale: float = 64.0) -> Tensor:
    """Pairwise circle loss (Sun et al., arXiv 2002.10857, equations 4 and 8).

    Args:
        features: (N, D).
        person: (N,) int64 class numbers.
        margin: m, how far similarities are relaxed from 0 and 1.
        scale: gamma.

    Returns:
        The mean over anchors with a positive and a negative; 0 where there is none.
    """
    unit = functional.normalize(features)
    cosine = unit @ unit.T
    positive, negative = pair_masks(person)
    # The weights are constants to the derivative, as in the paper.
    weight_p = (1 + margin - cosine.detach()).clamp(min=0)
    weight_n = (cosine.detach() + margin).clamp(min=0)
    logit_p = (-scale * weight_p * (cosine - (1 - margin))).masked_fill(~positive, -math.inf)
    logit_n = (scale * weight_n * (cosine - margin)).masked_fill(~negative, -math.inf)
    rows = positive.any(dim=1) & negative.any(dim=1)
    if not bool(rows.any()):
        return features.sum() * 0.0
    return functional.softplus(logit_p[rows].logsumexp(dim=1) + logit_n[rows].logsumexp(dim=1)).mean()


def arcface_logits(cosine: Tensor, person: Tensor, *, margin: float = 0.3, scale: float = 30.0) -> Tensor:
    """Add an angle to that between a feature and its own class (Deng et al., arXiv 1801.07698).

    Args:
        cosine: (N, C) of the angles between features and class weights.
        person: (N,) int64 class numbers.
        margin: Radians.
        scale: Factor on the result.

    Returns:
        (N, C) logits for softmax. An angle that would pass pi, where the cosine would rise again, loses a constant
        instead.
    """
    own = cosine.gather(1, person[:, None])
    sine = (1 - own.square()).clamp(min=1e-7).sqrt()
    turned = own * math.cos(margin) - sine * math.sin(margin)
    turned = torch.where(own > -math.cos(margin), turned, own - margin * math.sin(margin))
    return scale * cosine.scatter(1, person[:, None], turned)


def centre_loss(features: Tensor, centres: Tensor, person: Tensor) -> Tensor:
    """Half the squared distance of features from the centres of their classes, mean over the batch (Wen et al. 2016).

    Args:
        features: (N, D).
        centres: (C, D).
        person: (N,) int64 class numbers.
    """
    return (features - centres[person]).square().sum(dim=1).mean() / 2


def moved_centres(centres: Tensor, features: Tensor, person: Tensor, rate: float) -> Tensor:
    """Centres after a batch (Wen et al. 2016, equation 4).

    Args:
        centres: (C, D).
        features: (N, D), without gradient.
        person: (N,) int64 class numbers.
        rate: alpha, 0 to 1.

    Returns:
        (C, D); classes that are not in the batch stay.
    """
    total = torch.zeros_like(centres).index_add_(0, person, centres[person] - features)
    count = torch.bincount(person, minlength=len(centres)).to(centres.dtype)
    return centres - rate * total / (1 + count[:, None])
