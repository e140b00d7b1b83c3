"""Changing the colours of pictures: white balance, saturation, hue, brightness and contrast in one affine map."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from reidtrack.train.augmentation.settings import Augmentation, RandomNumbers

LUMA = (0.299, 0.587, 0.114)
"""Brightness of red, green and blue (ITU-R BT.601)."""


def recoloured(x: Tensor, how: Augmentation, draw: RandomNumbers) -> Tensor:
    """(N, 3, H, W) from BGR in 0..255 to RGB in 0..1, all changes of colour in one affine map per picture."""
    flat = x.flatten(2)  # (N, 3, HW)
    matrix, offset = _colour_map(how, draw)
    gain = matrix.flip(2) / 255  # takes BGR
    luma = flat.mean(dim=2).flip(1) @ x.new_tensor(LUMA) / 255  # (N,) mean brightness
    return torch.baddbmm((offset * luma)[:, None, None], gain, flat).clamp_(0, 1).view_as(x)


def _colour_map(how: Augmentation, draw: RandomNumbers) -> tuple[Tensor, Tensor]:
    """(N, 3, 3) matrices on RGB, and (N,) what contrast adds, in units of the picture's mean brightness."""
    cast = torch.stack([draw.uniform(1 - how.cast, 1 + how.cast) for _ in range(3)], dim=1)  # (N, 3)
    saturation = draw.uniform(1 - how.saturation, 1 + how.saturation)
    saturation = torch.where(draw.chance(how.grey), 0.0, saturation)
    brightness = draw.uniform(1 - how.brightness, 1 + how.brightness)
    contrast = draw.uniform(1 - how.contrast, 1 + how.contrast)
    hue = _hue_turn(draw.uniform(-how.hue, how.hue) * 2 * math.pi)
    luma = cast.new_tensor(LUMA).expand(3, 3)  # each row gives the brightness
    s = saturation[:, None, None]
    matrix = (s * torch.eye(3, device=cast.device) + (1 - s) * luma) @ hue * cast[:, None, :]
    return matrix * (brightness * contrast)[:, None, None], brightness * (1 - contrast)


def _hue_turn(angle: Tensor) -> Tensor:
    """(N, 3, 3) matrices that turn the colour plane of RGB about grey by (N,) angles, brightness kept (YIQ)."""
    to_yiq = angle.new_tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    turn = torch.zeros(len(angle), 3, 3, device=angle.device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = angle.cos()
    turn[:, 1, 2], turn[:, 2, 1] = -angle.sin(), angle.sin()
    back: Tensor = torch.linalg.inv(to_yiq)
    return back @ turn @ to_yiq
