"""What a network of others is told by a card beside its file: `person.yaml` beside `person.onnx` or `person.xml`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reidtrack.config.load import Section
from reidtrack.models.card import MOST_SIDE

Channel = Annotated[float, Field(allow_inf_nan=False)]
Deviation = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Side = Annotated[int, Field(ge=1, le=MOST_SIDE)]


class CardConfig(Section):
    """How a picture becomes the input of a re-identification network."""

    other_keys: ClassVar[str] = "the keys of a card are size_hw, channels, pixel_max, mean, std and source"

    size_hw: tuple[Side, Side] | None = Field(None, description="height and width, pixels; null: as the file has them")
    channels: Literal["RGB", "BGR"] = Field(description="their order")
    pixel_max: Literal[1, 255] = Field(description="what a full channel counts: pixels run from 0 to 1 or to 255")
    mean: tuple[Channel, Channel, Channel] = Field(
        description="taken off each channel, in their order and in that range"
    )
    std: tuple[Deviation, Deviation, Deviation] = Field(description="what each channel is divided by then")
    source: str = Field("", description="what it is and where it comes from, in words")
