"""`site.yaml` and homography files: every form that is taken, and one clear line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reidtrack.errors import ConfigError
from reidtrack.geometry import project
from reidtrack.spacetime.site_yaml import read_homography, read_site

CAMERAS = ["hall", "yard"]
MATRIX = np.array([[1.5, 0.25, 3], [0.5, 2, -1], [0.001, 0.002, 1]])
ROWS = MATRIX.tolist()


def write(folder: Path, text: str, name: str = "site.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"Matrix: {MATRIX.ravel().tolist()}\nError: [5.3]", id="nine numbers in a row"),
        pytest.param(f"homography: {ROWS}", id="three rows"),
        pytest.param(f"{ROWS}", id="nothing else"),
        pytest.param(f'{{"H": {ROWS}}}', id="JSON"),
        pytest.param(f"K: {np.eye(3).tolist()}\nimage_to_plan: {ROWS}", id="beside another matrix"),
        pytest.param(f"hall:\n  image_to_plan: {ROWS}\nyard:\n  image_to_plan: {np.eye(3).tolist()}", id="by camera"),
        pytest.param(
            "%YAML:1.0\n---\nH: !!opencv-matrix\n   rows: 3\n   cols: 3\n   dt: d\n"
            f"   data: {MATRIX.ravel().tolist()}\n",
            id="OpenCV's text",
        ),
    ],
)
def test_forms_of_a_homography(tmp_path: Path, text: str) -> None:
    found = read_homography(write(tmp_path, text), "hall")
    np.testing.assert_allclose(found, MATRIX)


@pytest.mark.parametrize("suffix", ["yaml", "yml", "json"])
def test_what_opencv_writes(tmp_path: Path, suffix: str) -> None:
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / f"h.{suffix}"
    file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    file.write("homography", MATRIX)
    file.release()
    np.testing.assert_allclose(read_homography(path, "hall"), MATRIX)


@pytest.mark.shared
def test_homographies_of_pets(shared: Path) -> None:
    found = read_homography(shared / "data/pets-s2l1/homography_001.yaml", "View_001")
    assert found[0, 0] == pytest.approx(3.775749870135431)


def test_forms_of_a_camera(tmp_path: Path) -> None:
    write(tmp_path, f"homography: {ROWS}", "hall.yaml")
    pixels = np.array([[0.0, 0], [100, 0], [0, 100], [100, 100]])
    points = np.concatenate([pixels, project(MATRIX, pixels)], axis=1).tolist()
    named = [{"image": row[:2], "plan": row[2:]} for row in points]
    for text in (f"homography: {ROWS}", "homography: hall.yaml", f"points: {points}", f"points: {named}"):
        site = read_site(write(tmp_path, f"unit: m\ncameras:\n  hall:\n    {text}\n  yard:\n"), CAMERAS)
        assert set(site.homographies) == {"hall"}
        np.testing.assert_allclose(project(site.homographies["hall"], pixels), project(MATRIX, pixels), rtol=1e-6)
        assert site.unit_m == 1


def test_a_file_of_calibrations_is_a_site(tmp_path: Path) -> None:
    text = f"unit: cm\nhall: {{image_to_plan: {ROWS}, K: {np.eye(3).tolist()}}}\nyard: {{image_to_plan: {ROWS}}}"
    site = read_site(write(tmp_path, text), CAMERAS)
    assert set(site.homographies) == {"hall", "yard"}
    assert site.unit_m == 0.01


def test_the_sample_is_one() -> None:
    path = Path(__file__).resolve().parents[2] / "samples/site.yaml"
    site = read_site(path, ["entrance", "plaza", "alley"])
    assert set(site.homographies) == {"entrance", "plaza", "alley"}
    assert site.unit == "m"
    assert site.topology.earliest_s("plaza", "alley") == 1
    assert site.topology.earliest_s("entrance", "plaza") < 0


def test_ways(tmp_path: Path) -> None:
    text = """
connections:
  - {from: hall, to: yard, min_s: 3, max_s: 20}
  - {from: yard, to: gate, one_way: true}
  - {from: gate, to: roof, overlap: true}
not_connected:
  - [hall, roof]
