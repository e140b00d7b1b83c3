"""OSNet against its published sizes and key names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from reidtrack.errors import WeightsError
from reidtrack.models.osnet import ChannelGate
from reidtrack.models.zoo import ARCHITECTURES, build_model

# Parameters without the classifier as torchreid prints them. Its counter sees the shared gate of a block
# once for each of the four streams that use it, so the three repeats are added before comparing.
PUBLISHED_PARAMETERS = {
    "osnet_x1_0": 2_193_616,
    "osnet_x0_75": 1_299_224,
    "osnet_x0_25": 203_568,
    "osnet_ibn_x1_0": 2_194_640,
    "osnet_ain_x1_0": 2_193_616,
}


@pytest.mark.parametrize(("name", "published"), PUBLISHED_PARAMETERS.items(), ids=PUBLISHED_PARAMETERS)
def test_parameter_counts_are_the_published_ones(name: str, published: int) -> None:
    model = build_model(name)
    own = sum(p.numel() for p in model.parameters())
    gates = sum(p.numel() for m in model.modules() if isinstance(m, ChannelGate) for p in m.parameters())
    assert own + 3 * gates == published


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name.startswith("osnet") and "lct" not in name])
def test_evaluation_gives_features_and_training_logits_too(name: str) -> None:
    torch.manual_seed(0)
    model = build_model(name, num_classes=7)
    crops = torch.randn(2, 3, 64, 32)
    logits, feature = model.train()(crops)
    assert (logits.shape, feature.shape) == ((2, 7), (2, 512))
    with torch.inference_mode():
        alone = model.eval()(crops)
    assert alone.shape == (2, 512)
    assert (alone >= 0).all()


def test_training_without_classifier_is_refused() -> None:
    with pytest.raises(ValueError, match="num_classes"):
        build_model("osnet_x0_25").train()(torch.randn(2, 3, 64, 32))


def test_evaluation_does_not_depend_on_the_neighbours() -> None:
    torch.manual_seed(0)
    model = build_model("osnet_ain_x0_25").eval()
    crops = torch.randn(3, 3, 64, 32)
    with torch.inference_mode():
        torch.testing.assert_close(model(crops)[1:2], model(crops[1:2]))


@pytest.mark.shared
@pytest.mark.parametrize("file", ["osnet_x0_25_msmt17.pth", "osnet_x0_25_market1501.pth"])
def test_keys_and_shapes_are_those_of_published_weights(shared: Path, file: str) -> None:
    published = torch.load(shared / "weights" / file, map_location="cpu", weights_only=True)
    own = build_model("osnet_x0_25", len(published["classifier.bias"])).state_dict()
    assert list(own) == list(published)
    assert [v.shape for v in own.values()] == [v.shape for v in published.values()]


@pytest.mark.parametrize(
    ("name", "some_keys"),
    [
        pytest.param("osnet_ibn_x1_0", ["conv1.bn.weight", "conv2.1.IN.bias", "conv3.2.0.conv.weight"], id="ibn"),
        pytest.param(
            "osnet_ain_x1_0",
            [
                "conv2.0.conv2.3.layers.3.bn.running_var",
                "conv2.1.IN.weight",
                "pool2.0.bn.bias",
                "conv4.1.conv3.bn.weight",
            ],
            id="ain",
        ),
    ],
)
def test_variants_use_torchreid_names(name: str, some_keys: list[str]) -> None:
    keys = build_model(name).state_dict().keys()
    assert set(some_keys) <= set(keys)
    assert "conv1.bn.running_mean" not in keys  # instance normalisation in the stem keeps no statistics


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        pytest.param("osnet_x0.25", "did you mean 'osnet_x0_25'", id="near"),
        pytest.param("vgg", "expected one of osnet_x1_0", id="far"),
    ],
)
def test_unknown_architecture(asked: str, answer: str) -> None:
    with pytest.raises(WeightsError, match=answer.replace("(", r"\(")):
        build_model(asked)
