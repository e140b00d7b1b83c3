"""RT-DETR against a decoder written out here, from checkpoints and from exports of ours and of Ultralytics."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from installed import needs_onnxruntime, needs_openvino
from tiny_detectors import NAMES, save_rtdetr, save_yolo

from reidtrack.config.run import DetectConfig
from reidtrack.detect.families import FAMILIES, RTDETR, YOLO, family_of_export
from reidtrack.detect.weights import DetectorModule, read_detector
from reidtrack.engines.convert import write_onnx
from reidtrack.errors import WeightsError
from reidtrack.networks.build import make_detector
from reidtrack.pipeline.export import ExportRequest, export
from reidtrack.types import Detections, FloatArray, Frame

SIDE = 64
CONF = 0.3
PERSON = 1
Box = tuple[float, float, float, float, float]
"""Left, top, right, bottom, score."""


def reference(boxes: FloatArray, logits: FloatArray, size: tuple[float, float], conf: float) -> list[Box]:
    """Each query's box, best first, in pixels of a picture of `size` (width, height) and cut to it."""
    found: list[Box] = []
    for (x, y, w, h), row in zip(boxes.tolist(), logits.tolist(), strict=True):
        score = 1 / (1 + math.exp(-row[PERSON]))
        left, right = (min(max((x + side * w) * size[0], 0), size[0]) for side in (-0.5, 0.5))
        top, bottom = (min(max((y + side * h) * size[1], 0), size[1]) for side in (-0.5, 0.5))
        if score >= conf and right > left and bottom > top:
            found.append((left, top, right, bottom, score))
    return sorted(found, key=lambda box: -box[4])


def check(found: Detections, expected: list[Box], atol: float = 0.02) -> None:
    assert len(found) == len(expected)
    table = np.array(expected, np.float64).reshape(-1, 5)
    np.testing.assert_allclose(found.xyxy, table[:, :4], atol=atol)
    np.testing.assert_allclose(found.score, table[:, 4], atol=1e-4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rtdetr")


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    """Ultralytics' module, its checkpoint beside it."""
    return save_rtdetr(folder / "tiny.pt")


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    rng = np.random.default_rng(0)
    sizes = [(96, 80), (40, 120), (96, 80)]
    return [Frame("a", i, 0.0, rng.integers(0, 255, (h, w, 3), np.uint8)) for i, (w, h) in enumerate(sizes)]


def expected_of(theirs: Any, frame: Frame) -> list[Box]:
    picture = cv2.resize(frame.image, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)[..., ::-1]
    pixels = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None])).float() / 255
    with torch.inference_mode():
        _, (boxes, logits, *_) = theirs(pixels)
    return reference(boxes[0, 0].numpy(), logits[0, 0].numpy(), frame.size, CONF)


def detect(weights: Path, engine: str, frames: list[Frame]) -> list[Detections]:
    config = DetectConfig(weights=weights, imgsz=SIDE, conf=CONF)
    detector, used = make_detector(config, "cpu", engine)  # type: ignore[arg-type]
    assert used.engine == f"{engine} cpu"
    return detector.detect(frames)


@pytest.mark.parametrize(
    "engine",
    [
        pytest.param("torch"),
        pytest.param("openvino", marks=needs_openvino),
        pytest.param("onnxruntime", marks=needs_onnxruntime),
    ],
)
def test_a_checkpoint_gives_what_its_module_gives(theirs: Any, folder: Path, frames: list[Frame], engine: str) -> None:
    found = detect(folder / "tiny.pt", engine, frames)
    expected = [expected_of(theirs, frame) for frame in frames]
    assert sum(map(len, expected)) > 10
    for one, wanted in zip(found, expected, strict=True):
        check(one, wanted)


@pytest.mark.parametrize(
    ("form", "name", "engine"),
    [
        pytest.param("onnx", "tiny.onnx", "onnxruntime", marks=needs_onnxruntime),
        pytest.param("onnx", "tiny.onnx", "openvino", marks=[needs_onnxruntime, needs_openvino]),
        pytest.param("openvino", "tiny_openvino_model", "openvino", marks=needs_openvino),
    ],
)
def test_an_export_is_found_agreeing_and_says_its_family(
    theirs: Any, folder: Path, frames: list[Frame], tmp_path: Path, form: Any, name: str, engine: str
) -> None:
    request = ExportRequest(folder / "tiny.pt", form, tmp_path / name, size_hw=(SIDE, SIDE))
    exported = export(request)
    assert exported.agreement > 0.98
    for one, frame in zip(detect(tmp_path / name, engine, frames), frames, strict=True):
        check(one, expected_of(theirs, frame))


