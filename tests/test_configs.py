"""Every YAML file that ships: it loads, its first line says how to use it, and the default ones are the defaults."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from reidtrack.config.benchmark import BenchmarkConfig
from reidtrack.config.load import document, load
from reidtrack.config.run import RunConfig, TrackConfig
from reidtrack.config.train import TrainConfig
from reidtrack.track.sort import Sort

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


@pytest.mark.parametrize("kind", ["benchmark", "run", "track"])
def test_the_default_file_is_what_the_settings_say_of_themselves(kind: str) -> None:
    """Below its first line; written anew by `document`, as `reidtrack config` prints it."""
    text = (CONFIGS / kind / "default.yaml").read_text(encoding="utf-8")
    assert text.partition("\n")[2].strip() == document(MODELS[kind]())


def test_sort_as_published_is_what_its_class_does_by_itself() -> None:
    shared = {name: parameter.default for name, parameter in inspect.signature(Sort).parameters.items()}
    assert load(TrackConfig, CONFIGS / "track" / "sort.yaml").tracker_options() == {"method": "sort", **shared}


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
