"""Whether PyTorch reads files without running what is in them."""

from __future__ import annotations

import re
from pathlib import Path

from reidtrack.errors import WeightsError

LEAST = (2, 6)
"""Before this version `torch.load(weights_only=True)` could be made to run code (CVE-2025-32434), and Ultralytics turns
its safe loading off without a word."""


def require_safe_loading(path: Path) -> None:
    """Raise unless PyTorch can be trusted with a pickle, whoever made it.

    Args:
        path: What is to be read.

    Raises:
        WeightsError: If PyTorch is too old for that.
    """
    import torch

    version = str(torch.__version__)
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < LEAST:
        raise WeightsError(
            f"is not read with torch {version}, which may run code from such a file",
            where=path,
            expected=f"torch {LEAST[0]}.{LEAST[1]} or later",
            hint="pip install --upgrade torch, or give .safetensors, .onnx or OpenVINO files",
        )
