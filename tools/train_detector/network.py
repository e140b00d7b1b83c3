"""The network: read, cut down to the one class person, mixed with its start, written."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

# Before Ultralytics is imported: nothing is reported, installed or fetched.
os.environ.update({"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"})

PERSON = 0
"""Index of the class person among COCO's 80."""
_LICENCE = "AGPL-3.0 (https://ultralytics.com/license)"


def read_start(path: Path) -> nn.Module:
    """Read an Ultralytics detection checkpoint as a float32 module, with Ultralytics' restricted unpickler."""
    from ultralytics.nn.tasks import torch_safe_load

    checkpoint, _ = torch_safe_load(str(path), safe_only=True)
    module: nn.Module = (checkpoint.get("ema") or checkpoint["model"]).float()
    return module


def only_person(network: Any) -> Any:
    """Cut the classification head down to the row of the class person, in place; scores and boxes stay as they are."""
    detect = network.model[-1]
    for branch in detect.cv3:
        branch[-1] = _one_row(branch[-1], PERSON)
    detect.nc, detect.no = 1, 1 + 4 * detect.reg_max
    network.names, network.yaml = {0: "person"}, {**network.yaml, "nc": 1}
    return network


def _one_row(many: nn.Conv2d, row: int) -> nn.Conv2d:
    one = nn.Conv2d(many.in_channels, 1, many.kernel_size)  # type: ignore[arg-type]
    with torch.no_grad():
        one.weight.copy_(many.weight[row : row + 1])
        one.bias.copy_(many.bias[row : row + 1])  # type: ignore[union-attr,index]
    return one


def mix(start: Mapping[str, torch.Tensor], tuned: Mapping[str, torch.Tensor], share: float) -> dict[str, torch.Tensor]:
    """Interpolate weights (Wortsman et al., WiSE-FT, arXiv 2109.01903): (1 - share) start + share tuned."""
    return {
        name: torch.lerp(start[name], value, share) if value.is_floating_point() else value.clone()
        for name, value in tuned.items()
    }


def mixed(start: Any, tuned: Any, share: float) -> Any:
    """A copy of `start` with `mix`ed weights."""
    network = copy.deepcopy(start).eval()
    network.load_state_dict(mix(start.state_dict(), tuned.state_dict(), share))
    return network


def for_inference(network: Any) -> Any:
    """A copy with BatchNorm folded in and raw predictions as its only output, (B, 5, N)."""
    ready = copy.deepcopy(network).float().eval().fuse(verbose=False).requires_grad_(False)
    ready.model[-1].export = True
    return ready


def write(network: Any, path: Path) -> None:
    """Write a checkpoint in float16, with nothing in it but what a reader needs; the network is left as it is."""
    import ultralytics

    kept = copy.deepcopy(network).half().eval().requires_grad_(False)
    kept.args = {"task": "detect", "imgsz": 640, "single_cls": True}
    for name in ("pt_path", "criterion"):
        kept.__dict__.pop(name, None)
    content = {"model": kept, "ema": None, "train_args": kept.args, "license": _LICENCE}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content | {"version": ultralytics.__version__}, path)


def gains(**values: float) -> SimpleNamespace:
    """Weights of the parts of Ultralytics' loss, in the form it wants."""
    return SimpleNamespace(**values)
