"""Embedders of others: an `.xml` or `.onnx` of any batch and length, how a picture goes in, and what is refused."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from installed import needs_onnxruntime, needs_openvino
from outputs import read_json
from scene import Scene
from tiny_networks import CARD, SIZE_HW, save_network, save_onnx, save_two_inputs, save_xml, write_card

from reidtrack.api import ReidModel
from reidtrack.cli.main import main
from reidtrack.config.card import CardConfig
from reidtrack.config.load import load
from reidtrack.config.run import EmbedConfig
from reidtrack.embed.embedder import Embedder
from reidtrack.embed.file import read_features
from reidtrack.engines.provenance import Weights
from reidtrack.errors import ConfigError, WeightsError
from reidtrack.models.card import IMAGENET_MEAN, IMAGENET_STD
from reidtrack.models.known import KNOWN
from reidtrack.networks.build import make_embedder
from reidtrack.types import FloatArray, ImageArray

BGR = (10, 60, 200)
"""Of a picture of one colour."""


def make(path: Path, engine: Any = "auto") -> Embedder:
    return make_embedder(EmbedConfig(weights=path), "cpu", engine)[0]


def used(path: Path) -> Weights:
    return make_embedder(EmbedConfig(weights=path), "cpu", "auto")[1]


def one_colour(size_hw: tuple[int, int] = SIZE_HW) -> ImageArray:
    return np.full((1, *size_hw, 3), BGR, np.uint8)


def crops(count: int) -> ImageArray:
    return np.random.default_rng(0).integers(0, 256, (count, *SIZE_HW, 3), np.uint8)


def unit(values: Any) -> FloatArray:
    vector = np.asarray(values, np.float64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


PUBLISHED = (np.array(BGR[::-1]) / 255 - IMAGENET_MEAN) / IMAGENET_STD
"""What a published network takes of that picture."""


@needs_openvino
@pytest.mark.parametrize(
    ("card", "seen"),
    [
        pytest.param(None, PUBLISHED, id="none: as published"),
        pytest.param({}, BGR, id="as OpenCV reads it"),
        pytest.param({"channels": "RGB"}, BGR[::-1], id="red first"),
        pytest.param({"pixel_max": 1}, np.array(BGR) / 255, id="0 to 1"),
        pytest.param({"pixel_max": 1, "std": [0.5, 1, 1]}, np.array(BGR) / 255 / (0.5, 1, 1), id="0 to 1, a deviation"),
        pytest.param({"mean": [1, 2, 3], "std": [1, 10, 100]}, [9, 5.8, 1.97], id="mean and deviation in its order"),
        pytest.param(
            {"channels": "RGB", "pixel_max": 1, "mean": [*IMAGENET_MEAN], "std": [*IMAGENET_STD], "source": "me"},
            PUBLISHED,
            id="as published, and said",
        ),
        pytest.param({"size_hw": [*SIZE_HW]}, BGR, id="the file's own size"),
    ],
)
@pytest.mark.parametrize("ending", [".xml", ".onnx"])
def test_a_card_says_how_a_picture_goes_in(tmp_path: Path, ending: str, card: dict[str, Any] | None, seen: Any) -> None:
    path = save_network(tmp_path / f"theirs{ending}")
    if card is not None:
        write_card(path, **card)
    np.testing.assert_allclose(make(path).embed(one_colour()).features[0], unit(seen), atol=1e-5)


@needs_openvino
def test_what_is_guessed_is_said_aloud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = save_xml(tmp_path / "theirs.xml")
    with caplog.at_level(logging.WARNING, "reidtrack"):
        make(path)
    (said,) = caplog.messages
    assert said.startswith("theirs.xml: no card says how a picture becomes its input; taken as published networks have")
    assert "64x32, RGB, 0..1, ImageNet mean and deviation (theirs.yaml beside it" in said
    write_card(path)
    caplog.clear()
    with caplog.at_level(logging.WARNING, "reidtrack"):
        make(path)
    assert not caplog.messages


@needs_openvino
@pytest.mark.parametrize("name", sorted(KNOWN))
def test_a_known_name_says_it_too(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    path = save_xml(tmp_path / f"{name}.xml", "mean", (1, 3, 256, 128))
    with caplog.at_level(logging.WARNING, "reidtrack"):
        worker = make(path)
    assert not caplog.messages
    assert (worker.size_hw, worker.feature_dim) == ((256, 128), 3)
    np.testing.assert_allclose(worker.embed(one_colour((256, 128))).features[0], unit(BGR), atol=1e-5)
    write_card(path, channels="RGB")  # and a card says more than a name
    np.testing.assert_allclose(make(path).embed(one_colour((256, 128))).features[0], unit(BGR[::-1]), atol=1e-5)


@needs_openvino
@needs_onnxruntime
@pytest.mark.parametrize(
    ("tail", "dim"),
    [
        pytest.param("mean", 3, id="3 numbers"),
        pytest.param("pooled", 3, id="3 numbers of 1 x 1"),
        pytest.param("grid", 24, id="24 numbers"),
    ],
)
@pytest.mark.parametrize("batch", ["n", 1, 3], ids=["batch open", "batch of one", "batch of three"])
@pytest.mark.parametrize(("ending", "engine"), [(".xml", "openvino"), (".onnx", "openvino"), (".onnx", "onnxruntime")])
def test_any_batch_and_any_length(
    tmp_path: Path, ending: str, engine: str, batch: int | str, tail: str, dim: int
) -> None:
    path = save_network(tmp_path / f"theirs{ending}", tail, (batch, 3, *SIZE_HW))
    write_card(path)
    worker, pictures = make(path, engine), crops(7)
    whole = worker.embed(pictures)
    assert whole.features.shape == (7, dim)
    assert worker.feature_dim == dim
    np.testing.assert_allclose(np.linalg.norm(whole.features, axis=1), 1, atol=1e-6)
    alone = np.concatenate([worker.embed(pictures[i : i + 1]).features for i in range(7)])
    assert np.array_equal(whole.features, alone)
    if dim == 3:
        wanted = pictures.mean(axis=(1, 2))
        np.testing.assert_allclose(whole.features * whole.length[:, None], wanted, rtol=1e-4)


@needs_openvino
@pytest.mark.parametrize("ending", [".xml", ".onnx"])
def test_of_any_size_with_a_card(tmp_path: Path, ending: str) -> None:
    path = save_network(tmp_path / f"theirs{ending}", "mean", ("n", 3, "h", "w"))
    write_card(path, size_hw=[32, 16])
    worker = make(path)
    assert worker.size_hw == (32, 16)
    np.testing.assert_allclose(worker.embed(one_colour((32, 16))).features[0], unit(BGR), atol=1e-5)


@needs_openvino
def test_a_folder_with_one_network(tmp_path: Path) -> None:
    write_card(save_xml(tmp_path / "theirs.xml"))
    assert make(tmp_path).feature_dim == 3
    save_xml(tmp_path / "another.xml")
    with pytest.raises(WeightsError, match=r"holds 2 \.xml files \(expected the one of an OpenVINO network\)"):
        make(tmp_path)


@needs_openvino
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"chanels": "BGR", "channels": None}, "unknown key 'chanels'; did you mean 'channels'?", id="typo"
        ),
        pytest.param({"model": 5}, "unknown key 'model'; the keys of a card are size_hw, channels,", id="another key"),
        pytest.param({"std": None}, r"std is missing \(expected what each channel is divided by then\)", id="missing"),
        pytest.param({"channels": "GBR"}, r"channels: got 'GBR' \(expected 'RGB' or 'BGR'\)", id="no order"),
        pytest.param({"pixel_max": 256}, r"pixel_max: got 256 \(expected 1 or 255\)", id="no range"),
        pytest.param({"mean": [0, 0]}, "mean.2 is missing", id="two of three"),
        pytest.param({"std": [1, 0, 1]}, r"std.1: got 0 \(expected greater than 0\)", id="no deviation"),
        pytest.param({"mean": [0, float("nan"), 0]}, r"mean.1: got nan \(expected a finite number\)", id="no number"),
        pytest.param({"size_hw": [0, 32]}, r"size_hw.0: got 0 \(expected greater than or equal to 1\)", id="no size"),
        pytest.param({"size_hw": 64}, r"size_hw: got 64 \(expected a valid tuple\)", id="one side"),
    ],
)
def test_cards_that_do_not_fit(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    path = save_xml(tmp_path / "theirs.xml")
    write_card(path, **changes)
    with pytest.raises(ConfigError, match=f"^{tmp_path}/theirs.yaml: {said}") as caught:
        make(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [("[1, 2]", "not a mapping"), ("a: [", "not valid YAML at line 1")])
@needs_openvino
def test_cards_that_are_none(tmp_path: Path, text: str, said: str) -> None:
    path = save_xml(tmp_path / "theirs.xml")
    path.with_suffix(".yaml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        make(path)


def test_the_card_of_the_manual_is_one(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "embedders.md"
    (text,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "card.yaml").write_text(text)
    card = load(CardConfig, tmp_path / "card.yaml")
    assert (card.channels, card.pixel_max, card.mean, card.std) == ("RGB", 1, IMAGENET_MEAN, IMAGENET_STD)


def _without_bin(folder: Path) -> Path:
    path = save_xml(folder / "theirs.xml")
    path.with_suffix(".bin").unlink()
    return path


def _other_size(folder: Path) -> Path:
    path = save_xml(folder / "theirs.xml")
    write_card(path, size_hw=[128, 64])
    return path


def _known_name_other_size(folder: Path) -> Path:
    return save_xml(folder / f"{next(iter(KNOWN))}.xml")


def _open_size(folder: Path) -> Path:
    return save_onnx(folder / "theirs.onnx", "mean", ("n", 3, "h", "w"))


def _open_size_card_without(folder: Path) -> Path:
    path = _open_size(folder)
    write_card(path)
    return path


def _damaged(folder: Path) -> Path:
    path = save_xml(folder / "theirs.xml")
    path.write_text(path.read_text()[:400])
    return path


WANTED = r"\(expected a re-identification network, which gives a vector for each picture\)"


@needs_openvino
@pytest.mark.parametrize(
    ("save", "said"),
    [
        pytest.param(_without_bin, r"theirs.xml: the .bin file beside it is missing; copy both", id="no .bin"),
        pytest.param(_damaged, "theirs.xml: not a whole model", id="cut short"),
        pytest.param(lambda f: f / "no.xml", "no.xml: no such file", id="nothing there"),
        pytest.param(lambda f: f, r"holds 0 \.xml files", id="an empty folder"),
        pytest.param(
            lambda f: save_onnx(f / "theirs.onnx", "map", task="detect"),
            f"theirs.onnx: is a detector {WANTED}",
            id="YOLO",
        ),
        pytest.param(
            lambda f: save_xml(f / "theirs.xml", "map"),
            rf"theirs.xml: gives an output of \(2, 3, 4, 2\) for two pictures {WANTED}",
            id="a map of features",
        ),
        pytest.param(
            lambda f: save_xml(f / "theirs.xml", "grey"),
            rf"an output of \(2, 1\) for two pictures {WANTED}",
            id="a number",
        ),
        pytest.param(
            lambda f: save_xml(f / "theirs.xml", "one batch"), r"an output of \(1, 12\) for two", id="a batch as one"
        ),
        pytest.param(
            lambda f: save_two_inputs(f / "theirs.onnx"),
            r"theirs.onnx: takes 2 inputs \(expected one, pictures of \(N, 3, H, W\)\)",
            id="two inputs",
        ),
        pytest.param(
            lambda f: save_onnx(f / "theirs.onnx", "NHWC", ("n", *SIZE_HW, 3)),
            r"takes an input of \(any, 64, 32, 3\) \(expected pictures of \(N, 3, H, W\)\)",
            id="channels last",
        ),
        pytest.param(
            _other_size, "theirs.xml: takes pictures of 64x32 .expected 128x64, as is said of it", id="other size"
        ),
        pytest.param(_known_name_other_size, "takes pictures of 64x32 .expected 256x128, as is said of it", id="name"),
        pytest.param(
            _open_size,
            "theirs.onnx: the network takes pictures of any size, and nothing says of which "
            r"\(expected a card beside it, theirs.yaml: size_hw, channels, pixel_max, mean and std\)",
            id="any size without a card",
        ),
        pytest.param(
            _open_size_card_without,
            r"theirs.yaml: the network takes .* \(expected size_hw: \[height, width\]\)",
            id="any size, and a card without",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, save: Callable[[Path], Path], said: str) -> None:
    path = save(tmp_path)
    with pytest.raises(WeightsError, match=said) as caught:
        make(path)
    assert "\n" not in str(caught.value)


@needs_onnxruntime
@pytest.mark.parametrize(
    ("save", "said"),
    [
        pytest.param(lambda f: save_two_inputs(f / "theirs.onnx"), "theirs.onnx: takes 2 inputs", id="two inputs"),
        pytest.param(
            lambda f: save_onnx(f / "theirs.onnx", "NHWC", ("n", *SIZE_HW, 3)), "takes an input of", id="channels last"
        ),
        pytest.param(lambda f: save_onnx(f / "theirs.onnx", "map"), r"an output of \(2, 3, 4, 2\)", id="a map"),
        pytest.param(lambda f: save_onnx(f / "theirs.onnx", "map", task="detect"), "is a detector", id="YOLO"),
        pytest.param(
            lambda f: save_onnx(f / "theirs.onnx", "of four channels", ("n", "c", *SIZE_HW)),
            r"theirs.onnx: does not run on pictures \(.*\)",
            id="fails",
        ),
    ],
)
def test_onnx_runtime_refuses_the_same(tmp_path: Path, save: Callable[[Path], Path], said: str) -> None:
    with pytest.raises(WeightsError, match=said) as caught:
        make(save(tmp_path), "onnxruntime")
    assert "\n" not in str(caught.value)


@needs_openvino
def test_the_digest_is_of_all_that_makes_features(tmp_path: Path) -> None:
    path = save_xml(tmp_path / "theirs.xml")
    content = path.read_bytes() + path.with_suffix(".bin").read_bytes()
    assert used(path).sha256 == {"theirs.xml": hashlib.sha256(content).hexdigest()}
    content += write_card(path).read_bytes()
    assert used(path).sha256 == {"theirs.xml": hashlib.sha256(content).hexdigest()}
    alone = save_onnx(tmp_path / "other.onnx")
    assert used(alone).sha256 == {"other.onnx": hashlib.sha256(alone.read_bytes()).hexdigest()}


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A network of 24 numbers that tells the walkers of the scene apart by their clothes."""
    path = save_xml(tmp_path / "theirs.xml", "grid", (1, 3, *SIZE_HW))
    write_card(path, mean=[118, 118, 118])
    return path


