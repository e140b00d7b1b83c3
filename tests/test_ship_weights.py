"""What is shipped of a training: half precision, a card with the figures, curves over all stages."""

from pathlib import Path

import pytest
import torch

from reidtrack.models.card import ModelCard
from reidtrack.models.checkpoint import load_checkpoint, save_checkpoint
from reidtrack.models.zoo import build_model
from reidtrack.train.log import write_log
from tools.ship_weights import one_after_another, read_log, ship


def _run(folder: Path, seed: int, *rows: dict[str, float]) -> Path:
    torch.manual_seed(seed)
    folder.mkdir()
    card = ModelCard("osnet_x0_25", size_hw=(128, 64), data="nobody")
    save_checkpoint(folder / "model.safetensors", build_model("osnet_x0_25"), card)
    write_log(folder / "log.csv", rows)
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    first = [{"epoch": 1.0, "seconds": 1800.0}, {"epoch": 2.0, "seconds": 1800.0, "m mAP": 0.4, "m rank1": 0.5}]
    return [_run(tmp_path / "a", 1, *first), _run(tmp_path / "b", 2, {"epoch": 1.0, "seconds": 900.0})]


def test_the_last_network_is_shipped_in_half_precision(runs: list[Path], tmp_path: Path) -> None:
    digest = ship(runs, tmp_path / "weights" / "w.safetensors", "us")
    found, before = (
        load_checkpoint(tmp_path / "weights" / "w.safetensors"),
        load_checkpoint(runs[1] / "model.safetensors"),
    )
    assert found.card.sha256 == digest
    assert (found.card.source, found.card.data, found.card.size_hw) == ("us", "nobody", (128, 64))
    assert (tmp_path / "weights" / "w.safetensors").stat().st_size < 0.6 * (
        runs[1] / "model.safetensors"
    ).stat().st_size
    for key, value in before.model.state_dict().items():
        torch.testing.assert_close(found.model.state_dict()[key], value, rtol=1e-3, atol=1e-7)


def test_held_out_figures_are_called_what_they_are(runs: list[Path], tmp_path: Path) -> None:
    ship(runs, tmp_path / "w.safetensors", "us")
    assert load_checkpoint(tmp_path / "w.safetensors").card.figures == {
        "before the last stage, m mAP": 0.4,
        "before the last stage, m rank1": 0.5,
        "epochs": 3.0,
        "hours of training": 1.25,
    }


def test_epochs_go_on_over_trainings(runs: list[Path]) -> None:
    rows = one_after_another([read_log(run) for run in runs])
    assert [row["epoch"] for row in rows] == [1.0, 2.0, 3.0]
    assert "m mAP" not in rows[0]
