"""Which engine runs networks on which device of this machine."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path

from reidtrack.engines.names import ENGINES, EngineName, Precision, Runtime
from reidtrack.errors import DeviceError, param

NEEDS = {
    "openvino": ("openvino",),
    "onnxruntime": ("onnxruntime", "onnx"),
    "tensorrt": ("onnxruntime", "onnx"),
    "torch": ("torch",),
}
"""Packages without which an engine does not run networks of torch; ONNX Runtime, which TensorRT is run by, takes them
as ONNX."""
_GPU_FILES = ("nvidiactl", "nvhost-ctrl", "nvmap", "kfd", "dxg")
"""In /dev where a driver of a GPU is loaded: NVIDIA's, that of its small boards, AMD's, or that of Windows below."""
TITLE = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime", "tensorrt": "TensorRT", "torch": "torch"}
"""What each engine is called in messages."""
ONLY_ON = {"openvino": "cpu", "tensorrt": "cuda"}
"""How the one device begins that an engine runs on."""


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
    on = choose_device("cpu" if engine == "openvino" and device == "auto" else device)
    if not on.startswith(ONLY_ON.get(engine, "")):
        raise DeviceError(
            f"{TITLE[engine]} does not run on {on}", field="engine", hint=f"use {param('engine', 'torch')}"
        )
    if engine != "auto":
        check_installed(engine, NEEDS[engine])
        return on, engine
    if on != "cpu":
        return on, "torch"
    preferred: tuple[Runtime, ...] = ("openvino",) if precision == "half" else ("openvino", "onnxruntime")
    return on, next((one for one in preferred if all(map(is_installed, NEEDS[one]))), "torch")


def is_installed(package: str) -> bool:
    """Whether a Python package can be imported."""
    return importlib.util.find_spec(package) is not None


def check_installed(engine: str, packages: tuple[str, ...]) -> None:
    """Refuse an engine one of whose packages is missing.

    Raises:
        DeviceError: Naming it.
    """
    for package in packages:
        if not is_installed(package):
            missing = TITLE.get(package, f"the Python package {package!r}")
            needed = "" if package == engine else f", which {TITLE[engine]} needs to take networks of torch"
            raise DeviceError(
                f"{missing} is not installed{needed}", field="engine", hint=f"pip install {' '.join(packages)}"
            )
