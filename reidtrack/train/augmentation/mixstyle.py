"""MixStyle: features of one picture with the style of another (Zhou et al., ICLR 2021, arXiv 2104.02008).

The mean and deviation of a map's channels are mostly the camera's style. Mixed at random with those of another picture
of the batch, a network cannot lean on them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

ALPHA = 0.1
"""Of the beta distribution that the shares are drawn from, as in the paper: mostly near 0 or 1."""
_EPS = 1e-6


class MixStyle(nn.Module):
    """Mixes the style of maps within a batch while training; nothing else.

    Args:
        probability: Of mixing a batch at all.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape; draws from the CPU's generator, which the trainer seeds each step."""
        if not self.training or float(torch.rand(())) >= self.probability:
            return x
        n = len(x)
        share = torch.distributions.Beta(ALPHA, ALPHA).sample((n, 1, 1, 1)).to(x)
        mean, std = x.mean(dim=(2, 3), keepdim=True).detach(), x.std(dim=(2, 3), keepdim=True).detach() + _EPS
        other = torch.randperm(n).to(x.device)
        mixed_mean = share * mean + (1 - share) * mean[other]
        mixed_std = share * std + (1 - share) * std[other]
        return (x - mean) / std * mixed_std + mixed_mean


def insert_mixstyle(model: nn.Module, after: Sequence[str], probability: float) -> None:
    """Mix the style of what some layers give, while the network trains; its weights and their names stay.

    Args:
        model: The network.
        after: Names of layers, such as `conv2`.
        probability: Of mixing a batch, for each layer.

    Raises:
        ValueError: If there is no such layer.
    """
    for name in after:
        try:
            layer = model.get_submodule(name)
        except AttributeError as error:
            raise ValueError(f"no layer {name!r}") from error
        mix = MixStyle(probability)

        def mixed(module: nn.Module, _: object, out: Tensor, mix: MixStyle = mix) -> Tensor:
            mix.train(module.training)
            result: Tensor = mix(out)
            return result

        layer.register_forward_hook(mixed)
