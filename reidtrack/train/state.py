"""The state of a training on disk: written whole or not at all, and read without running code from it."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

from reidtrack.errors import InputError, param
from reidtrack.files import write_lines
from reidtrack.safe_torch import require_safe_loading

VERSION = 1


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state: tensors, numbers, text and their containers.

    Raises:
        OutputError: If the file cannot be written; an earlier one stays as it was.
    """
    import torch

    buffer = io.BytesIO()
    torch.save({"version": VERSION, **state}, buffer)
    write_lines(path, [buffer.getvalue()])


def load_state(path: Path) -> dict[str, Any]:
    """Read a state back, onto the CPU.

    Raises:
        InputError: If the file is absent, damaged, or of another version.
    """
    import torch

    if not path.exists():
        raise InputError("no training to resume", where=path, hint=f"leave {param('resume')} away to begin one")
    require_safe_loading(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise InputError("damaged, cannot be resumed", where=path, expected="a state that training wrote") from error
    if not isinstance(state, dict) or state.get("version") != VERSION:
        raise InputError(
            "not a state of this version", where=path, expected=f"version {VERSION}", hint="begin the training anew"
        )
    return state
