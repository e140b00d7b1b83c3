"""Boxes to network input."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.embed.preprocess import cut_crops, to_batch
from reidtrack.image import resize
from reidtrack.types import ChannelOrder, ImageArray

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture
def image() -> ImageArray:
    """40 wide, 30 high; blue is the column, green the row, red 200."""
    rows, columns = np.mgrid[:30, :40]
    return np.stack([columns, rows, np.full_like(rows, 200)], axis=2).astype(np.uint8)


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        pytest.param((4, 6, 12, 22), True, id="inside"),
        pytest.param((-10, -10, 8, 16), True, id="over the corner"),
        pytest.param((30, 20, 60, 50), True, id="over the other corner"),
        pytest.param((0, 0, 40, 30), True, id="whole picture"),
        pytest.param((-20, 0, -5, 16), False, id="outside"),
        pytest.param((45, 0, 60, 16), False, id="outside on the right"),
        pytest.param((4, 6, 4, 22), False, id="no width"),
        pytest.param((4, 6, 5, 22), False, id="one pixel wide"),
        pytest.param((4, 6, 6, 22), True, id="two pixels wide"),
        pytest.param((39, 6, 80, 22), False, id="one pixel left of it"),
    ],
)
def test_degenerate_boxes_are_left_out(image: ImageArray, box: tuple[float, ...], kept: bool) -> None:
    crops, rows = cut_crops(image, np.array([box], np.float32), (16, 8))
    assert crops.shape == (int(kept), 16, 8, 3)
    assert rows.tolist() == ([0] if kept else [])


def test_the_right_pixels_are_cut(image: ImageArray) -> None:
    boxes = np.array([[4, 6, 12, 22], [50, 0, 60, 9], [-4, -8, 4.2, 7.7]], np.float32)
    crops, rows = cut_crops(image, boxes, (16, 8))
    assert rows.tolist() == [0, 2]
    assert np.array_equal(crops[0], image[6:22, 4:12])
    assert np.array_equal(crops[1], resize(image[0:8, 0:5], (16, 8)))


def test_no_boxes(image: ImageArray) -> None:
    crops, rows = cut_crops(image, np.zeros((0, 4), np.float32), (16, 8))
    assert (crops.shape, rows.shape) == ((0, 16, 8, 3), (0,))


def test_shrinking_does_not_alias() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert resize(stripes, (8, 8)).std() < 1
    assert resize(stripes, (8, 8)).mean() == pytest.approx(127.5, abs=1)


def test_growing_is_pillows_bilinear_filter() -> None:
    """What published weights were trained with, to two grey levels."""
    from PIL import Image

    small = np.random.default_rng(0).integers(0, 256, (8, 4, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    wanted = np.asarray(Image.fromarray(small).resize((64, 128), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(resize(small, (128, 64)).astype(int) - wanted).max() <= 2


def test_batch_is_normalised_rgb(image: ImageArray) -> None:
    crops = np.stack([image, image[::-1]])
    batch = to_batch(crops, MEAN, STD)
    assert batch.shape == (2, 3, 30, 40)
    assert batch.dtype == np.float32
    assert batch.flags.c_contiguous
    wanted = (crops[..., ::-1] / 255.0 - MEAN) / STD
    np.testing.assert_allclose(batch, wanted.transpose(0, 3, 1, 2), atol=1e-6)


@pytest.mark.parametrize(
    ("channels", "pixel_max", "mean", "std"),
    [
        pytest.param("BGR", 255.0, (0, 0, 0), (1, 1, 1), id="as OpenCV reads it"),
        pytest.param("BGR", 255.0, (103.5, 116.3, 123.7), (57.4, 57.1, 58.4), id="of 255, normalised"),
        pytest.param("BGR", 1.0, MEAN[::-1], STD[::-1], id="blue first"),
        pytest.param("RGB", 255.0, (10, 20, 30), (1, 2, 4), id="red first, of 255"),
        pytest.param("RGB", 1.0, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), id="-1 to 1"),
    ],
)
def test_batch_as_a_network_takes_it(
    image: ImageArray, channels: ChannelOrder, pixel_max: float, mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    batch = to_batch([image], mean, std, channels=channels, pixel_max=pixel_max)
    planes = image if channels == "BGR" else image[..., ::-1]
    wanted = (planes * (pixel_max / 255) - mean) / std
    np.testing.assert_allclose(batch[0], wanted.transpose(2, 0, 1), rtol=1e-5, atol=1e-4)


def test_a_list_of_crops_is_a_batch(image: ImageArray) -> None:
    assert np.array_equal(to_batch([image, image], MEAN, STD), to_batch(np.stack([image, image]), MEAN, STD))