@needs_onnxruntime
@pytest.mark.parametrize("said", ["Ultralytics rtdetr-l model trained on coco", "RT-DETR of our own"])
def test_an_export_of_ultralytics(theirs: Any, frames: list[Frame], tmp_path: Path, said: str) -> None:
    """One output, (K, 6): told from YOLO's (N, 6) by what the file says of itself."""

    class Exported(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = theirs.requires_grad_(False)

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            table: torch.Tensor = self.network(pictures)[0]
            return table

    metadata = {"task": "detect", "names": str(NAMES), "description": said}
    write_onnx(Exported().eval(), (-1, 3, SIDE, SIDE), tmp_path / "theirs.onnx", metadata)
    for one, frame in zip(detect(tmp_path / "theirs.onnx", "onnxruntime", frames), frames, strict=True):
        wanted = expected_of(theirs, frame)
        check(one, wanted[: len(one)])  # theirs keeps the best of all classes


def outputs(seed: int, queries: int = 30, classes: int = 3) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    boxes = rng.uniform(0.05, 0.95, (queries, 4)).astype(np.float32)
    return boxes, rng.normal(0, 3, (queries, classes)).astype(np.float32)


@pytest.mark.parametrize("form", ["boxes, logits", "logits, boxes", "box, score, class", "box, scores"])
@pytest.mark.parametrize("classes", [2, 3])
def test_layouts(form: str, classes: int) -> None:
    boxes, logits = outputs(classes, classes=classes)
    scores = 1 / (1 + np.exp(-logits))
    queries, labels = (index.ravel() for index in np.indices(logits.shape))
    given = {
        "boxes, logits": (boxes, logits),
        "logits, boxes": (logits, boxes),
        "box, score, class": (np.column_stack([boxes[queries], scores.ravel(), labels]).astype(np.float32),),
        "box, scores": (np.concatenate([boxes, scores], axis=1),),
    }[form]
    found = RTDETR.decode(given, (48, 80), PERSON, 0.5)
    assert found.distinct
    order = np.argsort(-found.score)
    left_out = reference(boxes, logits, (1e9, 1e9), 0.5)  # those of no area alone
    assert len(order) == len(left_out)
    centre, size = boxes[:, :2] * [80, 48], boxes[:, 2:] * [80, 48]
    xyxy = np.concatenate([centre - size / 2, centre + size / 2], axis=1)[scores[:, PERSON] >= 0.5]
    np.testing.assert_allclose(found.xyxy, xyxy, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found.score, scores[scores[:, PERSON] >= 0.5, PERSON], rtol=1e-5)


def test_extreme_logits() -> None:
    boxes, logits = outputs(0, queries=3)
    logits[:, PERSON] = (-1e4, 0, 1e4)
    with np.errstate(all="raise", over="warn"):
        assert RTDETR.decode((boxes, logits), (64, 64), PERSON, 0.5).score.tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("said", "count", "family"),
    [
        pytest.param({"family": "rtdetr"}, 2, "rtdetr", id="ours"),
        pytest.param({"family": "yolo"}, 1, "yolo", id="ours, YOLO"),
        pytest.param({"family": "other"}, 1, None, id="of a later version"),
        pytest.param({"description": "Ultralytics rtdetr-x model"}, 1, "rtdetr", id="Ultralytics, by its name"),
        pytest.param({"head": "RTDETRDecoder", "description": "best"}, 1, "rtdetr", id="Ultralytics, by its head"),
        pytest.param({"description": "Ultralytics YOLO11n model"}, 1, "yolo", id="Ultralytics, YOLO"),
        pytest.param({}, 1, "yolo", id="nothing said, one output"),
        pytest.param({}, 2, "rtdetr", id="nothing said, boxes and logits"),
        pytest.param({}, 3, None, id="nothing said, three outputs"),
    ],
)
def test_the_family_of_an_export(said: dict[str, str], count: int, family: str | None) -> None:
    found = family_of_export(said, count)
    assert (found.name if found else None) == family


def test_the_family_of_a_checkpoint(theirs: Any, folder: Path) -> None:
    save_yolo(folder / "yolo.pt")
    for name, family in (("tiny.pt", RTDETR), ("yolo.pt", YOLO)):
        found = read_detector(folder / name)
        assert isinstance(found, DetectorModule)
        assert (found.family, found.names, found.stride) == (family, NAMES, 32)
    assert [family.name for family in FAMILIES] == ["rtdetr", "yolo"]


def test_a_checkpoint_of_no_known_family(folder: Path) -> None:
    module = save_yolo(folder / "other.pt")
    del module.model[-1].reg_max
    torch.save({"model": module, "ema": None, "train_args": {}}, folder / "other.pt", pickle_module=pickle)
    with pytest.raises(WeightsError, match="of no known family"):
        read_detector(folder / "other.pt")
