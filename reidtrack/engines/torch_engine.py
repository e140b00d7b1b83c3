"""PyTorch on the CPU or a CUDA GPU."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reidtrack.engines.chunks import in_passes
from reidtrack.types import FloatArray, ImageArray, Outputs, PixelFormat

if TYPE_CHECKING:
    import torch
    from torch import nn


class TorchEngine:
    """A torch module in evaluation mode on one device.

    On a GPU, activations are laid out channels last, as its half-precision kernels want them, and batches have one of a
    few lengths, so that memory and kernels are not prepared for each new one.

    Args:
        model: Takes (N, 3, H, W), gives one output (N, ...) or several; it is moved to `device`, or copied there in
            half precision.
        device: `cpu` or `cuda:N`, as `choose_device` gives it.
        half: Compute in bfloat16 on the CPU, in float16 on a GPU.
    """

    def __init__(self, model: nn.Module, device: str = "cpu", *, half: bool = False) -> None:
        import torch

        self._gpu = device != "cpu"
        self._dtype = (torch.float16 if self._gpu else torch.bfloat16) if half else torch.float32
        self._layout = torch.channels_last if self._gpu else torch.contiguous_format
        if half:
            model = copy.deepcopy(model)
        self._model = model.eval().to(device=device, dtype=self._dtype, memory_format=self._layout)  # type: ignore[call-overload]
        self._device = device

    @property
    def name(self) -> str:
        """Engine and device."""
        precision = str(self._dtype).removeprefix("torch.")
        return f"torch {self._device}" + ("" if precision == "float32" else f" {precision}")

    def infer(self, batch: FloatArray) -> Outputs:
        """Run the network on (N, 3, H, W) float32; each output is (N, ...) float32."""
        return self._infer(batch, None)

    def infer_pictures(self, pictures: ImageArray, pixels: PixelFormat) -> Outputs:
        """Run the network on (N, H, W, 3) uint8 BGR, converted on the device."""
        return self._infer(pictures, pixels)

    def _infer(self, batch: NDArray[Any], pixels: PixelFormat | None) -> Outputs:
        import torch

        with torch.inference_mode(), _exact:
            parts = [self._run(part, pixels) for part in (in_passes(batch) if self._gpu else [batch])]
            outputs = (torch.cat(rows).cpu().numpy() for rows in zip(*parts, strict=True))
            return tuple(np.asarray(output[: len(batch)], dtype=np.float32) for output in outputs)

    def _run(self, batch: NDArray[Any], pixels: PixelFormat | None) -> list[torch.Tensor]:
        import torch

        given = torch.from_numpy(np.ascontiguousarray(batch)).to(self._device, non_blocking=True)
        if pixels is not None:
            given = _to_planes(given, pixels)
        found: torch.Tensor | Sequence[torch.Tensor]
        found = self._model(given.to(self._dtype, memory_format=self._layout))
        return [output.float() for output in ([found] if isinstance(found, torch.Tensor) else found)]


def _to_planes(pictures: torch.Tensor, pixels: PixelFormat) -> torch.Tensor:
    """Planes (N, 3, H, W) of pictures (N, H, W, 3) uint8 BGR, on their device."""
    planes = pictures.permute(0, 3, 1, 2)
    planes = (planes.flip(1) if pixels.channels == "RGB" else planes).float() / (255 / pixels.pixel_max)
    if pixels.is_normalised:
        mean, std = (planes.new_tensor(values).view(3, 1, 1) for values in (pixels.mean, pixels.std))
        planes = (planes - mean) / std
    return planes


class _Exact:
    """Within it cuDNN neither rounds to TF32 nor picks kernels by speed, which changes the bytes from run to run.

    That is set for the whole process: the first thread within sets it, and the last one to leave puts back what was.
    """

    def __init__(self) -> None:
        self._lock, self._within, self._set = threading.Lock(), 0, contextlib.ExitStack()

    def __enter__(self) -> None:
        from torch.backends import cudnn

        with self._lock:
            if self._within == 0:
                flags = cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
                self._set.enter_context(flags)
            self._within += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._within -= 1
            if self._within == 0:
                self._set.close()


_exact = _Exact()
