"""Cases in which it is known what the points were lost by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.benchmark.attribution import ErrorAttribution, attribute_errors
from reidtrack.benchmark.tracking import TrackingPair, score_union
from reidtrack.mot import MotRows

Walk = tuple[int, int, int, int]
"""Lane (everybody has their own), first frame, frame behind the last, and id."""
FRAMES = 20


def rows(walks: list[Walk]) -> MotRows:
    table = [(frame, number, 100.0 * lane + frame) for lane, first, end, number in walks for frame in range(first, end)]
    frame, number, left = np.array(table, np.float64).reshape(-1, 3).T
    xyxy = np.stack([left, 0 * left, left + 40, 0 * left + 90], axis=1)
    return MotRows.of(frame, number, xyxy, 0 * frame + 1)


def judge(
    truth: Mapping[str, list[Walk]], ours: Mapping[str, list[tuple[int, int, int, int, int]]]
) -> ErrorAttribution:
    """Ours: lane, first frame, frame behind the last, track id, identity."""
    pairs, ids = {}, {}
    for camera, walks in truth.items():
        tracks = rows([(lane, first, end, track) for lane, first, end, track, _ in ours[camera]])
        people = rows([(lane, first, end, number) for lane, first, end, _, number in ours[camera]])
        pairs[camera], ids[camera] = TrackingPair(rows(walks), people), tracks.id
    found = attribute_errors(pairs, ids)
    check(found, pairs)
    return found


def check(found: ErrorAttribution, pairs: Mapping[str, TrackingPair]) -> None:
    """Everything adds up, and the result is that of `evaluate`."""
    score = score_union(pairs)
    assert (found.result.idf1, found.result.hota) == pytest.approx((score.idf1, score.hota))
    for figure in ("idf1", "hota"):
        lost = sum(getattr(points, figure) for points in found.losses.values())
        assert lost + getattr(found.result, figure) == pytest.approx(100)
    losses = found.losses
    assert sum(loss.idf1 for loss in found.cameras.values()) == pytest.approx(losses["detection"].idf1)
    assert sum(error.idf1 for error in found.tracking_errors) + found.rest[0] == pytest.approx(losses["tracking"].idf1)
    assert sum(error.idf1 for error in found.linking_errors) + found.rest[1] == pytest.approx(losses["linking"].idf1)


TRUTH = {camera: [(lane, 0, FRAMES, 10 + lane) for lane in range(3)] for camera in "ab"}
WHOLE = {camera: [(lane, 0, FRAMES, lane + 1, lane + 1) for lane in range(3)] for camera in "ab"}


def test_nothing_lost() -> None:
    found = judge(TRUTH, WHOLE)
    assert found.result.idf1 == pytest.approx(100)
    assert (found.tracking_errors, found.linking_errors, found.rest) == ([], [], (0, 0))
    assert found.people == {(camera, i): 9 + i for camera in "ab" for i in (1, 2, 3)}


def test_a_person_left_alone_is_a_split() -> None:
    """Person 12 has another number in b: of 120 boxes, 20 have the wrong id."""
    found = judge(TRUTH, {**WHOLE, "b": [*WHOLE["b"][:2], (2, 0, FRAMES, 3, 9)]})
    (mistake,) = found.linking_errors
    assert (mistake.kind, mistake.person, mistake.owner, mistake.boxes) == ("split", 12, None, FRAMES)
    assert {mistake.home, mistake.identity} == {3, 9}
    assert mistake.idf1 == pytest.approx(100 / 6)
    assert (found.losses["detection"].idf1, found.losses["tracking"].idf1) == pytest.approx((0, 0))


def test_a_person_swallowed_by_another_is_a_merge() -> None:
    """Person 12 has the number of person 11 throughout, in turn: nobody stands twice in a frame."""
    truth = {"a": [(0, 0, 10, 10), (1, 10, 20, 11)], "b": [(0, 0, 10, 10)]}
    ours = {"a": [(0, 0, 10, 1, 1), (1, 10, 20, 2, 1)], "b": [(0, 0, 10, 1, 1)]}
    (mistake,) = judge(truth, ours).linking_errors
    assert (mistake.kind, mistake.person, mistake.keys) == ("merge", 11, (("a", 2),))
    assert (mistake.identity, mistake.owner, mistake.home) == (1, 10, None)
    assert mistake.idf1 == pytest.approx(100 / 3)


def test_two_people_whose_numbers_are_swapped_in_a_camera() -> None:
    truth = {c: [*TRUTH["a"]] for c in "abc"}
    swapped = [(0, 0, FRAMES, 1, 2), (1, 0, FRAMES, 2, 1), WHOLE["a"][2]]
    found = judge(truth, {"a": WHOLE["a"], "b": WHOLE["a"], "c": swapped})
    assert {(m.kind, m.person, m.keys, m.identity, m.owner, m.home) for m in found.linking_errors} == {
        ("split and merge", 10, (("c", 1),), 2, 11, 1),
        ("split and merge", 11, (("c", 2),), 1, 10, 2),
    }


def test_a_switch_inside_a_tracklet_is_tracking() -> None:
    """Tracks 1 and 2 of a change people at frame 15."""
    switched = [(0, 0, 15, 1, 1), (1, 15, 20, 1, 1), (1, 0, 15, 2, 2), (0, 15, 20, 2, 2), WHOLE["a"][2]]
    found = judge(TRUTH, {**WHOLE, "a": switched})
    assert found.losses["tracking"].idf1 == pytest.approx(100 * 10 / 120)
    assert (found.losses["detection"].idf1, found.losses["linking"].idf1) == pytest.approx((0, 0))
    assert {(s.key, s.owner, s.person, s.boxes, s.first_frame, s.last_frame) for s in found.tracking_errors} == {
        (("a", 1), 10, 11, 5, 15, 19),
        (("a", 2), 11, 10, 5, 15, 19),
    }


def test_a_missed_person_is_detection() -> None:
    """One of six walks is not there, and five boxes lie on nobody."""
    found = judge(TRUTH, {**WHOLE, "a": [*WHOLE["a"][:2], (7, 0, 5, 9, 9)]})
    assert found.losses["detection"].idf1 == pytest.approx(100 * 25 / 225)
    assert (found.losses["tracking"].idf1, found.losses["linking"].idf1) == pytest.approx((0, 0))
    loss = found.cameras["a"]
    assert (loss.boxes, len(loss.missed), loss.false) == (60, 20, 5)
    assert set(loss.missed.id) == {12}
    assert found.people["a", 9] is None
    assert len(found.cameras["b"].missed) == 0


def test_a_second_tracklet_on_one_person_is_tracking() -> None:
    """Nobody can link two tracklets that are in sight together; the one of fewer boxes has a number of its own."""
    truth = {"a": [(0, 0, 20, 10)]}
    ours = {"a": [(0, 0, 12, 1, 1), (0, 12, 20, 2, 2), (5, 11, 12, 2, 2)]}
    found = judge(truth, ours)
    (slip,) = found.tracking_errors
    assert (slip.key, slip.owner, slip.person, slip.boxes) == (("a", 2), 10, 10, 8)
    assert found.linking_errors == []


def test_boxes_that_are_not_scored_are_nobodys_fault() -> None:
    pair = TrackingPair(rows(TRUTH["a"]), rows([(0, 0, 20, 1), (1, 0, 20, 2), (2, 0, 20, 3), (8, 0, 20, 4)]))
    ignored = TrackingPair(pair.gt, pair.predicted, rows([(8, 0, 20, 1)]))
    assert attribute_errors({"a": ignored}, {"a": pair.predicted.id}).result.idf1 == pytest.approx(100)
    assert attribute_errors({"a": pair}, {"a": pair.predicted.id}).cameras["a"].false == 20


def test_nothing_of_ours() -> None:
    found = attribute_errors({"a": TrackingPair(rows(TRUTH["a"]), rows([]))}, {"a": np.zeros(0, np.int64)})
    assert found.losses["detection"].idf1 == pytest.approx(100)
    assert (found.tracking_errors, found.linking_errors) == ([], [])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 15), st.integers(1, 8), st.integers(1, 3)), max_size=8),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 15), st.integers(1, 8), st.integers(1, 3)), max_size=8),
)
def test_it_always_adds_up(left: list[Walk], right: list[Walk]) -> None:
    ours = {}
    for camera, walks in (("a", left), ("b", right)):
        busy: set[tuple[int, int]] = set()
        ours[camera] = []
        for track, (lane, first, length, identity) in enumerate(walks, start=1):
            frames = {(identity, frame) for frame in range(first, first + length)}
            if not frames & busy:
                busy |= frames
                ours[camera].append((lane, first, first + length, track, identity))
    judge(TRUTH, ours)
