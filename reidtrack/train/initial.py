"""Starting weights: a checkpoint's, without its classifier."""

from __future__ import annotations

from collections.abc import Collection

from torch import nn


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


def set_training(model: nn.Module, loaded: Collection[str], *, frozen: bool, fixed: Collection[str] = ()) -> None:
    """Put a network into training mode; with `frozen`, layers whose weights were loaded stay as they are.

    Args:
        model: The network.
        loaded: Names of the weights that came from a checkpoint.
        frozen: Whether these are held, with their normalisation's statistics.
        fixed: Names of parameters that are never trained.
    """
    model.train()
    held = set(loaded) if frozen else set()
    for key, parameter in model.named_parameters():
        parameter.requires_grad_(key not in held and key not in fixed)
    for name, module in model.named_modules():
        own = [f"{name}.{key}" for key, _ in module.named_parameters(recurse=False)]
        if own and held.issuperset(own):
            module.eval()
