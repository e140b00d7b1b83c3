"""What the default tracker promises, on people drawn as boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.track.cascade import Cascade
from reidtrack.track.columns import join
from reidtrack.types import Detections, Tracks

Person = tuple[float, float, float]
"""Centre x, height, score."""


def seen(*people: Person) -> Detections:
    xyxy = [(x - 0.2 * height, 300 - height, x + 0.2 * height, 300.0) for x, height, _ in people]
    return Detections(np.array(xyxy, np.float32).reshape(-1, 4), np.array([p[2] for p in people], np.float32))


def watch(tracker: Cascade, frames: Iterable[Detections], times_s: Sequence[float]) -> list[Tracks]:
    return [tracker.update(found, index, now) for index, (found, now) in enumerate(zip(frames, times_s, strict=True))]


def everything(rows: Sequence[Tracks]) -> Tracks:
    return join(Tracks.empty(), *rows)


def clock(fps: float, seconds: float) -> list[float]:
    return [index / fps for index in range(round(fps * seconds))]


def test_a_new_track_is_held_back_then_reported_whole() -> None:
    tracker, times_s = Cascade(min_hits=3, min_confirmation_time=0.2), clock(10, 0.5)
    pending = []
    rows = []
    for index, now in enumerate(times_s):
        rows.append(tracker.update(seen((100, 80, 0.9)), index, 5.0 + now))
        pending.append(tracker.pending_since_s)
    assert [row.frame.tolist() for row in rows] == [[], [], [0, 1, 2], [3], [4]]
    assert pending == [5.0, 5.0, None, None, None]
    np.testing.assert_allclose(rows[2].time_s, [5.0, 5.1, 5.2])


def test_confirmation_waits_for_both_hits_and_time() -> None:
    slow = watch(Cascade(min_hits=3, min_confirmation_time=0.2), [seen((100, 80, 0.9))] * 4, clock(1, 4))
    fast = watch(Cascade(min_hits=3, min_confirmation_time=0.2), [seen((100, 80, 0.9))] * 9, clock(40, 0.225))
    assert [len(row) for row in slow] == [0, 0, 3, 1]
    assert [len(row) for row in fast] == [0] * 8 + [9]


def test_a_flicker_is_never_reported() -> None:
    tracker = Cascade()
    frames = [seen((100, 80, 0.9))] * 2 + [seen()] * 6
    assert not len(everything(watch(tracker, frames, clock(10, 0.8))))
    assert tracker.pending_since_s is None


@pytest.mark.parametrize(
    ("score", "reported"),
    [
        pytest.param(0.6, True, id="at the threshold"),
        pytest.param(0.59, False, id="sure, but below it"),
        pytest.param(0.3, False, id="unsure"),
        pytest.param(0.05, False, id="not looked at"),
    ],
)
def test_which_scores_start_a_track(score: float, reported: bool) -> None:
    rows = everything(watch(Cascade(start=0.6), [seen((100, 80, score))] * 8, clock(10, 0.8)))
    assert bool(len(rows)) is reported


@pytest.mark.parametrize(
    ("score", "continues"),
    [pytest.param(0.1, True, id="at the threshold"), pytest.param(0.09, False, id="below it")],
)
def test_unsure_detections_continue_a_track(score: float, continues: bool) -> None:
    frames = [seen((100, 80, 0.9))] * 5 + [seen((100, 80, score))] * 5
    rows = everything(watch(Cascade(low=0.1), frames, clock(10, 1)))
    assert len(rows) == (10 if continues else 5)
    assert len(np.unique(rows.track_id)) == 1


@pytest.mark.parametrize("fps", [7.0, 15.0, 30.0])
@pytest.mark.parametrize(
    ("hidden_s", "speed", "ids"),
    [
        pytest.param(1.5, 60.0, 1, id="walks on behind a post"),
        pytest.param(1.5, 0.0, 1, id="stands behind a post"),
        pytest.param(1.5, -60.0, 1, id="the other way"),
        pytest.param(2.5, 60.0, 2, id="longer than max_age"),
    ],
)
def test_hidden_people_are_found_again(fps: float, hidden_s: float, speed: float, ids: int) -> None:
    times_s = clock(fps, 6)
    frames = [
        seen() if 2 < now < 2 + hidden_s else seen((400 + speed * now, 80, 0.8)) for now in times_s
    ]  # 60 px/s at a height of 80 px is a walk
    rows = everything(watch(Cascade(max_age=2.0), frames, times_s))
    assert len(np.unique(rows.track_id)) == ids
    assert len(rows) == sum(map(len, frames))


@pytest.mark.parametrize("fps", [7.0, 30.0])
def test_people_who_cross_keep_their_ids(fps: float) -> None:
    times_s = clock(fps, 6)
    rng = np.random.default_rng(0)
    frames = []
    for now in times_s:
        left, right = 200 + 50 * now, 500 - 50 * now
        noise = rng.normal(0, 1, 2)
        behind = () if abs(left - right) < 25 else ((right + noise[0], 90.0, 0.8),)  # hidden by the one in front
        frames.append(seen((left + noise[1], 90.0, 0.8), *behind))
    rows = everything(watch(Cascade(), frames, times_s))
    assert len(np.unique(rows.track_id)) == 2
    centre = rows.xyxy[:, [0, 2]].mean(axis=1)
    for track_id in np.unique(rows.track_id):
        path = centre[rows.track_id == track_id]
        assert abs(path[-1] - path[0]) > 200  # went through, did not turn back


def test_somebody_else_far_away_is_not_taken_for_the_hidden() -> None:
    times_s = clock(10, 3)
    frames = [seen((100, 80, 0.9)) if now < 1.5 else seen((400, 80, 0.9)) for now in times_s]
    assert len(np.unique(everything(watch(Cascade(), frames, times_s)).track_id)) == 2


def test_a_child_is_not_taken_for_a_hidden_adult() -> None:
    times_s = clock(10, 3)
    frames = [seen() if 1 < now < 2 else seen((100, 80 if now <= 1 else 45, 0.9)) for now in times_s]
    assert len(np.unique(everything(watch(Cascade(), frames, times_s)).track_id)) == 2
    at_once = Cascade(gate=0)
    frames = [seen() if 1 < now < 2 else seen((100, 80, 0.9)) for now in times_s]
    assert len(np.unique(everything(watch(at_once, frames, times_s)).track_id)) == 1  # overlap alone suffices


def test_uneven_times_and_skipped_frames() -> None:
    rng = np.random.default_rng(1)
    times_s = np.cumsum(rng.uniform(0.02, 0.25, 60)).tolist()
    tracker = Cascade()
    rows = [tracker.update(seen((100 + 70 * now, 90, 0.9)), 5 * i, now) for i, now in enumerate(times_s)]
    tracks = everything(rows)
    assert np.unique(tracks.track_id).tolist() == [1]
    assert tracks.frame.tolist() == list(range(0, 300, 5))


def test_a_stall_ends_every_track_and_what_is_held_back() -> None:
    tracker = Cascade()
    watch(tracker, [seen((100, 80, 0.9))] * 5, clock(10, 0.5))
    tracker.update(seen((100, 80, 0.9), (300, 80, 0.9)), 5, 0.5)
    assert tracker.pending_since_s == 0.5
    assert not len(tracker.update(seen((100, 80, 0.9), (300, 80, 0.9)), 6, 60.0))
    assert tracker.pending_since_s == 60.0
    rows = [tracker.update(seen((100, 80, 0.9), (300, 80, 0.9)), i, 60 + (i - 6) / 10) for i in range(7, 10)]
    assert np.unique(everything(rows).track_id).tolist() == [3, 4]


def test_a_clock_that_jumps_back_does_no_harm() -> None:
    times_s = [*clock(10, 1), *clock(10, 1)]
    rows = everything(watch(Cascade(), [seen((100, 80, 0.9))] * 20, times_s))
    assert np.unique(rows.track_id).tolist() == [1]
    assert len(rows) == 20


def test_boxes_without_area_are_passed_over() -> None:
    flat = Detections(np.array([[10, 10, 10, 90], [20, 50, 60, 50]], np.float32), np.ones(2, np.float32))
    tracker = Cascade(min_hits=1, min_confirmation_time=0)
    assert not len(tracker.update(flat, 0, 0.0))
    assert len(tracker.update(seen((100, 80, 0.9)), 1, 0.1)) == 1


def test_does_not_depend_on_the_scale_of_the_picture() -> None:
    times_s = clock(7, 8)
    rng = np.random.default_rng(2)
    paths = rng.uniform(0, 600, 6)[:, None] + rng.uniform(-60, 60, 6)[:, None] * times_s
    ids = []
    for scale in (1.0, 8.0):
        generator, tracker, rows = np.random.default_rng(3), Cascade(), []
        for index, now in enumerate(times_s):
            people = [(x, 90.0, 0.8) for x in paths[:, index] + generator.normal(0, 2, 6) if generator.random() > 0.1]
            found = seen(*people)
            rows.append(tracker.update(Detections(found.xyxy * np.float32(scale), found.score), index, now))
        ids.append(everything(rows).track_id.tolist())
    assert ids[0] == ids[1]


detection = st.tuples(st.floats(0, 300), st.floats(0, 200), st.floats(0, 60), st.floats(0, 150), st.floats(0, 1))
recording = st.lists(st.tuples(st.floats(0, 1), st.lists(detection, max_size=6)), max_size=25)


@settings(deadline=None, max_examples=60)
@given(recording)
def test_any_input_gives_sound_tracks(frames: list[tuple[float, list[tuple[float, ...]]]]) -> None:
    trackers, now = (Cascade(), Cascade()), 0.0
    reported: set[tuple[int, int]] = set()
    given_boxes: set[tuple[int, tuple[float, ...]]] = set()
    held_since = None
    for index, (dt, rows) in enumerate(frames):
        now += dt
        table = np.array(rows, np.float32).reshape(-1, 5)
        found = Detections(np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1), table[:, 4])
        given_boxes |= {(index, tuple(box)) for box in found.xyxy.tolist()}
        tracks, again = (tracker.update(found, index, now) for tracker in trackers)
        assert tracks.xyxy.tolist() == again.xyxy.tolist()
        assert tracks.track_id.tolist() == again.track_id.tolist()
        assert (np.diff(tracks.frame) >= 0).all()
        keys = list(zip(tracks.track_id.tolist(), tracks.frame.tolist(), strict=True))
        assert len(set(keys)) == len(keys)
        assert not reported & set(keys)
        reported |= set(keys)
        assert {(f, tuple(b)) for f, b in zip(tracks.frame.tolist(), tracks.xyxy.tolist(), strict=True)} <= given_boxes
        if len(tracks):
            assert tracks.time_s.min() >= (now if held_since is None else held_since)
        held_since = trackers[0].pending_since_s
