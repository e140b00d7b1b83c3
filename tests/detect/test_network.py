"""Detection around any network: batches over cameras, the best boxes, back into their pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reidtrack.detect.families import RTDETR, YOLO
from reidtrack.detect.family import CountsClasses
from reidtrack.detect.network import NetworkDetector
from reidtrack.detect.protocol import DetectorOptions
from reidtrack.errors import WeightsError
from reidtrack.types import Frame, ImageArray, Outputs


def frame(camera: str = "a", size: tuple[int, int] = (640, 480), value: int = 0) -> Frame:
    return Frame(camera, 0, 0.0, np.full((size[1], size[0], 3), value, np.uint8))


def raw(boxes: list[tuple[float, ...]], classes: int = 2, columns: int = 10) -> np.ndarray:
    """A raw prediction (4 + classes, columns) with (cx, cy, w, h, scores...) in its first columns."""
    out = np.zeros((4 + classes, columns), np.float32)
    for i, box in enumerate(boxes):
        out[:, i] = box
    return out


def gives(boxes: list[tuple[float, ...]]) -> Callable[[ImageArray], Outputs]:
    """A network that finds the same in every picture."""
    return lambda batch: (np.stack([raw(boxes)] * len(batch)),)


def test_boxes_come_back_in_picture_pixels_best_first_without_duplicates() -> None:
    boxes = [(320, 268, 60, 120, 0.6, 0), (322, 268, 60, 120, 0.9, 0), (100, 168, 30, 60, 0.7, 0)]
    detector = NetworkDetector(gives(boxes), YOLO, DetectorOptions(conf=0.5, iou=0.7))
    found = detector.detect([frame(size=(1280, 960))])[0]
    assert found.score.tolist() == pytest.approx([0.9, 0.7])
    assert found.xyxy[1].tolist() == pytest.approx([170, 244, 230, 364])  # scaled by 1/2, margin of 16 above


def test_boxes_are_cut_to_the_picture_and_empty_ones_dropped() -> None:
    boxes = [(0, 16, 100, 100, 0.9, 0), (-200, 50, 20, 20, 0.8, 0)]
    detector = NetworkDetector(gives(boxes), YOLO, DetectorOptions(conf=0.5))
    found = detector.detect([frame()])[0]
    assert found.xyxy.tolist() == [[0, 0, 50, 50]]


def test_cameras_of_one_size_share_a_batch_and_results_keep_the_order() -> None:
    seen: list[tuple[int, ...]] = []

    def infer(batch: ImageArray) -> Outputs:
        seen.append(batch.shape)
        # the box's width tells the brightness of the middle of the picture
        return (np.stack([raw([(100, 100, 10 + 100 / 255 * int(b[200, 320, 0]), 20, 0.9, 0)]) for b in batch]),)

    frames = [frame("a", value=0), frame("b", (480, 640), 255), frame("c", value=255), frame("d", value=51)]
    found = NetworkDetector(infer, YOLO).detect(frames)
    assert sorted(seen) == [(1, 640, 512, 3), (3, 512, 640, 3)]
    widths = [d.xyxy[0, 2] - d.xyxy[0, 0] for d in found]
    assert widths == pytest.approx([10, 110, 110, 30], abs=1e-3)


def test_a_fixed_input_shape_is_used_as_it_is() -> None:
    shapes = []

    def infer(batch: ImageArray) -> Outputs:
        shapes.append(batch.shape)
        return (np.stack([raw([])] * len(batch)),)

    found = NetworkDetector(infer, YOLO, input_shape=(1, 3, 320, 320)).detect([frame(), frame("b")])
    assert shapes == [(2, 320, 320, 3)]
    assert [len(d) for d in found] == [0, 0]


def test_max_det_keeps_the_best() -> None:
    boxes = [(50 * i, 50, 20, 20, 0.3 + 0.05 * i, 0) for i in range(1, 9)]
    detector = NetworkDetector(gives(boxes), YOLO, DetectorOptions(max_det=3))
    assert detector.detect([frame()])[0].score.tolist() == pytest.approx([0.7, 0.65, 0.6])


def test_nan_is_a_weights_error() -> None:
    detector = NetworkDetector(lambda batch: (np.full((len(batch), 6, 10), np.nan, np.float32),), YOLO)
    with pytest.raises(WeightsError, match="NaN"):
        detector.detect([frame()])


def test_no_frames_no_inference() -> None:
    detector = NetworkDetector(lambda batch: pytest.fail("must not run"), YOLO)
    assert detector.detect([]) == []


@pytest.mark.parametrize(
    ("named", "refused"),
    [
        pytest.param(0, False, id="none named"),
        pytest.param(1, True, id="fewer"),
        pytest.param(2, False, id="as many"),
        pytest.param(3, True, id="more"),
    ],
)
def test_names_and_outputs_have_to_agree(named: int, refused: bool) -> None:
    detector = NetworkDetector(gives([(320, 268, 60, 120, 0.9, 0)]), YOLO, named_classes=named)
    if not refused:
        assert len(detector.detect([frame()])[0]) == 1
        return
    with pytest.raises(WeightsError, match=rf"names {named} classes, and its output holds 2"):
        detector.detect([frame()])


@pytest.mark.parametrize(
    ("family", "shapes", "classes"),
    [
        pytest.param(YOLO, [(84, 100)], 80, id="YOLO"),
        pytest.param(YOLO, [(5, 100)], 1, id="YOLO of one class"),
        pytest.param(YOLO, [(300, 6)], None, id="YOLO without duplicates"),
        pytest.param(RTDETR, [(300, 4), (300, 80)], 80, id="RT-DETR"),
        pytest.param(RTDETR, [(300, 80), (300, 4)], 80, id="the other way round"),
        pytest.param(RTDETR, [(300, 84)], 80, id="one table"),
        pytest.param(RTDETR, [(300, 6)], None, id="boxes, score, class"),
    ],
)
def test_classes_in_outputs(family: CountsClasses, shapes: list[tuple[int, int]], classes: int | None) -> None:
    assert family.classes_in(tuple(np.zeros(shape, np.float32) for shape in shapes)) == classes
