"""CUHK03 arranged for the new protocol (Zhong et al., Re-ranking with k-reciprocal Encoding; arXiv 1701.08398)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from reidtrack.datasets.layout import below, load_folders
from reidtrack.datasets.record import ReidDataset, Sample, SplitName
from reidtrack.errors import InputError, UsageError

Boxes = Literal["detected", "labeled"]
FOLDERS: dict[SplitName, str] = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
PUBLISHED: dict[Boxes, dict[SplitName, tuple[int, int]]] = {
    "detected": {"train": (7_365, 767), "query": (1_400, 700), "gallery": (5_332, 700)},
    "labeled": {"train": (7_368, 767), "query": (1_400, 700), "gallery": (5_328, 700)},
}

_NAME = re.compile(r"(?P<person>\d{4})_c(?P<camera>[12])_\d{2}\.\w+")
_SPELLINGS = {"labeled": ("labeled", "labelled"), "detected": ("detected",)}


def load_cuhk03_np(root: Path, boxes: Boxes = "detected") -> ReidDataset:
    """Read `cuhk03-np`: 767 persons to train on, 700 to test.

    Args:
        root: The folder that holds `detected` and `labeled`, or one that contains it, or either of the two.
        boxes: Whose boxes: the detector's, or those drawn by hand.

    Raises:
        InputError: If this is another folder, or these boxes are not in it.
        UsageError: If there are no such boxes.
    """
    boxes = check_boxes(boxes)
    name = f"cuhk03-np-{boxes}"
    named = {folder: _kind(folder.name) for folder in below(root)}
    chosen = next((folder for folder, kind in named.items() if kind == boxes), None)
    other = next((folder for folder, kind in named.items() if kind not in (None, boxes)), None)
    if chosen is None and other is not None:
        raise InputError(f"no {boxes} boxes here", where=root, expected=f"a folder {boxes}", hint=f"found {other.name}")
    return load_folders(name, chosen or root, FOLDERS, parse_cuhk03_np, PUBLISHED[boxes])


def parse_cuhk03_np(path: Path) -> Sample | None:
    """Person and camera (1 or 2) of a file's name; None where it is another name."""
    found = _NAME.fullmatch(path.name)
    return None if found is None else Sample(path, int(found["person"]), int(found["camera"]))


def check_boxes(boxes: str) -> Boxes:
    """Name of the boxes in one spelling.

    Raises:
        UsageError: If there are no such boxes.
    """
    if boxes == "detected":
        return "detected"
    if boxes in _SPELLINGS["labeled"]:
        return "labeled"
    raise UsageError(f"no boxes {boxes!r}", where="CUHK03", expected="detected or labeled")


def _kind(folder: str) -> Boxes | None:
    """Kind of boxes that a folder of this name holds; None for another folder."""
    return next((check_boxes(kind) for kind, names in _SPELLINGS.items() if folder in names), None)
