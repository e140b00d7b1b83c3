"""The shipped detectors find the people of the sample scene, which none of them was trained on."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
import yaml
from installed import needs_openvino

from reidtrack.config.run import DetectConfig
from reidtrack.detect.weights import ExportedDetector, class_names, read_detector
from reidtrack.engines.names import EngineName
from reidtrack.geometry import inside, iou
from reidtrack.mot import read_mot
from reidtrack.networks.build import make_detector
from reidtrack.types import Frame

ROOT = Path(__file__).resolve().parents[1]
FLOAT = ROOT / "weights" / "yolo11n_person.pt"
INT8 = ROOT / "weights" / "yolo11n_person_int8_openvino_model"
CAMERAS = ("entrance", "plaza", "alley")
LOOKED_AT = (0, 40, 80, 120)
SURE = 0.5


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return [frame for camera in CAMERAS for frame in read(camera)]


def read(camera: str) -> list[Frame]:
    with av.open(str(ROOT / "samples" / f"{camera}.mp4")) as container:
        decoded = zip(range(max(LOOKED_AT) + 1), container.decode(video=0), strict=False)
        return [Frame(camera, i, i / 12, f.to_ndarray(format="bgr24")) for i, f in decoded if i in LOOKED_AT]


@pytest.mark.parametrize(
    ("weights", "engine"),
    [pytest.param(FLOAT, "torch", id="float16"), pytest.param(INT8, "openvino", id="INT8", marks=needs_openvino)],
)
def test_people_of_the_sample_are_found(weights: Path, engine: EngineName, frames: list[Frame]) -> None:
    detector, _ = make_detector(DetectConfig(weights=weights), "cpu", engine)
    truth = {camera: read_mot(ROOT / "samples" / "gt" / f"{camera}.txt") for camera in CAMERAS}
    people = found = sure = right = 0
    for frame in frames:
        detections = detector.detect([frame])[0]
        rows = truth[frame.camera]
        here = rows.xyxy[rows.frame == frame.index]
        overlaps = iou(here, detections.xyxy)
        people, found = people + len(here), found + int((overlaps >= 0.5).any(axis=1).sum())
        trusted = detections.xyxy[detections.score >= SURE]
        sure, right = sure + len(trusted), right + int((inside(trusted, here) >= 0.5).any(axis=1).sum())
    assert people >= 40
    assert found / people >= 0.9
    assert right / sure >= 0.95


def test_the_export_says_what_it_is() -> None:
    found = read_detector(INT8)
    assert isinstance(found, ExportedDetector)
    assert class_names(found.said) == {0: "person"}
    metadata = yaml.safe_load((INT8 / "metadata.yaml").read_text())
    assert (metadata["task"], metadata["stride"], metadata["imgsz"]) == ("detect", 32, [640, 640])


@pytest.mark.parametrize("path", [FLOAT, INT8 / f"{FLOAT.stem}.xml", INT8 / f"{FLOAT.stem}.bin"], ids=lambda p: p.name)
def test_shipped_files_are_small_and_tell_nothing_of_their_maker(path: Path) -> None:
    content = path.read_bytes()
    assert len(content) < 6_000_000
    assert not any(word in content for word in (b"/home/", b"/root/", b"/tmp/", b"/work/"))
