"""Which crops are embedded: the best of each window, whatever the rhythm of the calls."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.embed.quality import POWERS
from reidtrack.embed.select import Candidate, CropSelector
from reidtrack.types import Frame, Tracks

FPS = 10
SIZE_HW = (16, 8)
Row = tuple[int, int, float]
"""Frame, track, quality: boxes are apart and in full view, their crops of one colour, so only the score counts."""


def frame(index: int, camera: str = "a") -> Frame:
    return Frame(camera, index, index / FPS, np.full((200, 400, 3), index % 256, np.uint8))


def tracks(rows: Iterable[Row]) -> Tracks:
    rows = list(rows)
    ids = np.array([r[1] for r in rows], np.int64)
    frames = np.array([r[0] for r in rows], np.int64)
    left = 10.0 + 40 * (ids % 9)
    xyxy = np.stack([left, left * 0 + 20, left + 30, left * 0 + 170], axis=1).astype(np.float32).reshape(-1, 4)
    score = np.array([r[2] ** (1 / POWERS.score) for r in rows], np.float32)
    return Tracks(ids, frames, frames / FPS, xyxy, score)


def play(selector: CropSelector, rows: list[Row], last: int, camera: str = "a") -> list[Candidate]:
    chosen = []
    for index in range(last + 1):
        chosen += selector.offer(frame(index, camera), tracks(r for r in rows if r[0] == index))
    return chosen + selector.flush()


def names(chosen: Iterable[Candidate]) -> list[tuple[int, int]]:
    return [(c.track_id, c.frame) for c in chosen]


@pytest.mark.parametrize(
    ("rows", "every_s", "expected"),
    [
        pytest.param([], 0.5, [], id="nobody"),
        pytest.param([(3, 1, 0.5)], 0.5, [(1, 3)], id="one box"),
        pytest.param([(0, 1, 0.5), (2, 1, 0.9), (4, 1, 0.7)], 0.5, [(1, 2)], id="best of a window"),
        pytest.param([(4, 1, 0.5), (5, 1, 0.9)], 0.5, [(1, 4), (1, 5)], id="on both sides of an edge"),
        pytest.param([(1, 1, 0.9), (2, 1, 0.9)], 0.5, [(1, 1)], id="first of equals"),
        pytest.param([(1, 7, 0.5), (2, 3, 0.6), (3, 7, 0.8)], 0.5, [(3, 2), (7, 3)], id="two tracks, by id"),
        pytest.param([(1, 1, 0.9), (17, 1, 0.4)], 0.5, [(1, 1), (1, 17)], id="seen again later"),
        pytest.param([(0, 1, 0.5), (1, 1, 0.4), (2, 1, 0.3)], 0.0, [(1, 0), (1, 1), (1, 2)], id="every box"),
        pytest.param([(1, 1, 0.0)], 0.5, [(1, 1)], id="worthless but all there is"),
    ],
)
def test_the_best_crop_of_each_window(rows: list[Row], every_s: float, expected: list[tuple[int, int]]) -> None:
    assert names(play(CropSelector(SIZE_HW, every_s=every_s), rows, 20)) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([(0, 1, 0.2), (6, 1, 0.6)], [(1, 6)], id="below is left out"),
        pytest.param([(0, 1, 0.5)], [(1, 0)], id="at the least"),
        pytest.param([(0, 1, 0.2), (6, 1, 0.3), (12, 1, 0.1)], [(1, 6)], id="best of what there is"),
        pytest.param([(0, 1, 0.8), (6, 1, 0.3)], [(1, 0)], id="not once it has a better one"),
        pytest.param([(0, 1, 0.2), (1, 2, 0.9), (6, 1, 0.3)], [(2, 1), (1, 6)], id="each track for itself"),
    ],
)
def test_least_quality(rows: list[Row], expected: list[tuple[int, int]]) -> None:
    assert names(play(CropSelector(SIZE_HW, every_s=0.5, min_quality=0.5), rows, 20)) == expected


def test_windows_close_when_time_passes_them_and_not_before() -> None:
    selector = CropSelector(SIZE_HW, every_s=0.5)
    closed = [len(selector.offer(frame(i), tracks([(i, 1, 0.5)] if i == 2 else []))) for i in range(8)]
    assert closed == [0, 0, 0, 0, 0, 1, 0, 0]


def test_a_poor_track_is_served_when_it_has_been_gone_long_enough() -> None:
    selector = CropSelector(SIZE_HW, every_s=0.5, min_quality=0.5, forget_s=1.0)
    found = {i: names(selector.offer(frame(i), tracks([(i, 1, 0.2)] if i == 2 else []))) for i in range(20)}
    assert {i: f for i, f in found.items() if f} == {15: [(1, 2)]}
    assert selector.flush() == []


def test_rows_of_earlier_frames_are_passed_over() -> None:
    selector = CropSelector(SIZE_HW, every_s=0.5)
    selector.offer(frame(3), tracks([(1, 1, 0.9), (2, 1, 0.8), (3, 1, 0.3)]))
    assert names(selector.flush()) == [(1, 3)]


def test_boxes_outside_the_picture_give_no_crop() -> None:
    selector = CropSelector(SIZE_HW, every_s=0.5)
    row = tracks([(0, 1, 0.9)])
    outside = Tracks(row.track_id, row.frame, row.time_s, row.xyxy + np.float32(1000), row.score)
    assert selector.offer(frame(0), outside) == []
    assert selector.flush() == []


def test_the_crop_is_of_the_frame_it_names() -> None:
    (found,) = play(CropSelector(SIZE_HW, every_s=0.5), [(1, 1, 0.4), (3, 1, 0.6), (4, 1, 0.5)], 9)
    assert found.crop.shape == (*SIZE_HW, 3)
    assert (found.crop == 3).all()
    assert (found.camera, found.track_id, found.frame, found.time_s) == ("a", 1, 3, 0.3)
    assert found.quality == pytest.approx(0.6)


def test_cameras_do_not_touch_each_other() -> None:
    selector = CropSelector(SIZE_HW, every_s=0.5)
    selector.offer(frame(0, "b"), tracks([(0, 1, 0.5)]))
    selector.offer(frame(1, "a"), tracks([(1, 1, 0.6)]))
    assert selector.offer(frame(9, "c"), tracks([])) == []
    assert [(c.camera, c.frame) for c in selector.flush("b")] == [("b", 0)]
    assert [(c.camera, c.frame) for c in selector.flush()] == [("a", 1)]
    assert selector.flush() == []
    assert selector.flush("never seen") == []


def test_time_that_jumps_back_closes_the_window() -> None:
    selector = CropSelector(SIZE_HW, every_s=0.5)
    selector.offer(Frame("a", 0, 100.0, frame(0).image), tracks([(0, 1, 0.5)]))
    assert names(selector.offer(Frame("a", 1, 0.0, frame(1).image), tracks([]))) == [(1, 0)]


def test_memory_does_not_grow_with_time() -> None:
    selector = CropSelector(SIZE_HW, every_s=0.5, min_quality=0.5, forget_s=1.0)
    held = []
    for i in range(400):
        selector.offer(frame(i), tracks([(i, i // 5, 0.2 + 0.6 * (i % 2))]))
        held.append(sum(len(t) for t in selector._tracks.values()))
    assert max(held[200:]) == max(held[:200])
    assert max(held) <= 5


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 3), st.sampled_from([0.1, 0.4, 0.7])), max_size=40),
    start=st.integers(0, 6),
)
def test_a_run_that_begins_at_a_window_chooses_the_same(rows: list[Row], start: int) -> None:
    rows = sorted({(f, i): (f, i, s) for f, i, s in rows}.values())
    whole = play(CropSelector(SIZE_HW, every_s=0.5), rows, 30)
    late = play(CropSelector(SIZE_HW, every_s=0.5), [r for r in rows if r[0] >= 5 * start], 30)
    assert names(late) == [n for n in names(whole) if n[1] >= 5 * start]


def walk_out(index: int) -> tuple[Frame, Tracks]:
    """A frame of a man who walks up to the camera: from frame 5 on, his legs are out of the picture, his box wide."""
    wide = 60 if index < 5 else 60 + 20 * (index - 4)
    image = np.tile(np.arange(400, dtype=np.uint8) // 8 % 2 * 120, (400, 1))
    xyxy = np.array([[100, 390 - 150 - 20 * min(index, 5), 100 + wide, 390 if index < 5 else 400]], np.float32)
    ids, at = np.ones(1, np.int64), np.full(1, index, np.int64)
    shown = Frame("a", index, index / FPS, np.repeat(image[..., None], 3, axis=2))
    return shown, Tracks(ids, at, at / FPS, xyxy, np.full(1, 0.9, np.float32))


@pytest.mark.parametrize(
    ("frames", "relative"),
    [
        pytest.param(range(12), True, id="whole, then cut off: the cut crops count less"),
        pytest.param(range(7, 12), False, id="never whole: the crops are served, and count for something"),
    ],
)
def test_crops_without_legs_count_little_beside_whole_ones(frames: range, relative: bool) -> None:
    selector, found = CropSelector(SIZE_HW, every_s=0.0), []
    for index in frames:
        found += selector.offer(*walk_out(index))
    found += selector.flush()
    assert [c.frame for c in found] == list(frames)
    quality = np.array([c.quality for c in found])
    assert (quality > 0.01).all()
    if relative:
        assert quality[9:].max() < 0.5 * quality[:5].min()  # less than two thirds of the usual height


@pytest.mark.parametrize("order", [1, -1], ids=["sharp first", "blurred first"])
def test_the_sharper_of_two_crops_is_chosen(order: int) -> None:
    blocks = np.random.default_rng(0).integers(0, 255, (20, 40, 3), np.uint8).repeat(10, axis=0).repeat(10, axis=1)
    row, pictures = tracks([(0, 1, 0.9)]), [blocks, np.asarray(cv2.GaussianBlur(blocks, (0, 0), 4), np.uint8)][::order]
    selector = CropSelector((256, 128), every_s=0.5)
    for index, picture in enumerate(pictures):
        at = np.full(1, index, np.int64)
        selector.offer(Frame("a", index, index / FPS, picture), Tracks(row.track_id, at, at / FPS, row.xyxy, row.score))
    assert names(selector.flush()) == [(1, 0 if order == 1 else 1)]


def test_windows_of_cameras_may_end_one_after_another() -> None:
    selector = CropSelector(SIZE_HW, every_s=1.0, staggered=True)
    ends: dict[str, set[int]] = {"a": set(), "b": set(), "c": set()}
    for index in range(40):
        for camera, found in ends.items():
            if selector.offer(frame(index, camera), tracks([(index, 1, 0.5)])):
                found.add(index % 10)
    assert ends == {"a": {0}, "b": {4}, "c": {8}}


def test_the_first_good_crop_of_a_track_may_come_at_once() -> None:
    rows = [(3, 1, 0.2), (4, 1, 0.6), (5, 1, 0.5), (6, 1, 0.9), (11, 1, 0.7)]
    selector = CropSelector(SIZE_HW, every_s=0.5, min_quality=0.4, eager=True)
    given = {
        index: names(selector.offer(frame(index), tracks(r for r in rows if r[0] == index))) for index in range(12)
    }
    assert {index: found for index, found in given.items() if found} == {4: [(1, 4)], 10: [(1, 6)]}
    assert names(selector.flush()) == [(1, 11)]
