"""What a link or a match was judged by, in words for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, isfinite
from typing import Any

from reidtrack.report.clock import duration

NAMES = {
    "travel": "travel time",
    "ground": "ground distance",
    "related": "ground distance, estimated",
    "log_odds": "place and time",
}
_UNITS = {"s": "s", "m": "m", "px": "px", "mps": "m/s"}
_MOST_TIMES = 1000
_NOTHING = 0.1
"""Log-odds nearer to zero say nothing."""


def named_terms(terms: Mapping[str, float]) -> list[tuple[str, str]]:
    """Each term as its name and its value with the unit that its key ends on; what is not finite is left out."""
    return [_named(key, value) for key, value in sorted(terms.items()) if isfinite(value)]


def brief_terms(terms: Mapping[str, float]) -> list[tuple[str, str]]:
    """Each term as a few characters, and in full."""
    found = []
    for key, value in sorted(terms.items()):
        if isfinite(value):
            name, text = _named(key, value)
            found.append((_times(value) if key == "log_odds" else text, f"{name}: {text}"))
    return found


def _times(log_odds: float) -> str:
    if abs(log_odds) < _NOTHING:
        return ""
    return f"{_many(log_odds)}× {'likelier' if log_odds > 0 else 'unlikelier'}"


def _named(key: str, value: float) -> tuple[str, str]:
    bare, _, unit = key.rpartition("_")
    if unit not in _UNITS or not bare:
        bare, unit = key, ""
    name = NAMES.get(bare, bare.replace("_", " "))
    return name, likelihood(value) if key == "log_odds" else _measured(value, _UNITS.get(unit, ""))


def likelihood(log_odds: float) -> str:
    """How many times likelier a pair is as one person, or as two."""
    if abs(log_odds) < _NOTHING:
        return "says nothing"
    return f"{_many(log_odds)} times likelier as {'one person' if log_odds > 0 else 'two people'}"


def _many(log_odds: float) -> str:
    times = exp(min(abs(log_odds), 50.0))
    return f"over {_MOST_TIMES:,}" if times > _MOST_TIMES else f"{times:.1f}" if times < 10 else f"{times:.0f}"


def _measured(value: float, unit: str) -> str:
    if unit == "s":
        return f"−{duration(-value)}" if value < -0.05 else duration(abs(value))
    return f"{value:.0f} px" if unit == "px" else f"{value:.2f} {unit}".rstrip()


def percent(probability: float) -> str:
    """Never a certainty that nobody can have."""
    return "> 99%" if probability > 0.99 else "< 1%" if probability < 0.01 else f"{probability:.0%}"


def in_gallery(entry: Mapping[str, Any] | None) -> list[str]:
    """Who a person is in a gallery, in words; nothing where none was asked."""
    if entry is None:
        return []
    if entry.get("new"):
        return [f"new in the gallery as {entry['key']}"]
    found = [f"known from the gallery as {entry.get('name') or entry['key']}"]
    if entry.get("distance") is not None:
        found[0] += f" at distance {entry['distance']:.2f}"
    if entry.get("probability") is not None:
        found[0] += f", {percent(entry['probability'])} sure"
    return found
