"""OpenVINO itself: imported in silence, what it can do here, and how its files are read."""

from __future__ import annotations

import sys
import threading
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from reidtrack.errors import DeviceError, WeightsError

_ASKING = threading.Lock()
"""Held while somebody asks for the core: two threads that come first at the same moment would make one each."""


def import_openvino() -> ModuleType:
    """Import OpenVINO with its telemetry off.

    OpenVINO reports its use over the network on import and on conversion wherever its telemetry package can be
    imported, unless a file in the user's home says otherwise; without that package it is silent.

    Raises:
        DeviceError: If OpenVINO is not installed or does not load.
    """
    sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))
    try:
        import openvino
    except ImportError as error:
        raise DeviceError(f"OpenVINO does not load ({error})", hint="pip install openvino") from error
    return cast(ModuleType, openvino)


def core() -> Any:
    """The process's one `openvino.Core`, which stays until the process ends: a second one makes signals deadly.

    On Linux a core that has computed on the CPU lends its thread a stack for signal handlers (`sigaltstack`). When the
    core goes it gives that thread the stack of before, if it goes in the same thread and no other has lent one since,
    and unmaps its own in any case. Of two cores the one that goes last thus gives back the stack of one that has gone,
    and the next Ctrl-C is a segmentation fault (`SigAltStackSetup` of OpenVINO's CPU plugin, seen with 2026.4.1).

    Raises:
        DeviceError: If OpenVINO is not installed or does not load.
    """
    import_openvino()
    with _ASKING:
        return _only_core()


@cache
def _only_core() -> Any:
    return import_openvino().Core()


def has_bfloat16() -> bool:
    """Whether the processor has instructions for it; without them it would be slower than float32."""
    return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def read_model(path: Path) -> Any:
    """An `openvino.Model` of an `.xml`, its `.bin` beside it, or of an `.onnx` file.

    Raises:
        WeightsError: If it is damaged.
        DeviceError: If OpenVINO is not installed.
    """
    reader = core()
    try:
        if path.suffix != ".xml":
            return reader.read_model(path)
        # From memory: a file that is only mapped may change or go while it is in use.
        weights = path.with_suffix(".bin").read_bytes() if path.with_suffix(".bin").is_file() else b""
        return reader.read_model(path.read_bytes(), weights)
    except RuntimeError as error:
        raise WeightsError(f"not a whole model ({last_line(error)})", where=path) from error


def last_line(error: Exception) -> str:
    """The last line of an error of OpenVINO, which says what is wrong; those before say where in its source."""
    return str(error).strip().splitlines()[-1]
