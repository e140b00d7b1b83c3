"""People nobody named, whom the teachers alone judge: a whole training with them, and what is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch
from cancel_after import CancelAfter
from people import paint_people

from reidtrack.config.load import load
from reidtrack.config.train import TrainConfig
from reidtrack.errors import ReidtrackError
from reidtrack.models.card import ModelCard
from reidtrack.models.checkpoint import load_checkpoint, save_checkpoint
from reidtrack.models.zoo import build_model
from reidtrack.pipeline.training.train import train

TINY = ["model.architecture=osnet_x0_25", "stages=[{epochs: 2, size: [48, 32]}]", "batch.size=8", "threads=1"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with names and, at two depths, without; a teacher."""
    root = tmp_path_factory.mktemp("unlabelled")
    paint_people(root / "people", people=4, images=4)
    paint_people(root / "crops", people=2, images=3, seed=5)
    paint_people(root / "more" / "deep", people=1, images=4, seed=6)
    (root / "more" / "notes.txt").write_text("no picture")
    (root / "empty").mkdir()
    save_checkpoint(
        root / "teacher.safetensors",
        build_model("osnet_lct_x0_25"),
        ModelCard("osnet_lct_x0_25", (64, 32), feature_dim=256),
    )
    return root


def configured(root: Path, *overrides: str) -> TrainConfig:
    return load(
        TrainConfig,
        None,
        [
            *TINY,
            f"data.sets=[{{name: folder, root: {root / 'people'}}}]",
            f"data.unlabelled=[{root / 'crops'}, {root / 'more'}]",
            "batch.unlabelled=4",
            f"distill.teachers=[{root / 'teacher.safetensors'}]",
            "distill.relation=1",
            "device=cpu",
            "precision=fp32",
            *overrides,
        ],
    )


def test_they_are_learnt_from_and_told_of(
    tmp_path: Path, folders: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in its second epoch and gone on with, the training ends with the very same weights."""
    caplog.set_level("INFO")
    whole = train(configured(folders), tmp_path / "whole")
    assert "10 unlabelled images, 4 beside each batch of 8" in caplog.text
    steps = [row["unlabelled_images"] / 4 for row in whole.log]
    assert steps == [2.0] * 2  # 16 pictures with labels, 8 a batch
    with (tmp_path / "whole" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert all(0 < float(row["unlabelled"]) < 2 for row in rows)
    card = load_checkpoint(whole.weights).card
    assert card.data == "people: 16 images of 4 persons by 2 cameras; 10 unlabelled images"

    assert not train(configured(folders), tmp_path / "out", cancel=CancelAfter(3)).finished
    torch.manual_seed(9)
    second = train(configured(folders), tmp_path / "out", resume=True)
    assert [row["loss"] for row in second.log] == [row["loss"] for row in whole.log]
    expected, found = (load_checkpoint(one.weights).model.state_dict() for one in (whole, second))
    assert all(torch.equal(value, found[name]) for name, value in expected.items())

    monkeypatch.setattr("reidtrack.pipeline.training.train.read_unlabelled", lambda _: ())
    monkeypatch.setattr("reidtrack.pipeline.training.train._check_unlabelled", lambda *_: None)
    with pytest.raises(ReidtrackError, match=r"0 pictures without labels .expected 10, as when the training began"):
        train(configured(folders), tmp_path / "out", resume=True)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        pytest.param(["distill.teachers=[]"], "data.unlabelled needs distill.teachers", id="no teacher"),
        pytest.param(["distill.embedding=0", "distill.relation=0"], "above 0", id="a teacher who does not count"),
        pytest.param(["batch.unlabelled=0"], "data.unlabelled and batch.unlabelled go together", id="none a batch"),
        pytest.param(["data.unlabelled=[]"], "data.unlabelled and batch.unlabelled go together", id="no folder"),
        pytest.param(["batch.unlabelled=-1"], "greater than or equal to 0", id="fewer than none"),
        pytest.param(["batch.unlabelled=33"], "at most 32", id="hardly any label"),
        pytest.param(["batch.unlabelled=11"], "expected at most the 10 in data.unlabelled", id="more than there are"),
        pytest.param(["batch.unlabelled=5", "batch.accumulate=2", "batch.images=2"], "multiple of 2", id="uneven"),
        pytest.param(["data.unlabelled=[{root}/empty]"], "no picture in or below it", id="an empty folder"),
        pytest.param(["data.unlabelled=[{root}/none]"], "is not there", id="no such folder"),
    ],
)
def test_what_cannot_be(tmp_path: Path, folders: Path, overrides: list[str], said: str) -> None:
    with pytest.raises(ReidtrackError) as caught:
        train(configured(folders, *(text.format(root=folders) for text in overrides)), tmp_path / "out")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
