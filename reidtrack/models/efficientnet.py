"""EfficientNet-B0 (Tan and Le, arXiv 1905.11946) with a 512-d embedding, under torchvision's parameter names."""

from __future__ import annotations

from functools import partial

from torch import nn

from reidtrack.models.inverted import Embedding, InvertedResidual, Shape, Style, conv_norm

FEATURE_DIM = 512
STYLE = Style(gate=nn.Sigmoid, inner=partial(nn.SiLU, inplace=True), eps=1e-5, momentum=0.1)
STAGES = (
    # expansion, kernel, stride of the first block, channels, blocks
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
DROP = 0.2
"""Probability at the last block; it rises from 0 at the first (arXiv 1603.09382)."""


def efficientnet_b0(num_classes: int = 0) -> Embedding:
    """Build the network.

    Args:
        num_classes: Identities of the classifier; 0 builds none.
    """
    blocks = sum(stage[-1] for stage in STAGES)
    layers: list[nn.Module] = [conv_norm(3, 32, 3, 2, STYLE, nn.SiLU)]
    inputs, built = 32, 0
    for expansion, kernel, stride, outputs, count in STAGES:
        stage: list[nn.Module] = []
        for place in range(count):
            shape = Shape(
                inputs, expansion * inputs, outputs, kernel, 1 if place else stride, squeezed=max(1, inputs // 4)
            )
            stage.append(InvertedResidual(shape, nn.SiLU, STYLE, DROP * built / blocks))
            inputs, built = outputs, built + 1
        layers.append(nn.Sequential(*stage))
    layers.append(conv_norm(inputs, 4 * inputs, 1, 1, STYLE, nn.SiLU))
    return Embedding(nn.Sequential(*layers), 4 * inputs, FEATURE_DIM, num_classes)
