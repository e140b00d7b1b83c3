"""Weights by what the user calls them: a path, a name of what ships, a name of what others publish."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from installed import needs_openvino
from scene import Scene

from reidtrack.api import ReidModel
from reidtrack.cli.main import main
from reidtrack.config.load import load
from reidtrack.config.run import DEFAULT_DETECTOR, DEFAULT_REID, DetectConfig
from reidtrack.config.train import TrainConfig
from reidtrack.errors import WeightsError
from reidtrack.models.checkpoint import IMAGENET
from reidtrack.networks import build
from reidtrack.networks.find import PUBLISHED, find_weights
from reidtrack.pipeline.training.build import make_network
from reidtrack.shipped import files


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reid: Path) -> Path:
    """The folder of an installation's weights: a re-identification network under the default's name, no detector."""
    folder = tmp_path / "installed" / "weights"
    folder.mkdir(parents=True)
    name = f"{DEFAULT_REID}.safetensors"
    shutil.copy(reid, folder / name)
    (folder / "sha256.txt").write_text(f"{hashlib.sha256(reid.read_bytes()).hexdigest()}  {name}\n")
    monkeypatch.setattr(files, "HERE", folder.parent)
    return folder


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user works, without a network and with a cache of their own."""
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("REIDTRACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("REIDTRACK_OFFLINE", "1")
    return folder


def test_by_its_path_a_file_is_what_the_list_beside_it_says(shipped: Path, desk: Path) -> None:
    path = shipped / f"{DEFAULT_REID}.safetensors"
    assert find_weights(path, "reid") == path
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="not what was shipped"):
        find_weights(path, "reid")
    (shipped / "sha256.txt").write_text("a list of something else\n")
    assert find_weights(path, "reid") == path


def test_a_file_wins_over_a_name(shipped: Path, desk: Path) -> None:
    assert find_weights(DEFAULT_REID, "reid") == shipped / f"{DEFAULT_REID}.safetensors"
    (desk / DEFAULT_REID).mkdir()  # such as the folder of a training: no network
    assert find_weights(DEFAULT_REID, "reid") == shipped / f"{DEFAULT_REID}.safetensors"
    (desk / DEFAULT_REID).rmdir()
    (desk / DEFAULT_REID).write_bytes(b"mine")
    assert find_weights(DEFAULT_REID, "reid") == DEFAULT_REID


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("folder/none.pth", id="a path that is not there"),
        pytest.param("export", id="a folder that an engine reads"),
        pytest.param("plain", id="another folder"),
        pytest.param(IMAGENET, id="ImageNet's"),
    ],
)
def test_what_is_left_to_the_reader(shipped: Path, desk: Path, given: str) -> None:
    (desk / "export").mkdir()
    (desk / "export" / "m.xml").touch()
    (desk / "plain").mkdir()
    assert find_weights(Path(given), "detector") == Path(given)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        pytest.param("osnet_x1.0", "reid", "did you mean 'osnet_x1_0'?", id="nearly right"),
        pytest.param("osnet_x1_0_msmt18", "reid", "did you mean 'osnet_x1_0_msmt17.pth'?", id="nearly published"),
        pytest.param("osnet_of_mine_and_of_nobody_else.pth", "reid", "torchreid publishes others: http", id="an OSNet"),
        pytest.param("xyz", "reid", r"expected a path, or one of osnet_x1_0, osnet_x1_0_msmt17\.pth", id="far off"),
        pytest.param("person-reidentification-retail-286", "reid", "did you mean 'person-rei.*0286.xml'", id="a zoo's"),
        pytest.param("yolo11x", "reid", "it is a detector", id="of the other kind"),
        pytest.param("osnet_x1_0", "detector", "no weights came", id="and the other way round, where nothing ships"),
        pytest.param("yolo11q.pt", "detector", "no weights came with this installation", id="nothing ships"),
    ],
)
def test_unknown_names(shipped: Path, desk: Path, given: str, kind: files.Kind, said: str) -> None:
    with pytest.raises(WeightsError, match=f"^{given}: no such file, nor known by that name .*{said}"):
        find_weights(Path(given), kind)


