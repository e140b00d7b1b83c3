"""OSNet, the omni-scale network (Zhou et al., ICCV 2019, arXiv 1905.00953), and its IBN variant.

One block looks at the same input at four scales: streams of one to four light 3x3 convolutions see 3, 5, 7 and 9 pixels
across. A gate, shared by the streams, weighs the channels of each, and the weighted streams are summed. The IBN variant
adds instance normalisation after the stem and the blocks of the first stage, which removes part of a camera's style.

Parameter names are those of published checkpoints (torchreid).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

STAGES = (256, 384, 512)
"""Channels of the three stages at width 1.0; the stem has 64."""

STEM = 64
FEATURE_DIM = 512


class ConvNorm(nn.Module):
    """Convolution, normalisation and, unless `linear`, ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        stride: int = 1,
        *,
        instance: bool = False,
        linear: bool = False,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
        self.bn = nn.InstanceNorm2d(outputs, affine=True) if instance else nn.BatchNorm2d(outputs)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        x = self.bn(self.conv(x))
        return x if self.linear else torch.relu(x)


class LightConv3x3(nn.Module):
    """A 3x3 convolution in two cheap steps: 1x1 over the channels, then 3x3 in each channel (figure 3 of the paper)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        return torch.relu(self.bn(self.conv2(self.conv1(x))))


def light_convs(channels: int, depth: int) -> nn.Sequential:
    """A stream of `depth` light convolutions, which sees `2 * depth + 1` pixels across."""
    return nn.Sequential(*(LightConv3x3(channels) for _ in range(depth)))


class ChannelGate(nn.Module):
    """The unified aggregation gate: weighs each channel by what the whole map holds (equation 3 of the paper)."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        mean = x.mean(dim=(2, 3), keepdim=True)  # (N, C, 1, 1)
        gate = torch.sigmoid(self.fc2(torch.relu(self.fc1(mean))))  # (N, C, 1, 1) in 0..1
        return x * gate


class OSBlock(nn.Module):
    """Omni-scale residual block: squeeze to a quarter, four gated streams, expand, add (figure 4 of the paper)."""

    def __init__(
        self, inputs: int, outputs: int, *, instance: bool = False, gate: Callable[[int], nn.Module] = ChannelGate
    ) -> None:
        super().__init__()
        middle = outputs // 4
        self.conv1 = ConvNorm(inputs, middle)
        self.conv2a = LightConv3x3(middle)
        self.conv2b = light_convs(middle, 2)
        self.conv2c = light_convs(middle, 3)
        self.conv2d = light_convs(middle, 4)
        self.gate = gate(middle)
        self.conv3 = ConvNorm(middle, outputs, linear=True)
        self.downsample = ConvNorm(inputs, outputs, linear=True) if inputs != outputs else None
        self.IN = nn.InstanceNorm2d(outputs, affine=True) if instance else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        squeezed = self.conv1(x)  # (N, outputs / 4, H, W)
        streams = (self.conv2a, self.conv2b, self.conv2c, self.conv2d)
        summed = sum_streams(self.gate, streams, squeezed)
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.conv3(summed) + shortcut  # (N, outputs, H, W)
        return torch.relu(out if self.IN is None else self.IN(out))


def sum_streams(gate: nn.Module, streams: tuple[nn.Module, ...], x: Tensor) -> Tensor:
    """Sum of the gated streams over the same input, (N, C, H, W)."""
    total: Tensor = gate(streams[0](x))
    for stream in streams[1:]:
        total = total + gate(stream(x))
    return total


class OSNet(nn.Module):
    """OSNet and OSNet-IBN.

    Args:
        width: Multiplier of all channels but the feature's: 1.0, 0.75, 0.5 or 0.25.
        num_classes: Identities of the classifier; 0 builds none.
        instance: Instance normalisation in the stem and the first stage (OSNet-IBN).
    """

    def __init__(self, width: float = 1.0, num_classes: int = 0, *, instance: bool = False) -> None:
        super().__init__()
        stem, c2, c3, c4 = (int(width * channels) for channels in (STEM, *STAGES))
        self.conv1 = ConvNorm(3, stem, 7, 2, instance=instance)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.conv2 = nn.Sequential(OSBlock(stem, c2, instance=instance), OSBlock(c2, c2, instance=instance), halve(c2))
        self.conv3 = nn.Sequential(OSBlock(c2, c3), OSBlock(c3, c3), halve(c3))
        self.conv4 = nn.Sequential(OSBlock(c3, c4), OSBlock(c4, c4))
        self.conv5 = ConvNorm(c4, c4)
        self.fc = nn.Sequential(nn.Linear(c4, FEATURE_DIM), nn.BatchNorm1d(FEATURE_DIM), nn.ReLU())
        self.classifier = nn.Linear(FEATURE_DIM, num_classes) if num_classes else None
        initialise(self)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Turn normalised RGB crops into features.

        Args:
            x: (N, 3, H, W) float32, H and W divisible by 16; 256x128 as published.

        Returns:
            In evaluation the (N, 512) features, not normalised; in training the (N, classes) logits and the features.
        """
        x = self.maxpool(self.conv1(x))  # (N, 64 w, H / 4, W / 4)
        x = self.conv2(x)  # (N, 256 w, H / 8, W / 8)
        x = self.conv3(x)  # (N, 384 w, H / 16, W / 16)
        x = self.conv5(self.conv4(x))  # (N, 512 w, H / 16, W / 16)
        feature = self.fc(x.mean(dim=(2, 3)))  # (N, 512 w) -> (N, 512)
        return classify(feature, self.classifier, training=self.training)


def halve(channels: int) -> nn.Sequential:
    """The transition after a stage: a 1x1 convolution, then half the height and width."""
    return nn.Sequential(ConvNorm(channels, channels), nn.AvgPool2d(2, 2))


def classify(feature: Tensor, classifier: nn.Linear | None, *, training: bool) -> Tensor | tuple[Tensor, Tensor]:
    """The (N, D) features; in training, the (N, classes) logits and the features."""
    if not training:
        return feature
    if classifier is None:
        raise ValueError("training needs a classifier: build the network with num_classes of 1 or more")
    return classifier(feature), feature


def initialise(net: nn.Module) -> None:
    """Start weights for training from scratch: Kaiming for convolutions, a narrow normal for linear layers."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.01)
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
