"""Networks prepared for OpenVINO: torch makes them once, and is not loaded again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from installed import needs_openvino

from reidtrack.config.run import EmbedConfig
from reidtrack.errors import WeightsError
from reidtrack.networks import build
from reidtrack.networks.build import make_embedder

pytestmark = needs_openvino

_ALONE = """
import sys
from pathlib import Path
from reidtrack.config.run import EmbedConfig
from reidtrack.networks.build import make_embedder
make_embedder(EmbedConfig(weights=Path(sys.argv[1])), "auto", "openvino")
print("torch" in sys.modules)
"""


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REIDTRACK_CACHE", str(tmp_path / "cache"))


def crops(size_hw: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, *size_hw, 3), np.uint8)


def test_the_second_time_the_weights_are_not_read(reid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, used = make_embedder(EmbedConfig(weights=reid), "cpu", "openvino")
    monkeypatch.setattr(build, "load_checkpoint", lambda *_: pytest.fail("read again"))
    second, used_again = make_embedder(EmbedConfig(weights=reid), "cpu", "openvino")
    assert used_again == used
    assert (second.size_hw, second.feature_dim) == (first.size_hw, first.feature_dim)
    pictures = crops(first.size_hw)
    assert np.array_equal(second.embed(pictures).features, first.embed(pictures).features)


def test_it_gives_what_torch_gives(reid: Path) -> None:
    by_openvino, by_torch = (make_embedder(EmbedConfig(weights=reid), "cpu", name)[0] for name in ("openvino", "torch"))
    pictures = crops(by_torch.size_hw)
    found, wanted = by_openvino.embed(pictures).features, by_torch.embed(pictures).features
    assert (found * wanted).sum(axis=1).min() > 0.9999


def test_torch_is_not_loaded_once_it_is_prepared(reid: Path) -> None:
    def alone() -> str:
        done = subprocess.run([sys.executable, "-c", _ALONE, reid], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert [alone(), alone()] == ["True", "False"]


def test_what_was_assumed_is_said_each_time(tmp_path: Path, reid: Path, caplog: pytest.LogCaptureFixture) -> None:
    import torch

    from reidtrack.models.checkpoint import load_checkpoint

    bare = tmp_path / "bare.pth"
    torch.save(load_checkpoint(reid).model.state_dict(), bare)
    said = []
    with caplog.at_level("WARNING", "reidtrack"):  # as Python has it where nobody asked for more
        make_embedder(EmbedConfig(weights=bare), "cpu", "openvino")
    for _ in range(2):
        caplog.clear()
        with caplog.at_level("INFO", "reidtrack"):
            make_embedder(EmbedConfig(weights=bare), "cpu", "openvino")
        said.append(caplog.messages)
    assert said[0] == said[1]
    assert "architecture osnet_x0_25 inferred from the shapes" in said[0][0]


def test_refused_weights_are_refused_each_time(tmp_path: Path) -> None:
    (tmp_path / "bad.pth").write_bytes(b"nonsense")
    for _ in range(2):
        with pytest.raises(WeightsError):
            make_embedder(EmbedConfig(weights=tmp_path / "bad.pth"), "cpu", "openvino")
