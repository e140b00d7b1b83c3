"""Do these tensors belong to that network? Keys, shapes and values, with the classifier the one exception."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from reidtrack.errors import WeightsError
from reidtrack.models.zoo import ARCHITECTURES, build_model

if TYPE_CHECKING:
    from torch import Tensor, nn

Weights: TypeAlias = "Mapping[str, Tensor]"

CLASSIFIER = "classifier"
"""The head whose size depends on the training set: the one part that may differ or be absent."""


def num_classes_of(weights: Weights) -> int:
    """Rows of the classifier in `weights`, or of the first of several; 0 where it is absent."""
    weight = weights.get("classifier.weight", weights.get("classifier.0.weight"))
    return 0 if weight is None or weight.ndim == 0 else int(weight.shape[0])


def classifier_named(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights in which a ResNet's `fc`, as torchvision calls its classifier, is called `classifier`."""
    if "fc.weight" not in weights or "layer4.0.conv1.weight" not in weights:
        return weights
    return {f"{CLASSIFIER}.{key[3:]}" if key.startswith("fc.") else key: value for key, value in weights.items()}


def check_storage(weights: Weights, path: Path) -> None:
    """Refuse tensors that claim more values than the file holds: a few bytes can say they are terabytes.

    Raises:
        WeightsError: Naming the first such tensor.
    """
    for key, value in weights.items():
        if value.is_sparse or value.is_quantized or value.is_complex():
            raise WeightsError(f"{key} is of a kind that no network here has", where=path, expected="plain numbers")
        if value.numel() * value.element_size() > value.untyped_storage().nbytes():
            what = f"{key} claims {tuple(value.shape)} and holds less"
            raise WeightsError(what, where=path, hint="the file is damaged, or was made to deceive")


def check_values(weights: Weights, path: Path) -> None:
    """Refuse weights that are not finite.

    Raises:
        WeightsError: Naming the first such tensor.
    """
    import torch

    for key, value in weights.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise WeightsError(f"{key} holds NaN or infinite values", where=path, hint="the training diverged")


def check_fit(weights: Weights, model: nn.Module, architecture: str, path: Path) -> None:
    """Refuse weights whose keys, shapes or kinds of number differ from the network's.

    Raises:
        WeightsError: Naming the first difference, in the order of the network.
    """
    fault = first_difference(weights, model.state_dict())
    if fault is not None:
        what, expected = fault
        raise WeightsError(what, where=path, expected=expected, hint=f"these are not weights of {architecture}")


def first_difference(weights: Weights, wanted: Weights) -> tuple[str, str | None] | None:
    """What differs first and what was expected there, or None where everything fits."""
    for key, tensor in wanted.items():
        given = weights.get(key)
        if given is None:
            return f"{key} is missing", f"shape {tuple(tensor.shape)}"
        if given.shape != tensor.shape:
            return f"{key} has shape {tuple(given.shape)}", f"{tuple(tensor.shape)}"
        if given.is_floating_point() != tensor.is_floating_point():
            return f"{key} holds {given.dtype}", f"{tensor.dtype}"
    extra = [key for key in weights if key not in wanted]
    return (
        (f"unexpected key {extra[0]}" + (f" and {len(extra) - 1} more" if extra[1:] else ""), None) if extra else None
    )


def infer_architecture(weights: Weights, path: Path) -> str:
    """The architecture that the keys and shapes of `weights` belong to, whatever the classifier.

    Raises:
        WeightsError: If they belong to none, with the nearest one and the first difference from it.
    """
    body = {key: value for key, value in weights.items() if key.split(".")[0] != CLASSIFIER}
    nearest, most = "", -1
    for name in ARCHITECTURES:
        wanted = _shapes(name)
        if first_difference(body, wanted) is None:
            return name
        shared = sum(key in body and body[key].shape == tensor.shape for key, tensor in wanted.items())
        if shared > most:
            nearest, most = name, shared
    if most == 0:
        raise WeightsError(
            "weights of no known architecture", where=path, expected="one of " + ", ".join(ARCHITECTURES)
        )
    fault = first_difference(body, _shapes(nearest))
    assert fault is not None
    what, expected = fault
    raise WeightsError(
        f"weights of no known architecture; nearest is {nearest}, but {what}", where=path, expected=expected
    )


@functools.cache
def _shapes(architecture: str) -> Weights:
    """The state dict of an architecture without classifier, without memory behind it."""
    import torch

    with torch.device("meta"):
        return build_model(architecture).state_dict()
