"""OSNet with linear context gates, as in person-reidentification-retail-0277, 0286, 0287 and 0288 of Open Model Zoo.

Four things differ from OSNet (models/osnet.py). The picture and the stem are normalised by instance, which takes out
part of a camera's style. The second block of each stage weighs its channels by a linear context transform (Ruan et
al., AAAI 2020, arXiv 1909.03834): the means of a group of channels, normalised within the group, then a scale and an
offset for each channel. The last map is not averaged but weighed place by place, each channel in its own way (global
depthwise convolution, Chen et al., MobileFaceNets, arXiv 1804.07573). The feature has 256 numbers behind a PReLU.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from reidtrack.models.osnet import STAGES, STEM, ConvNorm, OSBlock, classify, halve, initialise

FEATURE_DIM = 256
LAST_MAP_HW = (16, 8)
"""Places of the last map at the input of 256x128 that the network is made for."""
MOST_GROUPS = 16
"""Groups of channels in a gate; fewer where they would not be equal."""


class LinearContextGate(nn.Module):
    """Weighs each channel by its mean over the map, relative to the means of its group (equation 4 of the paper)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, 1, 1))
        self.bias = nn.Parameter(torch.ones(channels, 1, 1))
        self.groups = math.gcd(MOST_GROUPS, channels)
        self.eps = 1e-5

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        channels = x.shape[1]
        mean = x.mean(dim=(2, 3)).reshape(-1, self.groups, channels // self.groups)  # (N, G, C / G)
        centred = mean - mean.mean(dim=2, keepdim=True)
        normal = centred * (centred.square().mean(dim=2, keepdim=True) + self.eps).rsqrt()
        gate = torch.sigmoid(normal.reshape(-1, channels, 1, 1) * self.weight + self.bias)  # (N, C, 1, 1) in 0..1
        return x * gate


class GlobalDepthwise(nn.Module):
    """Each channel's own weighted sum over the places of the last map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, LAST_MAP_HW, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C); maps of other inputs than 256x128 are resampled to 16x8 places."""
        if x.shape[2:] != LAST_MAP_HW:
            x = functional.interpolate(x, LAST_MAP_HW, mode="bilinear", align_corners=False)
        # A convolution that covers the whole map, written as the sum it is: faster to train than `conv` as such.
        weighed: Tensor = (x * self.conv.weight.squeeze(1)).sum(dim=(2, 3))
        return weighed if self.conv.bias is None else weighed + self.conv.bias


class OSNetLCT(nn.Module):
    """OSNet with linear context gates.

    Args:
        width: Multiplier of all channels but the feature's: 1.0 (0277), 0.75 (0286), 0.5 or 0.25 (0288).
        num_classes: Identities of the classifier; 0 builds none.
    """

    def __init__(self, width: float = 1.0, num_classes: int = 0) -> None:
        super().__init__()
        stem, c2, c3, c4 = (int(width * channels) for channels in (STEM, *STAGES))
        self.input_norm = nn.InstanceNorm2d(3, affine=True)
        self.conv1 = ConvNorm(3, stem, 7, 2, instance=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.conv2 = nn.Sequential(OSBlock(stem, c2), OSBlock(c2, c2, gate=LinearContextGate), halve(c2))
        self.conv3 = nn.Sequential(OSBlock(c2, c3), OSBlock(c3, c3, gate=LinearContextGate), halve(c3))
        self.conv4 = nn.Sequential(OSBlock(c3, c4), OSBlock(c4, c4, gate=LinearContextGate))
        self.conv5 = ConvNorm(c4, c4)
        self.pool = GlobalDepthwise(c4)
        self.fc = nn.Sequential(nn.Linear(c4, FEATURE_DIM), nn.BatchNorm1d(FEATURE_DIM), nn.PReLU(init=1.0))
        self.classifier = nn.Linear(FEATURE_DIM, num_classes) if num_classes else None
        initialise(self)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Turn (N, 3, H, W) normalised RGB crops into (N, 256) features; in training, logits and features."""
        x = self.maxpool(self.conv1(self.input_norm(x)))  # (N, 64 w, H / 4, W / 4)
        x = self.conv2(x)  # (N, 256 w, H / 8, W / 8)
        x = self.conv3(x)  # (N, 384 w, H / 16, W / 16)
        x = self.conv5(self.conv4(x))  # (N, 512 w, H / 16, W / 16)
        feature = self.fc(self.pool(x))  # (N, 512 w) -> (N, 256)
        return classify(feature, self.classifier, training=self.training)
