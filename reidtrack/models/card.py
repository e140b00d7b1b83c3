"""What a checkpoint says about itself: the architecture, and how a picture becomes its input."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from reidtrack.types import ChannelOrder

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
PUBLISHED_SIZE_HW = (256, 128)
"""Input of published person re-identification networks: height, width."""
MOST_SIDE = 2048
"""Pixels of an input's side; published networks have at most 384."""
MOST_FEATURE_DIM = 65_536
_MOST_SHIFT = 1e4
"""Size of a mean and of a deviation, in either range."""
_LEAST_STD = 1e-6


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
        if len(self.size_hw) != 2 or not all(1 <= side <= MOST_SIDE for side in self.size_hw):
            raise ValueError(f"size_hw: expected height and width of 1 to {MOST_SIDE}, got {self.size_hw}")
        if len(self.mean) != 3 or len(self.std) != 3 or not all(_LEAST_STD <= v <= _MOST_SHIFT for v in self.std):
            raise ValueError(f"mean, std: expected three values each, std above 0, got {self.mean}, {self.std}")
        if not all(abs(v) <= _MOST_SHIFT for v in self.mean):  # NaN is not
            raise ValueError(f"mean: expected pixels' values, got {self.mean}")
        if self.channels not in get_args(ChannelOrder) or self.pixel_max not in (1, 255):
            raise ValueError(
                f"channels, pixel_max: expected RGB or BGR, 1 or 255, got {self.channels}, {self.pixel_max}"
            )
        if not 1 <= self.feature_dim <= MOST_FEATURE_DIM:
            raise ValueError(f"feature_dim: expected 1 to {MOST_FEATURE_DIM}, got {self.feature_dim}")


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
    try:
        data: Any = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(data, dict):
        raise ValueError("expected a JSON object")
    known = {field.name for field in dataclasses.fields(ModelCard)} - {"sha256"}
    if unknown := sorted(set(data) - known):
        raise ValueError(f"unknown key {unknown[0]!r}")
    if not isinstance(data.get("priors", {}), dict):
        raise ValueError("priors: expected an object")
    if not isinstance(data.get("architecture"), str):
        raise ValueError("architecture: expected a text")
    for key in ("source", "data", "exported_from", "licence", "channels"):
        if not isinstance(data.get(key, ""), str):
            raise ValueError(f"{key}: expected a text")
    try:
        numbers = {
            "size_hw": tuple(_whole(v) for v in data.get("size_hw", PUBLISHED_SIZE_HW)),
            "mean": tuple(float(v) for v in data.get("mean", IMAGENET_MEAN)),
            "std": tuple(float(v) for v in data.get("std", IMAGENET_STD)),
            "pixel_max": float(data.get("pixel_max", 1)),
            "feature_dim": _whole(data.get("feature_dim", 512)),
            "figures": {str(name): float(value) for name, value in data.get("figures", {}).items()},
        }
    except (TypeError, AttributeError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return ModelCard(**{**data, **numbers})


def _whole(value: Any) -> int:
    number = float(value)
    if not math.isfinite(number) or number != int(number):
        raise ValueError(f"expected a whole number, got {value!r}")
    return int(number)
