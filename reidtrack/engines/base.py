"""What every engine does: a network that is ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from reidtrack.types import FloatArray, ImageArray, Outputs, PixelFormat


class Engine(Protocol):
    """A network that is ready to run; threads may call it at the same time."""

    @property
    def name(self) -> str:
        """Engine and device, as `run.json` records them: `openvino cpu`."""
        ...

    def infer(self, batch: FloatArray) -> Outputs:
        """Run the network.

        Args:
            batch: (N, 3, H, W) float32, ready for the network; N may be 0.

        Returns:
            The network's outputs in its order, each (N, ...) float32 and a new array.
        """
        ...

    def infer_pictures(self, pictures: ImageArray, pixels: PixelFormat) -> Outputs:
        """Run the network on pictures as they are.

        Engines that can, convert them where they compute: as bytes a picture is a quarter of what it is in float32, on
        its way through memory and to a GPU.

        Args:
            pictures: (N, H, W, 3) uint8 BGR, of the size that the network takes.
            pixels: How their pixels become the network's input.

        Returns:
            As for `infer`.
        """
        ...


class FileEngine(Engine, Protocol):
    """An engine that runs a network from a file.

    Attributes:
        input_shape: (N, 3, H, W) as the file has it, -1 where a dimension is open.
        output_count: How many outputs the network has.
        metadata: What the file says about itself, texts in nested dictionaries.
    """

    input_shape: tuple[int, ...]
    output_count: int
    metadata: Mapping[str, Any]
