"""Which frames are looked at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reidtrack.pipeline.run.looks import EveryNth, Look, WhereMotion
from reidtrack.types import Detections, FloatArray, Frame, ImageArray, Tracks

FPS = 10
STILL: ImageArray = np.random.default_rng(2).integers(0, 255, (24, 32, 3), dtype=np.uint8).repeat(10, 0).repeat(10, 1)
STANDS = (100.0, 50.0, 140.0, 150.0)


def picture(index: int, left: float | None = None) -> Frame:
    image = STILL
    if left is not None:
        image = STILL.copy()
        image[50:150, round(left) : round(left) + 40] ^= 255
    return Frame("hall", index, index / FPS, image)


def boxes(*xyxy: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
    return np.array(xyxy, np.float32).reshape(-1, 4), np.full(len(xyxy), 0.9, np.float32)


class Watch:
    """A rule, a detector and a tracker that know where everybody is."""

    def __init__(self, rule: WhereMotion, where: Callable[[int], dict[int, tuple[float, ...]]]) -> None:
        self.rule, self.where, self.looked = rule, where, list[int]()
        self.answers: list[Look] = []

    def frame(self, frame: Frame, *, pending: bool = False) -> None:
        look = self.rule.looks_at(frame)
        self.answers.append(look)
        if look == "no":
            return
        self.looked.append(frame.index)
        there = self.where(frame.index)
        xyxy, score = boxes(*there.values())
        ids, n = np.array(list(there), np.int64), len(there)
        tracks = Tracks(ids, np.full(n, frame.index, np.int64), np.full(n, frame.time_s), xyxy, score)
        self.rule.tracked(frame, Detections(xyxy, score), tracks, pending=pending)


def steps(watch: Watch) -> list[int]:
    return np.diff(watch.looked).tolist()


@pytest.mark.parametrize(
    ("every", "count", "expected"), [(1, 3, [0, 1, 2]), (2, 5, [0, 2, 4]), (7, 5, [0])], ids=["all", "2nd", "7th"]
)
def test_every_nth(every: int, count: int, expected: list[int]) -> None:
    rule = EveryNth(every)
    assert [index for index in range(count) if rule.looks_at(picture(index)) == "yes"] == expected


@pytest.mark.parametrize(
    ("there", "wait_s"), [pytest.param({}, 2.0, id="nobody"), pytest.param({1: STANDS}, 1.0, id="somebody stands")]
)
def test_where_nothing_moves(there: dict[int, tuple[float, ...]], wait_s: float) -> None:
    """Looks come at their longest distance, and what they show decides about the next."""
    watch = Watch(WhereMotion(EveryNth()), lambda index: there)
    for index in range(150):
        watch.frame(picture(index))
    assert set(steps(watch)[-4:]) == {round(wait_s * FPS)}
    assert set(watch.answers[-40:]) == {"no", "then_decide"}
    assert watch.rule.closed["hall"] == 150 - len(watch.looked)


def test_whoever_stands_is_looked_at_within_the_gap_that_is_filled() -> None:
    watch = Watch(WhereMotion(EveryNth(), people_s=0.35), lambda index: {1: STANDS})
    for index in range(100):
        watch.frame(picture(index))
    assert set(steps(watch)[-5:]) == {3}


def test_what_moves_in_the_picture_is_looked_at() -> None:
    watch = Watch(WhereMotion(EveryNth()), lambda index: {})
    for index in range(100):
        watch.frame(picture(index))
    for index in range(100, 120):
        watch.frame(picture(index, 5.0 * (index - 100)))
    assert watch.looked[-20:] == list(range(100, 120))


@pytest.mark.parametrize(
    ("where", "wakes"),
    [
        pytest.param(lambda i: {1: STANDS}, False, id="stays"),
        pytest.param(lambda i: {1: STANDS, **({2: STANDS} if i >= 100 else {})}, True, id="somebody new"),
        pytest.param(lambda i: {} if i >= 100 else {1: STANDS}, True, id="missing"),
        pytest.param(lambda i: {1: tuple(x + 3 * max(i - 99, 0) for x in STANDS)}, True, id="moves unseen"),
        pytest.param(lambda i: {1: tuple(x + 4 * (i % 2) for x in STANDS)}, False, id="jitters"),
        pytest.param(lambda i: {3 if i >= 100 else 1: STANDS}, True, id="another id"),
    ],
)
def test_what_tracks_show_by_themselves(where: Callable[[int], dict[int, tuple[float, ...]]], wakes: bool) -> None:
    """The pictures stand still all the time."""
    watch = Watch(WhereMotion(EveryNth()), where)
    for index in range(120):
        watch.frame(picture(index))
    late = [index for index in watch.looked if index >= 90]
    assert (1 in np.diff(late)) == wakes


def test_somebody_who_is_gone_is_looked_for_a_while_only() -> None:
    watch = Watch(WhereMotion(EveryNth(), missing_s=2.0), lambda i: {} if i >= 100 else {1: STANDS})
    for index in range(250):
        watch.frame(picture(index))
    assert sum(100 <= index < 130 for index in watch.looked) >= 12
    assert set(steps(watch)[-3:]) == {20}


def test_who_is_not_confirmed_is_looked_at() -> None:
    watch = Watch(WhereMotion(EveryNth()), lambda index: {})
    for index in range(100):
        watch.frame(picture(index))
    for index in range(100, 140):
        watch.frame(picture(index), pending=True)
    assert set(steps(watch)[-10:]) == {1}


def test_a_clock_that_is_set_back_begins_anew() -> None:
    watch = Watch(WhereMotion(EveryNth()), lambda index: {})
    for index in range(100):
        watch.frame(picture(index))
    watch.frame(Frame("hall", 100, 3.0, STILL))
    assert watch.looked[-1] == 100


def test_another_rule_has_the_last_word() -> None:
    watch = Watch(WhereMotion(EveryNth(4)), lambda index: {1: (index, 50.0, index + 40.0, 150.0)})
    for index in range(100):
        watch.frame(picture(index, float(index)))
    assert watch.looked == list(range(0, 100, 4))
