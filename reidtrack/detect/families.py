"""The families of detectors, and which one a network is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reidtrack.detect.family import Family
from reidtrack.detect.rtdetr import RtDetr
from reidtrack.detect.yolo import Yolo

YOLO, RTDETR = Yolo(), RtDetr()

FAMILIES: tuple[Family, ...] = (RTDETR, YOLO)
"""In the order in which they are asked whether a network is theirs."""

FAMILY_KEY = "family"
"""Under which an export of `reidtrack export` says its family."""


def family_of_checkpoint(module: Any) -> Family | None:
    """Family of a module of an Ultralytics checkpoint; None if it is of none that is known."""
    return next((family for family in FAMILIES if family.owns_checkpoint(module)), None)


def family_of_export(said: Mapping[str, Any], outputs: int) -> Family | None:
    """Family of an exported network; None if it is of none that is known.

    Args:
        said: What stands in the file's metadata, of `reidtrack export` or of Ultralytics.
        outputs: How many outputs the network has.
    """
    if FAMILY_KEY in said:
        return next((family for family in FAMILIES if family.name == said[FAMILY_KEY]), None)
    words = " ".join(str(said.get(key, "")) for key in ("head", "description")).lower()
    return next((family for family in FAMILIES if family.owns_export(words, outputs)), None)
