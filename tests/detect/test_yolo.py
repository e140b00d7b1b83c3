"""YOLO around any engine: letterbox, decoding, batches over cameras."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.detect.yolo import (
    PAD_VALUE,
    YoloDetector,
    decode,
    find_person_class,
    fit_letterbox,
    fit_rectangle,
    letterbox,
)
from reidtrack.errors import WeightsError
from reidtrack.types import Frame


def frame(camera: str = "a", size: tuple[int, int] = (640, 480), value: int = 0) -> Frame:
    return Frame(camera, 0, 0.0, np.full((size[1], size[0], 3), value, np.uint8))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param((768, 576), (512, 640, 640 / 768, 0, 16), id="4:3"),
        pytest.param((1920, 1080), (416, 640, 1 / 3, 0, 28), id="16:9 padded to a multiple of 32"),
        pytest.param((1080, 1920), (640, 416, 1 / 3, 28, 0), id="upright"),
        pytest.param((64, 64), (640, 640, 10.0, 0, 0), id="small pictures grow"),
        pytest.param((1000, 960), (640, 640, 0.64, 0, 13), id="nearly square"),
        pytest.param((4000, 10), (64, 640, 0.16, 0, 31), id="a sliver"),
    ],
)
def test_rectangle_keeps_the_shape_and_pads_little(
    size: tuple[int, int], expected: tuple[int, int, float, int, int]
) -> None:
    assert tuple(fit_rectangle(size, 640, 32)) == pytest.approx(expected)


def test_input_has_grey_margins() -> None:
    image = np.zeros((360, 640, 3), np.uint8)
    image[..., 0] = 255  # blue, in BGR
    pictures = letterbox([image, image], fit_letterbox((640, 360), 640, 640))
    assert pictures.shape == (2, 640, 640, 3)
    assert pictures.dtype == np.uint8
    assert pictures[1, 0, 0].tolist() == [PAD_VALUE] * 3
    assert pictures[1, 320, 320].tolist() == [255, 0, 0]


def raw(boxes: list[tuple[float, ...]], classes: int = 2, columns: int = 10) -> np.ndarray:
    """A raw prediction (4 + classes, columns) with (cx, cy, w, h, scores...) in its first columns."""
    out = np.zeros((4 + classes, columns), np.float32)
    for i, box in enumerate(boxes):
        out[:, i] = box
    return out


def test_raw_layout_gives_the_person_scores_above_conf() -> None:
    prediction = raw([(100, 100, 20, 40, 0.9, 0.1), (50, 50, 10, 10, 0.2, 0.95), (10, 10, 4, 4, 0.5, 0.0)])
    xyxy, score, final = decode(prediction, 0, 0.5)
    assert not final
    assert score.tolist() == pytest.approx([0.9, 0.5])
    assert xyxy.tolist() == [[90, 80, 110, 120], [8, 8, 12, 12]]


def test_final_layout_is_told_by_its_six_columns() -> None:
    prediction = np.zeros((300, 6), np.float32)
    prediction[0], prediction[1] = (1, 2, 3, 4, 0.8, 0), (1, 2, 3, 4, 0.9, 7)
    xyxy, score, final = decode(prediction, 0, 0.25)
    assert final
    assert xyxy.tolist() == [[1, 2, 3, 4]]
    assert score.tolist() == pytest.approx([0.8])


def test_boxes_come_back_in_picture_pixels_best_first_without_duplicates() -> None:
    boxes = [(320, 268, 60, 120, 0.6, 0), (322, 268, 60, 120, 0.9, 0), (100, 168, 30, 60, 0.7, 0)]
    detector = YoloDetector(lambda batch: np.stack([raw(boxes)] * len(batch)), conf=0.5, iou=0.7)
    found = detector.detect([frame(size=(1280, 960))])[0]
    assert found.score.tolist() == pytest.approx([0.9, 0.7])
    assert found.xyxy[1].tolist() == pytest.approx([170, 244, 230, 364])  # scaled by 1/2, margin of 16 above


def test_boxes_are_cut_to_the_picture_and_empty_ones_dropped() -> None:
    boxes = [(0, 16, 100, 100, 0.9, 0), (-200, 50, 20, 20, 0.8, 0)]
    detector = YoloDetector(lambda batch: np.stack([raw(boxes)] * len(batch)), conf=0.5)
    found = detector.detect([frame()])[0]
    assert found.xyxy.tolist() == [[0, 0, 50, 50]]


def test_cameras_of_one_size_share_a_batch_and_results_keep_the_order() -> None:
    seen: list[tuple[int, ...]] = []

    def infer(batch: np.ndarray) -> np.ndarray:
        seen.append(batch.shape)
        # the box's width tells the brightness of the middle of the picture
        return np.stack([raw([(100, 100, 10 + 100 / 255 * int(b[200, 320, 0]), 20, 0.9, 0)]) for b in batch])

    frames = [frame("a", value=0), frame("b", (480, 640), 255), frame("c", value=255), frame("d", value=51)]
    found = YoloDetector(infer).detect(frames)
    assert sorted(seen) == [(1, 640, 512, 3), (3, 512, 640, 3)]
    widths = [d.xyxy[0, 2] - d.xyxy[0, 0] for d in found]
    assert widths == pytest.approx([10, 110, 110, 30], abs=1e-3)


def test_a_fixed_input_shape_is_used_as_it_is() -> None:
    shapes = []

    def infer(batch: np.ndarray) -> np.ndarray:
        shapes.append(batch.shape)
        return np.stack([raw([])] * len(batch))

    found = YoloDetector(infer, input_shape=(1, 3, 320, 320)).detect([frame(), frame("b")])
    assert shapes == [(2, 320, 320, 3)]
    assert [len(d) for d in found] == [0, 0]


def test_max_det_keeps_the_best() -> None:
    boxes = [(50 * i, 50, 20, 20, 0.3 + 0.05 * i, 0) for i in range(1, 9)]
    detector = YoloDetector(lambda batch: np.stack([raw(boxes)] * len(batch)), max_det=3)
    assert detector.detect([frame()])[0].score.tolist() == pytest.approx([0.7, 0.65, 0.6])


def test_nan_is_a_weights_error() -> None:
    detector = YoloDetector(lambda batch: np.full((len(batch), 6, 10), np.nan, np.float32))
    with pytest.raises(WeightsError, match="NaN"):
        detector.detect([frame()])


def test_no_frames_no_inference() -> None:
    detector = YoloDetector(lambda batch: pytest.fail("must not run"))
    assert detector.detect([]) == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param({}, 0, id="unknown names"),
        pytest.param({0: "head"}, 0, id="single class of any name"),
        pytest.param({0: "car", 3: "Person"}, 3, id="COCO style"),
        pytest.param({0: "car", 1: "pedestrian"}, 1, id="pedestrian"),
    ],
)
def test_person_class(names: dict[int, str], expected: int) -> None:
    assert find_person_class(names) == expected


def test_a_model_without_persons_is_refused() -> None:
    with pytest.raises(WeightsError, match="no class person"):
        find_person_class({0: "car", 1: "dog"})
