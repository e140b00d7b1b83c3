"""What tells one family of detectors from another: how pictures go in, and how people are read off what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from reidtrack.detect.letterbox import Letterbox
from reidtrack.types import FloatArray, Outputs, PixelFormat

if TYPE_CHECKING:
    from torch import nn


class Found(NamedTuple):
    """Boxes of one class in one picture, before the best are chosen.

    Attributes:
        xyxy: (K, 4) float32, input pixels.
        score: (K,) float32.
        distinct: Whether each object has one box; else the weaker ones of those that overlap are dropped.
    """

    xyxy: FloatArray
    score: FloatArray
    distinct: bool


class Family(Protocol):
    """Detectors that are used in the same way. A new family is a file beside this one and a line in `FAMILIES`."""

    @property
    def name(self) -> str:
        """What exports of `reidtrack export` call the family."""
        ...

    @property
    def pixels(self) -> PixelFormat:
        """How the pixels of a picture become the input."""
        ...

    def owns_checkpoint(self, module: Any) -> bool:
        """Whether a module of an Ultralytics checkpoint is of this family."""
        ...

    def owns_export(self, said: str, outputs: int) -> bool:
        """Whether an exported network is of this family.

        Args:
            said: What the export says about itself, in small letters: its own words, the head's class, a description.
            outputs: How many outputs the network has.
        """
        ...

    def prepare(self, module: Any) -> nn.Module:
        """Make a module of a checkpoint one that gives nothing but the outputs that `decode` reads."""
        ...

    def input_hw(self, imgsz: int) -> tuple[int, int] | None:
        """Height and width of the input where they have to be fixed before pictures are seen, else None."""
        ...

    def place(self, size: tuple[int, int], input_hw: tuple[int, int] | None, imgsz: int, stride: int) -> Letterbox:
        """Where a picture lies in the input.

        Args:
            size: Width and height of the picture.
            input_hw: Height and width of a fixed input; None where it is free.
            imgsz: Longer side of a free input, pixels.
            stride: The sides of a free input are multiples of this.
        """
        ...

    def decode(self, outputs: Outputs, input_hw: tuple[int, int], class_index: int, conf: float) -> Found:
        """Read the outputs of one picture.

        Args:
            outputs: Those of the network, without the batch's dimension.
            input_hw: Height and width of the input.
            class_index: Class that is looked for.
            conf: Least score that is kept.
        """
        ...

    def exact_operations(self, module: Any) -> list[str]:
        """Regular expressions of names of operations that stay in float32 where the others are brought to 8 bits."""
        ...


@runtime_checkable
class CountsClasses(Protocol):
    """A family whose outputs show how many classes the network tells apart; a family need not."""

    def classes_in(self, outputs: Outputs) -> int | None:
        """Number of classes in the outputs of one picture; None where these do not show it."""
        ...
