"""The records: what they accept, what they refuse and in which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reidtrack.types import Detections, Frame, Identity, Tracklet, Tracks

F32, F64, I64 = np.float32, np.float64, np.int64
BOX = np.array([[0, 0, 10, 20]], F32)


def detections(**changed: Any) -> Detections:
    return Detections(**{"xyxy": BOX, "score": np.ones(1, F32)} | changed)


def tracks(**changed: Any) -> Tracks:
    fields = {"track_id": np.array([4]), "frame": np.array([2]), "time_s": np.array([0.5])}
    return Tracks(**fields | {"xyxy": BOX, "score": np.ones(1, F32)} | changed)


def tracklet(camera: str = "a", track_id: int = 1, first: int = 0, length: int = 3, **changed: Any) -> Tracklet:
    fields = {
        "frame": np.arange(first, first + length),
        "time_s": np.arange(first, first + length) / 2,
        "xyxy": np.repeat(BOX, length, axis=0),
        "score": np.ones(length, F32),
        "features": np.eye(2, 4, dtype=F32),
        "feature_frame": np.array([first, first + 1]),
        "feature_quality": np.ones(2, F32),
    }
    return Tracklet(camera=camera, track_id=track_id, **fields | changed)


@pytest.mark.parametrize(
    ("build", "changed", "said"),
    [
        pytest.param(detections, {"xyxy": [[0, 0, 1, 1]]}, "xyxy: expected a numpy array, got list", id="a list"),
        pytest.param(detections, {"xyxy": BOX.astype(F64)}, "expected dtype float32, got float64", id="precision"),
        pytest.param(detections, {"xyxy": BOX[:, :3]}, r"expected shape \(any, 4\), got \(1, 3\)", id="three columns"),
        pytest.param(detections, {"xyxy": BOX[0]}, r"got \(4,\)", id="one dimension"),
        pytest.param(
            detections, {"score": np.ones(2, F32)}, r"score: expected shape \(1\), got \(2,\)", id="two scores"
        ),
        pytest.param(
            detections, {"score": np.array([1.001], F32)}, "score: expected values in 0..1", id="score above 1"
        ),
        pytest.param(detections, {"score": np.array([-0.001], F32)}, "in 0..1", id="score below 0"),
        pytest.param(detections, {"score": np.array([np.nan], F32)}, "in 0..1", id="score NaN"),
        pytest.param(detections, {"xyxy": np.full((1, 4), np.inf, F32)}, "finite", id="infinite box"),
        pytest.param(detections, {"xyxy": BOX[:, [2, 1, 0, 3]]}, "left <= right", id="turned inside out"),
        pytest.param(tracks, {"track_id": np.ones(1, np.int32)}, "track_id: expected dtype int64", id="narrow id"),
        pytest.param(tracks, {"frame": np.array([1, 2])}, r"frame: expected shape \(1\)", id="two frames"),
        pytest.param(tracks, {"time_s": np.ones(1, F32)}, "time_s: expected dtype float64", id="narrow time"),
        pytest.param(tracklet, {"length": 0}, "at least one box", id="empty tracklet"),
        pytest.param(tracklet, {"frame": np.array([0, 1, 1])}, "strictly increasing", id="a frame twice"),
        pytest.param(tracklet, {"frame": np.array([0, 2, 1])}, "strictly increasing", id="frames in disorder"),
        pytest.param(
            tracklet, {"feature_frame": np.array([0])}, r"feature_frame: expected shape \(2\)", id="one missing"
        ),
    ],
)
def test_refused(build: Any, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build(**changed)


@pytest.mark.parametrize(
    ("image", "index", "said"),
    [
        pytest.param(np.zeros((2, 2), np.uint8), 0, "Frame.image: expected shape", id="grey"),
        pytest.param(np.zeros((2, 2, 4), np.uint8), 0, "Frame.image: expected shape", id="four channels"),
        pytest.param(np.zeros((2, 2, 3), F32), 0, "expected dtype uint8", id="float"),
        pytest.param(np.zeros((2, 2, 3), np.uint8), -1, "Frame.index: expected 0 or more", id="negative index"),
    ],
)
def test_frames_refused(image: np.ndarray, index: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Frame("a", index, 0.0, image)


def test_frame_size_is_width_then_height() -> None:
    assert Frame("a", 0, 0.0, np.zeros((48, 64, 3), np.uint8)).size == (64, 48)


@pytest.mark.parametrize("kind", [Detections, Tracks])
def test_empty_records(kind: type[Detections | Tracks]) -> None:
    assert len(kind.empty()) == 0
    assert len(kind.empty()[:3]) == 0


@pytest.mark.parametrize(
    ("index", "scores"),
    [
        pytest.param(slice(1, None), [0.5, 0.75], id="slice"),
        pytest.param(np.array([2, 0]), [0.75, 0.25], id="integers, in their order"),
        pytest.param(np.array([True, False, True]), [0.25, 0.75], id="booleans"),
        pytest.param(np.zeros(3, bool), [], id="none"),
    ],
)
def test_rows_are_selected_together(index: Any, scores: list[float]) -> None:
    score = np.array([0.25, 0.5, 0.75], F32)
    boxes = np.array([[0, 0, s, s] for s in score], F32)
    found = Detections(boxes, score)[index]
    assert found.score.tolist() == scores
    assert found.xyxy[:, 2].tolist() == scores
    rows = Tracks(np.arange(3), np.arange(3), np.asarray(score, F64), boxes, score)[index]
    assert rows.score.tolist() == scores
    assert rows.time_s.tolist() == scores


def test_records_are_equal_only_to_themselves_and_do_not_change() -> None:
    one = detections()
    assert one == one
    assert one != detections()
    with pytest.raises(AttributeError):
        one.score = np.zeros(1, F32)  # type: ignore[misc]


def test_tracklet_knows_its_key_and_times() -> None:
    visit = tracklet("a", 7, first=4, length=3)
    assert visit.key == ("a", 7)
    assert (visit.first_time_s, visit.last_time_s, len(visit)) == (2.0, 3.0, 3)


def test_tracklet_without_features() -> None:
    bare = tracklet(features=np.zeros((0, 0), F32), feature_frame=np.zeros(0, I64), feature_quality=np.zeros(0, F32))
    assert bare.features.shape == (0, 0)


def test_identity_spans_its_tracklets() -> None:
    person = Identity(1, (tracklet("b", first=8), tracklet("a", first=2), tracklet("b", 2, first=20)), np.ones(4, F32))
    assert person.cameras == ("a", "b")
    assert (person.first_time_s, person.last_time_s) == (1.0, 11.0)
    assert [t.camera for t in person] == ["b", "a", "b"]


@pytest.mark.parametrize(
    ("number", "tracklets", "said"),
    [
        pytest.param(0, (tracklet(),), "Identity.id: expected 1 or more", id="id 0"),
        pytest.param(1, (), "at least one", id="no tracklets"),
    ],
)
def test_identities_refused(number: int, tracklets: tuple[Tracklet, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Identity(number, tracklets, np.ones(4, F32))
