"""Distillation: a network learns from other networks' embeddings of its pictures, beside or in place of the labels.

Two terms. The first draws a linear map of the student's feature towards each teacher's embedding (as FitNets does with
inner layers, Romero et al., ICLR 2015, arXiv 1412.6550). The second draws the similarities within a batch towards the
teachers' (Tung and Mori, ICCV 2019, arXiv 1907.09682), which the length of an embedding does not matter to. A teacher
sees the picture as it is, the student sees it varied: so it learns to see through cuts, blur and colour casts too.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class Projections(nn.ModuleList):
    """A linear map from the student's feature to each teacher's embedding; the identity where both are as long.

    Args:
        feature_dim: Length of the student's feature.
        dims: Lengths of the teachers' embeddings.
    """

    def __init__(self, feature_dim: int, dims: Sequence[int]) -> None:
        super().__init__(_projection(feature_dim, dim) for dim in dims)
        self.dims = tuple(dims)


def _projection(inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs, bias=False)
    if inputs == outputs:
        nn.init.eye_(layer.weight)
    else:
        nn.init.orthogonal_(layer.weight)
    return layer


def embedding_loss(projections: Projections, features: Tensor, target: Tensor) -> Tensor:
    """Mean cosine distance between the mapped features and the teachers' embeddings.

    Args:
        projections: One for each teacher.
        features: (N, D) of the student.
        target: (N, sum of the teachers' lengths), the embeddings side by side, each of unit norm.
    """
    parts = torch.split(target, list(projections.dims), dim=1)
    losses = [
        1 - functional.cosine_similarity(layer(features), part, dim=1).mean()
        for layer, part in zip(projections, parts, strict=True)
    ]
    return torch.stack(losses).mean()


def relation_loss(features: Tensor, target: Tensor, dims: Sequence[int]) -> Tensor:
    """Mean squared difference between the student's cosines within a batch and the teachers' mean cosines.

    Args:
        features: (N, D) of the student.
        target: As in `embedding_loss`.
        dims: Lengths of the teachers' embeddings.

    Returns:
        The mean over pairs of different pictures; 0 for a single one.
    """
    unit = functional.normalize(features)
    wanted = torch.stack([part @ part.T for part in torch.split(target, list(dims), dim=1)]).mean(dim=0)  # (N, N)
    pairs = ~torch.eye(len(features), dtype=torch.bool, device=features.device)
    difference = (unit @ unit.T - wanted)[pairs]
    return difference.square().mean() if len(difference) else features.sum() * 0.0
