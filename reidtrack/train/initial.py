"""Starting weights: a checkpoint's, without its classifier."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn import functional


def take_over(model: nn.Module, source: nn.Module) -> tuple[str, ...]:
    """Copy every parameter and buffer but those of the classifier.

    Args:
        model: Gets them.
        source: The same architecture, whatever its number of classes.

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
    """Put a network into training mode; with `frozen`, layers whose weights were loaded stay as they are.

    Args:
        model: The network.
        loaded: Names of the weights that came from a checkpoint.
        frozen: Whether these are held, with their normalisation's statistics.
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


def hold(model: nn.Module, layers: Collection[str]) -> None:
    """Never train some layers.

    Args:
        model: The network.
        layers: Their names, such as `conv2`; the parts of each are held too.

    Raises:
        ValueError: If there is no such layer.
    """
    for layer in layers:
        keys = [key for key, _ in model.named_parameters() if key == layer or key.startswith(f"{layer}.")]
        if not keys:
            raise ValueError(f"no layer {layer!r}")
        for key in keys:
            model.get_parameter(key).requires_grad_(False)


def classes_from_means(classifier: nn.Linear, embeddings: Tensor, person: Tensor) -> None:
    """Begin with each person's mean embedding as the weight of his class.

    Args:
        classifier: Of C classes over D numbers.
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
