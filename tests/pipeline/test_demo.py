"""`reidtrack demo`: on a drawn scene, and as it ships."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.detect.replay import ReplayDetector
from reidtrack.engines.provenance import Weights
from reidtrack.pipeline import demo as demo_module
from reidtrack.pipeline.run import reading as reading_module
from reidtrack.shipped.files import Sample, shipped_names

ALL_SHIPS = bool(shipped_names("detector") and shipped_names("reid"))


@pytest.fixture
def drawn(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of a demo on the drawn scene, whose people a detector finds without a network."""
    (tmp_path / "ignore.txt").touch()
    ignore = dict.fromkeys(scene.videos, tmp_path / "ignore.txt")
    monkeypatch.setattr(demo_module, "sample_scene", lambda: Sample(scene.videos, scene.truth, ignore))
    found = ReplayDetector(scene.detections), Weights("drawn")
    monkeypatch.setattr(reading_module, "make_detector", lambda *_: found)
    monkeypatch.chdir(tmp_path)
    return ["demo", "--reid", str(scene.reid), "--engine", "torch"]


def test_what_it_says(drawn: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(drawn) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].split() == ["person", "left,", "s", "right,", "s"]
    assert [line.split()[0] for line in lines[1:5]] == ["1", "2", "3", "4"]
    assert lines[5].startswith("4 people, 4 of them in more than one camera")
    assert "cross-camera" in out
    for name in ("mosaic.mp4", "left.mp4", "right.mp4", "report.html", "evaluation.json"):
        assert f"runs/demo/{name}" in out
        assert Path("runs/demo", name).stat().st_size
    assert json.loads(Path("runs/demo/evaluation.json").read_text())["cross"]["IDF1"] == 100
    assert lines[-1] == "your own recordings: reidtrack run --videos cam1.mp4 cam2.mp4 --out runs/first"


def test_its_options(drawn: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words = [*drawn, "--out", "there", "--set", "output.video=false", "device=cpu"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["folder"] == "there"
    assert told["evaluation"]["cross"]["IDF1"] == 100
    assert not list(Path("there").glob("*.mp4"))
    assert main(words) == 2
    assert "there: exists and is not empty; use --overwrite" in capsys.readouterr().err
    assert main([*words, "--overwrite", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.slow
@pytest.mark.skipif(not ALL_SHIPS, reason="weights/ is not complete")
def test_as_it_ships(tmp_path: Path) -> None:
    """The sample scene with the shipped weights and no option, on the CPU."""
    assert main(["demo", "--out", str(tmp_path / "demo"), "--quiet", "--device", "cpu"]) == 0
    figures = json.loads((tmp_path / "demo" / "evaluation.json").read_text())
    assert figures["cross"]["IDF1"] >= 95
    assert min(camera["HOTA"] for camera in figures["cameras"].values()) >= 75
    places = json.loads((tmp_path / "demo" / "site.json").read_text())
    assert {camera["from"] for camera in places["cameras"].values()} == {"given"}
