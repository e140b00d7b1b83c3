"""The tool that measures what is known of a network beforehand, on painted people, and what runs make of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from people import paint_people

from reidtrack.engines.provenance import Weights
from reidtrack.errors import UsageError
from reidtrack.models.card import ModelCard
from reidtrack.models.checkpoint import load_checkpoint, save_checkpoint
from reidtrack.models.zoo import build_model
from tools import measure_priors


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"folder={paint_people(tmp_path_factory.mktemp('people') / 'all', people=30, images=4)}"


def network(path: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    save_checkpoint(path, build_model("osnet_x0_25"), ModelCard("osnet_x0_25", size_hw=(64, 32)), "float16")
    return path


def call(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["measure_priors", *map(str, words)])
    measure_priors.main()


def test_the_card_gets_priors_and_the_weights_stay(data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = network(tmp_path / "w.safetensors", 1)
    before = load_checkpoint(path)
    call(monkeypatch, path, "--data", data, "--hold-out", 25)
    found = load_checkpoint(path)
    prior = Weights(str(path), priors=found.card.priors).prior
    assert prior.mean is not None
    assert prior.mean.shape == (512,)
    assert prior.measured == "25 people of folder"
    for key, value in before.model.state_dict().items():
        assert torch.equal(found.model.state_dict()[key], value)
    assert (found.card.size_hw, dict(before.card.priors)) == ((64, 32), {})


def test_the_judge_tells_distances_and_the_network_its_mean(
    data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last, judge = network(tmp_path / "last.safetensors", 1), network(tmp_path / "judge.safetensors", 2)
    told: dict[str, dict[str, Any]] = {}
    for name, words in {"own": (last,), "judged": (last, "--judge", judge), "judge": (judge,)}.items():
        call(monkeypatch, *words, "--data", data, "--hold-out", 0, "--out", tmp_path / f"{name}.json")
        told[name] = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert told["judged"]["mean"] == told["own"]["mean"] != told["judge"]["mean"]
    assert told["judged"]["distances"] == told["judge"]["distances"] != told["own"]["distances"]
    assert not load_checkpoint(last).card.priors


def test_more_people_than_there_are(data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="cannot hold out 31 identities"):
        call(monkeypatch, network(tmp_path / "w.safetensors", 1), "--data", data, "--hold-out", 31)
