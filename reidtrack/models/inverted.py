"""The inverted residual block that EfficientNet and MobileNetV3 share, under torchvision's parameter names.

Few channels are expanded, filtered one by one, weighed by a squeeze-and-excitation gate and reduced again (Sandler et
al., arXiv 1801.04381; Hu et al., arXiv 1709.01507).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

Activation = Callable[[], nn.Module]


class Style(NamedTuple):
    """What differs between the families.

    Attributes:
        gate: Last activation of the squeeze-and-excitation gate.
        inner: Its first.
        eps: Of the normalisations.
        momentum: Likewise.
    """

    gate: Activation
    inner: Activation
    eps: float
    momentum: float


class Shape(NamedTuple):
    """One block: channels in, inside and out, kernel, stride, channels of the gate (0: none)."""

    inputs: int
    expanded: int
    outputs: int
    kernel: int
    stride: int
    squeezed: int


class Gate(nn.Module):
    """Weighs channels by what all of the picture shows."""

    def __init__(self, channels: int, squeezed: int, style: Style) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.activation, self.scale_activation = style.inner(), style.gate()

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        mean = x.mean(dim=(2, 3), keepdim=True)  # (N, C, 1, 1)
        out: Tensor = self.scale_activation(self.fc2(self.activation(self.fc1(mean)))) * x
        return out


class InvertedResidual(nn.Module):
    """Expand, filter, weigh, reduce; added to the input where shapes agree.

    Args:
        shape: Of the block.
        activation: Of its convolutions.
        style: Of its family.
        drop: Probability that training leaves a picture's branch out (arXiv 1603.09382).
    """

    def __init__(self, shape: Shape, activation: Activation, style: Style, drop: float = 0.0) -> None:
        super().__init__()
        inputs, expanded, outputs, kernel, stride, squeezed = shape
        layers: list[nn.Module] = []
        if expanded != inputs:
            layers.append(conv_norm(inputs, expanded, 1, 1, style, activation))
        layers.append(conv_norm(expanded, expanded, kernel, stride, style, activation, groups=expanded))
        if squeezed:
            layers.append(Gate(expanded, squeezed, style))
        layers.append(conv_norm(expanded, outputs, 1, 1, style, None))
        self.block = nn.Sequential(*layers)
        self._adds = stride == 1 and inputs == outputs
        self._drop = drop

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        out: Tensor = self.block(x)
        if not self._adds:
            return out
        if self.training and self._drop:
            kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= self._drop
            out = out * kept / (1 - self._drop)
        return x + out


def conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int, style: Style, activation: Activation | None, groups: int = 1
) -> nn.Sequential:
    """Convolution, normalisation and, unless None, activation."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    norm = nn.BatchNorm2d(outputs, eps=style.eps, momentum=style.momentum)
    return nn.Sequential(conv, norm, *([activation()] if activation else []))


class Embedding(nn.Module):
    """A trunk `features`, its mean over the picture reduced to a feature, and a classifier.

    Args:
        features: (N, 3, H, W) -> (N, channels, h, w).
        channels: Of its last map.
        feature_dim: Length of the feature.
        num_classes: Identities of the classifier; 0 builds none.
    """

    def __init__(self, features: nn.Sequential, channels: int, feature_dim: int, num_classes: int) -> None:
        super().__init__()
        self.features = features
        self.embedding = nn.Sequential(nn.Linear(channels, feature_dim, bias=False), nn.BatchNorm1d(feature_dim))
        self.classifier = nn.Linear(feature_dim, num_classes) if num_classes else None
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """(N, 3, H, W) -> (N, feature_dim) features; in training, logits and features."""
        from reidtrack.models.osnet import classify

        feature = self.embedding(self.features(x).mean(dim=(2, 3)))  # (N, channels) -> (N, feature_dim)
        return classify(feature, self.classifier, training=self.training)
