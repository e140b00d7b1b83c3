"""OSNet with linear context gates: against its formulas, and against the files of Open Model Zoo it is read from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from reidtrack.errors import WeightsError
from reidtrack.models.checkpoint import load_checkpoint
from reidtrack.models.osnet_lct import GlobalDepthwise, LinearContextGate
from reidtrack.models.zoo import build_model

NAME = "person-reidentification-retail-{}"


def test_the_gate_is_the_papers() -> None:
    """Ruan et al., arXiv 1909.03834, equations 2 to 5; the normalisation is torch's group normalisation."""
    gate = LinearContextGate(48)
    torch.nn.init.normal_(gate.weight)
    torch.nn.init.normal_(gate.bias)
    x = torch.randn(3, 48, 6, 4)
    mean = x.mean(dim=(2, 3))
    normal = functional.group_norm(mean, 16, eps=1e-5)
    expected = x * torch.sigmoid(normal * gate.weight[:, 0, 0] + gate.bias[:, 0, 0])[:, :, None, None]
    torch.testing.assert_close(gate(x), expected)


@pytest.mark.parametrize(("channels", "groups"), [(64, 16), (72, 8), (24, 8), (16, 16)])
def test_groups_are_equal(channels: int, groups: int) -> None:
    assert LinearContextGate(channels).groups == groups


def test_the_weighted_sum_is_its_convolution() -> None:
    pool = GlobalDepthwise(5)
    x = torch.randn(2, 5, 16, 8)
    torch.testing.assert_close(pool(x), pool.conv(x)[:, :, 0, 0])
    assert pool(torch.randn(2, 5, 8, 4)).shape == (2, 5)  # other inputs are resampled


@pytest.mark.parametrize("width", ["x1_0", "x0_25"])
def test_features_and_logits(width: str) -> None:
    model = build_model(f"osnet_lct_{width}", 7)
    x = torch.randn(2, 3, 128, 64)
    logits, features = model.train()(x)
    assert logits.shape == (2, 7)
    assert features.shape == model.eval()(x).shape == (2, 256)


@pytest.mark.shared
@pytest.mark.parametrize(("number", "architecture"), [("0277", "x1_0"), ("0286", "x0_75"), ("0288", "x0_25")])
def test_features_are_those_of_the_file(shared: Path, number: str, architecture: str) -> None:
    """Read into torch, each network gives what OpenVINO calculates from the very file, to rounding."""
    from reidtrack.engines.openvino_package import core

    name = NAME.format(number)
    path = shared / "weights" / "intel" / name / "FP16" / f"{name}.xml"
    loaded = load_checkpoint(path)
    assert loaded.card.architecture == f"osnet_lct_{architecture}"
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 256, 128)).astype(np.float32)  # BGR
    reference = core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(pixels)[0]
    rgb = torch.from_numpy(pixels[:, ::-1].copy()) / 255
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (loaded.card.mean, loaded.card.std))
    with torch.inference_mode():
        features = loaded.model((rgb - mean) / std).numpy()
    np.testing.assert_allclose(features, reference, rtol=1e-4, atol=1e-4)


@pytest.mark.shared
def test_a_quantised_network_is_refused(shared: Path) -> None:
    name = NAME.format("0287")
    with pytest.raises(WeightsError, match="not quantised"):
        load_checkpoint(shared / "weights" / "intel" / name / "FP16-INT8" / f"{name}.xml")


def test_other_networks_and_damaged_files_are_refused(tmp_path: Path) -> None:
    import openvino
    from openvino import opset13 as ops

    x = ops.parameter([1, 3, 8, 8], np.float32)
    body = ops.convolution(x, np.ones((64, 3, 3, 3), np.float32), [1, 1], [1, 1], [1, 1], [1, 1])
    openvino.save_model(openvino.Model([body], [x]), tmp_path / "other.xml")
    with pytest.raises(WeightsError, match="holds another network"):
        load_checkpoint(tmp_path / "other.xml")
    (tmp_path / "broken.xml").write_text("<net>", encoding="utf-8")
    with pytest.raises(WeightsError, match="not a readable OpenVINO network"):
        load_checkpoint(tmp_path / "broken.xml")
