"""Tensors out of a file, without running any code from it."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidtrack.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

ZIP_MAGIC = b"PK\x03\x04"
PICKLE_MAGIC = b"\x80"
WRAPPERS = ("state_dict", "model")
"""Keys under which training scripts keep the state dict beside an optimiser and the like."""


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the tensors and the metadata of a safetensors file.

    Raises:
        WeightsError: If the file is damaged or not of that format.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
            return weights, file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"not a whole safetensors file ({error})", where=path) from error


def read_torch(path: Path) -> dict[str, Tensor]:
    """Read the state dict of a PyTorch checkpoint, with `weights_only`.

    Raises:
        WeightsError: If the file is damaged, not a checkpoint, asks for code to be run, or holds no state dict.
    """
    import torch

    with path.open("rb") as file:
        magic = file.read(4)
    if magic != ZIP_MAGIC and not magic.startswith(PICKLE_MAGIC):
        raise WeightsError("not a checkpoint", where=path, expected="a .safetensors or PyTorch file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle's dialect; what cannot be read is refused below
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            "refused: it holds more than tensors, or is damaged",
            where=path,
            expected="a state dict alone",
            hint="loading it would run code from the file; if you trust its maker, ask for the state dict alone",
        ) from error
    # A damaged archive surfaces as whatever its first unreadable part provokes.
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, AttributeError, TypeError, IndexError) as error:
        raise WeightsError("damaged or cut short", where=path, expected="a whole PyTorch checkpoint") from error
    return _state_dict(content, path)


def _state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    """Unwrap a state dict and take the `module.` of parallel training off its keys."""
    import torch

    for wrapper in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not content:
        raise WeightsError("holds no state dict", where=path, expected="names and tensors")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise WeightsError(f"holds no state dict: {key!r} is no tensor", where=path, expected="names and tensors")
    return {key.removeprefix("module."): value for key, value in content.items()}
