"""OpenVINO on the CPU: networks converted from torch, or read from OpenVINO and ONNX files.

A network is compiled for one input shape and run in passes of it, in as many parallel streams as suit the processor.
On two cores that is faster than one pass with a dynamic batch (OSNet x0.25: 880 crops/s against 735, and 600 where the
batch changes from call to call, because OpenVINO prepares anew for each size). Where a network takes pictures of any
size, it is compiled for each size when that first comes: there are few, each camera having one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from reidtrack.engines.cache import kept
from reidtrack.engines.chunks import chunk_of, split
from reidtrack.errors import DeviceError, WeightsError
from reidtrack.types import FloatArray

if TYPE_CHECKING:
    from torch import nn

_PRECISION = {False: "f32", True: "bf16"}


class OpenVinoEngine:
    """An OpenVINO model with one input and its first output; one call at a time.

    Args:
        model: An `openvino.Model`.
        half: Compute in bfloat16.

    Attributes:
        input_shape: (N, C, H, W) as the model has it, -1 where a dimension is open.
        metadata: What the model says about itself (`rt_info`), texts in nested dictionaries.

    Raises:
        DeviceError: If the processor does not compute in bfloat16.
    """

    def __init__(self, model: Any, *, half: bool = False) -> None:
        if half and not has_bfloat16():
            raise DeviceError("this processor does not compute in bfloat16", hint="leave out precision=half")
        self.input_shape = _shape(model)
        self.metadata: Mapping[str, Any] = _plain(model.get_rt_info())
        self._model, self._half = model, half
        self._chunk = chunk_of(self.input_shape)
        self._queues: dict[tuple[int, ...], Any] = {}
        if -1 not in self.input_shape[1:]:
            self._queue_of(self.input_shape[1:])  # at once, so that a network that does not compile shows at once

    @classmethod
    def from_torch(
        cls, model: nn.Module, size_hw: tuple[int, int] | None, *, half: bool = False, digest: str = ""
    ) -> OpenVinoEngine:
        """Convert a torch module that takes (N, 3, H, W) pictures of `size_hw`, or of any size.

        Args:
            model: In evaluation mode on the CPU.
            size_hw: Height and width, pixels; None leaves them open.
            half: Compute in bfloat16.
            digest: sha256 of the weights, by which the conversion is kept for the next time; empty: it is not.
        """
        from reidtrack.engines.convert import conversion_of, open_shape, to_openvino

        openvino, shape = import_openvino(), open_shape(size_hw)
        if not digest:
            return cls(to_openvino(model.eval(), shape), half=half)

        def make(folder: Path) -> None:
            openvino.save_model(to_openvino(model.eval(), shape), folder / "model.xml", compress_to_fp16=False)

        with kept(conversion_of(model, shape, digest, "openvino", openvino.__version__), make) as folder:
            return cls(_read(folder / "model.xml"), half=half)

    @classmethod
    def from_file(cls, path: Path | str) -> OpenVinoEngine:
        """Read an OpenVINO `.xml` (its `.bin` beside it) or an `.onnx` file.

        Raises:
            WeightsError: If the file is damaged.
        """
        try:
            return cls(_read(Path(path)))
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise WeightsError(f"not a whole model ({reason})", where=path) from error

    @property
    def name(self) -> str:
        """Engine and device."""
        return "openvino cpu bf16" if self._half else "openvino cpu"

    def infer(self, batch: FloatArray) -> FloatArray:
        """Run the network on (N, C, H, W) float32, whatever batch the model fixes; gives (N, ...) float32."""
        queue = self._queue_of(batch.shape[1:])
        parts: dict[int, FloatArray] = {}
        queue.set_callback(lambda request, place: parts.__setitem__(place, _output(request)))
        for place, part in enumerate(split(batch, self._chunk)):
            queue.start_async(part, place)
        queue.wait_all()
        return np.concatenate([parts[place] for place in range(len(parts))])[: len(batch)]

    def _queue_of(self, shape: tuple[int, ...]) -> Any:
        """Requests for pictures of (C, H, W), one for each parallel stream."""
        if shape not in self._queues:
            model = self._model
            if -1 in self.input_shape:
                model = model.clone()
                model.reshape([self._chunk, *shape])
            self._queues[shape] = _compile(model, _PRECISION[self._half])
        return self._queues[shape]


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


def has_bfloat16() -> bool:
    """Whether the processor has instructions for it; without them it would be slower than float32."""
    return "BF16" in import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _read(path: Path) -> Any:
    # From memory: a file that is only mapped may change or go while it is in use.
    if path.suffix == ".xml":
        weights = path.with_suffix(".bin").read_bytes() if path.with_suffix(".bin").is_file() else b""
        return import_openvino().Core().read_model(path.read_bytes(), weights)
    return import_openvino().Core().read_model(path)


def _compile(model: Any, precision: str) -> Any:
    """Compile for the CPU, and give a queue of requests, one for each parallel stream."""
    openvino = import_openvino()
    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": precision}
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    return openvino.AsyncInferQueue(compiled, compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))


def _shape(model: Any) -> tuple[int, ...]:
    return tuple(d.get_length() if d.is_static else -1 for d in model.inputs[0].get_partial_shape())


def _output(request: Any) -> FloatArray:
    # A copy: the request is used again.
    return cast(FloatArray, request.get_output_tensor(0).data.astype(np.float32))


def _plain(info: Any) -> Any:
    """OpenVINO's own mapping type, as dictionaries and texts."""
    info = getattr(info, "value", info)
    return {key: _plain(value) for key, value in info.items()} if hasattr(info, "items") else info
