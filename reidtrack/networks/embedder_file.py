"""Re-identification networks that an inference engine reads as they are, of `reidtrack export` and of others.

How a picture becomes the input is said, in this order, by a card beside the file (`config_card`), by the file itself
where `reidtrack export` wrote it, and by its name where that is known (`models/known.py`). Where nothing says it, it is
taken to be as published networks have it, and that is said aloud.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.config.card import CardConfig
from reidtrack.config.load import load
from reidtrack.embed.preprocess import to_batch
from reidtrack.engines.base import FileEngine
from reidtrack.engines.build import open_engine
from reidtrack.engines.names import EngineName
from reidtrack.errors import WeightsError
from reidtrack.models.card import ModelCard, card_from_json
from reidtrack.models.checkpoint import CARD_KEY
from reidtrack.models.known import KNOWN
from reidtrack.types import FloatArray

logger = logging.getLogger(__name__)

CARD = ".yaml"
"""Ending of a card, which is named after the file it lies beside."""
_WANTED = "a re-identification network, which gives a vector for each picture"
_YOLO_TASKS = ("detect", "segment", "pose", "obb", "classify")


def is_embedder_file(path: Path) -> bool:
    """Whether an engine reads it as it is: an `.xml` or `.onnx` file, or the folder of an export."""
    return path.is_dir() or path.suffix in (".xml", ".onnx")


def network_file(path: Path) -> Path:
    """The file itself, of a folder its only `.xml`.

    Raises:
        WeightsError: If a folder does not hold one, or the `.bin` beside it is missing.
    """
    if path.is_dir():
        found = sorted(path.glob("*.xml"))
        if len(found) != 1:
            raise WeightsError(f"holds {len(found)} .xml files", where=path, expected="the one of an OpenVINO network")
        path = found[0]
    if path.suffix == ".xml" and path.is_file() and not path.with_suffix(".bin").is_file():
        raise WeightsError("the .bin file beside it is missing", where=path, hint="copy both")
    return path


def open_embedder(path: Path, device: str, engine: EngineName) -> tuple[FileEngine, ModelCard]:
    """Make such a file ready to run.

    Args:
        path: The file, or a folder that holds one `.xml`.
        device: As for `open_engine`.
        engine: Likewise.

    Returns:
        What runs it, and its card, with one digest of what makes its features: the file, the `.bin` beside an `.xml`,
        and the card beside it; of an export, the weights it was made from, whose features can be compared with its.

    Raises:
        WeightsError: If it is missing, damaged, or no network that gives a vector for each picture.
        ConfigError: If the card beside it does not fit.
        DeviceError: If the device or engine is not there.
    """
    file = network_file(path)
    opened = open_engine(file, device=device, engine=engine)
    if says_detector(opened):
        raise WeightsError("is a detector", where=file, expected=_WANTED)
    card = _exported_card(opened.metadata, file) if not _beside(file).is_file() else None
    if card is not None:
        _check_size(card, opened, file)
    else:
        card = _checked(_foreign_card(opened, file), opened, file)
    return opened, replace(card, sha256=card.exported_from or _digest(file))


def says_detector(opened: FileEngine) -> bool:
    """Whether a file says that it is one of Ultralytics' networks, as theirs do and the detectors that we export."""
    said = opened.metadata.get("framework")
    task = str(said.get("task")) if isinstance(said, Mapping) else ""
    return task in _YOLO_TASKS or "YOLO" in str(opened.metadata.get("model_info"))


def _exported_card(metadata: Mapping[str, Any], file: Path) -> ModelCard | None:
    """The card that `reidtrack export` put into the file; None where another wrote it."""
    said = metadata.get("framework")
    if not isinstance(said, Mapping) or CARD_KEY not in said:
        return None
    try:
        return card_from_json(str(said[CARD_KEY]))
    except ValueError as error:
        raise WeightsError(
            f"its model card is damaged: {error}", where=file, expected="a file that `reidtrack export` wrote"
        ) from error


def _foreign_card(opened: FileEngine, file: Path) -> ModelCard:
    """What is said, or guessed, of a file that says nothing itself; the length of its feature is not known yet."""
    beside = _beside(file)
    if beside.is_file():
        told = load(CardConfig, beside)
        size_hw = told.size_hw or _own_size(opened, beside, "size_hw: [height, width]")
        values = told.model_dump(include={"mean", "std", "channels", "pixel_max", "source"})
        return ModelCard(file.stem, size_hw=size_hw, **values)
    known = KNOWN.get(file.stem) or KNOWN.get(_own_name(opened.metadata))
    if known is not None:
        return known
    size_hw = _own_size(opened, file, f"a card beside it, {beside.name}: size_hw, channels, pixel_max, mean and std")
    height, width = size_hw
    logger.warning(
        "%s: no card says how a picture becomes its input; taken as published networks have it: %dx%d, RGB, 0..1, "
        "ImageNet mean and deviation (%s beside it can say otherwise)",
        file.name,
        height,
        width,
        beside.name,
    )
    return ModelCard(file.stem, size_hw=size_hw, source=file.name)


def _own_name(metadata: Mapping[str, Any]) -> str:
    """What OpenVINO's converter was told to call the network, also where the file has been renamed since."""
    said = metadata.get("conversion_parameters")
    return str(said.get("model_name")) if isinstance(said, Mapping) else ""


def _own_size(opened: FileEngine, where: Path, expected: str) -> tuple[int, int]:
    height, width = opened.input_shape[2:]
    if -1 in (height, width):
        what = "the network takes pictures of any size, and nothing says of which"
        raise WeightsError(what, where=where, expected=expected)
    return height, width


def _checked(card: ModelCard, opened: FileEngine, file: Path) -> ModelCard:
    """The card with the length of the feature, which two pictures show.

    Raises:
        WeightsError: If the file takes pictures of another size, does not run, or gives no vector for each picture.
    """
    _check_size(card, opened, file)
    out = _tried(card, opened, file)
    sides = [side for side in out.shape[1:] if side > 1]
    if len(out) != 2 or len(sides) != 1:
        raise WeightsError(f"gives an output of {out.shape} for two pictures", where=file, expected=_WANTED)
    return replace(card, feature_dim=sides[0])


def _check_size(card: ModelCard, opened: FileEngine, file: Path) -> None:
    own, said = opened.input_shape[2:], card.size_hw
    if any(side not in (-1, wanted) for side, wanted in zip(own, said, strict=True)):
        expected = f"{said[0]}x{said[1]}, as is said of it"
        raise WeightsError(f"takes pictures of {own[0]}x{own[1]}", where=file, expected=expected)


def _tried(card: ModelCard, opened: FileEngine, file: Path) -> FloatArray:
    """What it gives for a dark and a bright picture."""
    pictures = np.stack([np.full((*card.size_hw, 3), level, np.uint8) for level in (64, 192)])
    batch = to_batch(pictures, card.mean, card.std, channels=card.channels, pixel_max=card.pixel_max)
    try:
        return opened.infer(batch)[0]
    except WeightsError:
        raise
    except Exception as error:  # whatever an engine makes of a network that does not fit
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise WeightsError(f"does not run on pictures ({reason})", where=file) from error


def _beside(file: Path) -> Path:
    return file.with_suffix(CARD)


def _digest(file: Path) -> str:
    """sha256 of everything that the features depend on: the file, its `.bin`, and the card beside it."""
    files = [file, file.with_suffix(".bin")] if file.suffix == ".xml" else [file]
    files += [beside for beside in (_beside(file),) if beside.is_file()]
    return hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()
