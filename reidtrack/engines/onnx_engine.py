"""ONNX Runtime on the CPU or a CUDA GPU, there by TensorRT too: networks converted from torch, or ONNX files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reidtrack.engines.cache import kept
from reidtrack.engines.chunks import chunk_of, in_passes, join_passes, split
from reidtrack.engines.convert import conversion_of, open_shape, write_onnx
from reidtrack.engines.onnx_session import open_session
from reidtrack.engines.pictures import check_inputs, to_planes
from reidtrack.errors import ReidtrackError, WeightsError
from reidtrack.types import FloatArray, ImageArray, Outputs, PixelFormat

if TYPE_CHECKING:
    from torch import nn


class OnnxEngine:
    """An ONNX model with one input; threads may call it at the same time.

    Args:
        content: Of an ONNX file.
        device: `cpu` or `cuda:N`, as `choose_device` gives it.
        tensorrt: Whether TensorRT runs it, on a GPU.
        half: Compute in float16; TensorRT only.
        where: The file, for what is wrong with it.

    Attributes:
        input_shape: (N, C, H, W) as the model has it, -1 where a dimension is open.
        output_count: How many outputs the model has.
        metadata: What the model says about itself, under `framework` as OpenVINO has it.

    Raises:
        DeviceError: If ONNX Runtime does not load, or was built without what a GPU needs.
        WeightsError: If the model does not take pictures.
    """

    def __init__(
        self,
        content: bytes,
        device: str = "cpu",
        *,
        tensorrt: bool = False,
        half: bool = False,
        where: Path | None = None,
    ) -> None:
        self._session = open_session(content, device, tensorrt=tensorrt, half=half)
        self._device, self._tensorrt, self._half = device, tensorrt, half
        inputs = self._session.get_inputs()
        check_inputs([_shape(one) for one in inputs], where)
        given = inputs[0]
        self._input, self._dtype = given.name, np.float16 if given.type == "tensor(float16)" else np.float32
        self.input_shape, self.output_count = _shape(given), len(self._session.get_outputs())
        self.metadata: Mapping[str, Any] = {"framework": self._session.get_modelmeta().custom_metadata_map}
        self._chunk = chunk_of(self.input_shape)

    @classmethod
    def from_torch(
        cls,
        model: nn.Module,
        size_hw: tuple[int, int] | None,
        device: str = "cpu",
        *,
        digest: str = "",
        tensorrt: bool = False,
        half: bool = False,
    ) -> OnnxEngine:
        """Convert a torch module that takes (N, 3, H, W) pictures of `size_hw`, or of any size.

        Args:
            model: In evaluation mode on the CPU.
            size_hw: Height and width, pixels; None leaves them open.
            device: Where it runs.
            digest: sha256 of the weights, by which the conversion is kept for the next time; empty: it is not.
            tensorrt: Whether TensorRT runs it.
            half: Compute in float16; TensorRT only.
        """
        import onnx

        shape = open_shape(size_hw)

        def make(folder: Path) -> None:
            write_onnx(model.eval(), shape, folder / "model.onnx")

        parts = conversion_of(model, shape, digest, "onnx", onnx.__version__) if digest else None
        with kept(parts, make) as folder:
            return cls((folder / "model.onnx").read_bytes(), device, tensorrt=tensorrt, half=half)

    @classmethod
    def from_file(cls, path: Path | str, device: str = "cpu", *, tensorrt: bool = False) -> OnnxEngine:
        """Read an `.onnx` file.

        Raises:
            WeightsError: If the file is damaged, or does not take pictures.
        """
        try:
            return cls(Path(path).read_bytes(), device, tensorrt=tensorrt, where=Path(path))
        except ReidtrackError:
            raise
        except Exception as error:  # ONNX Runtime's own errors have no common ground
            reason = str(error).strip().splitlines()[-1]
            raise WeightsError(f"not a whole model ({reason})", where=path) from error

    @property
    def name(self) -> str:
        """Engine and device."""
        if self._tensorrt:
            return f"tensorrt {self._device}" + " float16" * self._half
        return f"onnxruntime {self._device}"

    def infer(self, batch: FloatArray) -> Outputs:
        """Run the network on (N, C, H, W) float32, whatever batch the model fixes; each output is (N, ...) float32."""
        by_gpu = self._device != "cpu" and self.input_shape[0] == -1
        parts = [
            tuple(self._session.run(None, {self._input: part.astype(self._dtype, copy=False)}))
            for part in (in_passes(batch) if by_gpu else split(batch, self._chunk))
        ]
        return tuple(output.astype(np.float32, copy=False) for output in join_passes(parts, len(batch)))

    def infer_pictures(self, pictures: ImageArray, pixels: PixelFormat) -> Outputs:
        """Run the network on (N, H, W, 3) uint8 BGR."""
        return self.infer(to_planes(pictures, pixels))


def _shape(given: Any) -> tuple[int, ...]:
    """Shape of an input, -1 where a dimension is open."""
    return tuple(side if isinstance(side, int) else -1 for side in given.shape)
