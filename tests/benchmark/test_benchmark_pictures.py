"""Plots and pictures of ranked lists: what is drawn is what was measured."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from reidtrack.benchmark.pictures import CELL_HW, FRAME, GAP, GREEN, RED, PictureRow, draw_rows
from reidtrack.benchmark.plots import cmc_plot, distance_plot, roc_plot
from reidtrack.benchmark.ranking import Gallery
from reidtrack.benchmark.verification import PairCounter, Verification
from reidtrack.types import ImageArray


def decoded(data: bytes) -> ImageArray:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def counted(queries: int) -> Verification:
    rng = np.random.default_rng(0)
    counter = PairCounter(Gallery(np.arange(20), np.ones(20, np.int64)), 2.0)
    counter.add(rng.random((queries, 20), np.float32), np.arange(queries), np.zeros(queries, np.int64))
    return counter.result()


def grey(level: int, shape: tuple[int, int] = (64, 32)) -> ImageArray:
    return np.full((*shape, 3), level, np.uint8)


def test_right_is_green_and_wrong_is_red() -> None:
    row = PictureRow(
        grey(90), "AP 0.5", [grey(10), grey(200)], np.array([0.1, 0.2], np.float32), np.array([True, False])
    )
    image = draw_rows([row])
    width = CELL_HW[1] + 2 * FRAME + GAP
    for column, (frame, level) in enumerate([(GREEN, 10), (RED, 200)], start=1):
        left = 2 * GAP + column * width
        assert image[GAP + 1, left + 1].tolist() == list(frame)
        assert (image[GAP + CELL_HW[0] // 2, left + FRAME + 10] == level).all()


def test_rows_may_differ_in_length_and_size() -> None:
    short = PictureRow(grey(90, (10, 50)), "q", [], np.zeros(0, np.float32), np.zeros(0, bool))
    long = PictureRow(grey(90), "q", [grey(1)] * 3, np.zeros(3, np.float32), np.ones(3, bool))
    assert draw_rows([short, long]).shape[1] == draw_rows([long]).shape[1]


@pytest.mark.parametrize(
    "queries", [pytest.param(0, id="no pairs"), pytest.param(1, id="one query"), pytest.param(9, id="some")]
)
def test_plots_are_drawn_whatever_was_counted(queries: int) -> None:
    pairs = counted(queries)
    points = {"best F1": pairs.best_f1(), "FAR 0.001": pairs.at_far(1e-3)}
    for data in (
        cmc_plot({"a": np.linspace(0.5, 1, 50), "b": np.zeros(50)}),
        roc_plot({"a": pairs}, 1e-3),
        roc_plot({"a": pairs}, 0.0),
        distance_plot(pairs, points),
    ):
        assert decoded(data).std() > 5


def test_short_curves_are_drawn_as_far_as_they_go() -> None:
    assert decoded(cmc_plot({"a": np.ones(20)}, ranks=5)).std() > 5
