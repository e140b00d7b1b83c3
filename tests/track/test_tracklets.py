"""Tracklets made in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from track.crowd import FPS, walkers

from reidtrack.track.columns import join
from reidtrack.track.finish import finish_tracks
from reidtrack.track.tracker import build_tracker
from reidtrack.track.tracklets import TrackletBuilder, finish_tracklet
from reidtrack.types import Tracks


def rows(*of: tuple[int, int]) -> Tracks:
    """Rows (track id, frame), each with numbers of its own."""
    table = np.array(of, np.int64).reshape(-1, 2)
    xyxy = np.stack([table[:, 1], table[:, 0], table[:, 1] + 10, table[:, 0] + 20], axis=1).astype(np.float32)
    return Tracks(table[:, 0], table[:, 1], table[:, 1] / 10, xyxy, (table[:, 1] % 100 / 100).astype(np.float32))


def vector(*values: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array(values, np.float32)


def test_boxes_and_features_of_each_track() -> None:
    builder = TrackletBuilder(2)
    builder.add_tracks("a", rows((1, 0)))
    builder.add_tracks("b", rows((1, 5)))
    builder.add_tracks("a", rows((2, 0), (2, 1), (1, 1), (2, 2), (1, 2)))
    builder.add_feature("a", 1, 2, 0.5, vector(1, 0))
    builder.add_feature("a", 1, 0, 0.25, vector(0, 1))
    builder.add_tracks("a", Tracks.empty())
    assert len(builder) == 3
    found = builder.end("a", 1)
    assert (found.key, found.split_from) == (("a", 1), None)
    assert found.frame.tolist() == [0, 1, 2]
    assert found.time_s.tolist() == [0.0, 0.1, 0.2]
    assert found.xyxy[2].tolist() == [2, 1, 12, 21]
    np.testing.assert_allclose(found.score, [0, 0.01, 0.02])
    assert found.feature_frame.tolist() == [0, 2]  # by frame, in whatever order they came
    assert found.feature_quality.tolist() == [0.25, 0.5]
    assert found.features.tolist() == [[0, 1], [1, 0]]
    assert [tracklet.key for tracklet in builder.end_all()] == [("a", 2), ("b", 1)]
    assert len(builder) == 0
    assert builder.end_all() == []


def test_a_track_without_features() -> None:
    builder = TrackletBuilder(128)
    builder.add_tracks("a", rows((7, 3)))
    found = builder.end("a", 7)
    assert found.features.shape == (0, 128)
    assert found.feature_frame.dtype == np.int64


def test_what_has_ended_is_forgotten() -> None:
    builder = TrackletBuilder(2)
    builder.add_tracks("a", rows((1, 0)))
    builder.end("a", 1)
    with pytest.raises(KeyError):
        builder.end("a", 1)
    with pytest.raises(KeyError):
        builder.add_feature("a", 1, 0, 0.5, vector(1, 0))


@pytest.mark.parametrize(
    ("values", "in_frames"),
    [
        pytest.param({"fill_gap": 0.0, "smooth": 0.0}, False, id="as tracked"),
        pytest.param({"fill_gap": 1.0, "smooth": 0.0}, False, id="gaps filled"),
        pytest.param({"fill_gap": 1.0, "smooth": 0.2}, False, id="and smoothed"),
        pytest.param({"fill_gap": 20.0, "smooth": 5.0}, True, id="in frames"),
    ],
)
def test_finished_alone_or_with_the_others(values: dict[str, float], in_frames: bool) -> None:
    """The same numbers, to the last bit, as those of a whole recording's tracks."""
    tracker, builder, told = build_tracker(), TrackletBuilder(2), [Tracks.empty()]
    frame, ended = np.arange(80), []
    time_s = frame / FPS
    for index, found in enumerate(walkers(20, len(frame), seed=3)):
        told.append(tracker.update(found, index, float(time_s[index])))
        builder.add_tracks("a", told[-1])
        ended += [builder.end("a", track_id) for track_id in tracker.ended.tolist()]
    whole = finish_tracks(join(*told), frame, time_s, **values, in_frames=in_frames)
    ended += builder.end_all()
    assert {tracklet.track_id for tracklet in ended} == set(whole.track_id.tolist())
    for tracklet in ended:
        alone = finish_tracklet(tracklet, frame, time_s, **values, in_frames=in_frames)
        expected = whole[whole.track_id == tracklet.track_id]
        for name in ("frame", "time_s", "xyxy", "score"):
            assert getattr(alone, name).tobytes() == getattr(expected, name).tobytes()


def test_a_snapshot_stays_what_it_was() -> None:
    builder = TrackletBuilder(2)
    assert builder.snapshot() == []
    builder.add_tracks("b", rows((2, 3), (2, 5)))
    builder.add_tracks("a", rows((1, 0)))
    builder.add_feature("b", 2, 5, 0.5, vector(1, 0))
    first, second = builder.snapshot()
    builder.add_tracks("b", rows((2, 4)))  # a late row
    builder.add_feature("b", 2, 3, 0.25, vector(0, 1))
    for frame in range(6, 200):
        builder.add_tracks("b", rows((2, frame)))
    assert (first.key, second.key, len(builder)) == (("a", 1), ("b", 2), 2)
    assert second.frame.tolist() == [3, 5]
    assert second.feature_frame.tolist() == [5]
    now = builder.snapshot()[1]
    assert now.frame.tolist() == list(range(3, 200))
    assert now.time_s.tolist() == [frame / 10 for frame in range(3, 200)]
    assert now.feature_frame.tolist() == [3, 5]
    assert builder.end("b", 2).frame.tolist() == now.frame.tolist()


@pytest.mark.parametrize("boxes", [16, 17, 32, 33, 1000])
def test_somebody_who_stands_there_all_day_takes_no_more_memory(boxes: int) -> None:
    builder = TrackletBuilder(2, most_boxes=16, most_features=4)
    for frame in range(boxes):
        builder.add_tracks("a", rows((1, frame)))
        builder.add_feature("a", 1, frame, 0.5, vector(1, 0))
    found = builder.end("a", 1)
    assert len(found) <= 32 + 8
    assert len(found.features) <= 8 + 1
    assert (found.frame[0], found.frame[-1]) == (0, boxes - 1)
    assert np.isin(found.feature_frame, found.frame).all()
    if boxes <= 8:
        assert len(found) == boxes
