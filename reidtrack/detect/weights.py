"""What is known of a detector's weights before anything runs: form, family, class names, stride and task.

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

from reidtrack.detect.families import family_of_checkpoint
from reidtrack.detect.family import Family
from reidtrack.errors import WeightsError
from reidtrack.plain_yaml import PlainYamlError, read_plain_yaml
from reidtrack.safe_torch import require_safe_loading

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

_QUIET = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false", "ULTRALYTICS_SAFE_LOAD": "true"}
_MOST_CLASSES = 100_000
_STRIDES = (8, 16, 32, 64, 128)
_CHECKPOINT = "a checkpoint of an Ultralytics detection model, YOLO or RT-DETR"
_FORMS = "a .pt file, an OpenVINO folder (or its .xml), or an .onnx file of an Ultralytics detection model"


@dataclass(frozen=True)
class ExportedDetector:
    """A detector that an inference engine reads as it is.

    Attributes:
        path: The `.xml` or `.onnx` file.
        said: What a file beside it says about it, in Ultralytics' words: names of classes, task, description.
    """

    path: Path
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DetectorModule:
    """A detector as a torch module that maps pictures to the outputs of its family.

    Attributes:
        module: In evaluation mode, with BatchNorm folded in.
        family: How pictures go in and boxes come out.
        names: Class names by index.
        stride: The input's sides are multiples of this.
    """

    module: torch.nn.Module
    family: Family
    names: dict[int, str]
    stride: int


def read_detector(path: Path) -> ExportedDetector | DetectorModule:
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
            beside = path.with_suffix(".yaml")
            return ExportedDetector(path, _said_beside(path, beside) if beside.is_file() else {})
        case ".pt":
            return _read_checkpoint(path)
    raise WeightsError(f"unknown kind of detector {path.suffix!r}", where=path, expected=_FORMS)


def _only_xml(folder: Path) -> Path:
    found = sorted(folder.glob("*.xml"))
    if len(found) != 1:
        raise WeightsError(f"holds {len(found)} .xml files", where=folder, expected="the one of an OpenVINO export")
    return found[0]


def _read_openvino(path: Path) -> ExportedDetector:
    if not path.with_suffix(".bin").is_file():
        raise WeightsError("the .bin file beside it is missing", where=path, hint="copy the whole exported folder")
    metadata = path.with_name("metadata.yaml")
    if not metadata.is_file():
        log.warning("%s has no metadata.yaml: its class 0 is taken for person", path.parent)
        return ExportedDetector(path)
    return ExportedDetector(path, _said_beside(path, metadata))


def _said_beside(path: Path, metadata: Path) -> dict[str, Any]:
    """What a YAML file says of the detector beside it."""
    try:
        said = read_plain_yaml(metadata) or {}
    except (OSError, PlainYamlError) as error:
        hint = error.strerror if isinstance(error, OSError) else error.what
        expected = "the metadata of the export"
        raise WeightsError("cannot be read", where=metadata, expected=expected, hint=hint) from error
    if not isinstance(said, dict):
        raise WeightsError("not a mapping", where=metadata, expected="the metadata of the export")
    _check_task(str(said.get("task", "detect")), path)
    return said


def said_by_file(metadata: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """What a network's file says of the detector in it, in Ultralytics' words; empty where it does not.

    Args:
        metadata: Of the file, as an engine reads it.
        path: The file.

    Raises:
        WeightsError: If it is a model for another task.
    """
    said = metadata.get("framework", {})
    if not isinstance(said, Mapping):
        return {}
    _check_task(str(said.get("task", "detect")), path)
    return said


def class_names(said: Mapping[str, Any]) -> dict[int, str]:
    """Class names by index from what is said of a detector, a mapping or its text; empty where nothing is."""
    names = said.get("names")
    if isinstance(names, str):
        try:
            names = ast.literal_eval(names)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return {}
    if isinstance(names, list | tuple):
        names = dict(enumerate(names))
    return _numbered(names) if isinstance(names, dict) else {}


def _numbered(names: Mapping[Any, Any]) -> dict[int, str]:
    """Class names by index.

    Raises:
        WeightsError: If an index is none.
    """
    try:
        numbered = {int(k): str(v) for k, v in names.items()}
    except (ValueError, TypeError, OverflowError):
        numbered = {-1: ""}
    if not all(0 <= index < _MOST_CLASSES for index in numbered):
        what = "the detector's names of classes are not numbered"
        raise WeightsError(what, expected="0: person, 1: ...", hint="the weights are damaged")
    return numbered


def find_person_class(names: Mapping[int, str]) -> int:
    """Index of the class person among a model's class names; a model of a single class is taken as a person model.

    Raises:
        WeightsError: If the model knows several classes and none is a person.
    """
    if len(names) <= 1:
        return 0
    for wanted in ("person", "pedestrian", "people", "human"):
        for index, name in names.items():
            if name.strip().lower() == wanted:
                return int(index)
    known = ", ".join(list(names.values())[:5])
    raise WeightsError("the detector knows no class person", expected="a class named person", hint=f"it knows {known}")


def _read_checkpoint(path: Path) -> DetectorModule:
    require_safe_loading(path)
    load = _ultralytics_loader()
    try:
        checkpoint, _ = load(str(path), safe_only=True)
        module: Any = checkpoint.get("ema") or checkpoint["model"]
        names, stride = _numbered(dict(module.names)), int(max(module.stride))
        family = family_of_checkpoint(module)
        classes = int(getattr(module.model[-1], "nc", len(names)))
    except Exception as error:  # whatever a hostile or damaged file makes the unpickler raise
        raise WeightsError(f"refused: {_first_line(error)}", where=path, expected=_CHECKPOINT) from error
    _check_task(getattr(module, "task", "detect"), path)
    if stride not in _STRIDES:
        raise WeightsError(f"says a stride of {stride}", where=path, expected="16, 32 or 64")
    if names and max(names) + 1 != classes:
        what = f"names {max(names) + 1} classes, and its head knows {classes}"
        raise WeightsError(what, where=path, expected=_CHECKPOINT)
    if family is None:
        raise WeightsError(f"a {type(module).__name__} of no known family", where=path, expected=_CHECKPOINT)
    prepared = family.prepare(module.float().eval().fuse(verbose=False))
    for parameter in prepared.parameters():
        parameter.requires_grad_(False)
    return DetectorModule(prepared, family, names, stride)


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
        from ultralytics.nn import tasks
        from ultralytics.nn.tasks import torch_safe_load
    finally:
        for module, name, function in ours:
            setattr(module, name, function)
    if not getattr(getattr(tasks, "_SafeLoad", None), "SUPPORTED", True):  # it would read without, and say nothing
        raise WeightsError("Ultralytics cannot read checkpoints safely here", hint="pip install --upgrade torch")
    loader: Callable[..., tuple[dict[str, Any], str]] = torch_safe_load
    return loader


def _check_task(task: str, path: Path) -> None:
    if task != "detect":
        raise WeightsError(f"a model for the task {task!r}", where=path, expected="a detection model")


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0][:160] if text else type(error).__name__