@pytest.mark.parametrize("given", ["yolo11x.pt", "yolo11x"])
def test_published_weights_are_fetched_once(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    (tmp_path / "theirs").write_bytes(b"PK network")
    monkeypatch.setitem(PUBLISHED["detector"], "yolo11x.pt", (tmp_path / "theirs").as_uri())
    monkeypatch.delenv("REIDTRACK_OFFLINE")
    path = find_weights(Path(given), "detector")
    assert path == tmp_path / "cache" / "weights" / "yolo11x.pt"
    assert path.read_bytes() == b"PK network"
    (tmp_path / "theirs").unlink()
    assert find_weights(Path(given), "detector") == path


def test_a_page_in_place_of_weights_is_not_kept(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs").write_bytes(b"<html>log in first</html>")
    monkeypatch.setitem(PUBLISHED["detector"], "yolo11x.pt", (tmp_path / "theirs").as_uri())
    monkeypatch.delenv("REIDTRACK_OFFLINE")
    with pytest.raises(WeightsError, match="what came is no PyTorch file"):
        find_weights(Path("yolo11x.pt"), "detector")
    assert not (tmp_path / "cache" / "weights" / "yolo11x.pt").exists()


@pytest.fixture
def theirs(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published pair of files, fetched by the name `pair`."""
    path = tmp_path / "theirs.xml"
    path.write_bytes(b"<?xml version='1.0'?>")
    path.with_suffix(".bin").write_bytes(b"numbers")
    monkeypatch.setitem(PUBLISHED["reid"], "pair.xml", path.as_uri())
    monkeypatch.delenv("REIDTRACK_OFFLINE")
    return path


@pytest.mark.parametrize("given", ["pair", "pair.xml"])
def test_beside_a_published_xml_lies_its_bin(theirs: Path, tmp_path: Path, given: str) -> None:
    path = find_weights(Path(given), "reid")
    assert path == tmp_path / "cache" / "weights" / "pair.xml"
    assert path.with_suffix(".bin").read_bytes() == b"numbers"
    path.with_suffix(".bin").unlink()  # as where the network was gone before it came
    assert find_weights(Path(given), "reid").with_suffix(".bin").is_file()
    theirs.unlink()
    theirs.with_suffix(".bin").unlink()
    assert find_weights(Path(given), "reid") == path


@pytest.mark.parametrize("ending", [".xml", ".bin"])
def test_a_page_in_place_of_either_is_not_kept(theirs: Path, tmp_path: Path, ending: str) -> None:
    theirs.with_suffix(ending).write_bytes(b"<!DOCTYPE html><p>log in first")
    with pytest.raises(WeightsError, match="what came is no OpenVINO file"):
        find_weights(Path("pair"), "reid")
    assert not (tmp_path / "cache" / "weights" / f"pair{ending}").exists()


def test_what_is_known_of_a_published_file_is_checked(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "person-reidentification-retail-0286"
    monkeypatch.setitem(PUBLISHED["reid"], f"{name}.xml", theirs.as_uri())
    with pytest.raises(WeightsError, match="was damaged on its way"):
        find_weights(Path(name), "reid")


def test_open_model_zoo_without_a_network(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "person-reidentification-retail-0286"
    Path("photo.png").touch()
    assert main(["embed", "photo.png", "--reid", name, "--out", "f.npz"]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"error: {desk.parent}/cache/weights/{name}.xml: is not there, and REIDTRACK_OFFLINE forbids to fetch "
        f"{PUBLISHED['reid'][f'{name}.xml']}; put it there and the .bin beside it, give the path of another, or name "
        "none: the shipped weights are used then"
    )


@pytest.mark.parametrize("kind", ["detector", "reid"])
def test_published_names_are_those_of_files(kind: files.Kind) -> None:
    for name, url in PUBLISHED[kind].items():
        assert url.startswith("https://")
        assert Path(name).suffix == Path(url).suffix


def test_a_published_name_without_a_network(scene: Scene, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "--videos", str(scene.videos["left"]), "--detector", "yolo11x.pt", "--reid", str(scene.reid)]
    assert main([*words, "--out", "out"]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"error: {desk.parent}/cache/weights/yolo11x.pt: is not there, and REIDTRACK_OFFLINE forbids to fetch "
        f"{PUBLISHED['detector']['yolo11x.pt']}; put it there, give the path of another, or name none: "
        "the shipped weights are used then"
    )
    assert not (desk / "out").exists()


def test_commands_take_the_shipped_network(shipped: Path, desk: Path, scene: Scene) -> None:
    """And say so by its name, without a path of this machine."""
    recorded = f"left={scene.detections['left']}"
    words = ["run", "--videos", str(scene.videos["left"]), "--detections", recorded, "--out", "out", "--quiet"]
    assert main([*words, "--no-video", "--engine", "torch"]) == 0
    record = json.loads(Path("out/run.json").read_text())
    (digest,) = record["weights"]["reid"]["sha256"].items()
    assert digest == (f"{DEFAULT_REID}.safetensors", hashlib.sha256(scene.reid.read_bytes()).hexdigest())
    assert record["weights"]["reid"]["path"] == record["config"]["embed"]["weights"] == str(DEFAULT_REID)
    picture = next(Path("out/crops").rglob("*.jpg"))
    assert main(["embed", str(picture), "--out", "features.npz", "--quiet"]) == 0
    assert main(["search", str(picture), "--gallery", "out", "--quiet"]) == 0
    assert ReidModel(device="cpu").embed([picture]).shape == (1, 512)


def test_training_starts_from_a_name(shipped: Path, desk: Path) -> None:
    config = load(TrainConfig, None, ["model.architecture=osnet_x0_25", f"model.init={DEFAULT_REID}"])
    _, loaded, _ = make_network(config, 3)
    assert "conv1.conv.weight" in loaded


def test_shipped_weights_that_were_changed(
    shipped: Path, desk: Path, scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    (shipped / f"{DEFAULT_REID}.safetensors").write_bytes(b"other")
    words = ["--detections", f"left={scene.detections['left']}", "--out", "out"]
    assert main(["run", "--videos", str(scene.videos["left"]), *words]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{DEFAULT_REID}.safetensors: is not what was shipped" in line
    assert not (desk / "out").exists()


def test_an_installation_without_weights(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "HERE", desk / "reidtrack" / "shipped")
    with pytest.raises(WeightsError, match="clone the whole repository, or install its wheel"):
        find_weights(DEFAULT_REID, "reid")


@needs_openvino
def test_of_a_shipped_detector_the_form_for_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(*given: object, **options: object) -> Path:
        asked.append((*given, options["exported"]))
        raise WeightsError("enough")

    monkeypatch.setattr(build, "find_weights", refuse)
    for device, engine in (("auto", "openvino"), ("cpu", "auto"), ("cpu", "torch")):
        with pytest.raises(WeightsError, match="enough"):
            build.make_detector(DetectConfig(), device, engine)
    assert asked == [(DEFAULT_DETECTOR, "detector", exported) for exported in (True, True, False)]
