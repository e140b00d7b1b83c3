"""What a crop shows of its person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.embed.pool import pool
from reidtrack.embed.quality import (
    FULL_SHARPNESS,
    POWERS,
    USUAL_ASPECT,
    Powers,
    UsualAspect,
    box_factors,
    box_quality,
    sharp_quality,
    sharpness,
    uncovered,
    visibility,
)
from reidtrack.types import FloatArray, ImageArray

WIDTH, HEIGHT = 640, 480
PERSON = (300, 200, 356, 340)
"""140 px high, of the usual aspect, in full view."""


def boxes(*rows: tuple[float, ...]) -> FloatArray:
    return np.array(rows, np.float32).reshape(-1, 4)


def factors(*rows: tuple[float, ...], score: float = 1.0, usual: float = USUAL_ASPECT) -> FloatArray:
    xyxy = boxes(*rows)
    return box_factors(xyxy, np.full(len(xyxy), score, np.float32), visibility(xyxy, WIDTH, HEIGHT), usual)


def rated(xyxy: FloatArray, score: float = 1.0) -> FloatArray:
    return box_quality(xyxy, np.full(len(xyxy), score, np.float32), visibility(xyxy, WIDTH, HEIGHT))


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param(PERSON, {}, id="in full view"),
        pytest.param((300, 200, 351.2, 328), {}, id="just high enough"),
        pytest.param((300, 200, 325.6, 264), {"size": 0.5}, id="half as high"),
        pytest.param((300, 200, 440, 340), {}, id="square, at no edge: whole, as far as is known"),
        pytest.param((300, 340, 356, 480), {}, id="at the lower edge, and whole"),
        pytest.param((300, 335, 412, 475), {"cut": 0.5 / 0.95}, id="ends before the lower edge, half as high as usual"),
        pytest.param((300, 330, 412, 470), {}, id="well above it: nothing says that it is cut off"),
        pytest.param((300, -20, 412, 120), {"cut": 0.5 / 0.95}, id="over the upper edge"),
        pytest.param((0, 200, 56, 340), {}, id="at the left, and whole"),
        pytest.param((0, 200, 28, 340), {"narrow": 0.55}, id="half of the width at the left"),
        pytest.param((612, 200, 640, 340), {"narrow": 0.55}, id="at the right"),
        pytest.param((0, 340, 112, 480), {"cut": 0.5 / 0.95}, id="in a corner, wide"),
        pytest.param((300, 200, 300, 340), {}, id="no width"),
        pytest.param((300, 200, 356, 200), {"size": 0.0}, id="no height"),
        pytest.param((300, 480, 356, 480), {"size": 0.0, "cut": 0.02}, id="no height at the lower edge"),
        pytest.param((300, 340, 356, 200), {"size": 0.0}, id="inside out"),
    ],
)
def test_one_box(box: tuple[float, ...], expected: dict[str, float]) -> None:
    found = dict(zip(Powers._fields, factors(box)[0].tolist(), strict=False))
    assert found == pytest.approx(dict.fromkeys(Powers._fields[:5], 1.0) | expected, abs=1e-6)


@pytest.mark.parametrize(
    ("usual", "cut"), [(USUAL_ASPECT, 0.8 / 0.95), (2.0, 1.0), (4.0, 0.5 / 0.95)], ids=["usual", "wide", "slim"]
)
def test_what_is_cut_depends_on_what_is_usual(usual: float, cut: float) -> None:
    assert factors((300, 340, 370, 480), usual=usual)[0, 3] == pytest.approx(cut)


def test_the_score_counts_by_its_power() -> None:
    assert rated(boxes(PERSON), score=0.4).tolist() == pytest.approx([0.4**POWERS.score])


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([(400, 200, 456, 340)], 1.0, id="beside"),
        pytest.param([(328, 214, 384, 354)], 1 - 0.45, id="in front of the right half"),
        pytest.param([(328, 186, 384, 326)], 1.0, id="behind"),
        pytest.param([(328, 200, 384, 340)], 1.0, id="level: neither is in front"),
        pytest.param([(300, 200, 356, 350)], 0.02, id="hidden"),
        pytest.param([(300, 270, 356, 350), (328, 200, 384, 350)], 0.25, id="two in front"),
    ],
)
def test_people_in_front_cover(others: list[tuple[float, ...]], expected: float) -> None:
    assert factors(PERSON, *others)[0, 2] == pytest.approx(expected, abs=1e-6)


def test_nobody() -> None:
    empty = rated(boxes())
    assert (empty.shape, empty.dtype) == ((0,), np.float32)
    usual = UsualAspect()
    assert usual.after(boxes(), visibility(boxes(), WIDTH, HEIGHT)) == usual


@pytest.mark.parametrize(
    ("rows", "learned"),
    [
        pytest.param([(300, 200, 340, 320)], True, id="in full view"),
        pytest.param([(300, 360, 340, 480)], False, id="at an edge"),
        pytest.param([(300, 200, 300, 320)], False, id="no width"),
        pytest.param([(300, 200, 340, 320), (300, 210, 340, 330)], True, id="the one in front alone"),
    ],
)
def test_the_usual_aspect_is_learned_from_boxes_in_full_view(rows: list[tuple[float, ...]], learned: bool) -> None:
    xyxy = boxes(*rows)
    usual = UsualAspect().after(xyxy, visibility(xyxy, WIDTH, HEIGHT))
    assert usual.boxes == UsualAspect().boxes + learned
    assert usual.value == pytest.approx((USUAL_ASPECT**60 * 3.0) ** (1 / 61) if learned else USUAL_ASPECT)


def stripes(period: int, height: int = 256, width: int = 128) -> ImageArray:
    column = np.where(np.arange(height) // period % 2, 200, 50).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(column[:, None, None], (height, width, 3)))


@pytest.mark.parametrize("factor", [0.25, 1.0], ids=["weak contrast", "strong"])
@pytest.mark.parametrize("period", [16, 64])
def test_blur_takes_sharpness_whatever_the_contrast(period: int, factor: float) -> None:
    picture = (stripes(period) * factor).astype(np.uint8)
    found = [sharpness(np.asarray(cv2.GaussianBlur(picture, (0, 0), s), np.uint8)) for s in (0.5, 2.0, 6.0)]
    assert found[0] > found[1] > found[2] > 0
    assert sharpness(picture) == pytest.approx(sharpness(stripes(period)), rel=0.05)


def test_sharp_quality() -> None:
    blurred = np.asarray(cv2.GaussianBlur(stripes(32), (0, 0), 12.0), np.uint8)
    assert sharp_quality(stripes(32)) == 1.0
    assert sharp_quality(blurred) == pytest.approx((sharpness(blurred) / FULL_SHARPNESS) ** POWERS.sharp)
    assert sharp_quality(blurred) < 0.8
    assert sharp_quality(np.full((256, 128, 3), 90, np.uint8)) == 1.0


boxes_in_view = st.lists(
    st.tuples(st.floats(-50, 700), st.floats(-50, 500), st.floats(0, 300), st.floats(0, 400)), min_size=1, max_size=8
).map(lambda rows: boxes(*((x, y, x + w, y + h) for x, y, w, h in rows)))


@given(xyxy=boxes_in_view, score=st.floats(0, 1, width=32))
def test_quality_is_a_share(xyxy: FloatArray, score: float) -> None:
    found = rated(xyxy, score)
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= 1)).all()


@given(xyxy=boxes_in_view)
def test_more_people_never_uncover(xyxy: FloatArray) -> None:
    assert (uncovered(xyxy)[:-1] <= uncovered(xyxy[:-1])).all()
    assert uncovered(xyxy)[np.argmax(xyxy[:, 3])] == 1


@pytest.mark.shared
@pytest.mark.parametrize(("name", "least"), [("a", 0.97), ("b", 0.99)])
def test_a_man_whose_legs_leave_the_picture(shared: Path, name: str, least: float) -> None:
    """The mean of his crops is like those of the whole man (0.93 and 0.98 by the quality that the case was made with).

    Weighted as association does, by the square.
    """
    case = np.load(shared / f"cases/features/lone_person_{name}.npz")
    size, usual, quality, whole = case["image_size"].tolist(), UsualAspect(), {}, {}
    for frame, box, score in zip(case["frame"].tolist(), case["xyxy"], case["score"], strict=True):
        xyxy = box[None].astype(np.float32)
        view = visibility(xyxy, *size)
        quality[frame] = box_quality(xyxy, np.full(1, score, np.float32), view, usual.value)[0]
        whole[frame], usual = not view.ends[0], usual.after(xyxy, view)
    features = case["features"].astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    frames = case["feature_frame"].tolist()
    full = features[[whole[f] for f in frames]].mean(axis=0)
    mean = pool(features, np.array([quality[f] ** 2 for f in frames], np.float32))
    assert mean @ full / np.linalg.norm(full) >= least
    cut = features[[not whole[f] for f in frames]]
    weights = np.array([quality[f] for f in frames if not whole[f]], np.float32)
    assert np.isfinite(pool(cut, weights)).all()
    assert weights.min() > 0.1


def test_powers_are_monotone() -> None:
    """Less of a person, a smaller or a less sure box never counts more."""
    assert min(POWERS) >= 0
