"""Detectors of a few layers, of Ultralytics' own parts and random weights, as its checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from reidtrack.detect.weights import _ultralytics_loader

NAMES = {0: "car", 1: "person", 2: "dog"}
_DOWN = [-1, 1, "Conv", [16, 3, 2]]

_RTDETR = {
    "nc": 3,
    "backbone": [[-1, 1, "Conv", [8, 3, 2]], _DOWN, _DOWN, _DOWN, _DOWN],
    "head": [[-1, 1, "AIFI", [32, 2]], [[3, 5], 1, "RTDETRDecoder", ["nc", 32, 20, 2, 2, 2, 64]]],
}
"""A stem, an encoder of one layer, and a decoder of two with 20 queries on two levels."""
_YOLO = {
    "nc": 3,
    "backbone": [[-1, 1, "Conv", [8, 3, 2]], _DOWN, _DOWN, _DOWN, _DOWN],
    "head": [[[2, 3, 4], 1, "Detect", ["nc"]]],
}


def save_rtdetr(path: Path) -> Any:
    """Write an RT-DETR checkpoint; Ultralytics' own module of it."""
    return _save(path, "RTDETRDetectionModel", _RTDETR)


def save_yolo(path: Path) -> Any:
    """Write a YOLO checkpoint; Ultralytics' own module of it."""
    return _save(path, "DetectionModel", _YOLO)


def _save(path: Path, name: str, architecture: dict[str, Any]) -> Any:
    _ultralytics_loader()  # imports Ultralytics without its side effects
    from ultralytics.nn import tasks

    torch.manual_seed(0)
    module = getattr(tasks, name)(architecture, nc=3, verbose=False).eval()
    module.names = NAMES
    torch.save({"model": module, "ema": None, "train_args": {}}, path)
    return module
