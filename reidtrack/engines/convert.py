"""A network of torch as an OpenVINO model or an ONNX file. No network access, nothing is installed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import reidtrack
from reidtrack.engines.openvino_package import import_openvino
from reidtrack.errors import DeviceError

if TYPE_CHECKING:
    import torch
    from torch import nn

Shape = tuple[int, int, int, int]
"""Input (N, C, H, W), -1 where a dimension stays open."""

_EXAMPLE_HW = (64, 96)
"""Height and width of the pictures to trace with where they are open; unlike, so that none is taken for the other."""
_OPSET = 17
_RECIPE = "1"
"""Changes with what is done here, so that files made before are not taken for those made now."""


def open_shape(size_hw: tuple[int, int] | None) -> Shape:
    """Any number of pictures of `size_hw`, or of any size."""
    return (-1, 3, *(size_hw or (-1, -1)))


def conversion_of(model: nn.Module, shape: Shape, digest: str, kind: str, version: str) -> tuple[str, ...]:
    """Everything that a converted file depends on: weights, layers, input, and who converted it."""
    import torch

    return (_RECIPE, kind, version, torch.__version__, reidtrack.__version__, digest, str(shape), str(model))


def to_openvino(model: nn.Module, shape: Shape) -> Any:
    """Convert to an `openvino.Model` in float32.

    Args:
        model: In evaluation mode on the CPU.
        shape: Of the input.

    Raises:
        DeviceError: If OpenVINO is not installed.
    """
    import torch

    openvino = import_openvino()
    example = _example(shape)
    with _tracing(model, shape), torch.inference_mode():
        # Tracing is what OpenVINO itself does; done here, it skips a second trace for comparison.
        traced: Any = torch.jit.trace(model, example, check_trace=False, strict=False)  # type: ignore[no-untyped-call]
        return openvino.convert_model(traced, example_input=example, input=list(shape))


def write_onnx(model: nn.Module, shape: Shape, path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write an ONNX file.

    Args:
        model: In evaluation mode on the CPU; `output_names` says how its outputs are called, if there are several.
        shape: Of the input.
        path: Where it goes.
        metadata: Texts that the file keeps about itself.

    Raises:
        DeviceError: If the package `onnx` is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise DeviceError(f"the Python package 'onnx' does not load ({error})", hint="pip install onnx") from error
    import torch

    names = {0: "batch", 2: "height", 3: "width"}
    free = {dimension: name for dimension, name in names.items() if shape[dimension] == -1}
    outputs: tuple[str, ...] = getattr(model, "output_names", ("output",))
    open_outputs = {output: {0: "batch"} if 0 in free else {} for output in outputs}
    with _tracing(model, shape), torch.inference_mode():
        # The newer exporter (dynamo=True) needs onnxscript and keeps a size that is open from being so.
        torch.onnx.export(
            model,
            (_example(shape),),
            str(path),
            input_names=["images"],
            output_names=list(outputs),
            dynamic_axes={"images": free, **open_outputs} if free else None,
            opset_version=_OPSET,
            dynamo=False,
        )
    written = onnx.load(str(path))
    onnx.helper.set_model_props(written, dict(metadata or {}))
    onnx.save(written, str(path))


def _example(shape: Shape) -> torch.Tensor:
    import torch

    batch, channels, *size = shape
    # Two pictures where the batch is open: with one, a tracer may take it for a constant.
    sides = (given if given != -1 else example for given, example in zip(size, _EXAMPLE_HW, strict=True))
    return torch.zeros(batch if batch != -1 else 2, channels, *sides)


@contextmanager
def _tracing(model: nn.Module, shape: Shape) -> Iterator[None]:
    """Silence what tracing says of branches on sizes, and let a detector's grid follow the size where it is open."""
    import torch

    modules: list[Any] = list(model.modules())
    grids = [module for module in modules if hasattr(module, "dynamic") and hasattr(module, "anchors")]
    try:
        for grid in grids:
            grid.dynamic, grid.shape = -1 in shape[2:], None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
            warnings.filterwarnings("ignore", module=r"torch\.onnx")
            yield
    finally:
        for grid in grids:
            grid.dynamic, grid.shape = False, None  # made anew: that of the example is of no use
