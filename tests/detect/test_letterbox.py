"""Pictures in a detector's input: where they lie, and boxes back from there."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.detect.letterbox import PAD_VALUE, Letterbox, fit_letterbox, fit_rectangle, fit_stretched, letterbox


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param((768, 576), (512, 640, 640 / 768, 640 / 768, 0, 16), id="4:3"),
        pytest.param((1920, 1080), (416, 640, 1 / 3, 1 / 3, 0, 28), id="16:9 padded to a multiple of 32"),
        pytest.param((1080, 1920), (640, 416, 1 / 3, 1 / 3, 28, 0), id="upright"),
        pytest.param((64, 64), (640, 640, 10.0, 10.0, 0, 0), id="small pictures grow"),
        pytest.param((1000, 960), (640, 640, 0.64, 0.64, 0, 13), id="nearly square"),
        pytest.param((4000, 10), (64, 640, 0.16, 0.16, 0, 31), id="a sliver"),
    ],
)
def test_rectangle_keeps_the_shape_and_pads_little(
    size: tuple[int, int], expected: tuple[int, int, float, float, int, int]
) -> None:
    assert tuple(fit_rectangle(size, 640, 32)) == pytest.approx(expected)


def test_input_has_grey_margins() -> None:
    image = np.zeros((360, 640, 3), np.uint8)
    image[..., 0] = 255  # blue, in BGR
    pictures = letterbox([image, image], fit_letterbox((640, 360), 640, 640))
    assert pictures.shape == (2, 640, 640, 3)
    assert pictures.dtype == np.uint8
    assert pictures[1, 0, 0].tolist() == [PAD_VALUE] * 3
    assert pictures[1, 320, 320].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param((640, 640), (1.0, 1.0), id="as large as the input"),
        pytest.param((1280, 320), (0.5, 2.0), id="wide"),
        pytest.param((320, 1280), (2.0, 0.5), id="upright"),
    ],
)
def test_a_stretched_picture_has_no_margins(size: tuple[int, int], expected: tuple[float, float]) -> None:
    assert fit_stretched(size, 640, 640) == (640, 640, *expected, 0, 0)
    image = np.full((size[1], size[0], 3), 7, np.uint8)
    assert (letterbox([image], fit_stretched(size, 64, 64)) == 7).all()


@pytest.mark.parametrize("fit", [fit_letterbox, fit_stretched])
@pytest.mark.parametrize("size", [(640, 480), (300, 700), (64, 64)])
def test_boxes_go_there_and_back(fit: type[Letterbox], size: tuple[int, int]) -> None:
    box = fit(size, 320, 416)  # type: ignore[call-arg,arg-type]
    xyxy = np.array([[0, 0, *size], [10, 20, 30, 60]], np.float32)
    scale = np.array([box.scale_x, box.scale_y] * 2)
    there = (xyxy * scale + [box.left, box.top] * 2).astype(np.float32)
    np.testing.assert_allclose(box.to_picture(there, size), xyxy, atol=1e-3)
    outside = np.array([[-50, -50, 900, 900]], np.float32)
    assert box.to_picture(outside, size).tolist() == [[0, 0, *size]]
