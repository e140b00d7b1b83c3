"""Names and units of what a link was judged by, for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from reidtrack.report.clock import duration

NAMES = {"travel": "travel time", "ground": "ground distance"}
_UNITS = ("s", "m", "px")


def named_terms(terms: Mapping[str, float]) -> list[tuple[str, str]]:
    """Each term as its name and its value with the unit that its key ends on; what is not finite is left out."""
    return [_named(key, value) for key, value in sorted(terms.items()) if isfinite(value)]


def _named(key: str, value: float) -> tuple[str, str]:
    bare, _, unit = key.rpartition("_")
    if unit not in _UNITS or not bare:
        bare, unit = key, ""
    return NAMES.get(bare, bare.replace("_", " ")), _measured(value, unit)


def _measured(value: float, unit: str) -> str:
    if unit == "s":
        return f"−{duration(-value)}" if value < -0.05 else duration(abs(value))
    return f"{value:.0f} px" if unit == "px" else f"{value:.2f} {unit}".rstrip()
