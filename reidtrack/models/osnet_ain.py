"""OSNet-AIN (Zhou et al., TPAMI 2021, arXiv 1910.06827): instance normalisation where a search found it to help most.

The search over where to put instance normalisation, for features that carry over to cameras never seen, ended with the
stem and four of the six blocks, inside the residual branch. Parameter names are those of published checkpoints
(torchreid), which name the streams and the transitions otherwise than OSNet's do.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidtrack.models.osnet import (
    FEATURE_DIM,
    STAGES,
    STEM,
    ChannelGate,
    ConvNorm,
    classify,
    halve,
    initialise,
    light_convs,
    sum_streams,
)


class Stream(nn.Module):
    """A stream of `depth` light convolutions under the name the checkpoints use."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        self.layers = light_convs(channels, depth)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        out: Tensor = self.layers(x)
        return out


class Expand(nn.Module):
    """The 1x1 convolution that ends a residual branch, normalised by the block."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        out: Tensor = self.conv(x)
        return out


class AINBlock(nn.Module):
    """Omni-scale residual block; `instance` normalises its branch by instance in place of by batch."""

    def __init__(self, inputs: int, outputs: int, *, instance: bool) -> None:
        super().__init__()
        middle = outputs // 4
        self.conv1 = ConvNorm(inputs, middle)
        self.conv2 = nn.ModuleList(Stream(middle, depth) for depth in (1, 2, 3, 4))
        self.gate = ChannelGate(middle)
        self.conv3 = Expand(middle, outputs) if instance else ConvNorm(middle, outputs, linear=True)
        self.downsample = ConvNorm(inputs, outputs, linear=True) if inputs != outputs else None
        self.IN = nn.InstanceNorm2d(outputs, affine=True) if instance else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        branch = self.conv3(sum_streams(self.gate, tuple(self.conv2), self.conv1(x)))  # (N, outputs, H, W)
        if self.IN is not None:
            branch = self.IN(branch)
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(branch + shortcut)


class OSNetAIN(nn.Module):
    """OSNet-AIN.

    Args:
        width: Multiplier of all channels but the feature's: 1.0, 0.75, 0.5 or 0.25.
        num_classes: Identities of the classifier; 0 builds none.
    """

    def __init__(self, width: float = 1.0, num_classes: int = 0) -> None:
        super().__init__()
        stem, c2, c3, c4 = (int(width * channels) for channels in (STEM, *STAGES))
        self.conv1 = ConvNorm(3, stem, 7, 2, instance=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.conv2 = nn.Sequential(AINBlock(stem, c2, instance=True), AINBlock(c2, c2, instance=True))
        self.pool2 = halve(c2)
        self.conv3 = nn.Sequential(AINBlock(c2, c3, instance=False), AINBlock(c3, c3, instance=True))
        self.pool3 = halve(c3)
        self.conv4 = nn.Sequential(AINBlock(c3, c4, instance=True), AINBlock(c4, c4, instance=False))
        self.conv5 = ConvNorm(c4, c4)
        self.fc = nn.Sequential(nn.Linear(c4, FEATURE_DIM), nn.BatchNorm1d(FEATURE_DIM), nn.ReLU())
        self.classifier = nn.Linear(FEATURE_DIM, num_classes) if num_classes else None
        initialise(self)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Turn (N, 3, H, W) normalised RGB crops into (N, 512) features; in training, logits and features."""
        x = self.maxpool(self.conv1(x))  # (N, 64 w, H / 4, W / 4)
        x = self.pool2(self.conv2(x))  # (N, 256 w, H / 8, W / 8)
        x = self.pool3(self.conv3(x))  # (N, 384 w, H / 16, W / 16)
        x = self.conv5(self.conv4(x))  # (N, 512 w, H / 16, W / 16)
        feature = self.fc(x.mean(dim=(2, 3)))  # (N, 512 w) -> (N, 512)
        return classify(feature, self.classifier, training=self.training)
