"""What is varied in training images and how much, and the random numbers for it, one for each image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is varied and how much; the defaults vary nothing.

    Attributes:
        flip: Probability of a mirrored picture.
        shift: Largest displacement, fraction of the height, in both directions; black comes in.
        zoom: Largest change of size, fraction: boxes too loose or too tight.
        brightness: Largest change of brightness, fraction.
        contrast: Largest change of contrast, fraction.
        saturation: Largest change of saturation, fraction.
        hue: Largest turn of hue, fraction of the circle.
        cast: Largest change of each channel, fraction: another camera's white balance.
        grey: Probability of a picture without colour.
        blur: Probability of a picture of down to a third of the resolution.
        patch: Probability that a part of another picture covers a place.
        erase: Probability that a rectangle is erased (arXiv 1708.04896).
        erase_area: Least and largest fraction of the picture that is erased.
        cut_below: Probability that the lower part of the person is outside the picture.
        cut_side: Probability that a side of the person is outside the picture.
        cut_most: Largest fraction that a cut takes away.
        occlude: Probability that another person of the batch stands in front.
        occlude_most: Largest fraction of the width or height that he covers.
        compress: Probability of lossy compression, down to JPEG's quality 10.
        noise: Largest deviation of a camera's noise, fraction of the full range.
    """

    flip: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    cast: float = 0.0
    grey: float = 0.0
    blur: float = 0.0
    patch: float = 0.0
    erase: float = 0.0
    erase_area: tuple[float, float] = (0.02, 0.4)
    cut_below: float = 0.0
    cut_side: float = 0.0
    cut_most: float = 0.5
    occlude: float = 0.0
    occlude_most: float = 0.4
    compress: float = 0.0
    noise: float = 0.0

    @property
    def resamples(self) -> bool:
        """Whether pixels move by other than whole ones."""
        return any((self.zoom, self.blur, self.cut_below, self.cut_side))


class RandomNumbers:
    """Random numbers, one for each of N images, drawn on the CPU.

    Args:
        count: N.
        generator: On the CPU; advanced.
        device: Where the numbers go.
    """

    def __init__(self, count: int, generator: torch.Generator, device: torch.device) -> None:
        self._count, self._generator, self._device = count, generator, device

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Uniform numbers (N,) float32."""
        drawn = torch.rand(self._count, generator=self._generator) * (high - low) + low
        return drawn.to(self._device)

    def chance(self, probability: float) -> Tensor:
        """Mask (N,), true with a probability."""
        return self.uniform() < probability

    def kept(self, probability: float, most: float) -> Tensor:
        """Fraction (N,) of a side that a cut leaves, 1 where there is none; nothing is drawn where there never is."""
        if not probability:
            return torch.ones(self._count, device=self._device)
        return torch.where(self.chance(probability), 1 - self.uniform(0.05, most), 1.0)

    def sign(self) -> Tensor:
        """Signs (N,), -1 or 1."""
        return 1 - 2 * self.chance(0.5).float()

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        """Standard normal numbers of a shape."""
        return torch.randn(shape, generator=self._generator).to(self._device)

    def order(self) -> Tensor:
        """Permutation (N,) of the images."""
        return torch.randperm(self._count, generator=self._generator).to(self._device)
