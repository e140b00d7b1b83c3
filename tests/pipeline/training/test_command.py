"""A whole training of seconds: it learns, it stops in good order, it goes on with the very next step."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from cancel_after import CancelAfter
from people import paint_people

from reidtrack.config.load import load
from reidtrack.config.train import TrainConfig
from reidtrack.errors import ReidtrackError
from reidtrack.models.checkpoint import load_checkpoint
from reidtrack.pipeline.training.train import Trained, train

TINY = {
    "device": "cpu",
    "precision": "fp32",
    "threads": 1,
    "data.hold_out": 3,
    "model.architecture": "osnet_x0_25",
    "stages": [{"epochs": 5, "size": [48, 32]}, {"epochs": 1, "size": [64, 32]}],
    "batch": {"size": 8, "images": 4},
    "augment": {"flip": 0.5, "shift": 0.05, "zoom": 0.1, "hue": 0.02, "blur": 0.2, "patch": 0.3, "erase": 0.2},
    "loss.triplet_normalise": True,
    "optim": {"lr": 0.002, "warmup_epochs": 0.5, "ema": 0.9},
    "validation.every": 2,
}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paint_people(tmp_path_factory.mktemp("people") / "people", people=9, images=8)


def settings(people: Path, **others: object) -> TrainConfig:
    sets = [{"name": "folder", "root": str(people)}]
    return load(TrainConfig, options={"data.sets": sets, **TINY, **others})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, people: Path) -> Trained:
    return train(settings(people), tmp_path_factory.mktemp("whole") / "out")


def tensors(trained: Trained) -> Mapping[str, torch.Tensor]:
    return load_checkpoint(trained.weights).model.state_dict()


def without_times(trained: Trained) -> list[dict[str, float]]:
    return [{k: v for k, v in row.items() if k not in ("seconds", "images_per_s")} for row in trained.log]


def test_the_loss_falls_and_everything_is_written(whole: Trained) -> None:
    assert whole.finished
    losses = [row["loss"] for row in whole.log]
    assert losses[4] < 0.9 * losses[0]
    folder = whole.weights.parent
    assert {p.name for p in folder.iterdir()} == {
        "config.yaml",
        "curves.png",
        "log.csv",
        "model.safetensors",
        "state.pt",
        "triplets.png",
    }
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["epoch"], row["height"]) for row in rows] == [
        *((str(epoch), "48") for epoch in range(1, 6)),
        ("6", "64"),
    ]
    assert [bool(row["people-held-out mAP"]) for row in rows] == [False, True] * 3


def test_the_card_says_what_it_is(whole: Trained) -> None:
    card = load_checkpoint(whole.weights).card
    assert (card.architecture, card.size_hw) == ("osnet_x0_25", (64, 32))
    assert card.data == "people-held-out: 48 images of 6 persons by 2 cameras"
    assert card.figures["people-held-out mAP"] == pytest.approx(whole.log[-1]["people-held-out mAP"])


@pytest.mark.parametrize("steps", [4, 32], ids=["within an epoch", "in the last stage"])
def test_a_resumed_training_ends_with_the_same_weights(
    tmp_path: Path, people: Path, whole: Trained, steps: int
) -> None:
    config = settings(people)
    first = train(config, tmp_path / "out", cancel=CancelAfter(steps))
    assert not first.finished
    torch.manual_seed(steps)  # what else draws random numbers does not matter
    second = train(config, tmp_path / "out", resume=True)
    assert second.finished
    assert without_times(second) == without_times(whole)
    other = tensors(second)
    for name, value in tensors(whole).items():
        assert torch.equal(value, other[name]), name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"optim": {"lr": 0.1}}, "optim differs from the training that shall be resumed", id="settings"),
        pytest.param({"device": "cuda:99"}, "cuda", id="device"),
    ],
)
def test_a_resume_that_does_not_fit(people: Path, whole: Trained, change: dict[str, object], said: str) -> None:
    with pytest.raises(ReidtrackError, match=said):
        train(settings(people, **change), whole.weights.parent, resume=True)


STEPS = {"optim": {"lr": 0.002, "warmup_epochs": 0.5, "schedule": "steps", "steps": [1]}, "validation.every": 0}
"""A rate that does not depend on how many epochs there are."""


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param([(1, 48)], [(2, 48)], id="a longer stage"),
        pytest.param([(1, 48)], [(1, 48), (1, 64)], id="a further stage"),
    ],
)
def test_more_epochs_after_a_training_that_has_ended(
    tmp_path: Path, people: Path, first: list[tuple[int, int]], then: list[tuple[int, int]]
) -> None:
    def asked(stages: list[tuple[int, int]]) -> TrainConfig:
        return settings(people, **STEPS, stages=[{"epochs": epochs, "size": [side, 32]} for epochs, side in stages])

    assert train(asked(first), tmp_path / "out").finished
    grown = train(asked(then), tmp_path / "out", resume=True)
    straight = train(asked(then), tmp_path / "straight")
    assert grown.finished
    assert len(grown.log) == sum(epochs for epochs, _ in then)
    learned = tensors(grown)
    for name, value in tensors(straight).items():
        assert torch.equal(value, learned[name]), name
    assert load(TrainConfig, tmp_path / "out" / "config.yaml") == asked(then)  # what --resume alone goes on from


@pytest.mark.parametrize(
    "stages",
    [
        pytest.param([(4, 48), (1, 64)], id="fewer"),
        pytest.param([(5, 48)], id="the last one gone"),
        pytest.param([(5, 48), (0, 64)], id="none of the last"),
        pytest.param([(5, 48), (1, 48)], id="another size"),
        pytest.param([(6, 48), (1, 64)], id="one that is over longer"),
    ],
)
def test_other_stages_are_not_more_epochs(people: Path, whole: Trained, stages: list[tuple[int, int]]) -> None:
    with pytest.raises(ReidtrackError, match=r"stages differs.*the last stage may have more epochs|stages.1.epochs"):
        asked = [{"epochs": epochs, "size": [side, 32]} for epochs, side in stages]
        train(settings(people, stages=asked), whole.weights.parent, resume=True)


def test_a_folder_with_a_training_is_not_overwritten(people: Path, whole: Trained) -> None:
    with pytest.raises(ReidtrackError, match="holds a training; resume=True goes on with it"):
        train(settings(people), whole.weights.parent)


def test_starting_weights_are_not_needed_again(tmp_path: Path, people: Path, whole: Trained) -> None:
    init = tmp_path / "start.safetensors"
    init.write_bytes(whole.weights.read_bytes())
    short = {"model.init": str(init), "model.frozen_epochs": 1, "stages": [{"epochs": 2, "size": [48, 32]}]}
    config = settings(people, **short, **{"optim.new_layers": 3})
    straight = train(config, tmp_path / "straight")
    assert straight.log[0]["loss"] < whole.log[0]["loss"]
    train(config, tmp_path / "out", cancel=CancelAfter(2))
    init.unlink()
    assert without_times(train(config, tmp_path / "out", resume=True)) == without_times(straight)
