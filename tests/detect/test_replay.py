"""Recorded detections served by camera and frame index."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reidtrack.detect.replay import ReplayDetector
from reidtrack.errors import InputError
from reidtrack.types import Frame


def frame(camera: str, index: int) -> Frame:
    return Frame(camera, index, index / 7, np.zeros((4, 4, 3), np.uint8))


@pytest.fixture
def detector(tmp_path: Path) -> ReplayDetector:
    (tmp_path / "a.txt").write_text("1,-1,10,20,30,40,0.5\n1,-1,50,20,30,40,0.75\n3,-1,0,0,8,8,0.25\n")
    (tmp_path / "b.txt").write_text("")
    return ReplayDetector({"a": tmp_path / "a.txt", "b": tmp_path / "b.txt"})


@pytest.mark.parametrize(
    ("camera", "index", "scores"),
    [
        pytest.param("a", 0, [0.5, 0.75], id="first frame, in the order of the file"),
        pytest.param("a", 1, [], id="frame without a line"),
        pytest.param("a", 2, [0.25], id="last frame"),
        pytest.param("a", 99, [], id="after the end"),
        pytest.param("b", 0, [], id="empty file"),
    ],
)
def test_serves_each_frame(detector: ReplayDetector, camera: str, index: int, scores: list[float]) -> None:
    (detections,) = detector.detect([frame(camera, index)])
    assert detections.score.tolist() == scores


def test_a_batch_mixes_cameras_in_any_order(detector: ReplayDetector) -> None:
    batch = [frame("b", 0), frame("a", 2), frame("a", 0), frame("a", 2)]
    assert [len(detections) for detections in detector.detect(batch)] == [0, 1, 2, 1]
    assert detector.detect([]) == []


def test_a_camera_without_a_file_is_named(detector: ReplayDetector) -> None:
    with pytest.raises(InputError, match=r"^c: no detection file for this camera \(expected a, b\)$"):
        detector.detect([frame("c", 0)])


def test_a_faulty_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1,-1,10,20\n")
    with pytest.raises(InputError, match=r"a\.txt:1: 4 columns"):
        ReplayDetector({"a": tmp_path / "a.txt"})


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        pytest.param([(0, 0), (2, 2)], None, id="inside"),
        pytest.param([(-1, 0), (2, 2)], None, id="across the edge"),
        pytest.param([(300, 200), (1, 1)], "1 of 2 boxes lie outside the picture of 4x4", id="of a larger picture"),
        pytest.param([], None, id="none"),
    ],
)
def test_boxes_of_another_size_are_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, boxes: list[tuple[int, int]], said: str | None
) -> None:
    lines = (f"{i},-1,{left},{top},2,2,0.5\n" for i, (left, top) in enumerate(boxes, 1))
    (tmp_path / "a.txt").write_text("".join(lines))
    detector = ReplayDetector({"a": tmp_path / "a.txt"})
    for index in range(3):
        detector.detect([frame("a", index)])
    assert [record.message.split(": ", 1)[1].split(";")[0] for record in caplog.records] == ([said] if said else [])
