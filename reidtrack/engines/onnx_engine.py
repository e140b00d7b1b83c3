"""ONNX Runtime on the CPU or a CUDA GPU, there by TensorRT too: networks converted from torch, or read from ONNX files.

TensorRT takes minutes to build a network for a GPU. What it built is kept in the user's cache folder, named after the
network: it fits the GPU and the version that built it, and is built anew for others.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from reidtrack.engines.cache import kept
from reidtrack.engines.chunks import chunk_of, in_passes, split
from reidtrack.engines.inputs import check_inputs
from reidtrack.errors import DeviceError, ReidtrackError, WeightsError, param
from reidtrack.fetch import cache_folder
from reidtrack.types import FloatArray

if TYPE_CHECKING:
    from torch import nn


class OnnxEngine:
    """An ONNX model with one input and its first output; one call at a time.

    Args:
        content: Of an ONNX file.
        device: `cpu` or `cuda:N`, as `choose_device` gives it.
        tensorrt: Whether TensorRT runs it, on a GPU.
        half: Compute in float16; TensorRT only.
        where: The file, for what is wrong with it.

    Attributes:
        input_shape: (N, C, H, W) as the model has it, -1 where a dimension is open.
        metadata: What the model says about itself, under `framework` as OpenVINO has it.

    Raises:
        DeviceError: If ONNX Runtime does not load, or was built without what a GPU needs.
        WeightsError: If the model does not take pictures.
    """

    def __init__(
        self,
        content: bytes,
        device: str = "cpu",
        *,
        tensorrt: bool = False,
        half: bool = False,
        where: Path | None = None,
    ) -> None:
        runtime = _import_onnxruntime()
        providers = [_provider(runtime, device)]
        if tensorrt:  # what it does not know is left to CUDA
            providers.insert(0, _tensorrt(runtime, device, content, half=half))
        self._session = _session(runtime, content, providers)
        self._device, self._tensorrt, self._half = device, tensorrt, half
        inputs = self._session.get_inputs()
        check_inputs([_shape(one) for one in inputs], where)
        given = inputs[0]
        self._input, self._dtype = given.name, np.float16 if given.type == "tensor(float16)" else np.float32
        self.input_shape = _shape(given)
        self.metadata: Mapping[str, Any] = {"framework": self._session.get_modelmeta().custom_metadata_map}
        self._chunk = chunk_of(self.input_shape)

    @classmethod
    def from_torch(
        cls,
        model: nn.Module,
        size_hw: tuple[int, int] | None,
        device: str = "cpu",
        *,
        digest: str = "",
        tensorrt: bool = False,
        half: bool = False,
    ) -> OnnxEngine:
        """Convert a torch module that takes (N, 3, H, W) pictures of `size_hw`, or of any size.

        Args:
            model: In evaluation mode on the CPU.
            size_hw: Height and width, pixels; None leaves them open.
            device: Where it runs.
            digest: sha256 of the weights, by which the conversion is kept for the next time; empty: it is not.
            tensorrt: Whether TensorRT runs it.
            half: Compute in float16; TensorRT only.
        """
        import onnx

        from reidtrack.engines.convert import conversion_of, open_shape, write_onnx

        shape = open_shape(size_hw)

        def make(folder: Path) -> None:
            write_onnx(model.eval(), shape, folder / "model.onnx")

        parts = conversion_of(model, shape, digest, "onnx", onnx.__version__) if digest else None
        with kept(parts, make) as folder:
            return cls((folder / "model.onnx").read_bytes(), device, tensorrt=tensorrt, half=half)

    @classmethod
    def from_file(cls, path: Path | str, device: str = "cpu", *, tensorrt: bool = False) -> OnnxEngine:
        """Read an `.onnx` file.

        Raises:
            WeightsError: If the file is damaged, or does not take pictures.
        """
        try:
            return cls(Path(path).read_bytes(), device, tensorrt=tensorrt, where=Path(path))
        except ReidtrackError:
            raise
        except Exception as error:  # ONNX Runtime's own errors have no common ground
            reason = str(error).strip().splitlines()[-1]
            raise WeightsError(f"not a whole model ({reason})", where=path) from error

    @property
    def name(self) -> str:
        """Engine and device."""
        if self._tensorrt:
            return f"tensorrt {self._device}" + " float16" * self._half
        return f"onnxruntime {self._device}"

    def infer(self, batch: FloatArray) -> FloatArray:
        """Run the network on (N, C, H, W) float32, whatever batch the model fixes; gives (N, ...) float32."""
        by_gpu = self._device != "cpu" and self.input_shape[0] == -1
        parts = [
            self._session.run(None, {self._input: part.astype(self._dtype, copy=False)})[0]
            for part in (in_passes(batch) if by_gpu else split(batch, self._chunk))
        ]
        return np.concatenate(parts)[: len(batch)].astype(np.float32, copy=False)


def _shape(given: Any) -> tuple[int, ...]:
    """Of an input, -1 where a dimension is open."""
    return tuple(side if isinstance(side, int) else -1 for side in given.shape)


def _import_onnxruntime() -> ModuleType:
    try:
        import onnxruntime
    except ImportError as error:
        raise DeviceError(f"ONNX Runtime does not load ({error})", hint="pip install onnxruntime") from error
    module: ModuleType = onnxruntime
    module.disable_telemetry_events()
    return module


def _options(runtime: ModuleType) -> Any:
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors: what it warns of is how it placed a network's nodes
    # Its threads would wait for each other actively, and take the processor from decoding and tracking.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _provider(runtime: ModuleType, device: str) -> Any:
    if device == "cpu":
        return "CPUExecutionProvider"
    if "CUDAExecutionProvider" not in runtime.get_available_providers():
        raise DeviceError(
            f"this ONNX Runtime was built without CUDA, it does not run on {device}", hint="pip install onnxruntime-gpu"
        )
    return "CUDAExecutionProvider", {"device_id": int(device.partition(":")[2])}


def _session(runtime: ModuleType, content: bytes, providers: list[Any]) -> Any:
    """A session by the first of the providers.

    Raises:
        DeviceError: If it does not load there: left alone, ONNX Runtime would go on with the CPU, and say so aside.
    """
    wanted = providers[0] if isinstance(providers[0], str) else providers[0][0]
    if wanted == "CPUExecutionProvider":
        return runtime.InferenceSession(content, _options(runtime), providers=providers)
    _load_libraries(runtime, tensorrt=wanted == "TensorrtExecutionProvider")
    fault: Exception | None = None
    try:
        session = runtime.InferenceSession(content, _options(runtime), providers=providers, enable_fallback=0)
        if wanted in session.get_providers():
            return session
    except (RuntimeError, ValueError) as error:
        fault = error
    raise DeviceError(
        f"ONNX Runtime's {wanted} does not start: its libraries do not load, or no GPU fits them",
        field="engine",
        hint=f"use {param('engine', 'torch')}",
    ) from fault


def _load_libraries(runtime: ModuleType, *, tensorrt: bool) -> None:
    """Load those of CUDA and TensorRT that came as wheels, which lie where the system does not look for them."""
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what is missing; that no session starts says enough
        getattr(runtime, "preload_dlls", lambda: None)()  # from 1.21 on
    if tensorrt:
        with contextlib.suppress(ImportError, OSError):  # OSError: of CUDA, without a driver
            importlib.import_module("tensorrt")


def _tensorrt(runtime: ModuleType, device: str, content: bytes, *, half: bool) -> Any:
    """TensorRT with what is documented of it (ONNX Runtime, TensorRT execution provider)."""
    if "TensorrtExecutionProvider" not in runtime.get_available_providers():
        raise DeviceError(
            "this ONNX Runtime was built without TensorRT",
            field="engine",
            hint=f"pip install onnxruntime-gpu tensorrt, or use {param('engine', 'torch')}",
        )
    settings: dict[str, Any] = {"device_id": int(device.partition(":")[2]), "trt_fp16_enable": half}
    kept = _kept_by_tensorrt(content)
    if kept is not None:
        settings |= {"trt_engine_cache_enable": True, "trt_engine_cache_path": str(kept)}
        settings |= {"trt_timing_cache_enable": True, "trt_timing_cache_path": str(kept)}
    return "TensorrtExecutionProvider", settings


def _kept_by_tensorrt(content: bytes) -> Path | None:
    """A folder for what is built of a network; None where there can be none."""
    folder = cache_folder() / "engines" / f"tensorrt-{hashlib.sha256(content).hexdigest()[:32]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder
