"""What cameras do to a picture: cut boxes, somebody in front, compression, noise."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from reidtrack.train.augmentation.augment import augment
from reidtrack.train.augmentation.camera_faults import LUMINANCE, compressed, occluded
from reidtrack.train.augmentation.settings import Augmentation

PLAIN = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def varied(images: Tensor, **how: float) -> Tensor:
    return augment(images, Augmentation(**how), torch.Generator().manual_seed(1), *PLAIN)  # type: ignore[arg-type]


def ramp(vertical: bool) -> Tensor:
    """Eight pictures whose brightness rises from 0 to 1 along one side."""
    side = torch.linspace(0, 255, 64)
    one = side[:, None].expand(64, 64) if vertical else side[None].expand(64, 64)
    return one[None, :, :, None].expand(8, 64, 64, 3).round().to(torch.uint8).contiguous()


def test_a_cut_below_leaves_the_upper_part_and_fills_the_picture() -> None:
    out = varied(ramp(vertical=True), cut_below=1.0, cut_most=0.5)
    assert out[:, :, 0].max() < 0.02  # the head stays where it is
    last = out[:, 0, -1].mean(dim=1)
    assert (last > 0.45).all()
    assert (last < 0.99).all()
    assert len(set(last.tolist())) == 8  # each is cut elsewhere


def test_a_cut_side_leaves_the_other_side() -> None:
    out = varied(ramp(vertical=False), cut_side=1.0, cut_most=0.5)
    first, last = out[:, 0, :, 0].mean(dim=1), out[:, 0, :, -1].mean(dim=1)
    kept = last - first
    assert ((kept > 0.45) & (kept < 0.99)).all()
    assert ((first < 0.02) | (last > 0.98)).all()
    assert (first < 0.02).any()
    assert (last > 0.98).any()


def test_nothing_is_cut_by_chance() -> None:
    torch.testing.assert_close(varied(ramp(True), cut_below=1e-9, cut_side=1e-9), varied(ramp(True)), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("side", "covered", "front_column"),
    [
        pytest.param(0.1, (slice(None), slice(0, 4)), 8, id="left: his right half comes in"),
        pytest.param(0.5, (slice(None), slice(12, 16)), 4, id="right: his left half"),
        pytest.param(0.9, (slice(24, 32), slice(None)), None, id="below: his head"),
    ],
)
def test_somebody_in_front(side: float, covered: tuple[slice, slice], front_column: int | None) -> None:
    x = torch.randn(2, 3, 32, 16, generator=torch.Generator().manual_seed(0))
    chosen, other = torch.tensor([True, False]), torch.tensor([1, 0])
    out = occluded(x, chosen, other, torch.full((2,), side), torch.full((2,), 0.25))
    assert torch.equal(out[1], x[1])
    hidden = torch.zeros(32, 16, dtype=torch.bool)
    hidden[covered] = True
    assert torch.equal(out[0][:, ~hidden], x[0][:, ~hidden])
    front = x[1, :, :8] if front_column is None else x[1, :, :, front_column : front_column + 4]
    assert torch.equal(out[0][:, hidden].flatten(), front.flatten())


def test_compression_is_that_of_jpeg() -> None:
    """Grey, so that the colour tables play no part; OpenCV's own encoder at quality 50 is the reference."""
    rng = np.random.default_rng(0)
    grey = cv2.GaussianBlur(rng.integers(0, 256, (128, 64), dtype=np.uint8), (0, 0), 1.5)
    coded = cv2.imdecode(cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_GRAYSCALE)
    x = torch.from_numpy(grey).float().expand(1, 3, 128, 64)
    ours = compressed(x, torch.tensor([True]), torch.ones(1))
    assert float((ours[0, 0] - torch.from_numpy(coded).float()).abs().mean()) < 0.6
    assert float((x - ours).abs().mean()) > 2
    assert np.array(LUMINANCE).shape == (8, 8)


def test_compression_of_some_and_of_larger_pictures() -> None:
    x = torch.rand(2, 3, 256, 120, generator=torch.Generator().manual_seed(0)) * 255
    out = compressed(x, torch.tensor([True, False]), torch.full((2,), 5.0))
    assert torch.equal(out[1], x[1])
    assert out.shape == x.shape
    assert 1 < float((out[0] - x[0]).abs().mean()) < 60
    assert torch.equal(compressed(x, torch.tensor([False, False]), torch.ones(2)), x)


def test_noise_is_as_strong_as_told() -> None:
    grey = torch.full((64, 32, 16, 3), 128, dtype=torch.uint8)
    out = varied(grey, noise=0.1)
    spread = out.flatten(1).std(dim=1)
    assert float(spread.max()) < 0.105
    assert float(spread.min()) < 0.01
    assert abs(float(out.mean()) - 128 / 255) < 0.01
