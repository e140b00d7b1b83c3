"""Varying training images, a whole batch at once, on whatever device it lies.

All random numbers are drawn on the CPU from the generator that is passed in, one for each image whether it is used or
not, so that the same generator gives the same batch on every device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reidtrack.train.camera_faults import compressed, occluded

LUMA = (0.299, 0.587, 0.114)
"""Brightness of red, green and blue (ITU-R BT.601)."""

MOST_COMPRESSED = 5.0
"""Coarseness of the strongest compression: JPEG's quality 10."""

MOST_COARSE = 3
"""Pixels that a picture of lower resolution may put into one."""


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


def augment(
    images: Tensor, how: Augmentation, generator: torch.Generator, mean: Sequence[float], std: Sequence[float]
) -> Tensor:
    """Vary and normalise a batch.

    Args:
        images: (N, H, W, 3) uint8, BGR.
        how: What to do.
        generator: On the CPU; advanced.
        mean: Of red, green and blue in 0..1.
        std: Likewise.

    Returns:
        (N, 3, H, W) float32, RGB.
    """
    draw = _Draw(len(images), generator, images.device)
    x = _resampled(images, how, draw) if how.resamples else _moved(images, how, draw)  # (N, 3, H, W), BGR, 0..255
    if how.occlude:
        share = draw.uniform(0.1, how.occlude_most)
        x = occluded(x, draw.chance(how.occlude), draw.order(), draw.uniform(), share)
    if how.noise:
        x = x + draw.normal(x.shape) * (draw.uniform(0, how.noise) * 255)[:, None, None, None]
    if how.compress:
        x = compressed(x, draw.chance(how.compress), draw.uniform(0.5, MOST_COMPRESSED))
    x = _recoloured(x, how, draw)  # RGB, 0..1
    x = (x - x.new_tensor(mean).view(3, 1, 1)) / x.new_tensor(std).view(3, 1, 1)
    if how.patch:
        x = _patched(x, draw.chance(how.patch), draw)
    if how.erase:
        x = x * ~_rectangles(x, draw, how.erase_area, draw.chance(how.erase))[:, None]
    return x


class _Draw:
    """Random numbers, one for each image."""

    def __init__(self, count: int, generator: torch.Generator, device: torch.device) -> None:
        self._count, self._generator, self._device = count, generator, device

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Tensor:
        """(N,) float32."""
        drawn = torch.rand(self._count, generator=self._generator) * (high - low) + low
        return drawn.to(self._device)

    def chance(self, probability: float) -> Tensor:
        """(N,) bool."""
        return self.uniform() < probability

    def kept(self, probability: float, most: float) -> Tensor:
        """(N,) fraction of a side that a cut leaves, 1 where there is none; nothing is drawn where there never is."""
        if not probability:
            return torch.ones(self._count, device=self._device)
        return torch.where(self.chance(probability), 1 - self.uniform(0.05, most), 1.0)

    def sign(self) -> Tensor:
        """(N,) -1 or 1."""
        return 1 - 2 * self.chance(0.5).float()

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        """Standard normal numbers of a shape."""
        return torch.randn(shape, generator=self._generator).to(self._device)

    def order(self) -> Tensor:
        """(N,) a permutation."""
        return torch.randperm(self._count, generator=self._generator).to(self._device)


def _moved(images: Tensor, how: Augmentation, draw: _Draw) -> Tensor:
    """Flip and shift by whole pixels."""
    n, height, width, _ = images.shape
    reach = round(how.shift * height)
    flip, dy, dx = draw.chance(how.flip), draw.uniform(), draw.uniform()
    row = torch.arange(height, device=images.device) + _whole(dy, reach)[:, None]  # (N, H)
    column = torch.arange(width, device=images.device) + _whole(dx, reach)[:, None]  # (N, W)
    column = torch.where(flip[:, None], width - 1 - column, column)
    seen = _inside(row, height)[:, :, None] & _inside(column, width)[:, None, :]  # (N, H, W)
    first = torch.arange(n, device=images.device)[:, None, None] * (height * width)
    place = first + row.clamp(0, height - 1)[:, :, None] * width + column.clamp(0, width - 1)[:, None, :]
    taken = images.reshape(-1, 3).index_select(0, place.flatten()).reshape(n, height, width, 3)
    return _to_planes(taken) * seen[:, None]


def _whole(unit: Tensor, reach: int) -> Tensor:
    """0..1 to whole numbers from -reach to reach."""
    return (unit * (2 * reach + 1)).long().clamp(max=2 * reach) - reach


def _inside(place: Tensor, length: int) -> Tensor:
    return (place >= 0) & (place < length)


