"""`reidtrack export`: networks as files for inference engines, each checked against its source before it is kept."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reidtrack.engines.build import open_engine
from reidtrack.engines.convert import Shape, open_shape, write_onnx
from reidtrack.errors import InputError, OutputError, UsageError, WeightsError, param
from reidtrack.networks.exportable import DetectorNetwork, ReidNetwork
from reidtrack.networks.read_exportable import ReidFile, read_network
from reidtrack.types import ImageArray

if TYPE_CHECKING:
    from torch import nn

Format = Literal["onnx", "openvino"]
Network = DetectorNetwork | ReidNetwork | ReidFile

CALIBRATION = 128
"""Most pictures that the ranges of activations are learned from."""
CHECKED = 16
"""Most real pictures a file is checked on; none of those that ranges are learned from, unless there are very few."""


@dataclass(frozen=True)
class ExportRequest:
    """A request to export a network.

    Attributes:
        weights: Weights of a detector or a re-identification network, a path or a name; of the latter also a file that
            an engine reads, which becomes ONNX where its architecture is known.
        format: Format of the file.
        out: Path of the file; named after the weights, in the working directory, if None.
        half: Whether numbers have 16 bits: all of ONNX, the weights of OpenVINO.
        int8: Whether numbers have 8 bits; OpenVINO only.
        calibrate: Folder of real pictures, frames or crops, for `int8` and for the check.
        size_hw: Fix a detector's input to one picture of this height and width; else they are open.
        overwrite: Whether what is at `out` is replaced.
    """

    weights: Path
    format: Format
    out: Path | None = None
    half: bool = False
    int8: bool = False
    calibrate: Path | None = None
    size_hw: tuple[int, int] | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class Exported:
    """An exported file, and how well it agrees with the network it was made from.

    Attributes:
        path: The `.onnx` file or the folder.
        measure: Measure of agreement, in words.
        agreement: Agreement with the original, 1 for the same outputs.
        pictures: Number of real pictures it was checked on; 0: on noise.
        reference: The original: torch, or a file.
    """

    path: Path
    measure: str
    agreement: float
    pictures: int
    reference: str = "torch"


def export(request: ExportRequest) -> Exported:
    """Convert a network, check the file against the original, and keep it.

    Raises:
        UsageError: If the request contradicts itself.
        WeightsError: If the weights cannot be used, or the file does not agree with what it was made from.
        ConfigError: If the card beside them does not fit.
        DeviceError: If a package is missing.
        InputError: If there are no pictures in `calibrate`.
        OutputError: If the file cannot be written, or is there already.
    """
    _check(request)
    network = _read(request)
    if request.size_hw is not None:
        _check_size(request.size_hw, network)
    out = _out_path(request, network.stem)
    learn, test = _pictures(request.calibrate)
    shape: Shape = open_shape(network.size_hw) if request.size_hw is None else (1, 3, *request.size_hw)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export.", dir=out.parent) as name:
            made = Path(name) / out.name
            file = _write(request, network, shape, made, learn)
            engine = open_engine(file, engine="onnxruntime" if _only_onnx(request.format) else "openvino")
            compared = network.compare(engine, test)
            if not compared.agreement >= network.least(half=request.half, int8=request.int8):
                raise WeightsError(
                    f"the file does not agree with {network.reference}: {compared.measure} {compared.agreement:.4f}",
                    where=out,
                    expected=f"{network.least(half=request.half, int8=request.int8)} or more",
                    hint="nothing was kept",
                )
            _keep(made, out)
    except OSError as error:
        raise OutputError("cannot be written", where=out, hint=error.strerror) from error
    return Exported(out, compared.measure, compared.agreement, compared.pictures, network.reference)


def _read(request: ExportRequest) -> Network:
    network = read_network(request.weights)
    if isinstance(network, ReidFile):
        if request.format == "onnx":
            return network.in_torch()
        if request.int8:
            network.check_precision()
    return network


def _check(request: ExportRequest) -> None:
    if request.int8 and request.format != "openvino":
        raise UsageError("is for OpenVINO", field="int8", hint=f"use {param('format', 'openvino')}")
    if request.int8 and request.half:
        raise UsageError(f"{param('int8')} and {param('half')} exclude each other", hint="give one of them")
    if request.int8 and request.calibrate is None:
        raise UsageError(
            "needs pictures to learn from",
            field="int8",
            expected=f"{param('calibrate')} FOLDER with frames, or crops of people",
        )


def _check_size(size_hw: tuple[int, int], network: Network) -> None:
    if not isinstance(network, DetectorNetwork):
        raise UsageError("is for detectors", field="imgsz", hint="a re-ID network has the size it was trained with")
    stride = network.found.stride
    if any(side < stride or side % stride for side in size_hw):
        raise UsageError(
            f"{size_hw[0]} {size_hw[1]} cannot be halved often enough",
            field="imgsz",
            expected=f"two multiples of {stride}",
        )


def _only_onnx(form: Format) -> bool:
    """Whether ONNX Runtime has to check the file, since OpenVINO is not installed."""
    from importlib.util import find_spec

    return form == "onnx" and find_spec("openvino") is None


def _out_path(request: ExportRequest, stem: str) -> Path:
    suffix = "_int8" * request.int8 + "_fp16" * request.half
    ending = ".onnx" if request.format == "onnx" else "_openvino_model"
    out = request.out or Path(f"{stem}{suffix}{ending}")
    if request.format == "onnx" and out.suffix != ".onnx":
        raise UsageError(f"an ONNX file ends in .onnx, not {out.suffix or 'nothing'}", field="out")
    if out.exists() and not request.overwrite:
        raise OutputError("is there already", where=out, hint=f"{param('overwrite', True)} replaces it")
    if out.is_file() and request.format == "openvino":
        raise OutputError("is a file, and an OpenVINO export is a folder", where=out, hint="give another path")
    if out.is_dir() and any(path.suffix not in (".xml", ".bin", ".yaml") for path in out.iterdir()):
        raise OutputError("holds files that no export wrote", where=out, hint="give another path, or remove it")
    return out


def _pictures(folder: Path | None) -> tuple[list[ImageArray], list[ImageArray]]:
    """Pictures to learn from, and pictures to check on."""
    if folder is None:
        return [], []
    from reidtrack.image import read_image
    from reidtrack.pipeline.embed import list_images

    paths, _ = list_images([folder])
    if not paths:
        raise InputError("holds no images", where=folder)
    test = _spread(paths, CHECKED)
    rest = [path for path in paths if path not in set(test)] if len(paths) >= 2 * CHECKED else paths
    return [read_image(path) for path in _spread(rest, CALIBRATION)], [read_image(path) for path in test]


def _spread(paths: list[Path], most: int) -> list[Path]:
    """Choose at most so many paths, evenly over the list."""
    return [paths[i * len(paths) // most] for i in range(most)] if len(paths) > most else paths


def _write(request: ExportRequest, network: Network, shape: Shape, made: Path, learn: list[ImageArray]) -> Path:
    """Write the file, or the folder, at `made`, and return the path of what an engine reads."""
    if request.format == "onnx":
        assert not isinstance(network, ReidFile)  # they are taken into torch for it
        module = _in_half(network.module) if request.half else network.module
        write_onnx(module, shape, made, network.texts())
        return made
    from reidtrack.engines.openvino_package import import_openvino

    model = network.to_openvino(shape)
    if request.int8:
        from reidtrack.engines.quantise import quantise

        model = quantise(model, network.inputs(learn, request.size_hw), exact=network.exact_operations())
    for key, text in network.texts().items():
        model.set_rt_info(text, ["framework", key])
    made.mkdir()
    file = made / f"{network.stem}.xml"
    import_openvino().save_model(model, file, compress_to_fp16=request.half)
    network.write_beside(made)
    return file


def _in_half(module: nn.Module) -> Any:
    """A module that computes in float16 and takes and gives float32."""
    import copy

    from torch import Tensor, nn

    class Half(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = copy.deepcopy(module).half()

        def forward(self, pictures: Tensor) -> Tensor:
            out: Tensor = self.inner(pictures.half())
            return out.float()

    return Half().eval()


def _keep(made: Path, out: Path) -> None:
    if out.is_dir():
        shutil.rmtree(out)
    made.replace(out)
