"""Widening keeps the function, and the copies do not stay copies."""

import pytest
import torch

from reidtrack.models.widen import widen
from reidtrack.models.zoo import build_model


def _pair(narrow: str, wide: str) -> tuple[torch.nn.Module, torch.nn.Module]:
    torch.manual_seed(3)
    source, target = build_model(narrow, 4), build_model(wide, 6)
    for module in source.modules():  # statistics as after training, not the neutral ones of a new layer
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return source.eval(), target.eval()


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        pytest.param("osnet_x0_25", "osnet_x0_5", id="twice"),
        pytest.param("osnet_x0_25", "osnet_x1_0", id="four times"),
        pytest.param("osnet_x0_5", "osnet_x1_0", id="from the middle"),
        pytest.param("osnet_x0_25", "osnet_x0_25", id="same width"),
    ],
)
def test_the_wide_network_gives_the_narrow_ones_features(narrow: str, wide: str) -> None:
    source, target = _pair(narrow, wide)
    names = widen(source, target, torch.Generator().manual_seed(0))
    x = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        expected, found = source(x), target(x)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))
    assert not any(name.startswith("classifier") for name in names)


def test_copies_of_a_channel_get_gradients_of_their_own() -> None:
    source, target = _pair("osnet_x0_25", "osnet_x1_0")
    widen(source, target, torch.Generator().manual_seed(0))
    target(torch.randn(2, 3, 64, 32)).square().sum().backward()
    gradient = target.conv1.conv.weight.grad.reshape(4, 16, -1)  # type: ignore[union-attr]
    weight = target.conv1.conv.weight.detach().reshape(4, 16, -1)  # type: ignore[union-attr]
    torch.testing.assert_close(weight[0], weight[1])
    assert float((gradient[0] - gradient[1]).norm() / gradient[0].norm()) > 0.1


def test_the_classifier_is_left_as_it_was() -> None:
    source, target = _pair("osnet_x0_25", "osnet_x0_5")
    before = target.classifier.weight.clone()  # type: ignore[union-attr]
    widen(source, target, torch.Generator().manual_seed(0))
    torch.testing.assert_close(target.classifier.weight, before)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        pytest.param("osnet_x0_5", "osnet_x0_75", id="no whole multiple"),
        pytest.param("osnet_x1_0", "osnet_x0_25", id="narrower"),
    ],
)
def test_other_widths_are_refused(narrow: str, wide: str) -> None:
    with pytest.raises(ValueError, match="no whole multiple"):
        widen(build_model(narrow), build_model(wide), torch.Generator())


def test_another_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="another architecture"):
        widen(build_model("osnet_x0_25"), build_model("osnet_ibn_x1_0"), torch.Generator())