@needs_openvino
def test_commands_take_it(theirs: Path, scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run, its gallery, a search, features of pictures, and the same from Python."""
    run, people = tmp_path / "run", tmp_path / "people.db"
    words = [*scene.arguments("--out", run, "--no-video", "--gallery", people, "--quiet")]
    words[words.index("--engine") + 1] = "auto"
    words[words.index("--reid") + 1] = str(theirs)
    assert main(words) == 0
    record = read_json(run / "run.json")
    assert record["weights"]["reid"] == {
        "path": str(theirs),
        "sha256": dict(used(theirs).sha256),
        "engine": "openvino cpu",
        "priors": {},
    }
    entries = read_json(run / "identities.json")
    assert len(entries) == 4
    assert all(entry["cameras"] == ["left", "right"] for entry in entries)

    picture = next((run / "crops" / "1").glob("*.jpg"))
    common = ["--reid", str(theirs), "--quiet"]
    assert main(["search", str(picture), "--gallery", str(run), *common, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["identity"] == 1
    assert main(["search", str(picture), "--gallery", str(people), *common]) == 0
    assert main(["embed", str(picture), *common, "--out", str(tmp_path / "f.npz")]) == 0
    features = read_features(tmp_path / "f.npz").features
    assert features.shape == (1, 24)
    np.testing.assert_allclose(ReidModel(theirs).embed([picture]), features, atol=1e-6)


@needs_openvino
def test_a_gallery_keeps_to_one_network(
    theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("anna.png", crops(1)[0])
    words = [
        "enroll",
        "Anna",
        "anna.png",
        "--gallery",
        "people.db",
        "--reid",
        str(theirs),
        "--box",
        "0",
        "0",
        "32",
        "64",
    ]
    assert main([*words, "--quiet"]) == 0
    write_card(theirs, channels="RGB", mean=[118, 118, 118])  # the same file, other features
    capsys.readouterr()
    assert main(words) == 4
    assert "its features were made by other re-ID weights" in capsys.readouterr().err


def test_a_wrong_card_is_one_line(theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_card(theirs, **{**CARD, "pixel_mx": 1})
    assert main(["embed", str(tmp_path), "--reid", str(theirs), "--out", str(tmp_path / "f.npz")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"error: {theirs.with_suffix('.yaml')}: unknown key 'pixel_mx'; did you mean 'pixel_max'?"
