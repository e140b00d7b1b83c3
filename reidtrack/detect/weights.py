"""What is known of a detector's weights before anything runs: its form, class names, stride and task.

Ultralytics is used for nothing but rebuilding the module of a `.pt` file, from a restricted unpickler; it is told to
stay offline, to install nothing and to report nothing.
"""

from __future__ import annotations

import ast
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from reidtrack.errors import WeightsError

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

_QUIET = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false", "ULTRALYTICS_SAFE_LOAD": "true"}
_FORMS = "a .pt file, an OpenVINO folder (or its .xml), or an .onnx file of an Ultralytics detection model"


@dataclass(frozen=True)
class ExportedYolo:
    """A detector that an inference engine reads as it is.

    Attributes:
        path: The `.xml` or `.onnx` file.
        names: Class names by index; empty where nothing beside the file tells them.
    """

    path: Path
    names: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class YoloModule:
    """A detector as a torch module that maps (B, 3, h, w) RGB in 0..1 to raw predictions.

    Attributes:
        module: In evaluation mode, with BatchNorm folded in.
        names: Class names by index.
        stride: The input's sides are multiples of this.
    """

    module: torch.nn.Module
    names: dict[int, str]
    stride: int


def read_detector(path: Path) -> ExportedYolo | YoloModule:
    """Open a detector in whichever form it comes.

    Raises:
        WeightsError: If there is nothing, or it is not a detection model, or it is damaged or unsafe.
    """
    if not path.exists():
        raise WeightsError("no such detector", where=path, expected=_FORMS)
    if path.is_dir():
        return _read_openvino(_only_xml(path))
    match path.suffix.lower():
        case ".xml":
            return _read_openvino(path)
        case ".onnx":
            return ExportedYolo(path)
        case ".pt":
            return _read_checkpoint(path)
    raise WeightsError(f"unknown kind of detector {path.suffix!r}", where=path, expected=_FORMS)


def _only_xml(folder: Path) -> Path:
    found = sorted(folder.glob("*.xml"))
    if len(found) != 1:
        raise WeightsError(f"holds {len(found)} .xml files", where=folder, expected="the one of an OpenVINO export")
    return found[0]


def _read_openvino(path: Path) -> ExportedYolo:
    if not path.with_suffix(".bin").is_file():
        raise WeightsError("the .bin file beside it is missing", where=path, hint="copy the whole exported folder")
    metadata = path.with_name("metadata.yaml")
    if not metadata.is_file():
        log.warning("%s has no metadata.yaml: its class 0 is taken for person", path.parent)
        return ExportedYolo(path)
    try:
        data = yaml.safe_load(metadata.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise WeightsError("cannot be read", where=metadata, expected="the metadata of the export") from error
    _check_task(data.get("task", "detect"), path)
    return ExportedYolo(path, _names(data.get("names")))


def names_in_metadata(metadata: Mapping[str, Any], path: Path) -> dict[int, str]:
    """Class names from what an ONNX file of Ultralytics says about itself; empty where it does not.

    Raises:
        WeightsError: If it is a model for another task.
    """
    known = metadata.get("framework", {})
    if not isinstance(known, Mapping):
        return {}
    _check_task(str(known.get("task", "detect")), path)
    try:
        return _names(ast.literal_eval(str(known.get("names", "{}"))))
    except (ValueError, SyntaxError):
        return {}


def _read_checkpoint(path: Path) -> YoloModule:
    load = _ultralytics_loader()
    from reidtrack.detect.head import decode_in_float32

    try:
        checkpoint, _ = load(str(path), safe_only=True)
        module: Any = checkpoint.get("ema") or checkpoint["model"]
        names, stride = dict(module.names), int(max(module.stride))
    except Exception as error:  # whatever a hostile or damaged file makes the unpickler raise
        raise WeightsError(
            f"refused: {_first_line(error)}", where=path, expected="a checkpoint of an Ultralytics detection model"
        ) from error
    _check_task(getattr(module, "task", "detect"), path)
    module = module.float().eval().fuse(verbose=False)
    module.model[-1].export = True  # one output tensor instead of a tuple
    decode_in_float32(module.model[-1])
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return YoloModule(module, {int(k): str(v) for k, v in names.items()}, stride)


def _ultralytics_loader() -> Callable[..., tuple[dict[str, Any], str]]:
    """Ultralytics' reader of checkpoints, without what importing it does to others.

    On import it puts functions of its own in the place of `PIL.Image.open` (which then asks for a package that reads
    HEIF), `torch.save` and, on Windows, OpenCV's reading and writing.
    """
    import cv2
    import torch
    from PIL import Image

    os.environ.update(_QUIET)
    theirs: list[tuple[Any, str]] = [(Image, "open"), (torch, "save")]
    theirs += [(cv2, name) for name in ("imread", "imwrite", "imshow")]
    ours = [(module, name, getattr(module, name)) for module, name in theirs]
    try:
        from ultralytics.nn.tasks import torch_safe_load
    finally:
        for module, name, function in ours:
            setattr(module, name, function)
    loader: Callable[..., tuple[dict[str, Any], str]] = torch_safe_load
    return loader


def _check_task(task: str, path: Path) -> None:
    if task != "detect":
        raise WeightsError(f"a model for the task {task!r}", where=path, expected="a detection model")


def _names(raw: object) -> dict[int, str]:
    return {int(k): str(v) for k, v in raw.items()} if isinstance(raw, dict) else {}


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0][:160] if text else type(error).__name__
