"""What every engine does, and which one is taken on which device."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING, Literal, Protocol

from reidtrack.errors import DeviceError
from reidtrack.types import FloatArray

if TYPE_CHECKING:
    from torch import nn

EngineName = Literal["auto", "openvino", "torch"]


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


def choose_device(device: str) -> str:
    """The device that `auto`, `cpu`, `cuda` or `cuda:N` stands for on this machine: `cpu` or `cuda:N`.

    Raises:
        DeviceError: If the text names no device, or the machine lacks it.
    """
    import torch

    text = device.strip().lower()
    match = re.fullmatch(r"cuda(?::(\d+))?", text)
    if text not in ("auto", "cpu") and match is None:
        raise DeviceError(f"unknown device {device!r}", where="--device", expected="auto, cpu, cuda or cuda:N")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if text == "cpu" or (text == "auto" and count == 0):
        return "cpu"
    index = int(match[1] or 0) if match is not None else 0
    if index >= count:
        found = {0: "no CUDA GPU is usable here", 1: "there is one CUDA GPU, cuda:0"}.get(
            count, f"there are {count} CUDA GPUs, cuda:0 to cuda:{count - 1}"
        )
        raise DeviceError(f"{device!r} is not there: {found}", where="--device", hint="use --device cpu or auto")
    return f"cuda:{index}"


def build_engine(
    model: nn.Module, size_hw: tuple[int, int], *, device: str = "auto", engine: EngineName = "auto"
) -> Engine:
    """Make a network ready to run.

    Args:
        model: Takes (N, 3, H, W), gives (N, ...).
        size_hw: Height and width of its input, pixels.
        device: `auto` (a GPU where there is one), `cpu`, `cuda` or `cuda:N`.
        engine: `auto` takes OpenVINO on the CPU, where it is several times faster than torch, and torch elsewhere.

    Raises:
        DeviceError: If the device or the engine is not there, or one does not run on the other.
    """
    place, chosen = choose_engine(device, engine)
    if chosen == "openvino":
        from reidtrack.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine.from_torch(model, size_hw)
    from reidtrack.engines.torch_engine import TorchEngine

    return TorchEngine(model, place)


def choose_engine(device: str, engine: EngineName) -> tuple[str, Literal["openvino", "torch"]]:
    """Where networks run, `cpu` or `cuda:N`, and what runs them.

    Raises:
        DeviceError: If the device or the engine is not there, or one does not run on the other.
    """
    if engine not in ("auto", "openvino", "torch"):
        raise DeviceError(f"unknown engine {engine!r}", where="--engine", expected="auto, openvino or torch")
    # OpenVINO runs on the CPU only, so asking for it settles what `auto` means.
    place = choose_device("cpu" if engine == "openvino" and device == "auto" else device)
    installed = importlib.util.find_spec("openvino") is not None
    if engine == "openvino" and place != "cpu":
        raise DeviceError(f"OpenVINO does not run on {place}", where="--engine", hint="use --engine torch")
    if engine == "openvino" and not installed:
        raise DeviceError("OpenVINO is not installed", where="--engine", hint="pip install openvino")
    return place, "openvino" if place == "cpu" and installed and engine != "torch" else "torch"
