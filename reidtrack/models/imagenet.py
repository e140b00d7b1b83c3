"""Published ImageNet weights for the trunks that are not our own design."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.errors import WeightsError
from reidtrack.fetch import cache_folder, fetch
from reidtrack.models.reading import read_torch

if TYPE_CHECKING:
    from torch import nn

logger = logging.getLogger(__name__)

ADDRESS = "https://download.pytorch.org/models/"
FILES = {
    "resnet50": "resnet50-11ad3fa6.pth",
    "resnet50_bnneck": "resnet50-11ad3fa6.pth",
    "pcb": "resnet50-11ad3fa6.pth",
    "efficientnet_b0": "efficientnet_b0_rwightman-7f5810bc.pth",
    "mobilenet_v3_large": "mobilenet_v3_large-5c1a4163.pth",
}
"""Architecture to torchvision's file, whose name ends with the first digits of its sha256."""

HEADS = ("fc", "classifier")
"""First parts of the names of ImageNet's classifier."""


def load_imagenet(model: nn.Module, architecture: str, cache: Path | None = None) -> tuple[str, ...]:
    """Load the trunk's published weights, downloading them once.

    Args:
        model: Of that architecture.
        architecture: A name in `zoo.ARCHITECTURES`.
        cache: Folder for the file; `imagenet` in `fetch.cache_folder()` if None.

    Returns:
        Names of the weights that were loaded.

    Raises:
        WeightsError: As `fetch_imagenet`, or if they do not fit.
        OutputError: As `fetch_imagenet`.
    """
    path = fetch_imagenet(architecture, cache)
    weights = {key: value for key, value in read_torch(path).items() if key.split(".")[0] not in HEADS}
    wanted = model.state_dict()
    for key, value in weights.items():
        if key not in wanted or wanted[key].shape != value.shape:
            raise WeightsError(f"{key} does not fit {architecture}", where=path, hint="delete it to fetch it anew")
    model.load_state_dict(weights, strict=False)
    logger.info("%s: ImageNet weights of %s", architecture, path.name)
    return tuple(weights)


def fetch_imagenet(architecture: str, cache: Path | None = None) -> Path:
    """The file of an architecture's ImageNet weights, downloaded where it is not yet in the cache.

    Raises:
        WeightsError: If none are published for it, or they cannot be fetched.
        OutputError: If the file cannot be kept.
    """
    file = FILES.get(architecture)
    if file is None:
        known = ", ".join(FILES)
        raise WeightsError(f"no ImageNet weights for {architecture}", expected=f"one of {known}", hint="init: random")
    path = (cache or cache_folder() / "imagenet") / file
    if not path.exists():
        digits = path.stem.rpartition("-")[2]
        fetch(
            ADDRESS + file, path, sha256=digits, hint="put it there, or set model.init to random or imagenet-or-random"
        )
    return path
