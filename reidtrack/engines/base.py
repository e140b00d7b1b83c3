"""What every engine does, and which one is taken on which device."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reidtrack.engines.names import ENGINES, EngineName, Precision, Runtime
from reidtrack.errors import DeviceError, WeightsError, param
from reidtrack.types import FloatArray

if TYPE_CHECKING:
    from torch import nn

_NEEDS = {
    "openvino": ("openvino",),
    "onnxruntime": ("onnxruntime", "onnx"),
    "tensorrt": ("onnxruntime", "onnx"),
    "torch": ("torch",),
}
"""Packages without which an engine does not run networks of torch; ONNX Runtime, which TensorRT is run by, takes them
as ONNX."""
_GPU_FILES = ("nvidiactl", "nvhost-ctrl", "nvmap", "kfd", "dxg")
"""In /dev where a driver of a GPU is loaded: NVIDIA's, that of its small boards, AMD's, or that of Windows below."""
_TITLE = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime", "tensorrt": "TensorRT", "torch": "torch"}
_ONLY_ON = {"openvino": "cpu", "tensorrt": "cuda"}


class Engine(Protocol):
    """A network that is ready to run."""

    @property
    def name(self) -> str:
        """Engine and device, as `run.json` records them: `openvino cpu`."""
        ...

    def infer(self, batch: FloatArray) -> FloatArray:
        """Run the network.

        Args:
            batch: (N, 3, H, W) float32; N may be 0.

        Returns:
            (N, ...) float32, the network's first output, a new array.
        """
        ...


class FileEngine(Engine, Protocol):
    """An engine that runs a network from a file.

    Attributes:
        input_shape: (N, 3, H, W) as the file has it, -1 where a dimension is open.
        metadata: What the file says about itself, texts in nested dictionaries.
    """

    input_shape: tuple[int, ...]
    metadata: Mapping[str, Any]


def choose_device(device: str) -> str:
    """The device that `auto`, `cpu`, `cuda` or `cuda:N` stands for on this machine: `cpu` or `cuda:N`.

    Raises:
        DeviceError: If the text names no device, or the machine lacks it.
    """
    text = device.strip().lower()
    match = re.fullmatch(r"cuda(?::(\d+))?", text)
    if text not in ("auto", "cpu") and match is None:
        raise DeviceError(f"unknown device {device!r}", field="device", expected="auto, cpu, cuda or cuda:N")
    count = 0 if text == "cpu" else _count_gpus()
    if text == "cpu" or (text == "auto" and count == 0):
        return "cpu"
    index = int(match[1] or 0) if match is not None else 0
    if index >= count:
        found = {0: "no CUDA GPU is usable here", 1: "there is one CUDA GPU, cuda:0"}.get(
            count, f"there are {count} CUDA GPUs, cuda:0 to cuda:{count - 1}"
        )
        raise DeviceError(
            f"{device!r} is not there: {found}", field="device", hint=f"use {param('device', 'cpu')} or auto"
        )
    return f"cuda:{index}"


def _count_gpus() -> int:
    """CUDA GPUs that torch can use; as it takes seconds to load, what is obvious is seen without it."""
    if "torch" not in sys.modules:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            if importlib.metadata.version("torch").endswith("+cpu"):
                return 0
        if sys.platform == "linux" and not any(Path("/dev", name).exists() for name in _GPU_FILES):
            return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def choose_engine(device: str, engine: EngineName, precision: Precision = "auto") -> tuple[str, Runtime]:
    """Where networks run, `cpu` or `cuda:N`, and what runs them.

    On a GPU `auto` is torch; on the CPU it is OpenVINO, several times faster there, else ONNX Runtime, unless
    `half` is asked for, which it does not do, else torch. TensorRT, by way of ONNX Runtime, runs on a GPU only.

    Raises:
        DeviceError: If the device or the engine is not there, or one does not run on the other.
    """
    if engine not in ENGINES:
        raise DeviceError(f"unknown engine {engine!r}", field="engine", expected=", ".join(ENGINES))
    # OpenVINO runs on the CPU only, so asking for it settles what `auto` means.
    place = choose_device("cpu" if engine == "openvino" and device == "auto" else device)
    if not place.startswith(_ONLY_ON.get(engine, "")):
        raise DeviceError(
            f"{_TITLE[engine]} does not run on {place}", field="engine", hint=f"use {param('engine', 'torch')}"
        )
    if engine != "auto":
        _check_installed(engine, _NEEDS[engine])
        return place, engine
    if place != "cpu":
        return place, "torch"
    preferred: tuple[Runtime, ...] = ("openvino",) if precision == "half" else ("openvino", "onnxruntime")
    return place, next((one for one in preferred if all(map(_is_installed, _NEEDS[one]))), "torch")


def build_engine(
    model: nn.Module,
    size_hw: tuple[int, int] | None,
    *,
    device: str = "auto",
    engine: EngineName = "auto",
    precision: Precision = "auto",
    digest: str = "",
) -> Engine:
    """Make a network ready to run.

    Args:
        model: Takes (N, 3, H, W), gives (N, ...).
        size_hw: Height and width of its input, pixels; None where it takes pictures of any size that it can halve
            often enough, as detectors do.
        device: `auto` (a GPU where there is one), `cpu`, `cuda` or `cuda:N`.
        engine: `auto` or a name, see `choose_engine`.
        precision: Of the computation, see `Precision`; what comes out is float32.
        digest: sha256 of the weights; a conversion of theirs is kept for the next time. Empty: it is not.

    Raises:
        DeviceError: If the device or the engine is not there, or one does not run on the other or in that precision.
    """
    place, chosen = choose_engine(device, engine, precision)
    half = precision == "half" or (precision == "auto" and place != "cpu" and chosen in ("torch", "tensorrt"))
    if chosen == "openvino":
        from reidtrack.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine.from_torch(model, size_hw, half=half, digest=digest)
    if chosen in ("onnxruntime", "tensorrt"):
        if half and chosen == "onnxruntime":
            raise DeviceError("ONNX Runtime runs in fp32 only", field="engine", hint="leave out precision=half")
        from reidtrack.engines.onnx_engine import OnnxEngine

        return OnnxEngine.from_torch(model, size_hw, place, digest=digest, tensorrt=chosen == "tensorrt", half=half)
    from reidtrack.engines.torch_engine import TorchEngine

    return TorchEngine(model, place, half=half)


def open_engine(path: Path, *, device: str = "auto", engine: EngineName = "auto") -> FileEngine:
    """Make a file that OpenVINO or ONNX Runtime reads ready to run, as it is and in the precision it was written in.

    Args:
        path: An OpenVINO `.xml`, its `.bin` beside it, or an `.onnx` file.
        device: As for `build_engine`; `auto` is the CPU, but for TensorRT.
        engine: As for `build_engine`; `auto` is OpenVINO where it is installed; for an `.onnx` on a GPU, ONNX Runtime.

    Raises:
        WeightsError: If the file is missing, damaged or of another format.
        DeviceError: If the device or the engine is not there, or does not run such a file.
    """
    if not path.is_file():
        raise WeightsError("no such file", where=path, expected="an OpenVINO .xml or an .onnx file")
    if path.suffix not in (".xml", ".onnx"):
        raise WeightsError(f"cannot read {path.suffix or 'this'}", where=path, expected=".xml or .onnx")
    chosen = engine
    place = choose_device("cpu" if device == "auto" and engine != "tensorrt" else device)
    if engine == "auto":
        by_openvino = path.suffix == ".xml" or (place == "cpu" and _is_installed("openvino"))
        chosen = "openvino" if by_openvino else "onnxruntime"
    if chosen == "torch" or (chosen in ("onnxruntime", "tensorrt") and path.suffix == ".xml"):
        what = f"{_TITLE[chosen]} does not run an exported {path.suffix} file"
        raise DeviceError(what, field="engine", hint="give the weights it was made from")
    if not place.startswith(_ONLY_ON.get(chosen, "")):
        raise DeviceError(
            f"{_TITLE[chosen]} does not run on {place}", field="device", hint="give the weights it was made from"
        )
    _check_installed(chosen, _NEEDS[chosen][:1])
    if chosen == "openvino":
        from reidtrack.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine.from_file(path)
    from reidtrack.engines.onnx_engine import OnnxEngine

    return OnnxEngine.from_file(path, place, tensorrt=chosen == "tensorrt")


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _check_installed(engine: str, packages: tuple[str, ...]) -> None:
    for package in packages:
        if not _is_installed(package):
            missing = _TITLE.get(package, f"the Python package {package!r}")
            needed = "" if package == engine else f", which {_TITLE[engine]} needs to take networks of torch"
            raise DeviceError(
                f"{missing} is not installed{needed}", field="engine", hint=f"pip install {' '.join(packages)}"
            )
