"""The Python blocks of docs/python.md run as they stand, in a folder that holds the files they name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from doc_pages import ROOT, python_blocks
from people import paint_people
from scene import Shot, build_scene, save_reid

PAGE = ROOT / "docs" / "python.md"
BLOCKS = python_blocks(PAGE)
TRAINING = {
    "device": "cpu",
    "precision": "fp32",
    "threads": 1,
    "data": {"hold_out": 3},
    "model": {"architecture": "osnet_x0_25"},
    "stages": [{"epochs": 1, "size": [48, 32]}],
    "batch": {"size": 8, "images": 4},
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that the page names."""
    folder = tmp_path_factory.mktemp("desk")
    scene = build_scene(folder / "scene", save_reid(folder / "reid.safetensors"), {"cam1": Shot(), "cam2": Shot()})
    for number, camera in enumerate(("cam1", "cam2"), 1):
        shutil.copy(scene.videos[camera], folder / f"{camera}.mp4")
        shutil.copy(scene.truth[camera], folder / f"gt{number}.txt")
        shutil.copy(scene.detections[camera], folder / f"{camera}.txt")
    paint_people(folder / "people", people=9, images=8)
    pictures = sorted((folder / "people").glob("*/*.png"))
    for name, picture in (("photo1.jpg", pictures[0]), ("photo2.jpg", pictures[-1])):
        shutil.copy(picture, folder / name)
    (folder / "train.yaml").write_text(yaml.safe_dump(TRAINING), encoding="utf-8")
    return folder


def without_detector(block: str) -> str:
    """The drawn people are none to a detector: their detections are on file."""
    detections = 'detections={"cam1": "cam1.txt", "cam2": "cam2.txt"}'
    block = re.sub(r'"cam2.mp4"\], "runs/\w+"', rf"\g<0>, {detections}", block)
    return block.replace('["photo1.jpg"], "people.db"', '["photo1.jpg"], "people.db", box_xyxy=(0, 0, 32, 64)')


def test_the_page_runs(desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the page: later blocks use what earlier ones made."""
    monkeypatch.chdir(desk)
    threads = torch.get_num_threads()
    said = []
    for block in BLOCKS:
        exec(compile(without_detector(block), str(PAGE), "exec"), {})
        said.append(capsys.readouterr().out)
    torch.set_num_threads(threads)
    run, part, settled, score, alike, hits, known, ranking, training, wrong = said
    assert [line.split()[0] for line in run.splitlines()] == ["1", "2", "3", "4"]
    assert set(part.split()) == {"cam1", "cam2"}
    assert int(settled) >= 4
    assert float(score) == 100.0
    assert re.fullmatch(r"cosine distance [01]\.\d{3}\n", alike)
    assert [line.split()[2] in ("cam1", "cam2") for line in hits.splitlines()] == [True, True, True]
    assert known == "[None, None, None, None]\n"  # the photo shows none of them
    rank1, mean_ap = map(float, ranking.split())
    assert 0 < mean_ap <= 1
    assert 0 < rank1 <= 1
    assert training.startswith("runs/train/model.safetensors {")
    assert wrong.startswith("3 runs/nowhere")


def test_the_readme_shows_the_first_block() -> None:
    assert python_blocks(ROOT / "README.md") == BLOCKS[:1]


def test_every_block_is_short() -> None:
    assert all(len(block.strip().splitlines()) <= 10 for block in BLOCKS)
