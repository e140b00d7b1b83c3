"""Checkpoints: what is read, what is refused and in which words."""

from __future__ import annotations

import json
import logging
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reidtrack.errors import OutputError, WeightsError
from reidtrack.models.card import ModelCard, card_from_json, card_to_json
from reidtrack.models.checkpoint import CARD_KEY, load_checkpoint, save_checkpoint
from reidtrack.models.zoo import build_model

NAME = "osnet_x0_25"
Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def weights() -> Weights:
    torch.manual_seed(0)
    return {key: value.clone() for key, value in build_model(NAME, 5).state_dict().items()}


def feature(model: torch.nn.Module) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    with torch.inference_mode():
        out: torch.Tensor = model.eval()(torch.randn(2, 3, 64, 32, generator=generator))
    return out


def adam() -> dict[str, Any]:
    return torch.optim.Adam([torch.nn.Parameter(torch.zeros(3))]).state_dict()


def steps() -> dict[str, Any]:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(3))], lr=0.1)
    return torch.optim.lr_scheduler.MultiStepLR(optimiser, [20, 40]).state_dict()


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda w: w, id="plain"),
        pytest.param(lambda w: {"state_dict": w, "epoch": 60}, id="under state_dict"),
        pytest.param(lambda w: {"model": w}, id="under model"),
        pytest.param(lambda w: {f"module.{k}": v for k, v in w.items()}, id="of parallel training"),
        pytest.param(lambda w: {"model_state_dict": w, "loss": 0.5}, id="under model_state_dict"),
        pytest.param(lambda w: {"model": {"state_dict": w}}, id="wrapped twice"),
        pytest.param(lambda w: {"state_dict": {f"model.{k}": v for k, v in w.items()}}, id="of Lightning"),
        pytest.param(lambda w: {"model": {f"backbone.{k}": v for k, v in w.items()}}, id="a backbone"),
        pytest.param(lambda w: {f"_orig_mod.module.{k}": v for k, v in w.items()}, id="compiled, in parallel"),
        pytest.param(lambda w: {"state_dict": w, "rank1": np.float32(0.8), "epoch": np.int64(3)}, id="NumPy's numbers"),
        pytest.param(lambda w: {"state_dict": w, "optimizer": adam(), "scheduler": steps()}, id="torchreid's engine"),
        pytest.param(lambda w: {k: v for k, v in w.items() if not k.startswith("classifier")}, id="no classifier"),
        pytest.param(
            lambda w: {**w, "classifier.weight": torch.ones(9, 512), "classifier.bias": torch.ones(9)}, id="9 ids"
        ),
    ],
)
def test_torch_files_are_read(tmp_path: Path, weights: Weights, wrap: Callable[[Weights], Any]) -> None:
    torch.save(wrap(weights), tmp_path / "w.pth")
    loaded = load_checkpoint(tmp_path / "w.pth")
    model = build_model(NAME, 5)
    model.load_state_dict(weights)
    assert torch.equal(feature(loaded.model), feature(model))
    assert not loaded.model.training
    assert loaded.card.architecture == NAME


def test_what_was_assumed_is_said(tmp_path: Path, weights: Weights, caplog: pytest.LogCaptureFixture) -> None:
    torch.save(weights, tmp_path / "w.pth")
    with caplog.at_level(logging.INFO):
        card = load_checkpoint(tmp_path / "w.pth").card
    assert "architecture osnet_x0_25 inferred" in caplog.text
    assert "preprocessing 256x128, RGB, ImageNet" in caplog.text
    assert (card.size_hw, card.feature_dim, card.source) == ((256, 128), 512, "w.pth")


