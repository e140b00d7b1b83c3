"""Names and units of what a link was judged by, for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from reidtrack.report.clock import duration

NAMES = {"travel_s": "travel time", "ground_m": "ground distance", "ground": "ground distance"}
_UNITS = {"s": "s", "m": "m", "px": "px"}


def named_terms(terms: Mapping[str, float]) -> list[tuple[str, str]]:
    """Each term as its name and its value with the unit that its key ends on; what is not finite is left out."""
    return [(_name(key), _value(key, value)) for key, value in sorted(terms.items()) if isfinite(value)]


def _name(key: str) -> str:
    bare = key.rpartition("_")[0] if key.rpartition("_")[2] in _UNITS and "_" in key else key
    return NAMES.get(key, bare.replace("_", " "))


def _value(key: str, value: float) -> str:
    unit = _UNITS.get(key.rpartition("_")[2]) if "_" in key else None
    if unit == "s":
        return f"−{duration(-value)}" if value < -0.05 else duration(abs(value))
    if unit == "px":
        return f"{value:.0f} px"
    return f"{value:.2f}" + (f" {unit}" if unit else "")
