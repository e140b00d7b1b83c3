"""OpenVINO on the CPU: networks converted in memory from torch, or read from OpenVINO and ONNX files.

A network whose only free dimension is the batch is compiled for a small fixed one, and a call's pictures go through
it a few at a time, in as many parallel streams as suit the processor, the last ones filled up with zeros. On two
cores that is faster than one pass with a dynamic batch (OSNet x0.25: 880 crops/s against 735, and 600 where the
batch changes from call to call, because OpenVINO prepares anew for each size), and a picture's result does not
depend on its neighbours.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from reidtrack.errors import DeviceError, WeightsError
from reidtrack.types import FloatArray

if TYPE_CHECKING:
    from torch import nn

CHUNK = 4
"""Pictures per pass where the network leaves the batch open."""


class OpenVinoEngine:
    """A compiled OpenVINO model with one input and its first output; one call at a time.

    Args:
        model: An `openvino.Model`.

    Attributes:
        input_shape: (N, C, H, W) as the model has it, -1 where a dimension is open.
        metadata: What the model says about itself (`rt_info`), texts in nested dictionaries.
    """

    def __init__(self, model: Any) -> None:
        self.input_shape = _shape(model)
        self.metadata: Mapping[str, Any] = _plain(model.get_rt_info())
        self._chunk = self.input_shape[0]
        if self._chunk == -1 and -1 not in self.input_shape[1:]:
            self._chunk = CHUNK
            model.reshape([CHUNK, *self.input_shape[1:]])
        self._queue = _compile(model)

    @classmethod
    def from_torch(cls, model: nn.Module, size_hw: tuple[int, int]) -> OpenVinoEngine:
        """Convert a torch module that takes (N, 3, H, W) pictures of `size_hw`."""
        import torch

        openvino = import_openvino()
        example = torch.zeros(2, 3, *size_hw)
        with torch.inference_mode(), warnings.catch_warnings():
            # Tracing is deprecated in torch and still what OpenVINO itself does; done here, it skips a second trace
            # for comparison. What the tracer warns of, branches on sizes, is fixed by `size_hw`.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
            traced: Any = torch.jit.trace(model.eval(), example, check_trace=False)  # type: ignore[no-untyped-call]
            return cls(openvino.convert_model(traced, example_input=example, input=[-1, 3, *size_hw]))

    @classmethod
    def from_file(cls, path: Path | str) -> OpenVinoEngine:
        """Read an OpenVINO `.xml` (its `.bin` beside it) or an `.onnx` file.

        Raises:
            WeightsError: If the file is missing, damaged or of another format.
        """
        path = Path(path)
        if not path.is_file():
            raise WeightsError("no such file", where=path, expected="an OpenVINO .xml or an .onnx file")
        if path.suffix not in (".xml", ".onnx"):
            raise WeightsError(f"cannot read {path.suffix or 'this'}", where=path, expected=".xml or .onnx")
        openvino = import_openvino()
        try:
            return cls(openvino.Core().read_model(path))
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise WeightsError(f"not a whole model ({reason})", where=path) from error

    @property
    def name(self) -> str:
        """Engine and device."""
        return "openvino cpu"

    def infer(self, batch: FloatArray) -> FloatArray:
        """Run the network on (N, C, H, W) float32, whatever batch the model fixes; gives (N, ...) float32."""
        batch = np.ascontiguousarray(batch, dtype=np.float32)
        step = max(len(batch), 1) if self._chunk == -1 else self._chunk
        starts = range(0, max(len(batch), 1), step)  # an empty batch is run too: the output's shape is known after it
        parts: list[FloatArray | None] = [None] * len(starts)
        self._queue.set_callback(lambda request, place: _keep(request, parts, place))
        for place, start in enumerate(starts):
            self._queue.start_async(_fill(batch[start : start + step], step), place)
        self._queue.wait_all()
        return np.concatenate([part for part in parts if part is not None])[: len(batch)]


def import_openvino() -> ModuleType:
    """Import OpenVINO with its telemetry off.

    OpenVINO reports its use over the network on import and on conversion wherever its telemetry package can be
    imported, unless a file in the user's home says otherwise; without that package it is silent.

    Raises:
        DeviceError: If OpenVINO is not installed or does not load.
    """
    sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))
    try:
        import openvino
    except ImportError as error:
        raise DeviceError(f"OpenVINO does not load ({error})", hint="pip install openvino") from error
    return cast(ModuleType, openvino)


def _compile(model: Any) -> Any:
    """Compile for the CPU, and give a queue of requests, one for each parallel stream."""
    openvino = import_openvino()
    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    return openvino.AsyncInferQueue(compiled, compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))


def _shape(model: Any) -> tuple[int, ...]:
    return tuple(d.get_length() if d.is_static else -1 for d in model.inputs[0].get_partial_shape())


def _fill(batch: FloatArray, length: int) -> FloatArray:
    """`batch`, filled up with zeros to `length` rows."""
    if len(batch) == length:
        return batch
    full = np.zeros((length, *batch.shape[1:]), np.float32)
    full[: len(batch)] = batch
    return full


def _keep(request: Any, parts: list[FloatArray | None], place: int) -> None:
    parts[place] = request.get_output_tensor(0).data.astype(np.float32)  # a copy: the request is used again


def _plain(info: Any) -> Any:
    """OpenVINO's own mapping type, as dictionaries and texts."""
    info = getattr(info, "value", info)
    return {key: _plain(value) for key, value in info.items()} if hasattr(info, "items") else info
