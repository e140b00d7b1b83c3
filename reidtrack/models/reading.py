"""Tensors out of a file, without running any code from it."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidtrack.errors import WeightsError
from reidtrack.safe_torch import require_safe_loading

if TYPE_CHECKING:
    from torch import Tensor

ZIP_MAGIC = b"PK\x03\x04"
PICKLE_MAGIC = b"\x80"
WRAPPERS = ("state_dict", "model", "model_state_dict", "model_state", "net", "network", "weights", "params")
"""Keys under which training scripts keep the state dict beside an optimiser and the like."""
PREFIXES = ("module.", "model.", "backbone.", "_orig_mod.", "net.", "encoder.")
"""What wrappers put before all names: parallel training, Lightning, fast-reid, torch.compile."""


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
    except (SafetensorError, OSError, ValueError, RuntimeError, MemoryError, TypeError, AttributeError) as error:
        raise WeightsError(f"not a whole safetensors file ({error})", where=path) from error


def read_torch(path: Path) -> dict[str, Tensor]:
    """Read the state dict of a PyTorch checkpoint, with `weights_only`.

    Raises:
        WeightsError: If the file is damaged, not a checkpoint, asks for code to be run, or holds no state dict.
    """
    import torch

    require_safe_loading(path)
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != ZIP_MAGIC and not magic.startswith(PICKLE_MAGIC):
        raise WeightsError("not a checkpoint", where=path, expected="a .safetensors or PyTorch file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle's dialect; what cannot be read is refused below
            with torch.serialization.safe_globals(numpy_scalars()):
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


def numpy_scalars() -> list[Any]:
    """What a pickle may hold beside tensors: NumPy's numbers, such as the Rank-1 that torchreid writes down.

    They are made by `numpy.core.multiarray.scalar` (`numpy._core` since NumPy 2) out of a type and its bytes; neither
    runs anything.
    """
    import numpy as np

    scalar = np.float64(0).__reduce__()[0]
    names = (f"numpy.{core}.multiarray.scalar" for core in ("core", "_core"))
    kinds = (np.bool_, np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8)
    return [*((scalar, name) for name in names), np.dtype, *(type(np.dtype(kind)) for kind in kinds)]


def _state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    """Unwrap a state dict and take what wrappers have put before all of its names away."""
    import torch

    for _ in range(3):  # a model within a state within a checkpoint
        inner = next((content[w] for w in WRAPPERS if isinstance(content, dict) and _is_mapping(content.get(w))), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, dict) or not content:
        raise WeightsError("holds no state dict", where=path, expected="names and tensors")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise WeightsError(f"holds no state dict: {key!r} is no tensor", where=path, expected="names and tensors")
    while prefix := next((p for p in PREFIXES if all(key.startswith(p) for key in content)), None):
        content = {key.removeprefix(prefix): value for key, value in content.items()}
    return {key.removeprefix("module."): value for key, value in content.items()}


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict) and bool(value)