complete: true
"""
    topology = read_site(write(tmp_path, text), [*CAMERAS, "gate", "roof"]).topology
    assert topology.travel_s["hall", "yard"] == topology.travel_s["yard", "hall"] == (3, 20)
    assert ("gate", "yard") not in topology.travel_s
    assert topology.travel_s["roof", "gate"] == (-1, None)
    assert topology.barred == {("hall", "roof"), ("roof", "hall")}
    assert topology.complete


def test_an_empty_site_says_nothing(tmp_path: Path) -> None:
    site = read_site(write(tmp_path, "cameras:\n"), CAMERAS)
    assert not site.homographies
    assert not site.topology
    assert site.unit_m is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("cameras: [1", "not valid YAML at line", id="no YAML"),
        pytest.param("unit: 2024-13-45", "not valid YAML", id="no date"),
        pytest.param("just words", "is no site file", id="words"),
        pytest.param(
            "cameras: {hall: {homography: [[1.0e+300, 0, 0], [0, 1, 0], [0, 0, 1]]}}", "got [[1e+300", id="huge"
        ),
        pytest.param(
            "cameras: {hall: {homography: [[1.0e-300, 0, 0], [0, 1.0e-300, 0], [0, 0, 1.0e-300]]}}",
            "holds no number beyond 1e-300",
            id="tiny",
        ),
        pytest.param(
            "cameras: {hall: {points: [[0, 0, 0, 0], [1, 0, 1.0e+300, 0], [0, 1, 0, 1], [1, 1, 1, 1]]}}",
            "cameras.hall.points: got",
            id="a point far away",
        ),
        pytest.param("connections: [{from: hall, to: yard, min_s: 1.0e+308}]", "got 1e+308", id="an endless way"),
        pytest.param("camera: {}", "unknown key 'camera'", id="unknown key"),
        pytest.param("cameras: {hall: {homograpy: hall.yaml}}", "unknown key 'homograpy'", id="camera's key"),
        pytest.param("unit: mile", "unit: got 'mile' (expected m or cm", id="unit"),
        pytest.param("unit: [m]", "unit: got ['m'] (expected m or cm", id="list of units"),
        pytest.param("cameras: {porch: {}}", "no camera is called 'porch' (expected hall or yard)", id="other camera"),
        pytest.param("cameras: {hall: 3}", "cameras.hall: got 3", id="a number for a camera"),
        pytest.param("cameras: {hall: {homography: [[1, 0], [0, 1]]}}", "three rows of three numbers", id="two rows"),
        pytest.param("cameras: {hall: {homography: [[a, b, c]]}}", "three rows of three numbers", id="letters"),
        pytest.param("cameras: {hall: {homography: [1,2,3,2,4,6,1,1,1]}}", "cannot be inverted", id="flat"),
        pytest.param("cameras: {hall: {homography: lost.yaml}}", "lost.yaml: cannot be read", id="missing file"),
        pytest.param('cameras: {hall: {homography: "a\\0"}}', "cannot be read", id="no path"),
        pytest.param("cameras: {hall: {points: [{image: 1, plan: 2}]}}", "four or more", id="points of one number"),
        pytest.param("cameras: {hall: {points: [[0,0,1,1],[1,0,2,1],[1,1,2,2]]}}", "four or more", id="three points"),
        pytest.param(
            "cameras: {hall: {points: [[0,0,0,0],[1,1,1,1],[2,2,2,2],[3,3,3,3]]}}",
            "these points determine no homography",
            id="a line",
        ),
        pytest.param("connections: {from: hall}", "connections: got", id="no list"),
        pytest.param("connections: [{from: hall}]", "lacks a camera", id="half a way"),
        pytest.param("connections: [{from: hall, to: yard, min: 3}]", "unknown key 'min'", id="way's key"),
        pytest.param("connections: [{from: hall, to: yard, min_s: soon}]", "got 'soon' (expected seconds)", id="time"),
        pytest.param(
            "connections: [{from: hall, to: yard, min_s: .nan}]", "got nan (expected seconds)", id="no number"
        ),
        pytest.param("connections: [{from: hall, to: yard, max_s: .inf}]", "got inf (expected seconds)", id="for ever"),
        pytest.param(
            "connections: [{from: hall, to: yard, min_s: 9, max_s: 3}]", "max_s is less than min_s", id="turned round"
        ),
        pytest.param("connections: [{from: hall, to: attic}]", "no camera is called 'attic'", id="way to nowhere"),
        pytest.param("not_connected: [hall]", "two cameras", id="one camera"),
        pytest.param(
            "connections: [{from: hall, to: yard}]\nnot_connected: [[hall, yard]]",
            "connected and not connected",
            id="contradiction",
        ),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_site(write(tmp_path, text), CAMERAS)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "words", "H: [1, 2]", "a: {b: 3}"])
def test_files_without_a_homography(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="holds no homography"):
        read_homography(write(tmp_path, text), "hall")
