"""Times and sizes as one types them: `7d`, `90s`, `50G`."""

from __future__ import annotations

import argparse
import re

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BYTES = {"": 1, "B": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BYTES |= {f"{unit}B": size for unit, size in _BYTES.items() if unit in "KMGT" and unit}
_BYTES |= {f"{unit}i": 1024**power for power, unit in enumerate("KMGT", 1)}
_BYTES |= {f"{unit}iB": 1024**power for power, unit in enumerate("KMGT", 1)}
_MOST = 1e15


def seconds(text: str) -> float:
    """A time in seconds; for argparse's `type=`.

    Raises:
        argparse.ArgumentTypeError: If it is none, or not above 0.
    """
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?(s|min|m|h|d|w|)", text.strip(), re.ASCII)
    value = 0.0 if found is None else float(found[1]) * _SECONDS[found[2]]
    if found is None or not 0 < value <= _MOST:
        raise argparse.ArgumentTypeError(f"got {text!r} (expected a time, such as 30s, 10m, 12h or 7d)")
    return value


def byte_count(text: str) -> int:
    """A size in bytes; `50G` are 50 billion, `50Gi` are 1024-based. For argparse's `type=`.

    Raises:
        argparse.ArgumentTypeError: If it is none, or not above 0.
    """
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([KMGT]?i?B?)", text.strip(), re.ASCII)
    unit = None if found is None else _BYTES.get(found[2])
    value = 0 if found is None or unit is None else int(float(found[1]) * unit)
    if not 0 < value <= _MOST:
        raise argparse.ArgumentTypeError(f"got {text!r} (expected a size, such as 500M, 50G or 2T)")
    return value
