"""Starting weights, and which layers are trained."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn import functional


def copy_weights(model: nn.Module, source: nn.Module) -> tuple[str, ...]:
    """Copy every parameter and buffer but those of the classifier.

    Args:
        model: The network that gets them.
        source: A network of the same architecture, with any number of classes.

    Returns:
        The names that were copied.
    """
    weights = {key: value for key, value in source.state_dict().items() if key.split(".")[0] != "classifier"}
    model.load_state_dict(weights, strict=False)
    return tuple(weights)


def set_training(
    model: nn.Module,
    loaded: Collection[str],
    *,
    frozen: bool,
    fixed: Collection[str] = (),
    statistics: bool = True,
) -> None:
    """Put a network into training mode, and freeze layers that are not trained.

    Args:
        model: The network.
        loaded: Names of the weights that came from a checkpoint.
        frozen: Whether these are frozen, with their normalisation's statistics.
        fixed: Names of parameters that are never trained; a layer whose parameters all are keeps its statistics too.
        statistics: Whether batch normalisation follows the batches' mean and deviation; otherwise it uses and keeps
            those it has.
    """
    model.train()
    held = (set(loaded) if frozen else set()) | set(fixed)
    for key, parameter in model.named_parameters():
        parameter.requires_grad_(key not in held)
    for name, module in model.named_modules():
        own = [f"{name}.{key}" for key, _ in module.named_parameters(recurse=False)]
        still = not statistics and isinstance(module, nn.modules.batchnorm._BatchNorm)
        if still or (own and held.issuperset(own)):
            module.eval()


def freeze(model: nn.Module, layers: Collection[str]) -> None:
    """Freeze some layers for the whole training.

    Args:
        model: The network.
        layers: Their names, such as `conv2`; the parts of each are frozen too.

    Raises:
        ValueError: If there is no such layer.
    """
    for layer in layers:
        keys = [key for key, _ in model.named_parameters() if key == layer or key.startswith(f"{layer}.")]
        if not keys:
            raise ValueError(f"no layer {layer!r}")
        for key in keys:
            model.get_parameter(key).requires_grad_(False)


def set_class_weights(classifier: nn.Linear, embeddings: Tensor, person: Tensor) -> None:
    """Set the weight of each class to the mean embedding of its person, of unit norm.

    Args:
        classifier: A linear layer from D features to C classes.
        embeddings: (N, D).
        person: (N,) int64 class numbers.

    Raises:
        ValueError: If the embeddings are not as long as the classifier's features.
    """
    if embeddings.shape[1] != classifier.in_features:
        raise ValueError(f"embeddings of {embeddings.shape[1]} numbers for features of {classifier.in_features}")
    total = torch.zeros_like(classifier.weight).index_add_(0, person, embeddings.to(classifier.weight))
    with torch.no_grad():
        classifier.weight.copy_(functional.normalize(total))
