"""Variation of batches: what each kind does to the picture, and that a generator decides everything."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from reidtrack.train.augmentation.augment import augment
from reidtrack.train.augmentation.colour import LUMA
from reidtrack.train.augmentation.settings import Augmentation

PLAIN = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
EVERYTHING = Augmentation(0.5, 0.05, 0.1, 0.2, 0.2, 0.2, 0.05, 0.1, 0.1, 0.3, 0.3, 0.5)


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randint(0, 256, (16, 32, 16, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def varied(images: Tensor, how: Augmentation, seed: int = 1) -> Tensor:
    return augment(images, how, torch.Generator().manual_seed(seed), *PLAIN)


def plain(images: Tensor) -> Tensor:
    return images.flip(3).permute(0, 3, 1, 2).float() / 255


def smooth(count: int = 8) -> Tensor:
    """Pictures of one colour each."""
    colours = torch.randint(40, 200, (count, 1, 1, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))
    return colours.expand(count, 32, 16, 3).contiguous()


def test_nothing_varied_is_the_networks_usual_input(images: Tensor) -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    out = augment(images, Augmentation(), torch.Generator(), mean, std)
    expected = (plain(images) - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    torch.testing.assert_close(out, expected, rtol=1e-5, atol=1e-5)


def test_the_generator_decides_everything(images: Tensor) -> None:
    first, again, other = (varied(images, EVERYTHING, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.isfinite(first).all()
    assert first.shape == (16, 3, 32, 16)


@pytest.mark.parametrize("zoom", [0.0, 1e-9], ids=["by whole pixels", "resampled"])
def test_flip(images: Tensor, zoom: float) -> None:
    out = varied(images, Augmentation(flip=1, zoom=zoom))
    torch.testing.assert_close(out, plain(images).flip(3), rtol=1e-4, atol=1e-4)
    both = varied(images, Augmentation(flip=0.5))
    mirrored = [torch.allclose(row, other, atol=1e-5) for row, other in zip(both, plain(images).flip(3), strict=True)]
    assert 2 < sum(mirrored) < 14


def test_shift_moves_by_whole_pixels_and_black_comes_in(images: Tensor) -> None:
    out, original = varied(images, Augmentation(shift=0.125)), plain(images)
    reach, seen = 4, set()
    for row, source in zip(out, original, strict=True):
        padded = torch.nn.functional.pad(source, (reach,) * 4)
        near = [(y, x, padded[:, y : y + 32, x : x + 16] - row) for y in range(9) for x in range(9)]
        places = [(y, x) for y, x, difference in near if difference.abs().max() < 1e-4]
        assert len(places) == 1
        seen.add(places[0])
    assert len(seen) > 8


def test_zoom_keeps_the_middle_and_changes_the_size() -> None:
    bar = torch.zeros(12, 32, 16, 3, dtype=torch.uint8)
    bar[:, 8:24] = 255
    out = varied(bar, Augmentation(zoom=0.3))[:, 0, :, 8]  # (N, 32)
    height = out.sum(dim=1)
    middle = (out * torch.arange(32)).sum(dim=1) / height
    torch.testing.assert_close(middle, torch.full((12,), 15.5), atol=0.05, rtol=0)
    assert 16 / 1.4 < height.min() < 15
    assert 17 < height.max() < 16 / 0.6


@pytest.mark.parametrize(
    ("how", "kept"),
    [
        pytest.param({"brightness": 0.3}, "hue", id="brightness keeps the ratios of the channels"),
        pytest.param({"contrast": 0.3}, "all", id="contrast keeps a picture of one colour's brightness"),
        pytest.param({"saturation": 0.5}, "luma", id="saturation keeps the brightness"),
        pytest.param({"hue": 0.1}, "luma", id="hue keeps the brightness"),
        pytest.param({"grey": 1.0}, "luma", id="grey keeps the brightness"),
    ],
)
def test_colours(how: dict[str, Any], kept: str) -> None:
    images = smooth()
    before, after = plain(images)[:, :, 0, 0], varied(images, Augmentation(**how))[:, :, 0, 0]
    luma = torch.tensor(LUMA)
    if kept == "hue":
        ratio = after / before
        torch.testing.assert_close(ratio, ratio[:, :1].expand(-1, 3), rtol=1e-4, atol=1e-4)
    else:
        torch.testing.assert_close(after @ luma, before @ luma, rtol=2e-3, atol=2e-3)
    if "grey" in how:
        torch.testing.assert_close(after, after[:, :1].expand(-1, 3), rtol=1e-4, atol=1e-4)
    elif "contrast" not in how:
        assert (after - before).abs().max() > 0.02


def test_contrast_spreads_about_the_mean(images: Tensor) -> None:
    out = varied(images, Augmentation(contrast=0.3))
    ratio = out.flatten(1).std(dim=1) / plain(images).flatten(1).std(dim=1)
    assert 0.65 < ratio.min() < 0.95
    assert ratio.max() > 1.02


def test_a_cast_scales_each_channel() -> None:
    images = smooth()
    ratio = (varied(images, Augmentation(cast=0.2)) / plain(images))[:, :, 0, 0]
    assert 0.8 <= ratio.min() < 0.95
    assert 1.05 < ratio.max() <= 1.2001
    assert (ratio.std(dim=1) > 0.01).all()


def test_blur_lowers_the_resolution_of_some(images: Tensor) -> None:
    detail = (varied(images, Augmentation(blur=0.5)) - plain(images)).abs().flatten(1).mean(dim=1)
    assert 2 < int((detail > 0.01).sum()) < 14
    grey = torch.full_like(images, 128)
    inner = varied(grey, Augmentation(blur=1.0))[:, :, 4:-4, 4:-4]
    torch.testing.assert_close(inner, torch.full_like(inner, 128 / 255), rtol=0.07, atol=0)


@pytest.mark.parametrize("area", [(0.1, 0.1), (0.02, 0.4)], ids=["a tenth", "a range"])
def test_erasing_takes_a_rectangle_of_the_size_asked_for(area: tuple[float, float]) -> None:
    white = torch.full((64, 64, 32, 3), 255, dtype=torch.uint8)
    out = varied(white, Augmentation(erase=1.0, erase_area=area))
    gone = out[:, 0] == 0  # (N, H, W)
    share = gone.flatten(1).float().mean(dim=1)
    assert (share > 0.5 * area[0]).all()
    assert (share < 1.4 * area[1]).all()
    for picture in gone:
        rows, columns = picture.any(dim=1), picture.any(dim=0)
        assert int(picture.sum()) == int(rows.sum()) * int(columns.sum())
    some = varied(white, Augmentation(erase=0.5))
    assert 16 < int((some == 0).flatten(1).any(dim=1).sum()) < 48


def test_patches_come_from_other_pictures() -> None:
    images = torch.arange(8, dtype=torch.uint8).mul(30).view(8, 1, 1, 1).expand(8, 32, 16, 3).contiguous()
    out = varied(images, Augmentation(patch=1.0))
    values = [set(row.mul(255).round().int().flatten().tolist()) for row in out]
    assert all(len(found) <= 2 and 30 * i in found for i, found in enumerate(values))
    assert sum(len(found) == 2 for found in values) >= 5
