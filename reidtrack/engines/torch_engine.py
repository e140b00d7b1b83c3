"""PyTorch on the CPU or a CUDA GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reidtrack.types import FloatArray

if TYPE_CHECKING:
    from torch import nn


class TorchEngine:
    """A torch module in evaluation mode on one device.

    Args:
        model: Takes (N, 3, H, W), gives (N, ...); it is moved to `device`.
        device: `cpu` or `cuda:N`, as `choose_device` gives it.
    """

    def __init__(self, model: nn.Module, device: str = "cpu") -> None:
        self._model = model.eval().to(device)
        self._device = device

    @property
    def name(self) -> str:
        """Engine and device."""
        return f"torch {self._device}"

    def infer(self, batch: FloatArray) -> FloatArray:
        """Run the network on (N, 3, H, W) float32; gives (N, ...) float32."""
        import torch

        # cuDNN would otherwise round to TF32 and pick kernels by speed, which changes the bytes from run to run.
        exact = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            out = self._model(torch.from_numpy(np.ascontiguousarray(batch)).to(self._device))
        return np.asarray(out.float().cpu().numpy(), dtype=np.float32)
