"""Networks of torch, and files of networks, made ready to run by the engine that was chosen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.engines.base import Engine, FileEngine
from reidtrack.engines.choose import NEEDS, ONLY_ON, TITLE, check_installed, choose_device, choose_engine, is_installed
from reidtrack.engines.names import EngineName, Precision
from reidtrack.errors import DeviceError, WeightsError

if TYPE_CHECKING:
    from torch import nn


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
    on, chosen = choose_engine(device, engine, precision)
    half = precision == "half" or (precision == "auto" and on != "cpu" and chosen in ("torch", "tensorrt"))
    if chosen == "openvino":
        from reidtrack.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine.from_torch(model, size_hw, half=half, digest=digest)
    if chosen in ("onnxruntime", "tensorrt"):
        if half and chosen == "onnxruntime":
            raise DeviceError("ONNX Runtime runs in fp32 only", field="engine", hint="leave out precision=half")
        from reidtrack.engines.onnx_engine import OnnxEngine

        return OnnxEngine.from_torch(model, size_hw, on, digest=digest, tensorrt=chosen == "tensorrt", half=half)
    from reidtrack.engines.torch_engine import TorchEngine

    return TorchEngine(model, on, half=half)


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
    on = choose_device("cpu" if device == "auto" and engine != "tensorrt" else device)
    if engine == "auto":
        by_openvino = path.suffix == ".xml" or (on == "cpu" and is_installed("openvino"))
        chosen = "openvino" if by_openvino else "onnxruntime"
    if chosen == "torch" or (chosen in ("onnxruntime", "tensorrt") and path.suffix == ".xml"):
        what = f"{TITLE[chosen]} does not run an exported {path.suffix} file"
        raise DeviceError(what, field="engine", hint="give the weights it was made from")
    if not on.startswith(ONLY_ON.get(chosen, "")):
        raise DeviceError(
            f"{TITLE[chosen]} does not run on {on}", field="device", hint="give the weights it was made from"
        )
    check_installed(chosen, NEEDS[chosen][:1])
    if chosen == "openvino":
        from reidtrack.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine.from_file(path)
    from reidtrack.engines.onnx_engine import OnnxEngine

    return OnnxEngine.from_file(path, on, tensorrt=chosen == "tensorrt")