@pytest.mark.parametrize("name", ["osnet_x1_0", "osnet_x0_5", "osnet_ibn_x0_25", "osnet_ain_x0_75"])
def test_architecture_is_inferred(tmp_path: Path, name: str) -> None:
    torch.save(build_model(name, 3).state_dict(), tmp_path / "w.pth")
    assert load_checkpoint(tmp_path / "w.pth").card.architecture == name


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 0.0), ("float16", 2e-2)])
def test_card_and_weights_survive_a_round_trip(tmp_path: Path, weights: Weights, dtype: Any, tolerance: float) -> None:
    model = build_model(NAME, 5)
    model.load_state_dict(weights)
    card = ModelCard(NAME, (128, 64), (0.5, 0.4, 0.3), (0.3, 0.2, 0.1), 512, "trained on a sample")
    sha256 = save_checkpoint(tmp_path / "w.safetensors", model, card, dtype)
    loaded = load_checkpoint(tmp_path / "w.safetensors")
    assert loaded.card == ModelCard(NAME, (128, 64), (0.5, 0.4, 0.3), (0.3, 0.2, 0.1), 512, card.source, sha256)
    torch.testing.assert_close(feature(loaded.model), feature(model), rtol=tolerance, atol=tolerance)
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_safetensors_without_card_is_inferred(tmp_path: Path, weights: Weights) -> None:
    save_file(weights, tmp_path / "w.safetensors")
    assert load_checkpoint(tmp_path / "w.safetensors").card.architecture == NAME


def test_saving_into_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        save_checkpoint(tmp_path / "file" / "w.safetensors", build_model(NAME), ModelCard(NAME))
    with pytest.raises(ValueError, match="safetensors"):
        save_checkpoint(tmp_path / "w.pth", build_model(NAME), ModelCard(NAME))


