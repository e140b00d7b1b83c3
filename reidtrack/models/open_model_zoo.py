"""Weights of Open Model Zoo's person-reidentification-retail networks, read out of their OpenVINO files.

Those files hold OSNet with linear context gates (models/osnet_lct.py), its batch normalisation folded into the
convolutions before it. Read back, each normalisation is the identity with an offset: the network computes the same, and
a training that goes on from there had better keep these statistics (`model.frozen_statistics`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reidtrack.errors import WeightsError
from reidtrack.models.osnet import STAGES, STEM

WIDTH_NAMES = {STEM: "x1_0", 48: "x0_75", 32: "x0_5", 16: "x0_25"}
"""Channels of the stem to the name of the width."""
WEIGHTED = ("Convolution", "GroupConvolution", "MatMul")
BN_EPS = 1e-5


def read_open_model_zoo(path: Path) -> tuple[str, dict[str, Tensor]]:
    """The architecture and the weights of a network of that family.

    Args:
        path: The `.xml` file; the `.bin` lies beside it.

    Returns:
        A name in `zoo.ARCHITECTURES`, and a state dict of float32 without a classifier.

    Raises:
        WeightsError: If the file cannot be read, or holds another network.
    """
    constants = _constants(path)
    stem = next((len(value) for kind, value in constants if kind == "Convolution"), 0)
    if stem not in WIDTH_NAMES:
        raise WeightsError(
            "holds another network",
            where=path,
            expected="person-reidentification-retail-0277, 0286 or 0288 of Open Model Zoo, not quantised",
        )
    try:
        return f"osnet_lct_{WIDTH_NAMES[stem]}", _named(constants)
    except (StopIteration, ValueError) as error:
        raise WeightsError(
            "holds another network",
            where=path,
            expected="the layers of person-reidentification-retail-0277, 0286 or 0288, not quantised",
        ) from error


Constants = list[tuple[str, np.ndarray[Any, Any]]]


def _constants(path: Path) -> Constants:
    """The kind of each operation that has one constant operand, and that constant, in the order of calculation."""
    import openvino

    try:
        model = openvino.Core().read_model(path)
    except RuntimeError as error:
        raise WeightsError("not a readable OpenVINO network", where=path, expected=".xml with its .bin") from error
    found: Constants = []
    for operation in model.get_ordered_ops():
        kind = operation.get_type_name()
        if kind in (*WEIGHTED, "Add", "Multiply", "PRelu"):
            values = [_constant(operation.input_value(i).get_node()) for i in range(operation.get_input_size())]
            found += [(kind, np.asarray(value, np.float32)) for value in values if value is not None]
    return found


def _constant(node: Any) -> Any:
    while node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    return node.data if node.get_type_name() == "Constant" else None


class _Reader:
    """Takes constants in their order and files them under the network's names."""

    def __init__(self, constants: Constants) -> None:
        self._next: Iterator[tuple[str, np.ndarray[Any, Any]]] = iter(constants)
        self.weights: dict[str, Tensor] = {}

    def take(self, *kinds: str) -> Tensor:
        kind, value = next(self._next)
        if kind not in kinds:
            raise ValueError(f"expected {kinds}, got {kind}")
        return torch.tensor(value)

    def conv(self, name: str) -> None:
        weight = self.take(*WEIGHTED)
        # Grouped convolutions carry an axis for the groups: (C, 1, 1, H, W).
        self.weights[f"{name}.weight"] = weight.squeeze(1) if weight.ndim == 5 else weight

    def bias(self, name: str, *, flat: bool = True) -> None:
        value = self.take("Add")
        self.weights[f"{name}.bias"] = value.flatten() if flat else value.squeeze(0)

    def instance(self, name: str) -> None:
        self.weights[f"{name}.weight"] = self.take("Multiply").flatten()
        self.bias(name)

    def batch_norm(self, name: str, scale: Tensor | None = None) -> None:
        """A normalisation whose statistics were folded away: the identity times `scale`, and the offset."""
        offset = self.take("Add").flatten()
        one = torch.ones_like(offset) if scale is None else scale.flatten()
        self.weights[f"{name}.weight"] = one * math.sqrt(1 + BN_EPS)
        self.weights[f"{name}.bias"] = offset
        self.weights[f"{name}.running_mean"] = torch.zeros_like(offset)
        self.weights[f"{name}.running_var"] = torch.ones_like(offset)
        self.weights[f"{name}.num_batches_tracked"] = torch.zeros((), dtype=torch.int64)

    def conv_norm(self, name: str) -> None:
        self.conv(f"{name}.conv")
        self.batch_norm(f"{name}.bn")

    def block(self, name: str, *, context: bool, downsample: bool) -> None:
        self.conv_norm(f"{name}.conv1")
        for depth, stream in enumerate("abcd", start=1):
            for i in range(depth):
                light = f"{name}.conv2{stream}" + (f".{i}" if depth > 1 else "")
                self.conv(f"{light}.conv1")
                self.conv(f"{light}.conv2")
                self.batch_norm(f"{light}.bn")
            self.gate(f"{name}.gate", context=context)  # the same each time: the streams share it
        self.conv_norm(f"{name}.conv3")
        if downsample:
            self.conv_norm(f"{name}.downsample")

    def gate(self, name: str, *, context: bool) -> None:
        if context:
            self.weights[f"{name}.weight"] = self.take("Multiply").squeeze(0)
            self.bias(name, flat=False)
            return
        for layer in ("fc1", "fc2"):
            self.conv(f"{name}.{layer}")
            self.bias(f"{name}.{layer}")


def _named(constants: Constants) -> dict[str, Tensor]:
    """All weights under the names of `OSNetLCT`."""
    reader = _Reader(constants)
    reader.take("Multiply")  # the deviation that pixels are divided by: the card says the same
    reader.instance("input_norm")
    reader.conv("conv1.conv")
    reader.instance("conv1.bn")
    for stage in range(len(STAGES)):
        name = f"conv{stage + 2}"
        reader.block(f"{name}.0", context=False, downsample=True)
        reader.block(f"{name}.1", context=True, downsample=False)
        if stage + 1 < len(STAGES):
            reader.conv_norm(f"{name}.2.0")
    reader.conv_norm("conv5")
    reader.conv("pool.conv")
    reader.bias("pool.conv")
    reader.conv("fc.0")
    reader.bias("fc.0")
    reader.batch_norm("fc.1", scale=reader.take("Multiply"))
    reader.weights["fc.2.weight"] = reader.take("PRelu").flatten()
    return reader.weights
