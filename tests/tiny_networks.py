"""Networks of a few nodes, as files that others could have written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

SIZE_HW = (64, 32)
Dims = Sequence[int | str]

CARD = {"channels": "BGR", "pixel_max": 255, "mean": [0, 0, 0], "std": [1, 1, 1]}
"""Of a network that takes a picture as OpenCV reads it."""

_TAILS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "mean": [("GlobalAveragePool", {}), ("Flatten", {"axis": 1})],
    "pooled": [("GlobalAveragePool", {})],
    "grid": [("AveragePool", {"kernel_shape": [16, 16], "strides": [16, 16]}), ("Flatten", {"axis": 1})],
    "map": [("AveragePool", {"kernel_shape": [16, 16], "strides": [16, 16]})],
    "one batch": [("GlobalAveragePool", {}), ("Flatten", {"axis": 0})],
    "grey": [("GlobalAveragePool", {}), ("Flatten", {"axis": 1}), ("ReduceMean", {"axes": [1], "keepdims": 1})],
    "of four channels": [("DepthToSpace", {"blocksize": 2}), ("GlobalAveragePool", {}), ("Flatten", {"axis": 1})],
    "NHWC": [("Transpose", {"perm": [0, 3, 1, 2]}), ("GlobalAveragePool", {}), ("Flatten", {"axis": 1})],
}
"""`mean`: (N, 3), the mean of each channel; `pooled`: the same as (N, 3, 1, 1); `grid`: (N, 24), of each square of 16
pixels; `map`: the same as (N, 3, 4, 2); `one batch`: (1, N * 3); `grey`: (N, 1); `of four channels`: fails
with three where their number is open; `NHWC`: as `mean`, channels last."""


def save_onnx(path: Path, tail: str = "mean", shape: Dims = ("n", 3, *SIZE_HW), **metadata: str) -> Path:
    """Write a network that gives what `tail` says of pictures of `shape`."""
    return _save(path, _TAILS[tail], {"images": shape}, metadata)


def save_two_inputs(path: Path) -> Path:
    """Write a network that takes a picture and another one."""
    nodes: list[tuple[str, dict[str, Any]]] = [("Add", {"other": True}), *_TAILS["mean"]]
    return _save(path, nodes, {"images": ("n", 3, *SIZE_HW), "others": ("n", 3, *SIZE_HW)}, {})


def save_xml(path: Path, tail: str = "mean", shape: Dims = ("n", 3, *SIZE_HW)) -> Path:
    """The same as an OpenVINO file, its `.bin` beside it."""
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    from reidtrack.engines.openvino_package import core, import_openvino

    source = save_onnx(path.with_suffix(".onnx"), tail, shape)
    import_openvino().save_model(core().read_model(source), path, compress_to_fp16=False)
    source.unlink()
    return path


def save_network(path: Path, tail: str = "mean", shape: Dims = ("n", 3, *SIZE_HW)) -> Path:
    """In the form that the ending says."""
    return (save_xml if path.suffix == ".xml" else save_onnx)(path, tail, shape)


def write_card(network: Path, **changes: object) -> Path:
    """Lay `CARD` beside a network, or what `changes` make of it; a value of None leaves its key out."""
    import yaml

    path = network.with_suffix(".yaml")
    path.write_text(yaml.safe_dump({key: value for key, value in {**CARD, **changes}.items() if value is not None}))
    return path


def _save(
    path: Path, nodes: list[tuple[str, dict[str, Any]]], inputs: dict[str, Dims], metadata: dict[str, str]
) -> Path:
    onnx: Any = pytest.importorskip("onnx", reason="onnx is not installed")
    given, made = next(iter(inputs)), []
    for number, (kind, attributes) in enumerate(nodes):
        names = [given, "others"] if attributes.get("other") else [given]
        kept = {key: value for key, value in attributes.items() if key != "other"}
        given = f"value{number}"
        made.append(onnx.helper.make_node(kind, names, [given], **kept))
    number_type = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        made,
        "tiny",
        [onnx.helper.make_tensor_value_info(name, number_type, list(shape)) for name, shape in inputs.items()],
        [onnx.helper.make_tensor_value_info(given, number_type, None)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, str(path))
    return path