class Hostile:
    """Creates a file when it is unpickled by a reader that trusts it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.mark,)


def test_numbers_of_numpy_1_are_read_too(tmp_path: Path, weights: Weights) -> None:
    """Files of before NumPy 2 name the maker of a number by its former module."""
    torch.save({"state_dict": weights, "rank1": np.float64(0.83)}, tmp_path / "new.pth", pickle_protocol=2)
    with zipfile.ZipFile(tmp_path / "new.pth") as new, zipfile.ZipFile(tmp_path / "old.pth", "w") as old:
        for item in new.infolist():
            data = new.read(item)
            if item.filename.endswith("data.pkl"):
                assert b"numpy._core.multiarray" in data
                data = data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
            old.writestr(item, data)
    assert load_checkpoint(tmp_path / "old.pth").card.architecture == NAME


@pytest.mark.parametrize("module", ["os", "posix", "builtins", "numpy"])
def test_what_numpys_numbers_allow_allows_nothing_else(tmp_path: Path, weights: Weights, module: str) -> None:
    torch.save({"state_dict": weights, "rank1": np.float64(0.83)}, tmp_path / "good.pth", pickle_protocol=2)
    with zipfile.ZipFile(tmp_path / "good.pth") as good, zipfile.ZipFile(tmp_path / "bad.pth", "w") as bad:
        for item in good.infolist():
            data = good.read(item)
            if item.filename.endswith("data.pkl"):
                data = data.replace(b"cnumpy._core.multiarray\nscalar\n", f"c{module}\nsystem\n".encode())
            bad.writestr(item, data)
    with pytest.raises(WeightsError, match="refused"):
        load_checkpoint(tmp_path / "bad.pth")


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "bare pickle"])
def test_a_malicious_pickle_is_refused_and_not_executed(tmp_path: Path, weights: Weights, legacy: bool) -> None:
    mark, path = tmp_path / "executed", tmp_path / "w.pth"
    content = {"state_dict": weights, "extra": Hostile(mark)}
    if legacy:
        path.write_bytes(pickle.dumps(Hostile(mark)))
    else:
        torch.save(content, path)
    with pytest.raises(WeightsError, match="refused"):
        load_checkpoint(path)
    assert not mark.exists()
    torch.load(path, weights_only=False) if not legacy else pickle.loads(path.read_bytes())
    assert mark.exists(), "the trap itself does not work, so the test shows nothing"


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("w.pth", None, "no such file", id="missing"),
        pytest.param("w.pth", lambda _: b"", "empty", id="empty"),
        pytest.param("w.pth", lambda _: b"these are not weights\n", "not a checkpoint", id="text"),
        pytest.param("w.pth", _cut, "cut short", id="truncated zip"),
        pytest.param("w.pth", lambda _: b"\x80\x02garbage", "refused", id="damaged pickle"),
        pytest.param("w.safetensors", lambda _: b"these are not weights\n", "not a whole safetensors", id="text st"),
        pytest.param("w.safetensors", lambda _: b"", "empty", id="empty st"),
        pytest.param("w.safetensors", lambda d: d, "not a whole safetensors", id="zip named safetensors"),
    ],
)
def test_damaged_files_are_refused(
    tmp_path: Path, weights: Weights, name: str, content: Callable[[bytes], bytes] | None, message: str
) -> None:
    torch.save(weights, tmp_path / "good")
    if content is not None:
        (tmp_path / name).write_bytes(content((tmp_path / "good").read_bytes()))
    with pytest.raises(WeightsError, match=message) as caught:
        load_checkpoint(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_truncated_safetensors_and_a_folder_are_refused(tmp_path: Path, weights: Weights) -> None:
    save_file(weights, tmp_path / "whole.safetensors")
    (tmp_path / "w.safetensors").write_bytes(_cut((tmp_path / "whole.safetensors").read_bytes()))
    with pytest.raises(WeightsError, match="not a whole safetensors"):
        load_checkpoint(tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_checkpoint(tmp_path)


def _without(key: str) -> Callable[[Weights], Any]:
    return lambda w: {k: v for k, v in w.items() if k != key}


def _nan(w: Weights) -> Weights:
    bad = w["fc.0.weight"].clone()
    bad[3, 4] = float("nan")
    return {**w, "fc.0.weight": bad}


@pytest.mark.parametrize(
    ("change", "architecture", "message"),
    [
        pytest.param(
            lambda w: {**w, "conv5.conv.weight": torch.zeros(128, 64, 1, 1)},
            NAME,
            r"conv5.conv.weight has shape \(128, 64, 1, 1\) \(expected \(128, 128, 1, 1\)\)",
            id="wrong shape",
        ),
        pytest.param(
            _without("fc.1.bias"), NAME, r"fc.1.bias is missing \(expected shape \(512,\)\)", id="missing key"
        ),
        pytest.param(lambda w: {**w, "head.bias": torch.zeros(1)}, NAME, "unexpected key head.bias", id="extra key"),
        pytest.param(_without("classifier.bias"), NAME, "classifier.bias is missing", id="half a classifier"),
        pytest.param(
            lambda w: {**w, "classifier.weight": torch.zeros(5, 256)},
            NAME,
            "classifier.weight has shape",
            id="head width",
        ),
        pytest.param(lambda w: {**w, "fc.1.bias": torch.zeros(512, dtype=torch.int64)}, NAME, "int64", id="integers"),
        pytest.param(_nan, NAME, "fc.0.weight holds NaN", id="NaN"),
        pytest.param(
            lambda w: w, "osnet_x0_5", r"conv1.conv.weight has shape \(16, .* not weights of osnet_x0_5", id="wrong"
        ),
        pytest.param(lambda w: w, "osnet_x025", "did you mean 'osnet_x0_25'", id="misspelt"),
        pytest.param(
            _without("fc.1.bias"), None, "nearest is osnet_x0_25, but fc.1.bias is missing", id="inferred near"
        ),
        pytest.param(lambda w: {"a": torch.zeros(1)}, None, "no known architecture", id="something else"),
        pytest.param(lambda w: {}, None, "no state dict", id="nothing"),
        pytest.param(lambda w: {"state_dict": 3}, None, "no state dict", id="no mapping"),
        pytest.param(lambda w: [1, 2], None, "no state dict", id="list"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    tmp_path: Path, weights: Weights, change: Callable[[Weights], Any], architecture: str | None, message: str
) -> None:
    torch.save(change(weights), tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=message):
        load_checkpoint(tmp_path / "w.pth", architecture)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "damaged model card", id="no JSON"),
        pytest.param("[]", "JSON object", id="no object"),
        pytest.param("{}", "architecture", id="no architecture"),
        pytest.param('{"architecture": "osnet_x0_25", "colour": "BGR"}', "unknown key 'colour'", id="unknown key"),
        pytest.param('{"architecture": "osnet_x0_25", "size_hw": [256]}', "size_hw", id="one side"),
        pytest.param('{"architecture": "osnet_x0_25", "size_hw": 256}', "damaged model card", id="no list"),
        pytest.param('{"architecture": "osnet_x0_25", "channels": "GBR"}', "RGB or BGR", id="no order"),
        pytest.param('{"architecture": "osnet_x0_25", "pixel_max": 256}', "1 or 255", id="no range"),
        pytest.param('{"architecture": "osnet_x0_25", "std": [0, 1, 1]}', "above 0", id="zero deviation"),
        pytest.param('{"architecture": "osnet_x0_25", "mean": [NaN, 0, 0]}', "mean", id="NaN for a mean"),
        pytest.param('{"architecture": "osnet_x0_25", "std": [NaN, 1, 1]}', "above 0", id="NaN for a deviation"),
        pytest.param('{"architecture": "osnet_x0_25", "std": [1e999, 1, 1]}', "above 0", id="an infinite deviation"),
        pytest.param('{"architecture": "osnet_x0_25", "size_hw": [200000, 100000]}', "2048", id="pictures of 240 GB"),
        pytest.param('{"architecture": "osnet_x0_25", "size_hw": [1e999, 1]}', "whole number", id="an infinite side"),
        pytest.param('{"architecture": "osnet_x0_25", "size_hw": [2.5, 1]}', "whole number", id="half a pixel"),
        pytest.param('{"architecture": "osnet_x0_25", "size_hw": ["a", 1]}', "damaged", id="a text for a side"),
        pytest.param('{"architecture": "osnet_x0_25", "feature_dim": 1e10}', "feature_dim", id="features of 40 GB"),
        pytest.param('{"architecture": "osnet_x0_25", "feature_dim": 256}', "features of 256", id="another length"),
        pytest.param('{"architecture": "osnet_x0_25", "source": 5}', "source", id="a number for a text"),
        pytest.param("[" * 100_000, "damaged model card", id="deep"),
        pytest.param('{"architecture": "osnet_x9"}', "unknown architecture", id="unknown architecture"),
    ],
)
def test_damaged_cards_are_refused(tmp_path: Path, weights: Weights, text: str, message: str) -> None:
    save_file(weights, tmp_path / "w.safetensors", metadata={CARD_KEY: text})
    with pytest.raises(WeightsError, match=message):
        load_checkpoint(tmp_path / "w.safetensors")


@pytest.mark.parametrize("where", [-1, -40_000, -200_000])
def test_one_flipped_bit_is_found(tmp_path: Path, where: int) -> None:
    path = tmp_path / "w.safetensors"
    save_checkpoint(path, build_model(NAME, 5), ModelCard(NAME))
    load_checkpoint(path)
    data = bytearray(path.read_bytes())
    data[where] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="not what was written"):
        load_checkpoint(path)


def test_a_card_that_was_changed_is_found(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_checkpoint(path, build_model(NAME, 5), ModelCard(NAME, source="here"), "float16")
    path.write_bytes(path.read_bytes().replace(b"here", b"hera"))
    with pytest.raises(WeightsError, match="not what was written"):
        load_checkpoint(path)


def test_a_tensor_that_claims_more_than_it_holds(tmp_path: Path, weights: Weights) -> None:
    torch.save(weights | {"classifier.weight": torch.zeros(1, 1).expand(10**9, 512)}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"claims \(1000000000, 512\) and holds less"):
        load_checkpoint(tmp_path / "w.pth")


def test_card_text_is_stable() -> None:
    card = ModelCard(NAME, source="here", sha256="abc")
    assert card_from_json(card_to_json(card)) == ModelCard(NAME, source="here")
    assert card_to_json(card) == card_to_json(card_from_json(card_to_json(card)))


def test_a_card_of_before_takes_pictures_as_it_did() -> None:
    card = card_from_json(json.dumps({"architecture": NAME, "source": "here"}))
    assert (card.channels, card.pixel_max) == ("RGB", 1)
    other = ModelCard(NAME, channels="BGR", pixel_max=255)
    assert card_from_json(card_to_json(other)) == other


@pytest.mark.shared
def test_published_weights_have_their_known_hash(shared: Path) -> None:
    card = load_checkpoint(shared / "weights/osnet_x0_25_msmt17.pth").card
    assert card.sha256 == "6f57607fed9f502b9efed546108132ee715df5a5b6e6932c6269bacb47f59f99"
    assert card.architecture == NAME
