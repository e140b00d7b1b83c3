"""`detect.imgsz: auto`: what is chosen for each camera, and that it stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import even_times, write_video

from reidtrack.config.run import DetectConfig
from reidtrack.detect.families import YOLO
from reidtrack.detect.fit import FittedSize
from reidtrack.detect.network import NetworkDetector
from reidtrack.pipeline.run.fit_detector import fit_detector, fitted_sizes
from reidtrack.runs.manifest import RunManifest
from reidtrack.types import ImageArray, Outputs
from reidtrack.video.inputs import CameraInput
from reidtrack.video.part import Part
from reidtrack.video.source import open_source

AUTO = DetectConfig(imgsz="auto")


class People:
    """A network that finds ten people of some height, a share of the picture's width; counts its pictures."""

    def __init__(self, height: float) -> None:
        self.height, self.shapes = height, list[tuple[int, ...]]()

    def __call__(self, batch: ImageArray) -> Outputs:
        self.shapes.append(batch.shape)
        side = max(batch.shape[1:3])
        found = np.zeros((len(batch), 5, 10), np.float32)
        found[:, :2] = side / 4
        found[:, 0] += np.arange(10) * side / 20
        found[:, 2:4, :] = np.array([[side / 40], [side * self.height]])
        found[:, 4] = 0.9
        return (found,)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("fit") / "hall.mp4", even_times(30, 5), size=(320, 240), fps=5)


@pytest.mark.parametrize(
    ("people", "part", "known", "imgsz", "looks"),
    [
        pytest.param(0.2, Part(), None, 640, 9, id="large people"),
        pytest.param(0.07, Part(), None, 960, 9, id="small people"),
        pytest.param(0.02, Part(), None, 1280, 9, id="tiny people"),
        pytest.param(0.02, Part(start_s=5), None, 1280, 2, id="a part"),
        pytest.param(0.02, Part(end_s=0.3), None, 1280, 1, id="a short part"),
        pytest.param(0.02, Part(), FittedSize(960, "before"), 960, 0, id="gone on with"),
    ],
)
def test_the_first_seconds_decide(
    video: Path, people: float, part: Part, known: FittedSize | None, imgsz: int, looks: int
) -> None:
    network, item = People(people), CameraInput("hall", str(video))
    detector = NetworkDetector(network, YOLO)
    with open_source(video, "hall", part=part) as source:
        chosen = fit_detector(detector, AUTO, [item], [source], part, {} if known is None else {"hall": known})
        frame = next(iter(source))  # nothing was taken from the recording itself
    assert frame.index == round(5 * part.start_s)
    assert chosen["hall"].imgsz == imgsz
    assert len(network.shapes) == looks
    assert {max(shape) for shape in network.shapes} <= {1280}
    detector.with_sizes(chosen).detect([frame, replace(frame, camera="door")])
    assert sorted(max(shape[1:]) for shape in network.shapes[looks:]) == sorted({imgsz, 640})


def test_a_fixed_input_and_a_camera_that_failed(video: Path) -> None:
    inputs = [CameraInput("hall", str(video)), CameraInput("door", "absent.mp4")]
    detector = NetworkDetector(lambda batch: pytest.fail("must not run"), YOLO, input_shape=(1, 3, 320, 416))
    with open_source(video, "hall") as source:
        chosen = fit_detector(detector, AUTO, inputs, [source], Part(), {})
    assert chosen == {"hall": FittedSize(416, "the detector's input is fixed")}


def test_a_manifest_keeps_what_was_chosen() -> None:
    inputs = [CameraInput("hall", "hall.mp4"), CameraInput("door", "door.mp4")]
    manifest = RunManifest.begin(inputs, Part(), {}, {}, {}, None)
    assert "imgsz" not in manifest.to_json()["inputs"][0]
    manifest.note_sizes({"hall": FittedSize(960, "small people")})
    read = RunManifest.from_json(manifest.to_json(), Path("run.json"))
    assert fitted_sizes(read) == {"hall": FittedSize(960, "small people")}
    assert fitted_sizes(None) == {}


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("wide") / "hall.mp4", even_times(3, 5), size=(1600, 1200), fps=5)


@pytest.mark.parametrize(
    ("config", "hw", "people", "fitted", "looks"),
    [
        pytest.param(DetectConfig(tiles="auto"), -1, 0.2, (640, 1), 5, id="large people"),
        pytest.param(DetectConfig(tiles="auto"), -1, 0.06, (640, 2), 5, id="small people"),
        pytest.param(DetectConfig(tiles="auto"), 320, 0.1, (320, 4), 13, id="an input of one size"),
        pytest.param(DetectConfig(tiles="auto", imgsz=1600), -1, 0.1, (1600, 1), 0, id="too small for tiles"),
        pytest.param(DetectConfig(tiles=2, imgsz="auto"), -1, 0.01, (1280, 2), 5, id="so many as is said"),
        pytest.param(DetectConfig(tiles="auto", imgsz="auto"), -1, 0.01, (1280, 1), 1, id="a larger input is enough"),
    ],
)
def test_tiles_are_decided_too(
    wide: Path, config: DetectConfig, hw: int, people: float, fitted: tuple[int, int], looks: int
) -> None:
    network, item = People(people), CameraInput("hall", str(wide))
    detector = NetworkDetector(network, YOLO, config.options, input_shape=(-1, 3, hw, hw))
    with open_source(wide, "hall") as source:
        chosen = fit_detector(detector, config, [item], [source], Part(), {})
    assert (chosen["hall"].imgsz, chosen["hall"].tiles) == fitted
    assert sum(shape[0] for shape in network.shapes) == looks
    manifest = RunManifest.begin([item], Part(), {}, {}, {}, None)
    manifest.note_sizes(chosen)
    assert fitted_sizes(RunManifest.from_json(manifest.to_json(), Path("run.json"))) == chosen
