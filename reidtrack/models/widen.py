"""A wider network that computes what a narrower one does: a warm start for a width that nobody trained.

Net2WiderNet (Chen et al., ICLR 2016, arXiv 1511.05641): every channel is copied, and the weights that read a copied
channel are shared out among its copies. Shared out equally, the copies would learn the same for ever; here the shares
are random and add up to one, so that the function is kept exactly while no two copies get the same gradient.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPREAD = 0.5
"""Deviation of the shares, as a fraction of the weight: about what a wide layer's own random start would have."""


def widen(narrow: nn.Module, wide: nn.Module, generator: torch.Generator, *, spread: float = SPREAD) -> tuple[str, ...]:
    """Fill `wide` so that it gives the features that `narrow` gives.

    Args:
        narrow: Any network of convolutions, linear layers and normalisations; its classifier is left out.
        wide: The same architecture with every inner width times one whole number.
        generator: Of the shares.
        spread: Deviation of the shares around equal ones.

    Returns:
        The names that were filled.

    Raises:
        ValueError: If a width of `wide` is no multiple of the narrow one's, or they differ in more than width.
    """
    source, target = narrow.state_dict(), wide.state_dict()
    names, expected = (tuple(key for key in keys if key.split(".")[0] != "classifier") for keys in (source, target))
    if set(names) != set(expected):
        raise ValueError(f"widen: another architecture: {sorted(set(names) ^ set(expected))[0]} is in one of them only")
    filled = {key: _filled(key, source[key], target[key], generator, spread) for key in names}
    wide.load_state_dict({**target, **filled})
    return names


def _filled(key: str, narrow: Tensor, wide: Tensor, generator: torch.Generator, spread: float) -> Tensor:
    """One weight at the wide network's shape."""
    if narrow.dim() != wide.dim() or any(w % n for n, w in zip(narrow.shape, wide.shape, strict=True)):
        raise ValueError(f"widen: {key}: {tuple(wide.shape)} is no whole multiple of {tuple(narrow.shape)}")
    if narrow.dim() == 0:
        return narrow.clone()
    copied = narrow.repeat(wide.shape[0] // narrow.shape[0], *[1] * (narrow.dim() - 1))
    if narrow.dim() == 1 or narrow.shape[1] == wide.shape[1]:
        return copied
    return _shared_out(copied, wide.shape[1] // narrow.shape[1], generator, spread)


def _shared_out(weight: Tensor, copies: int, generator: torch.Generator, spread: float) -> Tensor:
    """(O, I, ...) to (O, copies I, ...): the columns that read one channel's copies add up to its old column."""
    shape = (copies, *weight.shape[:2], *[1] * (weight.dim() - 2))
    noise = torch.randn(shape, generator=generator) * spread
    shares = 1 / copies + noise - noise.mean(0)  # (copies, O, I, 1, 1): adds up to 1 over the copies
    return torch.cat(list(weight * shares), dim=1)
