"""Which size of input fits a camera."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.detect.fit import fit_size


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
    fitted = fit_size(size, np.array(heights, np.float32))
    assert fitted.imgsz == imgsz
    assert reason in fitted.reason
