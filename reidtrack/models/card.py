"""What a checkpoint says about itself: the architecture, and how a picture becomes its input."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from reidtrack.types import ChannelOrder

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
PUBLISHED_SIZE_HW = (256, 128)
"""Input of published person re-identification networks: height, width."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """How to use a set of weights.

    Attributes:
        architecture: A name in `zoo.ARCHITECTURES`; the file's own name where an engine reads a network as it is.
        size_hw: Height and width of the input, pixels.
        mean: Of each channel, in the order of `channels`, of pixels in 0..`pixel_max`.
        std: Likewise, the deviation each channel is divided by.
        feature_dim: Length of a feature.
        source: Where the weights come from, in words.
        sha256: Of the file they were read from, hexadecimal; empty for weights that were not read from a file.
        data: What they were trained on, in words.
        figures: Name of a measurement to its value.
        channels: In which order the network takes them.
        pixel_max: What a full channel counts before it is normalised: 1 or 255.
        exported_from: sha256 of the weights that an export was made from: its features mean what theirs do.
        licence: What may be done with them, in words.
        priors: What is known of its embeddings beforehand, as `associate.prior` writes it; empty where nothing is.
    """

    architecture: str
    size_hw: tuple[int, int] = PUBLISHED_SIZE_HW
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    feature_dim: int = 512
    source: str = ""
    sha256: str = ""
    data: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    channels: ChannelOrder = "RGB"
    pixel_max: float = 1.0
    exported_from: str = ""
    licence: str = ""
    priors: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.size_hw) != 2 or min(self.size_hw) < 1:
            raise ValueError(f"size_hw: expected height and width of 1 or more, got {self.size_hw}")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise ValueError(f"mean, std: expected three values each, std above 0, got {self.mean}, {self.std}")
        if self.channels not in get_args(ChannelOrder) or self.pixel_max not in (1, 255):
            raise ValueError(
                f"channels, pixel_max: expected RGB or BGR, 1 or 255, got {self.channels}, {self.pixel_max}"
            )
        if self.feature_dim < 1:
            raise ValueError(f"feature_dim: expected 1 or more, got {self.feature_dim}")


def card_to_json(card: ModelCard) -> str:
    """The card as it is kept inside a file, without the file's own hash."""
    fields = dataclasses.asdict(card)
    del fields["sha256"]
    return json.dumps(fields, sort_keys=True)


def card_from_json(text: str) -> ModelCard:
    """Read a card back.

    Raises:
        ValueError: If the text is not a card; the message says which part.
    """
    data: Any = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("expected a JSON object")
    known = {field.name for field in dataclasses.fields(ModelCard)} - {"sha256"}
    if unknown := sorted(set(data) - known):
        raise ValueError(f"unknown key {unknown[0]!r}")
    if not isinstance(data.get("priors", {}), dict):
        raise ValueError("priors: expected an object")
    if not isinstance(data.get("architecture"), str):
        raise ValueError("architecture: expected a text")
    try:
        numbers = {
            "size_hw": tuple(int(v) for v in data.get("size_hw", PUBLISHED_SIZE_HW)),
            "mean": tuple(float(v) for v in data.get("mean", IMAGENET_MEAN)),
            "std": tuple(float(v) for v in data.get("std", IMAGENET_STD)),
            "pixel_max": float(data.get("pixel_max", 1)),
            "feature_dim": int(data.get("feature_dim", 512)),
            "figures": {str(name): float(value) for name, value in data.get("figures", {}).items()},
        }
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
    return ModelCard(**{**data, **numbers})
