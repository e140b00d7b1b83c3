"""Detector weights in every form, and those that are refused."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from installed import needs_onnxruntime, needs_openvino

from reidtrack.config.run import DetectConfig
from reidtrack.detect.weights import DetectorModule, ExportedDetector, class_names, find_person_class, read_detector
from reidtrack.errors import DeviceError, WeightsError
from reidtrack.networks.build import make_detector
from reidtrack.types import Frame


class _Touch:
    """Unpickling this would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def write_pt(path: Path, payload: object) -> Path:
    """A file in torch's zip layout around a pickle."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(payload))
        archive.writestr("archive/version", "3\n")
    return path


def test_a_malicious_checkpoint_is_refused_and_does_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    path = write_pt(tmp_path / "evil.pt", {"model": _Touch(marker)})
    with pytest.raises(WeightsError, match="refused"):
        read_detector(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("a.pt", b"", "refused", id="empty"),
        pytest.param("a.pt", b"hello", "refused", id="text"),
        pytest.param("a.onnx", b"hello", "not a whole model", id="text named onnx", marks=needs_onnxruntime),
        pytest.param("a.weights", b"x", "unknown kind", id="unknown suffix"),
    ],
)
def test_files_that_are_no_detector(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        make_detector(DetectConfig(weights=path), "cpu", "auto")


def test_reading_a_checkpoint_leaves_other_libraries_as_they_are(tmp_path: Path) -> None:
    """Importing Ultralytics replaces functions of Pillow and torch; that must not reach the rest of the program."""
    code = (
        "import torch\nfrom PIL import Image\nfrom pathlib import Path\n"
        "from reidtrack.detect.weights import read_detector\nfrom reidtrack.errors import WeightsError\n"
        "before = Image.open, torch.save\n"
        "try:\n    read_detector(Path('bad.pt'))\nexcept WeightsError:\n    print('refused')\n"
        "assert (Image.open, torch.save) == before\n"
    )
    (tmp_path / "bad.pt").write_bytes(b"nonsense")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "refused\n", done.stderr


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such detector"):
        read_detector(tmp_path / "none.pt")


def test_a_folder_needs_one_xml_and_its_bin(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"0 \.xml files"):
        read_detector(tmp_path)
    (tmp_path / "m.xml").write_text("<net/>")
    with pytest.raises(WeightsError, match=r"\.bin file beside it is missing"):
        read_detector(tmp_path)


def test_metadata_names_and_task_are_read(tmp_path: Path) -> None:
    (tmp_path / "m.xml").write_text("<net/>")
    (tmp_path / "m.bin").write_bytes(b"")
    (tmp_path / "metadata.yaml").write_text("task: detect\nnames: {0: car, 1: person}\n")
    found = read_detector(tmp_path)
    assert isinstance(found, ExportedDetector)
    assert class_names(found.said) == {0: "car", 1: "person"}
    (tmp_path / "metadata.yaml").write_text("task: segment\n")
    with pytest.raises(WeightsError, match="segment"):
        read_detector(tmp_path)


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


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["car", "person"], {0: "car", 1: "person"}, id="a list"),
        pytest.param("{0: 'person'}", {0: "person"}, id="a text"),
        pytest.param("[" * 10_000, {}, id="a text that is none"),
        pytest.param(5, {}, id="a number"),
    ],
)
def test_names_of_classes(names: object, expected: dict[int, str]) -> None:
    assert class_names({"names": names}) == expected


@pytest.mark.parametrize("key", ["first", None, -1, 10**9, float("nan")])
def test_names_that_are_not_numbered(key: object) -> None:
    with pytest.raises(WeightsError, match="not numbered"):
        class_names({"names": {key: "person"}})


def test_a_model_without_persons_is_refused() -> None:
    with pytest.raises(WeightsError, match="no class person"):
        find_person_class({0: "car", 1: "dog"})


def test_what_lies_beside_an_onnx_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"")
    assert read_detector(tmp_path / "m.onnx") == ExportedDetector(tmp_path / "m.onnx")
    (tmp_path / "m.yaml").write_text("family: rtdetr\nnames: {0: dog, 1: person}\n")
    found = read_detector(tmp_path / "m.onnx")
    assert isinstance(found, ExportedDetector)
    assert (found.said["family"], class_names(found.said)[1]) == ("rtdetr", "person")
    (tmp_path / "m.yaml").write_text("- family\n")
    with pytest.raises(WeightsError, match="not a mapping"):
        read_detector(tmp_path / "m.onnx")


# Ultralytics 8.4.190, YOLO(weights).predict(first frame of View_001, conf=0.4, classes=[0]), sorted by left edge
_BOXES = [[253.2, 219.9, 283.1, 307.8], [498.5, 157.7, 529.7, 231.7], [639.8, 240.7, 684.5, 322.9]]
_BOXES_INT8 = [[253.7, 219.6, 283.2, 307.5], [499.2, 158.1, 527.6, 231.3], [639.9, 240.9, 684.0, 322.8]]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("weights", "boxes", "scores"),
    [
        pytest.param("yolo11n.pt", _BOXES, [0.822, 0.745, 0.835], id="checkpoint"),
        pytest.param(
            "yolo11n_int8_openvino_model", _BOXES_INT8, [0.78, 0.606, 0.74], id="OpenVINO INT8", marks=needs_openvino
        ),
    ],
)
def test_detections_equal_those_of_ultralytics(
    shared: Path, weights: str, boxes: list[list[float]], scores: list[float]
) -> None:
    av = pytest.importorskip("av")
    with av.open(str(shared / "data/pets-s2l1/View_001.mp4")) as container:
        image = next(container.decode(video=0)).to_ndarray(format="bgr24")
    detector, used = make_detector(DetectConfig(weights=shared / "weights" / weights, conf=0.4), "cpu", "auto")
    found = detector.detect([Frame("a", 0, 0.0, image)])[0]
    order = np.argsort(found.xyxy[:, 0])
    np.testing.assert_allclose(found.xyxy[order], boxes, atol=0.6)
    np.testing.assert_allclose(found.score[order], scores, atol=0.01)
    assert used.sha256
    assert used.engine.endswith(" cpu")


@needs_openvino
@pytest.mark.shared
def test_torch_and_openvino_run_a_checkpoint_alike(shared: Path) -> None:
    config = DetectConfig(weights=shared / "weights/yolo11n.pt", conf=0.3)
    found = read_detector(shared / "weights/yolo11n.pt")
    assert isinstance(found, DetectorModule)
    assert found.names[0] == "person"
    frame = Frame("a", 0, 0.0, np.random.default_rng(0).integers(0, 255, (576, 768, 3), np.uint8))
    by_torch = make_detector(config, "cpu", "torch")[0].detect([frame])[0]
    by_openvino = make_detector(config, "cpu", "openvino")[0].detect([frame])[0]
    assert len(by_torch) == len(by_openvino)
    np.testing.assert_allclose(by_torch.xyxy, by_openvino.xyxy, atol=0.1)


@pytest.mark.shared
def test_an_export_does_not_run_elsewhere(shared: Path) -> None:
    config = DetectConfig(weights=shared / "weights/yolo11n_int8_openvino_model")
    with pytest.raises(DeviceError, match=r"^engine: "):
        make_detector(config, "cpu", "torch")
