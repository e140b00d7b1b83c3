"""Every YAML file that ships: it loads, its first line says how to use it, and the default ones are the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidtrack.config.benchmark import BenchmarkConfig
from reidtrack.config.load import document, load
from reidtrack.config.run import RunConfig, TrackConfig
from reidtrack.config.train import TrainConfig

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
MODELS = {"benchmark": BenchmarkConfig, "run": RunConfig, "track": TrackConfig, "train": TrainConfig}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(p, id=f"{p.parent.name}/{p.name}")
        for kind in MODELS
        for p in sorted((CONFIGS / kind).glob("*.yaml"))
    ],
)
def test_it_loads_and_says_how_to_use_it(path: Path) -> None:
    load(MODELS[path.parent.name], path)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# reidtrack ")
    assert f"configs/{path.parent.name}/{path.name}" in first


@pytest.mark.parametrize("kind", ["run", "track"])
def test_the_default_file_equals_the_defaults(kind: str) -> None:
    assert load(MODELS[kind], CONFIGS / kind / "default.yaml") == MODELS[kind]()


def test_a_documented_configuration_reads_back(tmp_path: Path) -> None:
    config = load(RunConfig, overrides=["track.max_age=30", "embed.weights='a: b.pth'", "associate.threshold=0.5"])
    path = tmp_path / "config.yaml"
    path.write_text(document(config), encoding="utf-8")
    assert load(RunConfig, path) == config


def test_every_setting_is_explained() -> None:
    for section in RunConfig().model_fields_set | set(RunConfig.model_fields):
        model = getattr(RunConfig(), section)
        for name, info in getattr(type(model), "model_fields", {}).items():
            assert info.description, f"{section}.{name}"
