"""ResNet50, PCB, EfficientNet-B0 and MobileNetV3 against torchvision's names, shapes and sizes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch

from reidtrack.errors import WeightsError
from reidtrack.models import imagenet
from reidtrack.models.card import ModelCard
from reidtrack.models.checkpoint import load_checkpoint, save_checkpoint
from reidtrack.models.imagenet import FILES, load_imagenet
from reidtrack.models.zoo import build_model, feature_dim_of

OWN_LAYERS = ("classifier", "embedding", "bottleneck", "reduce")

# sha256 over "name shape" lines, and parameters, of torchvision 0.28's networks without classifier. Its networks and
# ours, given the same weights, also gave the same maps to the last bit (it cannot be imported beside a CPU-only torch,
# so that comparison is not repeated here).
RESNET = ("3fd989592177b1c749e47c453801c32bd0aeb3f6ac2c08c91f91894389c5e192", 23_508_032)
TORCHVISION = {
    "resnet50": RESNET,
    "resnet50_bnneck": RESNET,
    "pcb": RESNET,
    "efficientnet_b0": ("c750ee5b8c09b621acbeb19c0f22515438d2c905db2df707be948ebfc1deeb93", 4_007_548),
    "mobilenet_v3_large": ("4dcd27f1e77653508e298c22d847600167b8ee20a7c9d25960c4e7f36df26896", 2_971_952),
}


def trunk(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {key: value for key, value in model.state_dict().items() if key.split(".")[0] not in OWN_LAYERS}


@pytest.mark.parametrize("name", TORCHVISION)
def test_names_and_shapes_are_torchvisions(name: str) -> None:
    with torch.device("meta"):
        model = build_model(name)
    weights = trunk(model)
    lines = "\n".join(f"{key} {tuple(value.shape)}" for key, value in weights.items())
    own = sum(p.numel() for key, p in model.named_parameters() if key in weights)
    assert (hashlib.sha256(lines.encode()).hexdigest(), own) == TORCHVISION[name]


@pytest.mark.parametrize("name", TORCHVISION)
def test_forward_and_backward(name: str) -> None:
    torch.manual_seed(0)
    model = build_model(name, num_classes=5).train()
    logits, feature = model(torch.randn(2, 3, 96, 32))
    heads = logits if isinstance(logits, tuple) else (logits,)
    assert {tuple(head.shape) for head in heads} == {(2, 5)}
    assert feature.shape == (2, feature_dim_of(name))
    (sum(head.logsumexp(dim=1).sum() for head in heads) + feature.square().sum()).backward()
    without = [key for key, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert without == []
    with torch.inference_mode():
        assert model.eval()(torch.randn(1, 3, 96, 32)).shape == (1, feature_dim_of(name))


@pytest.mark.parametrize("name", TORCHVISION)
def test_checkpoints_of_it_are_read_back(tmp_path: Path, name: str) -> None:
    model = build_model(name, num_classes=3)
    card = ModelCard(name, feature_dim=feature_dim_of(name))
    save_checkpoint(tmp_path / "w.safetensors", model, card)
    loaded = load_checkpoint(tmp_path / "w.safetensors")
    assert loaded.card.architecture == name
    assert all(
        torch.equal(a, b) for a, b in zip(loaded.model.state_dict().values(), model.state_dict().values(), strict=True)
    )


def test_training_pcb_without_classifiers_is_refused() -> None:
    with pytest.raises(ValueError, match="num_classes"):
        build_model("pcb").train()(torch.randn(2, 3, 96, 32))


def test_the_neck_stands_between_triplet_feature_and_classifier() -> None:
    torch.manual_seed(0)
    model = build_model("resnet50_bnneck", num_classes=4).train()
    logits, feature = model(torch.randn(3, 3, 64, 32))
    necked = (feature - feature.mean(dim=0)) / (feature.var(dim=0, unbiased=False) + 1e-5).sqrt()
    torch.testing.assert_close(logits, necked @ model.classifier.weight.T, rtol=1e-4, atol=1e-5)
    assert not model.bottleneck.bias.requires_grad


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A cache that holds a file of ResNet50's published names, classifier included."""
    torch.manual_seed(0)
    weights = build_model("resnet50", 10).state_dict()
    named = {key.replace("classifier.", "fc."): value for key, value in weights.items()}
    torch.save(named, tmp_path / FILES["resnet50"])
    return tmp_path


@pytest.mark.parametrize("name", ["resnet50", "resnet50_bnneck", "pcb"])
def test_imagenet_weights_load_by_name(published: Path, name: str) -> None:
    model = build_model(name, 3)
    loaded = load_imagenet(model, name, published)
    assert set(loaded) == set(trunk(model))
    kept = torch.load(published / FILES["resnet50"], weights_only=True)
    assert all(torch.equal(model.state_dict()[key], kept[key]) for key in loaded)


def test_torchvisions_resnet50_is_a_baseline_as_it_is(published: Path) -> None:
    loaded = load_checkpoint(published / FILES["resnet50"])
    assert (loaded.card.architecture, loaded.card.feature_dim) == ("resnet50", 2048)
    assert loaded.model.classifier.out_features == 10


def test_imagenet_weights_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagenet, "ADDRESS", "http://127.0.0.1:9/")
    with pytest.raises(WeightsError, match=r"cannot be fetched from .*model.init to random or imagenet-or-random"):
        load_imagenet(build_model("mobilenet_v3_large"), "mobilenet_v3_large", tmp_path)
    with pytest.raises(WeightsError, match="no ImageNet weights for osnet_x1_0"):
        load_imagenet(build_model("osnet_x0_25"), "osnet_x1_0", tmp_path)


def test_a_download_is_checked_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "server"
    source.mkdir()
    name = "mobilenet_v3_large"
    torch.save(build_model(name).state_dict(), source / "file")
    digest = hashlib.sha256((source / "file").read_bytes()).hexdigest()
    monkeypatch.setattr(imagenet, "ADDRESS", source.as_uri() + "/")
    for stem, fits in ((f"net-{digest[:8]}", True), ("net-00000000", False)):
        (source / f"{stem}.pth").write_bytes((source / "file").read_bytes())
        monkeypatch.setitem(FILES, name, f"{stem}.pth")
        cache = tmp_path / f"cache-{fits}"
        if fits:
            load_imagenet(build_model(name), name, cache)
            assert [p.name for p in cache.iterdir()] == [f"{stem}.pth"]
        else:
            with pytest.raises(WeightsError, match="damaged on its way"):
                load_imagenet(build_model(name), name, cache)
            assert not list(cache.iterdir())
