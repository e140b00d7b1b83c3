"""ResNet50 (He et al., arXiv 1512.03385) for re-identification: as it is, and as the strong baseline has it.

The strong baseline (Luo et al., arXiv 1903.07071) keeps the last stage at twice the resolution and puts a
normalisation, the BNNeck, between the feature that distances are learned on and the one that is classified and searched
with.

Parameter names are torchvision's, so that its published ImageNet weights load by name.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidtrack.models.osnet import classify

BLOCKS = (3, 4, 6, 3)
FEATURE_DIM = 2048
EXPANSION = 4


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride) and 1x1 convolutions beside a shortcut."""

    def __init__(self, inputs: int, middle: int, stride: int = 1) -> None:
        super().__init__()
        outputs = EXPANSION * middle
        self.conv1 = nn.Conv2d(inputs, middle, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        fits = stride == 1 and inputs == outputs
        shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.downsample = None if fits else shortcut

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, 4 middle, H / stride, W / stride)."""
        out = torch.relu(self.bn1(self.conv1(x)))
        out = torch.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(out + shortcut)


class ResNetTrunk(nn.Module):
    """All of ResNet50 before pooling.

    Args:
        last_stride: Of the last stage: 2 as published, 1 keeps the resolution.
    """

    def __init__(self, last_stride: int = 2) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.layer1 = _stage(64, 64, BLOCKS[0], 1)
        self.layer2 = _stage(256, 128, BLOCKS[1], 2)
        self.layer3 = _stage(512, 256, BLOCKS[2], 2)
        self.layer4 = _stage(1024, 512, BLOCKS[3], last_stride)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def maps(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 2048, H / 32, W / 32), or H / 16, W / 16 with a last stride of 1."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))  # (N, 64, H / 4, W / 4)
        x = self.layer2(self.layer1(x))  # (N, 512, H / 8, W / 8)
        out: Tensor = self.layer4(self.layer3(x))
        return out


class ResNet50(ResNetTrunk):
    """ResNet50 as published, whose feature is the pooled last map.

    Args:
        num_classes: Identities of the classifier; 0 builds none.
    """

    def __init__(self, num_classes: int = 0) -> None:
        super().__init__()
        self.classifier = nn.Linear(FEATURE_DIM, num_classes) if num_classes else None

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """(N, 3, H, W) -> (N, 2048) features; in training, logits and features."""
        return classify(self.maps(x).mean(dim=(2, 3)), self.classifier, training=self.training)


class ResNet50BNNeck(ResNetTrunk):
    """ResNet50 with a last stride of 1 and a BNNeck.

    Args:
        num_classes: Identities of the classifier; 0 builds none.
    """

    def __init__(self, num_classes: int = 0) -> None:
        super().__init__(last_stride=1)
        self.bottleneck = nn.BatchNorm1d(FEATURE_DIM)
        self.bottleneck.bias.requires_grad_(False)
        self.classifier = nn.Linear(FEATURE_DIM, num_classes, bias=False) if num_classes else None
        if self.classifier is not None:
            nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """(N, 3, H, W) -> (N, 2048) features after the neck; in training, logits and features before it."""
        feature = self.maps(x).mean(dim=(2, 3))  # (N, 2048)
        necked = self.bottleneck(feature)
        out = classify(necked, self.classifier, training=self.training)
        return (out[0], feature) if isinstance(out, tuple) else out


def _stage(inputs: int, middle: int, blocks: int, stride: int) -> nn.Sequential:
    first = Bottleneck(inputs, middle, stride)
    return nn.Sequential(first, *(Bottleneck(EXPANSION * middle, middle) for _ in range(1, blocks)))
