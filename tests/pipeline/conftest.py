"""A scene, and a run over it, made once for all tests of whole runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from scene import Scene, build_scene, save_reid


@pytest.fixture(scope="session")
def reid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that tells walkers apart by their colours."""
    import torch

    torch.set_num_threads(1)  # they wait for each other actively, which takes minutes where the machine is busy
    return save_reid(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory, reid: Path) -> Scene:
    """Two cameras that see four walkers."""
    return build_scene(tmp_path_factory.mktemp("scene"), reid)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, scene: Scene) -> Path:
    """The folder of a run over the scene; tests do not change it."""
    from reidtrack.cli.main import main

    folder = tmp_path_factory.mktemp("finished") / "run"
    assert main(scene.arguments("--out", folder, "--quiet")) == 0
    return folder
