"""The tool that makes the shipped detector: its data, its surgery, its arithmetic."""

from __future__ import annotations

import copy
import io
import shutil
import tarfile
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from reidtrack.detect.weights import DetectorModule, read_detector
from reidtrack.errors import InputError
from reidtrack.types import Detections
from tools.train_detector import augment, data, fit, network, score
from tools.train_detector.data import Picture

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def picture(name: str, *rows: tuple[float, float, float, float], ignored: np.ndarray | None = None) -> Picture:
    image = np.full((60, 80, 3), 90, np.uint8)
    return Picture(name, image, boxes(*rows), boxes() if ignored is None else ignored)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nobody"),
        pytest.param("0 0.5 0.5 0.5 1.0\n", [(50, 0, 150, 100)], id="one"),
        pytest.param("2 0.5 0.5 0.5 0.5\n", [], id="not a person"),
        pytest.param("0 0.9 0.5 0.4 0.2\n\n", [(140, 40, 200, 60)], id="cut to the picture"),
    ],
)
def test_yolo_labels_become_pixels(text: str, expected: list[tuple[float, ...]]) -> None:
    np.testing.assert_allclose(data.parse_yolo_labels(text, 200, 100), np.reshape(expected, (-1, 4)), atol=1e-4)


def test_an_archive_is_read_in_order_of_names(tmp_path: Path) -> None:
    _, jpg = cv2.imencode(".jpg", np.zeros((20, 40, 3), np.uint8))
    with tarfile.open(tmp_path / "set.tar.gz", "w:gz") as archive:
        for name, content in (
            ("set/images/b.jpg", jpg.tobytes()),
            ("set/images/a.jpg", jpg.tobytes()),
            ("set/labels/b.txt", b"0 0.5 0.5 1 1\n"),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    first, second = data.read_yolo_archive(tmp_path / "set.tar.gz")
    assert (first.name, second.name) == ("set/a", "set/b")
    assert first.xyxy.shape == (0, 4)
    np.testing.assert_allclose(second.xyxy, [[0, 0, 40, 20]])


def test_missing_material_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such archive"):
        data.read_yolo_archive(tmp_path / "absent.tar.gz")
    with pytest.raises(InputError, match="no videos"):
        data.read_rendered(tmp_path)


def test_rendered_frames_carry_their_boxes(tmp_path: Path) -> None:
    (tmp_path / "gt").mkdir()
    shutil.copy(SAMPLES / "plaza.mp4", tmp_path)
    shutil.copy(SAMPLES / "gt" / "plaza.txt", tmp_path / "gt")
    frames = data.read_rendered(tmp_path)
    assert len(frames) == 168
    first = frames[0]
    assert first.name == f"{tmp_path.name}/plaza/0000"
    assert first.image.shape == (360, 640, 3)
    assert len(first.xyxy) == 5
    np.testing.assert_allclose(first.ignored, [[459.86, 127.89, 478.83, 207.57]], atol=0.02)


def test_split_keeps_the_proportion_and_repeats() -> None:
    pictures = [picture(f"p{i}", (1, 1, 20, 40)) for i in range(30)] + [picture(f"n{i}") for i in range(10)]
    train, held_out = data.split(pictures, 8, seed=3)
    assert [len(train), len(held_out)] == [32, 8]
    assert sum(len(p.xyxy) for p in held_out) == 6
    assert not {p.name for p in train} & {p.name for p in held_out}
    assert [p.name for p in data.split(pictures, 8, seed=3)[1]] == [p.name for p in held_out]
    assert [p.name for p in data.split(pictures, 8, seed=4)[1]] != [p.name for p in held_out]


def test_boxes_move_with_their_pictures() -> None:
    """A white person on black stays where the box says, however the picture was turned into a training picture."""
    image = np.zeros((120, 160, 3), np.uint8)
    image[30:90, 60:100] = 255
    known = [Picture("p", image, boxes((60, 30, 100, 90)))]
    rng = np.random.default_rng(0)
    for _ in range(20):
        made = augment.training_picture(known, 0, 160, rng)
        assert made.image.shape == (160, 160, 3)
        for left, top, right, bottom in np.concatenate([made.xyxy, made.ignored]).round().astype(int):
            inner = made.image[top + 2 : bottom - 2, left + 2 : right - 2]
            assert inner.size == 0 or inner.min() > 120


def test_a_box_that_is_mostly_cut_need_not_be_found() -> None:
    canvas = np.zeros((100, 100, 3), np.uint8)
    whole = Picture("p", canvas, boxes((0, 0, 40, 40), (50, 0, 90, 40)))
    found, ignored = augment._paste(canvas.copy(), whole, 1.0, np.array([-30.0, 0.0]), (0, 0, 100, 100))
    np.testing.assert_allclose(found, [[20, 0, 60, 40]])
    np.testing.assert_allclose(ignored, [[0, 0, 10, 40]])


def test_weights_are_mixed() -> None:
    start = {"w": torch.tensor([0.0, 2.0]), "count": torch.tensor(3)}
    tuned = {"w": torch.tensor([1.0, 4.0]), "count": torch.tensor(5)}
    assert network.mix(start, tuned, 0.25)["w"].tolist() == [0.25, 2.5]
    assert network.mix(start, tuned, 0.0)["w"].tolist() == [0.0, 2.0]
    assert network.mix(start, tuned, 1.0)["w"].tolist() == [1.0, 4.0]


@pytest.fixture(scope="module")
def start() -> nn.Module:
    """YOLO11n with 80 classes and random weights."""
    read_detector(SAMPLES.parent / "weights" / "yolo11n_person.pt")  # imports Ultralytics without its side effects
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(0)
    made: nn.Module = DetectionModel("yolo11n.yaml", verbose=False).eval()
    made.names = {i: f"class {i}" for i in range(80)}
    return made


def test_the_person_row_stays_as_it_is(start: nn.Module) -> None:
    pixels = torch.rand(1, 3, 64, 96)
    person = network.only_person(copy.deepcopy(start))
    with torch.inference_mode():
        many, one = start(pixels)[0], person(pixels)[0]
    assert one.shape == (1, 5, many.shape[2])
    torch.testing.assert_close(one, many[:, :5])


def test_what_is_written_is_read_by_the_project(start: nn.Module, tmp_path: Path) -> None:
    person = network.only_person(copy.deepcopy(start))
    person.pt_path = "/somewhere/private.pt"
    network.write(person, tmp_path / "person.pt")
    assert b"/somewhere" not in (tmp_path / "person.pt").read_bytes()
    found = read_detector(tmp_path / "person.pt")
    assert isinstance(found, DetectorModule)
    assert (found.names, found.stride) == ({0: "person"}, 32)
    pixels = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(found.module(pixels), person(pixels)[0], atol=0.2, rtol=0.02)


def test_fitting_moves_neck_and_head_but_no_batch_norm(start: nn.Module, caplog: pytest.LogCaptureFixture) -> None:
    person = network.only_person(copy.deepcopy(start))
    shown = [picture(f"p{i}", (20, 10, 40, 50)) for i in range(2)]
    with caplog.at_level("INFO", logger="train_detector"):
        tuned = fit.fit(person, shown, fit.Plan(epochs=3, batch=1, rate=1e-3, imgsz=64, decay=0.5))
    score_lost = [float(record.getMessage().split("score ")[1].split(",")[0]) for record in caplog.records]
    assert len(score_lost) == 3
    assert np.isfinite(score_lost).all()
    before, after = person.state_dict(), tuned.state_dict()
    trunk = tuple(f"model.{i}." for i in range(11))
    frozen = {name for name in before if ".bn." in name or ".dfl." in name or name.startswith(trunk)}
    assert all(torch.equal(before[name], after[name]) for name in frozen)
    assert frozen
    for name in ("model.16.cv1.conv.weight", "model.23.cv3.0.2.weight"):
        assert not torch.equal(before[name], after[name])


def test_cells_in_ignored_boxes_are_not_scored() -> None:
    shown = Picture("p", np.zeros((16, 16, 3), np.uint8), boxes((0, 0, 8, 8)), boxes((0, 0, 16, 8)))
    assert fit._attended([shown], [(2, 2)])[0, :, 0].tolist() == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("confidence", "hit", "people", "expected"),
    [
        pytest.param([], [], 2, 0.0, id="nothing found"),
        pytest.param([0.9, 0.8], [True, True], 2, 1.0, id="all right"),
        pytest.param([0.9, 0.8], [False, True], 1, 0.5, id="a stronger false alarm"),
        pytest.param([0.8, 0.9], [False, True], 1, 1.0, id="a weaker false alarm"),
        pytest.param([0.9], [True], 2, 51 / 101, id="half found"),
        pytest.param([0.9], [False], 0, 0.0, id="nobody there"),
    ],
)
def test_average_precision(confidence: list[float], hit: list[bool], people: int, expected: float) -> None:
    assert score.average_precision(np.array(confidence), np.array(hit, bool), people) == pytest.approx(expected)


