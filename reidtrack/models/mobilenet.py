"""MobileNetV3-Large (Howard et al., arXiv 1905.02244) with a 512-d embedding, under torchvision's parameter names."""

from __future__ import annotations

from torch import nn

from reidtrack.models.inverted import Embedding, InvertedResidual, Shape, Style, conv_norm

FEATURE_DIM = 512
STYLE = Style(gate=nn.Hardsigmoid, inner=nn.ReLU, eps=1e-3, momentum=0.01)
BLOCKS = (
    # kernel, expanded, outputs, gated, hardswish, stride
    (3, 16, 16, False, False, 1),
    (3, 64, 24, False, False, 2),
    (3, 72, 24, False, False, 1),
    (5, 72, 40, True, False, 2),
    (5, 120, 40, True, False, 1),
    (5, 120, 40, True, False, 1),
    (3, 240, 80, False, True, 2),
    (3, 200, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 480, 112, True, True, 1),
    (3, 672, 112, True, True, 1),
    (5, 672, 160, True, True, 2),
    (5, 960, 160, True, True, 1),
    (5, 960, 160, True, True, 1),
)


def mobilenet_v3_large(num_classes: int = 0) -> Embedding:
    """Build the network.

    Args:
        num_classes: Identities of the classifier; 0 builds none.
    """
    layers: list[nn.Module] = [conv_norm(3, 16, 3, 2, STYLE, nn.Hardswish)]
    inputs = 16
    for kernel, expanded, outputs, gated, swish, stride in BLOCKS:
        squeezed = _whole_eights(expanded / 4) if gated else 0
        shape = Shape(inputs, expanded, outputs, kernel, stride, squeezed)
        layers.append(InvertedResidual(shape, nn.Hardswish if swish else nn.ReLU, STYLE))
        inputs = outputs
    layers.append(conv_norm(inputs, 6 * inputs, 1, 1, STYLE, nn.Hardswish))
    return Embedding(nn.Sequential(*layers), 6 * inputs, FEATURE_DIM, num_classes)


def _whole_eights(channels: float) -> int:
    """The nearest multiple of eight, unless it is less by a tenth or more."""
    whole = max(8, int(channels + 4) // 8 * 8)
    return whole + 8 if whole < 0.9 * channels else whole
