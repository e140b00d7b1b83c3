"""Every training that ships is built; every way to ask for something impossible gets one clear line."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from people import paint_people

from reidtrack.cli.main import main
from reidtrack.config.load import load
from reidtrack.config.train import TrainConfig
from reidtrack.errors import ConfigError, ReidtrackError, WeightsError
from reidtrack.models.card import ModelCard
from reidtrack.models.checkpoint import save_checkpoint
from reidtrack.models.zoo import build_model
from reidtrack.pipeline.training.build import (
    LearningTargets,
    check_parts,
    make_draw,
    make_network,
    make_numerics,
    make_rate,
    make_trainer,
)
from reidtrack.pipeline.training.tensorboard import Events
from reidtrack.train.parallel import Group
from reidtrack.train.trainer import Batch

NOBODY = LearningTargets((4,), np.zeros(0, np.int64), np.zeros((0, 0), np.float32), ())
"""Four persons, no teacher."""
CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "train"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paint_people(tmp_path_factory.mktemp("people") / "people", people=4, images=4)


@pytest.mark.parametrize("path", [pytest.param(p, id=p.stem) for p in sorted(CONFIGS.glob("*.yaml"))])
def test_every_training_takes_a_step(path: Path) -> None:
    torch.set_num_threads(1)
    config = load(
        TrainConfig, path, ["model.init=random", "model.frozen_statistics=false", "device=cpu", "precision=fp32"]
    )
    person, target = torch.tensor([0, 0, 1, 1]), torch.randn(4, 256 * len(config.distill.teachers)) / 16
    learnt = LearningTargets((4,), person.numpy(), target.numpy(), (256,) * len(config.distill.teachers))
    trainer, card = make_trainer(config, learnt, make_numerics(config), Group())
    check_parts(config.batch, 1)
    images = torch.randint(0, 256, (4, 64, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    learning = [p for p in trainer.model.parameters() if p.requires_grad]
    before = [p.detach().clone() for p in learning]
    trainer.take(Batch(images, person, torch.tensor([0, 1, 0, 1]), target), rate=1.0)
    changed = [not torch.equal(a, b) for a, b in zip(before, learning, strict=True)]
    assert sum(changed) > 0.9 * len(changed)
    assert 0 < trainer.sums()["loss"] < 1000
    assert trainer.features(images).shape == (4, card.feature_dim)
    rate = make_rate(config.optim, sum(stage.epochs for stage in config.stages))
    assert 0 < rate(3.0) <= 1
    person = torch.arange(64).repeat_interleave(6).numpy()
    rows = make_draw(config.batch)(person, person % 2, np.random.default_rng(0))
    assert rows.shape[1] == config.batch.size


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        pytest.param(["optim.lrr=1"], "did you mean 'optim.lr'", id="misspelt"),
        pytest.param(["batch.images=5"], "divides batch.size (64)", id="persons cut in two"),
        pytest.param(["batch.size=4"], "two persons or more", id="one person a batch"),
        pytest.param(["batch.sampler=shuffle"], "they need a pk sampler", id="triplets without pairs"),
        pytest.param(["stages=[]"], "at least 1 item", id="no stage"),
        pytest.param(["stages=[{epochs: 1, size: [100, 50]}]"], "a multiple of 16", id="odd size"),
        pytest.param(["augment.flip=2"], "less than or equal to 1", id="no probability"),
        pytest.param(["model.classes_from=teacher"], "needs distill.teachers", id="class weights of nobody"),
        pytest.param(["loss.identity_weight=0", "loss.triplet=0"], "nothing to minimise", id="no loss at all"),
        pytest.param(
            ["loss.identity_weight=0", "loss.triplet=0", "distill.teachers=[x]", "distill.embedding=0"],
            "nothing to minimise",
            id="teachers that do not count",
        ),
        pytest.param(["optim.ema=1"], "less than 1", id="an average that never moves"),
    ],
)
def test_settings_that_cannot_be(overrides: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(TrainConfig, None, overrides)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        pytest.param(["device=cpu", "precision=fp16"], "fp16 is for GPUs", id="fp16 on the CPU"),
        pytest.param(["device=gpu"], "unknown device 'gpu'", id="unknown device"),
        pytest.param(["model.architecture=osnet_x1"], "did you mean 'osnet_x1_0'", id="unknown network"),
        pytest.param(["model.init=none.pth"], "no such file", id="no starting weights"),
        pytest.param(["model.init=imagenet"], "no ImageNet weights for osnet_x1_0", id="none published"),
    ],
)
def test_parts_that_cannot_be_made(overrides: list[str], said: str) -> None:
    config = load(TrainConfig, None, overrides)
    with pytest.raises(ReidtrackError) as caught:
        make_trainer(config, NOBODY, make_numerics(config), Group())
    assert said in str(caught.value)


@pytest.mark.parametrize(("size", "processes"), [(64, 3), (64, 16), (8, 2)])
def test_batches_that_cannot_be_shared(size: int, processes: int) -> None:
    config = load(TrainConfig, None, [f"batch.size={size}"])
    with pytest.raises(ReidtrackError, match=rf"a batch of {size} cannot be cut into {processes} parts"):
        check_parts(config.batch, processes)


def test_starting_weights_lose_their_classifier(tmp_path: Path) -> None:
    torch.manual_seed(5)
    source = build_model("osnet_x0_25", 9)
    save_checkpoint(tmp_path / "w.safetensors", source, ModelCard("osnet_x0_25", mean=(0.5, 0.5, 0.5)))
    init = f"model.init={tmp_path / 'w.safetensors'}"
    model, loaded, card = make_network(load(TrainConfig, None, ["model.architecture=osnet_x0_25", init]), 4)
    assert torch.equal(model.state_dict()["conv1.conv.weight"], source.state_dict()["conv1.conv.weight"])
    assert model.state_dict()["classifier.weight"].shape == (4, 512)
    assert len(loaded) == len(model.state_dict()) - 2
    assert card.mean == (0.5, 0.5, 0.5)
    with pytest.raises(WeightsError, match=r"weights of osnet_x0_25 .expected weights of osnet_ain_x1_0"):
        make_network(load(TrainConfig, None, ["model.architecture=osnet_ain_x1_0", init]), 4)


def test_a_narrower_network_is_widened(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    source = build_model("osnet_x0_25", 9).eval()
    save_checkpoint(tmp_path / "w.safetensors", source, ModelCard("osnet_x0_25"))
    init = f"model.init={tmp_path / 'w.safetensors'}"
    model, loaded, card = make_network(load(TrainConfig, None, ["model.architecture=osnet_x0_5", init]), 4)
    assert card.architecture == "osnet_x0_5"
    assert len(loaded) == len(model.state_dict()) - 2
    assert "w.safetensors: widened to osnet_x0_5" in caplog.text
    x = torch.randn(2, 3, 64, 32)
    torch.testing.assert_close(model.eval()(x), source(x), rtol=1e-3, atol=1e-3)


def test_imagenet_or_random_says_which(caplog: pytest.LogCaptureFixture) -> None:
    config = load(TrainConfig, None, ["model.architecture=osnet_x0_25", "model.init=imagenet-or-random"])
    assert make_network(config, 4)[1] == ()
    assert "random starting weights instead of ImageNet's" in caplog.text


def test_events_for_tensorboard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written: list[Any] = []
    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = lambda folder: types.SimpleNamespace(  # type: ignore[attr-defined]
        add_scalar=lambda *scalar: written.append(scalar), flush=lambda: None
    )
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    events = Events(tmp_path)
    events.write({"epoch": 2.0, "loss": 0.5, "market1501 mAP": 0.25})
    assert written == [("loss", 0.5, 2), ("market1501/mAP", 0.25, 2)]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ReidtrackError, match=r"pip install reidtrack\[tensorboard\]"):
        Events(tmp_path)


TINY = ["model.architecture=osnet_x0_25", "stages=[{epochs: 1, size: [48, 32]}]", "batch.size=8", "threads=1"]


def test_the_command(tmp_path: Path, people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    begin = ["train", "--data", f"folder={people}", "--hold-out", "2", "--device", "cpu", "--out", str(out)]
    assert main([*begin, "--set", *TINY]) == 0
    said = capsys.readouterr()
    assert "epoch 1 of 1 training: " in said.err
    assert " steps/s, loss " in said.err
    assert "minutes left in all 0" in said.err
    assert "epoch 1: 48x32, loss" in said.err
    assert "people-held-out rank1" in said.err
    assert said.out == f"{out / 'model.safetensors'}: 1 epochs; log.csv and curves.png beside it\n"
    assert (out / "triplets.png").stat().st_size > 1000
    assert main(["train", "--resume", "--out", str(out), "--quiet"]) == 0  # there is nothing left to do
    assert main([*begin, "--set", *TINY]) == 5
    assert "holds a training; --resume goes on with it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param([], 2, "no data set to train on; --data market1501=DIR", id="no data"),
        pytest.param(["--data", "market1501"], 2, "expected NAME=DIR", id="no folder"),
        pytest.param(["--data", "market=x"], 2, "did you mean market1501", id="unknown data set"),
        pytest.param(["--data", "market1501=nowhere"], 3, "nowhere", id="wrong folder"),
        pytest.param(
            ["--data", "folder={people}", "--hold-out", "9"], 2, "cannot hold out 9", id="too few to hold out"
        ),
        pytest.param(["--data", "folder={people}", "--hold-out", "3"], 3, "one person only", id="one left"),
        pytest.param(["--data", "folder={people}"], 2, "4 persons in training", id="fewer persons than a batch"),
        pytest.param(["--resume"], 2, "no training to resume", id="nothing to resume"),
    ],
)
def test_impossible_commands(
    tmp_path: Path, people: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    given = [argument.format(people=people) for argument in arguments]
    small = ["--set", "model.architecture=osnet_x0_25", "device=cpu"]
    assert main(["train", *given, "--out", str(tmp_path / "out"), *small]) == code
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
