"""Every architecture by name: what can be asked for, and how it is built."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from reidtrack.errors import WeightsError

if TYPE_CHECKING:
    from torch import nn

Builder = Callable[[int], "nn.Module"]
"""Takes the number of classes (0: no classifier), gives the network with fresh weights."""

WIDTHS = {"x1_0": 1.0, "x0_75": 0.75, "x0_5": 0.5, "x0_25": 0.25}


def _osnet(num_classes: int, *, width: float, instance: bool) -> nn.Module:
    from reidtrack.models.osnet import OSNet

    return OSNet(width, num_classes, instance=instance)


def _osnet_ain(num_classes: int, *, width: float) -> nn.Module:
    from reidtrack.models.osnet_ain import OSNetAIN

    return OSNetAIN(width, num_classes)


def _osnet_lct(num_classes: int, *, width: float) -> nn.Module:
    from reidtrack.models.osnet_lct import OSNetLCT

    return OSNetLCT(width, num_classes)


def _resnet50(num_classes: int) -> nn.Module:
    from reidtrack.models.resnet import ResNet50

    return ResNet50(num_classes)


def _resnet50_bnneck(num_classes: int) -> nn.Module:
    from reidtrack.models.resnet import ResNet50BNNeck

    return ResNet50BNNeck(num_classes)


def _pcb(num_classes: int) -> nn.Module:
    from reidtrack.models.pcb import PCB

    return PCB(num_classes)


def _efficientnet_b0(num_classes: int) -> nn.Module:
    from reidtrack.models.efficientnet import efficientnet_b0

    return efficientnet_b0(num_classes)


def _mobilenet_v3_large(num_classes: int) -> nn.Module:
    from reidtrack.models.mobilenet import mobilenet_v3_large

    return mobilenet_v3_large(num_classes)


ARCHITECTURES: dict[str, Builder] = {
    **{f"osnet_{name}": partial(_osnet, width=width, instance=False) for name, width in WIDTHS.items()},
    **{f"osnet_ibn_{name}": partial(_osnet, width=width, instance=True) for name, width in WIDTHS.items()},
    **{f"osnet_ain_{name}": partial(_osnet_ain, width=width) for name, width in WIDTHS.items()},
    **{f"osnet_lct_{name}": partial(_osnet_lct, width=width) for name, width in WIDTHS.items()},
    "resnet50": _resnet50,
    "resnet50_bnneck": _resnet50_bnneck,
    "pcb": _pcb,
    "efficientnet_b0": _efficientnet_b0,
    "mobilenet_v3_large": _mobilenet_v3_large,
}
"""Name of each architecture and its builder."""

FEATURE_DIMS = {"resnet50": 2048, "resnet50_bnneck": 2048, "pcb": 1536} | {f"osnet_lct_{w}": 256 for w in WIDTHS}
"""Length of the feature where it is not 512."""


def feature_dim_of(architecture: str) -> int:
    """Length of an architecture's feature."""
    return FEATURE_DIMS.get(architecture, 512)


def build_model(architecture: str, num_classes: int = 0) -> nn.Module:
    """Build an architecture with fresh weights.

    Args:
        architecture: A name in `ARCHITECTURES`.
        num_classes: Identities of the classifier; 0 builds none.

    Raises:
        WeightsError: If there is no such architecture, with the nearest known name.
    """
    builder = ARCHITECTURES.get(architecture)
    if builder is None:
        near = difflib.get_close_matches(architecture, ARCHITECTURES, n=1, cutoff=0.5)
        raise WeightsError(
            f"unknown architecture {architecture!r}",
            expected=None if near else "one of " + ", ".join(ARCHITECTURES),
            hint=f"did you mean {near[0]!r}?" if near else None,
        )
    return builder(num_classes)
