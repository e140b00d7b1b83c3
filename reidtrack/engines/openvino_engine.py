"""OpenVINO on the CPU: networks converted from torch, or read from OpenVINO and ONNX files.

A network is compiled for one input shape and run in passes of it, in as many parallel streams as suit the processor.
On two cores that is faster than one pass with a dynamic batch (OSNet x0.25: 880 crops/s against 735, and 600 where the
batch changes from call to call, because OpenVINO prepares anew for each size). Where a network takes pictures of any
size, it is compiled for each size when that first comes: there are few, each camera having one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reidtrack.engines.cache import kept
from reidtrack.engines.chunks import chunk_of, join_passes, split
from reidtrack.engines.convert import conversion_of, open_shape, to_openvino
from reidtrack.engines.openvino_package import core, has_bfloat16, import_openvino, last_line, read_model
from reidtrack.engines.pictures import check_inputs
from reidtrack.errors import DeviceError, WeightsError
from reidtrack.types import FloatArray, ImageArray, Outputs, PixelFormat

if TYPE_CHECKING:
    from torch import nn

_PRECISION = {False: "f32", True: "bf16"}
_FIRST = threading.Lock()
"""Held by the first run of each model: OpenVINO's Python part sets up tables in the first run of all, and two threads
that come at the same moment wait for each other for ever."""


class OpenVinoEngine:
    """An OpenVINO model with one input; threads may call it at the same time.

    Args:
        model: An `openvino.Model`.
        half: Compute in bfloat16.

    Attributes:
        input_shape: (N, C, H, W) as the model has it, -1 where a dimension is open.
        output_count: How many outputs the model has.
        metadata: What the model says about itself (`rt_info`), texts in nested dictionaries.

    Raises:
        DeviceError: If the processor does not compute in bfloat16.
    """

    def __init__(self, model: Any, *, half: bool = False) -> None:
        if half and not has_bfloat16():
            raise DeviceError("this processor does not compute in bfloat16", hint="leave out precision=half")
        self.input_shape = _shape(model.inputs[0])
        self.output_count = len(model.outputs)
        self.metadata: Mapping[str, Any] = _plain(model.get_rt_info())
        self._model, self._half = model, half
        self._chunk = chunk_of(self.input_shape)
        self._compiling = threading.Lock()
        self._compiled: dict[tuple[tuple[int, ...], PixelFormat | None], _Requests] = {}

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
        openvino, shape = import_openvino(), open_shape(size_hw)
        if not digest:
            return cls(to_openvino(model.eval(), shape), half=half)

        def make(folder: Path) -> None:
            openvino.save_model(to_openvino(model.eval(), shape), folder / "model.xml", compress_to_fp16=False)

        with kept(conversion_of(model, shape, digest, "openvino", openvino.__version__), make) as folder:
            return cls(read_model(folder / "model.xml"), half=half)

    @classmethod
    def from_file(cls, path: Path | str, *, half: bool = False) -> OpenVinoEngine:
        """Read an OpenVINO `.xml` (its `.bin` beside it) or an `.onnx` file.

        Args:
            path: The file.
            half: Compute in bfloat16.

        Raises:
            DeviceError: If the processor does not compute in bfloat16.
            WeightsError: If the file is damaged, or does not take pictures.
        """
        model = read_model(Path(path))
        check_inputs([_shape(given) for given in model.inputs], Path(path))
        return cls(model, half=half)

    @property
    def name(self) -> str:
        """Engine and device."""
        return "openvino cpu bf16" if self._half else "openvino cpu"

    def infer(self, batch: FloatArray) -> Outputs:
        """Run the network on (N, C, H, W) float32, whatever batch the model fixes; each output is (N, ...) float32."""
        return self._infer(batch.astype(np.float32, copy=False), None)

    def infer_pictures(self, pictures: ImageArray, pixels: PixelFormat) -> Outputs:
        """Run the network on (N, H, W, 3) uint8 BGR, converted by OpenVINO."""
        return self._infer(pictures, pixels)

    def _infer(self, batch: NDArray[Any], pixels: PixelFormat | None) -> Outputs:
        parts = self._requests_for(batch, pixels).run(split(batch, self._chunk))
        return join_passes(parts, len(batch))

    def _requests_for(self, batch: NDArray[Any], pixels: PixelFormat | None) -> _Requests:
        """The network compiled for such a batch; there are few sizes, each camera having one."""
        key = batch.shape[1:], pixels
        with self._compiling:
            if key not in self._compiled:
                model = self._model.clone()
                if pixels is not None:
                    model = _on_pictures(model, pixels)
                if -1 in self.input_shape:
                    model.reshape([self._chunk, *batch.shape[1:]])
                try:
                    self._compiled[key] = _Requests(model, _PRECISION[self._half])
                except RuntimeError as error:
                    raise WeightsError(f"the network does not compile ({last_line(error)})") from error
            return self._compiled[key]


class _Requests:
    """A model compiled for the CPU, with as many requests as it runs at once, and one more that is being filled.

    Args:
        model: An `openvino.Model` with a fixed input.
        precision: Of the computation.
    """

    def __init__(self, model: Any, precision: str) -> None:
        settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": precision}
        compiled = core().compile_model(model, "CPU", settings)
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS") + 1):
            self._idle.put(compiled.create_infer_request())
        given = compiled.inputs[0]
        with _FIRST:
            self.run([np.zeros(given.shape, given.element_type.to_dtype())])

    def run(self, parts: Iterable[NDArray[Any]]) -> list[Outputs]:
        """Outputs of each input, in the order of the inputs."""
        running: deque[Any] = deque()
        outputs: list[Outputs] = []
        try:
            for part in parts:
                request = self._take(running, outputs)
                running.append(request)
                request.start_async({0: part}, share_inputs=True)
            while running:
                outputs.append(_outputs(running[0]))
                self._idle.put(running.popleft())
        finally:
            for request in running:
                with suppress(RuntimeError):  # told already; a request that were kept would be waited for for ever
                    request.wait()
                self._idle.put(request)
        return outputs

    def _take(self, running: deque[Any], outputs: list[Outputs]) -> Any:
        """An idle request. Who has some running frees their own first: two that wait for each other would for ever."""
        try:
            return self._idle.get(block=not running)
        except Empty:
            outputs.append(_outputs(running[0]))
            return running.popleft()


def _on_pictures(model: Any, pixels: PixelFormat) -> Any:
    """A model that takes (N, H, W, 3) uint8 BGR and makes planes of them as `pixels` says."""
    openvino = import_openvino()
    steps = openvino.preprocess.PrePostProcessor(model)
    given = steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    given.set_color_format(openvino.preprocess.ColorFormat.BGR)
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    convert = steps.input().preprocess()
    if pixels.channels == "RGB":
        convert.convert_color(openvino.preprocess.ColorFormat.RGB)
    convert.convert_element_type(openvino.Type.f32).scale(255.0 / pixels.pixel_max)
    if pixels.is_normalised:
        convert.mean(list(pixels.mean)).scale(list(pixels.std))
    return steps.build()


def _shape(given: Any) -> tuple[int, ...]:
    """Shape of an input, -1 where a dimension is open; empty where even their number is."""
    shape = given.get_partial_shape()
    return () if shape.rank.is_dynamic else tuple(d.get_length() if d.is_static else -1 for d in shape)


def _outputs(request: Any) -> Outputs:
    request.wait()
    # Copies: the request is used again.
    return tuple(output.data.astype(np.float32) for output in request.output_tensors)


def _plain(info: Any) -> Any:
    """OpenVINO's own mapping type, as dictionaries and texts."""
    info = getattr(info, "value", info)
    return {key: _plain(value) for key, value in info.items()} if hasattr(info, "items") else info
