"""Which size of input fits a camera."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.detect.fit import Choice, FittedSize, choices, fit_size


@pytest.mark.parametrize(
    ("size", "heights", "imgsz", "reason"),
    [
        pytest.param((640, 480), [], 640, "hardly anybody", id="nobody"),
        pytest.param((640, 480), [20.0] * 4, 640, "hardly anybody", id="too few"),
        pytest.param((640, 480), [60.0] * 5, 640, "60 px high or more in pictures of 640x480", id="just high enough"),
        pytest.param((640, 480), [59.0] * 5, 960, "59 px", id="just not"),
        pytest.param((1920, 1080), [90.0] * 9, 1280, "60 px in the detector's input, 30 px at 640", id="a wide street"),
        pytest.param((1920, 1080), [20.0] * 9, 1280, "13 px in", id="hopeless: the largest"),
        pytest.param((1080, 1920), [180.0] * 9, 640, "1080x1920", id="upright"),
        pytest.param((640, 480), [30.0] + [100.0] * 8, 640, "100 px", id="one far away"),
        pytest.param((640, 480), [50.0] * 4 + [300.0] * 8, 960, "", id="a third far away"),
        pytest.param((320, 240), [200.0] * 9, 640, "", id="small picture"),
    ],
)
def test_the_least_size_at_which_most_people_are_high_enough(
    size: tuple[int, int], heights: list[float], imgsz: int, reason: str
) -> None:
    fitted = fit_size(size, np.array(heights, np.float32), choices(size, None, 1))
    assert fitted.imgsz == imgsz
    assert reason in fitted.reason


WIDE = (3840, 2160)


@pytest.mark.parametrize(
    ("size", "imgsz", "tiles", "offered"),
    [
        pytest.param(WIDE, 640, 3, [(640, 3)], id="nothing to choose"),
        pytest.param(WIDE, None, 1, [(640, 1), (960, 1), (1280, 1)], id="sizes"),
        pytest.param(WIDE, None, None, [(640, 1), (960, 1), (1280, 1), (1280, 2), (1280, 3)], id="tiles come last"),
        pytest.param((1920, 1080), None, None, [(640, 1), (960, 1), (1280, 1)], id="none is scaled up"),
        pytest.param((1920, 1080), 640, None, [(640, 1), (640, 2), (640, 3)], id="of one size"),
        pytest.param((640, 480), 640, None, [(640, 1)], id="too small for tiles"),
        pytest.param((16000, 9000), 640, None, [(640, 1), (640, 2), (640, 3), (640, 4)], id="at most"),
    ],
)
def test_what_is_offered(
    size: tuple[int, int], imgsz: int | None, tiles: int | None, offered: list[tuple[int, int]]
) -> None:
    assert choices(size, imgsz, tiles) == [Choice(*one) for one in offered]


@pytest.mark.parametrize(
    ("heights", "imgsz", "tiles", "reason"),
    [
        pytest.param([400.0] * 9, 640, 1, "67 px in the detector's input", id="large people"),
        pytest.param([180.0] * 9, 1280, 1, "60 px in the detector's input, 30 px at 640", id="a larger input"),
        pytest.param([179.0] * 9, 1280, 2, "107 px in the detector's input, 30 px at 640 without tiles", id="two"),
        pytest.param([80.0] * 9, 1280, 3, "69 px in", id="three"),
        pytest.param([20.0] * 9, 1280, 3, "17 px in", id="hopeless: the most"),
        pytest.param([20.0] * 4, 640, 1, "hardly anybody", id="too few"),
    ],
)
def test_tiles_by_the_heights_of_people(heights: list[float], imgsz: int, tiles: int, reason: str) -> None:
    fitted = fit_size(WIDE, np.array(heights, np.float32), choices(WIDE, None, None))
    assert (fitted.imgsz, fitted.tiles) == (imgsz, tiles)
    assert reason in fitted.reason


def test_what_is_said_of_tiles() -> None:
    assert FittedSize(960, "").said(WIDE) == "960"
    assert FittedSize(1280, "", 3).said(WIDE) == "1280 in 6 tiles and the whole picture"
