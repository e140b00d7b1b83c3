"""Teachers: their embeddings are calculated once, kept, and learnt from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from people import paint_people

from reidtrack.config.load import load
from reidtrack.config.train import TrainConfig
from reidtrack.errors import InputError, UsageError
from reidtrack.models.card import ModelCard
from reidtrack.models.checkpoint import load_checkpoint, save_checkpoint
from reidtrack.models.zoo import build_model
from reidtrack.pipeline.training import targets as train_targets
from reidtrack.pipeline.training.targets import teacher_targets
from reidtrack.pipeline.training.train import read_data, train

TINY = ["model.architecture=osnet_x0_25", "stages=[{epochs: 1, size: [48, 32]}]", "batch.size=8", "threads=1"]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paint_people(tmp_path_factory.mktemp("people") / "people", people=4, images=4)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    save_checkpoint(path, build_model("osnet_lct_x0_25"), ModelCard("osnet_lct_x0_25", (64, 32), feature_dim=256))
    return path


def configured(people: Path, *overrides: str) -> TrainConfig:
    data = f"data.sets=[{{name: folder, root: {people}}}]"
    return load(TrainConfig, None, [*TINY, data, "device=cpu", *overrides])


def test_embeddings_are_made_once(people: Path, teacher: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(people, f"distill.teachers=[{teacher}, {teacher}]")
    samples = read_data(config.data).train.train
    targets, dims = teacher_targets(config, samples)
    assert dims == (256, 256)
    assert targets.shape == (16, 512)
    np.testing.assert_allclose(np.linalg.norm(targets[:, :256], axis=1), 1, rtol=1e-5)
    monkeypatch.setattr(train_targets, "_embed", lambda *_: pytest.fail("calculated a second time"))
    again, _ = teacher_targets(config, samples)
    assert np.array_equal(again, targets)
    assert teacher_targets(configured(people), samples)[0].shape == (16, 0)


def test_every_image_is_needed(tmp_path: Path, teacher: Path) -> None:
    folder = paint_people(tmp_path / "people", people=2, images=3)
    next(folder.rglob("*.*g")).write_bytes(b"no image")
    config = configured(folder, f"distill.teachers=[{teacher}]")
    with pytest.raises(InputError, match="teachers need every training image"):
        teacher_targets(config, read_data(config.data).train.train)


def test_a_training_with_everything(tmp_path: Path, people: Path, teacher: Path) -> None:
    """Held layers stay, the teacher's terms are logged, and what comes out is a network like any other."""
    start = tmp_path / "start.safetensors"
    save_checkpoint(start, build_model("osnet_lct_x0_25"), ModelCard("osnet_lct_x0_25", feature_dim=256))
    config = configured(
        people,
        f"distill.teachers=[{teacher}]",
        "distill.relation=1",
        "model.architecture=osnet_lct_x0_25",
        f"model.init={start}",
        "model.frozen=[conv1]",
        "model.frozen_statistics=true",
        "model.classes_from=teacher",
        "model.mixstyle=1",
        "loss.identity=arcface",
        "loss.per_set=true",
        "augment.cut_below=0.5",
        "augment.occlude=0.5",
        "augment.compress=0.5",
    )
    trained = train(config, tmp_path / "out")
    assert {"embedding", "relation", "identity", "triplet"} < set(trained.log[0])
    before, after = load_checkpoint(start).model.state_dict(), load_checkpoint(trained.weights).model.state_dict()
    assert all(bool((before[key] == after[key]).all()) for key in before if key.startswith("conv1."))
    assert bool((before["conv5.bn.running_mean"] == after["conv5.bn.running_mean"]).all())
    assert not bool((before["conv5.conv.weight"] == after["conv5.conv.weight"]).all())


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        pytest.param(["model.frozen=[conv9]"], "no layer 'conv9'", id="no such layer to hold"),
        pytest.param(["model.mixstyle=0.5", "model.mixstyle_after=[conv9]"], "no layer 'conv9'", id="nor to mix"),
        pytest.param(
            ["distill.teachers=[{teacher}]", "model.classes_from=teacher", "loss.identity=arcface"],
            "embeddings of 256 numbers for features of 512",
            id="class weights of another length",
        ),
        pytest.param(
            [
                "distill.teachers=[{teacher}]",
                "model.classes_from=teacher",
                "loss.identity=arcface",
                "model.architecture=pcb",
                "stages=[{{epochs: 1, size: [96, 32]}}]",
            ],
            "has no single classifier",
            id="a classifier for each part",
        ),
    ],
)
def test_impossible_networks(tmp_path: Path, people: Path, teacher: Path, overrides: list[str], said: str) -> None:
    config = configured(people, *(text.format(teacher=teacher) for text in overrides))
    with pytest.raises(UsageError) as caught:
        train(config, tmp_path / "out")
    assert said in str(caught.value)
