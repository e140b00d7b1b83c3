"""What a box shows of its person."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.embed.quality import CUT_OFF, crop_quality, uncovered
from reidtrack.types import FloatArray

WIDTH, HEIGHT = 640, 480
PERSON = (300, 200, 340, 300)


def boxes(*rows: tuple[float, ...]) -> FloatArray:
    return np.array(rows, np.float32).reshape(-1, 4)


def quality(*rows: tuple[float, ...], score: float = 1.0) -> FloatArray:
    return crop_quality(boxes(*rows), np.full(len(rows), score, np.float32), WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param(PERSON, 1.0, id="in full view"),
        pytest.param((300, 200, 325, 264), 1.0, id="just high enough"),
        pytest.param((300, 200, 312, 232), 0.5, id="half as high"),
        pytest.param((300, 200, 350, 300), 1.0, id="twice as high as wide"),
        pytest.param((300, 200, 400, 300), 0.5, id="square"),
        pytest.param((0, 200, 40, 300), CUT_OFF, id="at the left"),
        pytest.param((600, 200, 639, 300), CUT_OFF, id="at the right"),
        pytest.param((300, 380, 340, 480), CUT_OFF, id="at the bottom"),
        pytest.param((300, -20, 340, 80), CUT_OFF, id="over the top"),
        pytest.param((3, 200, 43, 300), 1.0, id="beside the border"),
        pytest.param((300, 200, 300, 300), 1.0, id="no width"),
        pytest.param((300, 200, 340, 200), 0.0, id="no height"),
    ],
)
def test_one_person(box: tuple[float, ...], expected: float) -> None:
    assert quality(box).tolist() == pytest.approx([expected])
    assert quality(box, score=0.4).tolist() == pytest.approx([0.4 * expected])


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([(400, 200, 440, 300)], 1.0, id="beside"),
        pytest.param([(320, 210, 360, 310)], 1 - 0.45, id="in front of the right half"),
        pytest.param([(320, 190, 360, 290)], 1.0, id="behind"),
        pytest.param([(320, 200, 360, 300)], 1.0, id="level: neither is in front"),
        pytest.param([(300, 200, 340, 310)], 0.0, id="hidden"),
        pytest.param([(300, 250, 340, 310), (320, 200, 360, 310)], 0.25, id="two in front"),
    ],
)
def test_people_in_front_cover(others: list[tuple[float, ...]], expected: float) -> None:
    assert quality(PERSON, *others)[0] == pytest.approx(expected, abs=1e-6)


def test_nobody() -> None:
    empty = quality()
    assert (empty.shape, empty.dtype) == ((0,), np.float32)


boxes_in_view = st.lists(
    st.tuples(st.floats(-50, 700), st.floats(-50, 500), st.floats(0, 300), st.floats(0, 400)), min_size=1, max_size=8
).map(lambda rows: boxes(*((x, y, x + w, y + h) for x, y, w, h in rows)))


@given(xyxy=boxes_in_view, score=st.floats(0, 1, width=32))
def test_quality_is_a_share(xyxy: FloatArray, score: float) -> None:
    found = crop_quality(xyxy, np.full(len(xyxy), score, np.float32), WIDTH, HEIGHT)
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= 1)).all()


@given(xyxy=boxes_in_view)
def test_more_people_never_uncover(xyxy: FloatArray) -> None:
    assert (uncovered(xyxy)[:-1] <= uncovered(xyxy[:-1])).all()
    assert uncovered(xyxy)[np.argmax(xyxy[:, 3])] == 1
