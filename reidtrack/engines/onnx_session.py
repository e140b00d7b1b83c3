"""Sessions of ONNX Runtime on the CPU or a GPU: its libraries loaded, its settings, never the CPU in silence.

TensorRT takes minutes to build a network for a GPU. What it built is kept in the user's cache folder, named after the
network: it fits the GPU and the version that built it, and is built anew for others.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
from pathlib import Path
from types import ModuleType
from typing import Any

from reidtrack.errors import DeviceError, param
from reidtrack.fetch import cache_folder


def open_session(content: bytes, device: str, *, tensorrt: bool = False, half: bool = False) -> Any:
    """Session of ONNX Runtime for the content of an ONNX file.

    Args:
        content: Of the file.
        device: `cpu` or `cuda:N`.
        tensorrt: Whether TensorRT runs it, on a GPU; what that does not know is left to CUDA.
        half: Compute in float16; TensorRT only.

    Raises:
        DeviceError: If ONNX Runtime does not load, or does not start there: left alone, it would go on with the CPU,
            and say so aside.
    """
    runtime = import_onnxruntime()
    providers = [_cuda_or_cpu(runtime, device)]
    if tensorrt:
        providers.insert(0, _tensorrt(runtime, device, content, half=half))
    if device == "cpu":
        return runtime.InferenceSession(content, _options(runtime), providers=providers)
    wanted = providers[0][0]
    _load_libraries(runtime, tensorrt=tensorrt)
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


def import_onnxruntime() -> ModuleType:
    """Import ONNX Runtime with its telemetry off.

    Raises:
        DeviceError: If it is not installed or does not load.
    """
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


def _cuda_or_cpu(runtime: ModuleType, device: str) -> Any:
    if device == "cpu":
        return "CPUExecutionProvider"
    if "CUDAExecutionProvider" not in runtime.get_available_providers():
        raise DeviceError(
            f"this ONNX Runtime was built without CUDA, it does not run on {device}", hint="pip install onnxruntime-gpu"
        )
    return "CUDAExecutionProvider", {"device_id": int(device.partition(":")[2])}


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
