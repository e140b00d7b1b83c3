"""Reading and writing weights: strict, without running code from the file, and saying aloud what was assumed.

Two formats: safetensors with a card in its metadata, which is what this project writes, and PyTorch's own, read with
`weights_only`, as other projects publish it. Every key and shape must fit; the classifier, whose size is the number
of identities of some training set, is the one exception: its size is taken from the file, and it may be absent.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reidtrack.errors import WeightsError
from reidtrack.files import write_lines
from reidtrack.models.card import ModelCard, card_from_json, card_to_json
from reidtrack.models.fit import (
    Weights,
    check_fit,
    check_storage,
    check_values,
    classifier_named,
    infer_architecture,
    num_classes_of,
)
from reidtrack.models.imagenet import fetch_imagenet
from reidtrack.models.reading import read_safetensors, read_torch
from reidtrack.models.zoo import build_model, feature_dim_of

if TYPE_CHECKING:
    from torch import nn

logger = logging.getLogger(__name__)

CARD_KEY = "reidtrack.card"
DIGEST_KEY = "reidtrack.sha256"
"""Digest of the tensors and the card, beside them in the file: one flipped bit makes other features, not an error."""

IMAGENET = "imagenet:resnet50"
"""In place of a path: ResNet50 as published for ImageNet, which never saw a person's identity; a baseline."""


@dataclass(frozen=True, eq=False, slots=True)
class LoadedModel:
    """A network with its weights, in evaluation mode on the CPU, and its card."""

    model: nn.Module
    card: ModelCard


def load_checkpoint(path: Path | str, architecture: str | None = None) -> LoadedModel:
    """Load a network from a checkpoint.

    Args:
        path: A `.safetensors` file; a PyTorch file holding a state dict, alone or under `state_dict` or `model`; the
            `.xml` file of a network of Open Model Zoo that `read_open_model_zoo` knows; or `IMAGENET`.
        architecture: Name in `zoo.ARCHITECTURES`; read from the card or inferred from the shapes where None.

    Returns:
        The network and its card. Where the file has no card, the preprocessing is the published one, and that and an
        inferred architecture are logged.

    Raises:
        WeightsError: If the file is missing, damaged, holds anything but tensors, or does not fit the architecture.
    """
    path = fetch_imagenet("resnet50") if str(path) == IMAGENET else Path(path)
    sha256 = _sha256(path)
    if path.suffix == ".safetensors":
        weights, metadata = read_safetensors(path)
    elif path.suffix == ".xml":
        from reidtrack.models.open_model_zoo import read_open_model_zoo

        (architecture, weights), metadata = read_open_model_zoo(path), {}
    else:
        weights, metadata = classifier_named(read_torch(path)), {}
    check_storage(weights, path)
    _check_digest(weights, metadata, path)
    check_values(weights, path)
    card = _card(path, weights, metadata.get(CARD_KEY), architecture)
    if card.feature_dim != feature_dim_of(card.architecture):
        what = f"its model card says features of {card.feature_dim} numbers"
        expected = f"{feature_dim_of(card.architecture)}, as {card.architecture} gives them"
        raise WeightsError(what, where=path, expected=expected)
    model = build_model(card.architecture, num_classes_of(weights))
    check_fit(weights, model, card.architecture, path)
    model.load_state_dict(weights)
    return LoadedModel(model.eval(), dataclasses.replace(card, sha256=sha256))


def save_checkpoint(
    path: Path | str, model: nn.Module, card: ModelCard, dtype: Literal["float32", "float16"] = "float32"
) -> str:
    """Write a network and its card to a safetensors file, whole or not at all.

    Args:
        path: Ends in `.safetensors`.
        model: Its parameters and buffers are written.
        card: Kept in the file's metadata.
        dtype: Of the floating-point values in the file; float16 halves its size.

    Returns:
        The sha256 of the file, hexadecimal.

    Raises:
        ValueError: If the name does not end in `.safetensors`, by which it is recognised when read.
        OutputError: If the file cannot be written.
    """
    import torch
    from safetensors.torch import save

    path = Path(path)
    if path.suffix != ".safetensors":
        raise ValueError(f"save_checkpoint: expected a name ending in .safetensors, got {path.name}")
    target = getattr(torch, dtype)
    weights = {
        key: (value.to(target) if value.is_floating_point() else value).detach().cpu().contiguous()
        for key, value in model.state_dict().items()
    }
    text = card_to_json(card)
    data = save(weights, metadata={CARD_KEY: text, DIGEST_KEY: _content_digest(weights, text)})
    write_lines(path, [data])
    return hashlib.sha256(data).hexdigest()


def _content_digest(weights: Weights, card: str) -> str:
    """sha256 of a card and of all tensors: names, kinds, shapes and values."""
    import torch

    digest = hashlib.sha256(card.encode())
    for key in sorted(weights):
        value = weights[key].detach().cpu().contiguous()
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _check_digest(weights: Weights, metadata: Mapping[str, str], path: Path) -> None:
    """Refuse a file of ours in which something has changed since it was written; older ones have no digest."""
    wanted = metadata.get(DIGEST_KEY)
    if wanted is not None and _content_digest(weights, metadata.get(CARD_KEY, "")) != wanted:
        raise WeightsError(
            "is damaged: its content is not what was written", where=path, hint="copy it again from where it was made"
        )


def _sha256(path: Path) -> str:
    if not path.exists():
        raise WeightsError("no such file", where=path, expected="a .safetensors or .pth checkpoint")
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError("cannot be read", where=path, hint=error.strerror) from error
    if path.stat().st_size == 0:
        raise WeightsError("the file is empty", where=path, expected="a .safetensors or .pth checkpoint")
    return digest


def _card(path: Path, weights: Weights, text: str | None, architecture: str | None) -> ModelCard:
    """The card in the file, or the published preprocessing with the architecture asked for or inferred."""
    if text is not None:
        try:
            card = card_from_json(text)
        except ValueError as error:
            raise WeightsError(f"damaged model card: {error}", where=path) from error
        return card if architecture is None else dataclasses.replace(card, architecture=architecture)
    if architecture is None:
        architecture = infer_architecture(weights, path)
        logger.info("%s: no model card; architecture %s inferred from the shapes", path.name, architecture)
    card = ModelCard(architecture, feature_dim=feature_dim_of(architecture), source=path.name)
    height, width = card.size_hw
    logger.info("%s: no model card; preprocessing %dx%d, RGB, ImageNet mean and deviation", path.name, height, width)
    return card