def test_detections_in_ignored_boxes_do_not_count() -> None:
    truth = picture("p", (0, 0, 10, 10), ignored=boxes((40, 0, 60, 20)))
    found = Detections(
        boxes((0, 0, 10, 10), (1, 0, 11, 10), (42, 2, 58, 18), (70, 30, 80, 60)), np.float32([0.7, 0.9, 0.8, 0.6])
    )
    confidence, hit = score.match(found, truth, 0.5)
    np.testing.assert_allclose(confidence, [0.9, 0.7, 0.6])
    assert hit.tolist() == [True, False, False]


def test_scores_count_alarms_where_nobody_is() -> None:
    weak = Detections(boxes((0, 0, 9, 9)), np.float32([0.05]))
    strong = Detections(boxes((0, 0, 9, 9)), np.float32([0.6]))
    reached = score.score([weak, strong, strong], [picture("n1"), picture("n2"), picture("p", (0, 0, 9, 9))])
    assert reached.false_alarms == (1, 2, 1)
    assert reached.empty == 2
    assert reached.recall == (100, 100, 100)


def test_the_share_that_keeps_to_the_rule_is_chosen() -> None:
    from tools.train_detector.__main__ import choose

    def reached(ap: float, alarms: int) -> dict[str, SimpleNamespace]:
        return {name: SimpleNamespace(ap=ap, false_alarms=(alarms,)) for name in ("street", "all")}

    scores = {0.0: reached(50, 3), 0.5: reached(52, 2), 0.75: reached(51, 1), 1.0: reached(60, 3)}
    assert choose(scores) == 0.5  # type: ignore[arg-type]
    assert choose({0.0: reached(50, 0), 0.5: reached(48, 0), 1.0: reached(49, 0)}) == 1.0  # type: ignore[arg-type]