def _to_planes(images: Tensor) -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32."""
    return images.permute(0, 3, 1, 2).float().contiguous()


def _resampled(images: Tensor, how: Augmentation, draw: _Draw) -> Tensor:
    """Flip, shift, change the size and lower the resolution: one matrix for the rows and one for the columns."""
    _, height, width, _ = images.shape
    flip = 1 - 2 * draw.chance(how.flip).float()
    dy, dx = draw.uniform(-1, 1) * how.shift * height, draw.uniform(-1, 1) * how.shift * height
    size, shape = draw.uniform(-how.zoom, how.zoom), draw.uniform(-how.zoom / 4, how.zoom / 4)
    coarse = torch.where(draw.chance(how.blur), draw.uniform(1, MOST_COARSE), 1.0)
    kept_rows, kept_columns = draw.kept(how.cut_below, how.cut_most), draw.kept(how.cut_side, how.cut_most)
    # What is cut off lies below, or to a side, left or right by the sign; the rest fills the picture.
    up, aside = (kept_rows - 1) * (height - 1) / 2, (kept_columns - 1) * (width - 1) / 2
    if how.cut_side:
        aside = aside * draw.sign()
    rows = _resampling(height, kept_rows * (1 + size + shape), up + dy, coarse)  # (N, H, H)
    columns = _resampling(width, flip * kept_columns * (1 + size - shape), aside + dx, coarse)  # (N, W, W)
    return rows[:, None] @ _to_planes(images) @ columns.transpose(1, 2)[:, None]


def _resampling(length: int, step: Tensor, shift: Tensor, reach: Tensor) -> Tensor:
    """(N, length, length) matrices that resample a line about its middle with a triangular filter.

    Args:
        length: Pixels.
        step: (N,) distance in the source between neighbours of the result; negative mirrors.
        shift: (N,) pixels of the source.
        reach: (N,) half the filter's base, pixels of the source; 1 interpolates linearly.
    """
    place = torch.arange(length, device=step.device)
    middle = (length - 1) / 2
    source = middle + shift[:, None] + step[:, None] * (place - middle)  # (N, length)
    weight = (1 - (source[:, :, None] - place).abs() / reach[:, None, None]).clamp_(min=0)
    # Over pixels beyond the border too, which are black: the weights of all others must not make up for them.
    near = torch.arange(-MOST_COARSE, MOST_COARSE + 2, device=step.device)
    total = (1 - (source.frac()[:, :, None] - near).abs() / reach[:, None, None]).clamp_(min=0).sum(dim=2)
    return weight / total[:, :, None]


def _recoloured(x: Tensor, how: Augmentation, draw: _Draw) -> Tensor:
    """(N, 3, H, W) from BGR in 0..255 to RGB in 0..1, all changes of colour in one affine map per picture."""
    flat = x.flatten(2)  # (N, 3, HW)
    matrix, offset = _colour_map(how, draw)
    gain = matrix.flip(2) / 255  # takes BGR
    luma = flat.mean(dim=2).flip(1) @ x.new_tensor(LUMA) / 255  # (N,) mean brightness
    return torch.baddbmm((offset * luma)[:, None, None], gain, flat).clamp_(0, 1).view_as(x)


def _colour_map(how: Augmentation, draw: _Draw) -> tuple[Tensor, Tensor]:
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


def _patched(x: Tensor, chosen: Tensor, draw: _Draw) -> Tensor:
    """Cover a rectangle of the chosen pictures with another place of another picture of the batch."""
    n, _, height, width = x.shape
    covered = _rectangles(x, draw, (0.02, 0.2), chosen)  # (N, H, W)
    other = x[draw.order()]
    up, left = (draw.uniform() * height).long(), (draw.uniform() * width).long()
    row = (torch.arange(height, device=x.device) + up[:, None]) % height  # (N, H)
    column = (torch.arange(width, device=x.device) + left[:, None]) % width  # (N, W)
    picture = torch.arange(n, device=x.device)[:, None, None]
    moved = other.permute(0, 2, 3, 1)[picture, row[:, :, None], column[:, None, :]]  # (N, H, W, 3)
    return torch.where(covered[:, None], moved.permute(0, 3, 1, 2), x)


def _rectangles(x: Tensor, draw: _Draw, area: tuple[float, float], chosen: Tensor) -> Tensor:
    """(N, H, W) bool: a rectangle in each chosen picture, of 0.3 to 3.3 times as high as wide, cut to the picture."""
    height, width = x.shape[2:]
    pixels = draw.uniform(*area) * height * width
    ratio = torch.exp(draw.uniform(math.log(0.3), math.log(3.3)))
    tall = (pixels * ratio).sqrt().round().clamp(1, height)
    wide = (pixels / ratio).sqrt().round().clamp(1, width)
    top = (draw.uniform() * (height - tall + 1)).floor()
    left = (draw.uniform() * (width - wide + 1)).floor()
    row, column = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
    in_rows = (row >= top[:, None]) & (row < (top + tall)[:, None])
    in_columns = (column >= left[:, None]) & (column < (left + wide)[:, None])
    return in_rows[:, :, None] & in_columns[:, None, :] & chosen[:, None, None]
