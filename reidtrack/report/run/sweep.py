"""What would have been linked at other thresholds, as `calibration.json` has it, seen from each link and person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, int]
"""Camera and track id."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Where the result would change.

    Attributes:
        threshold: The one that was used; None where nothing is known.
        parted: Lower thresholds, the nearest first, each with the visits that leave the rest of their person.
        joins: Two people, the smaller id first, to the lowest higher threshold at which they are one.
    """

    threshold: float | None = None
    parted: tuple[tuple[float, frozenset[Key]], ...] = ()
    joins: Mapping[tuple[int, int], float] = field(default_factory=dict)


def read_sweep(calibration: Mapping[str, Any] | None) -> Sweep:
    """Read `sweep` of a calibration, whose entries say what is joined and parted relative to the result."""
    if not calibration or calibration.get("threshold") is None:
        return Sweep()
    threshold = float(calibration["threshold"])
    parted: list[tuple[float, frozenset[Key]]] = []
    joins: dict[tuple[int, int], float] = {}
    for entry in sorted(calibration.get("sweep") or (), key=lambda entry: abs(entry["threshold"] - threshold)):
        at = float(entry["threshold"])
        if at < threshold:
            keys = ((str(part["camera"]), int(part["track_id"])) for part in entry.get("parted", ()))
            parted.append((at, frozenset(keys)))
        elif at > threshold:
            for one, other in entry.get("joined", ()):
                joins.setdefault((min(one, other), max(one, other)), at)
    return Sweep(threshold, tuple(parted), joins)


def breaks_at(sweep: Sweep, one: Key, other: Key) -> float | None:
    """The highest lower threshold at which one of two linked visits leaves the other's person; None where none does."""
    return next((at for at, keys in sweep.parted if (one in keys) != (other in keys)), None)


def joins_of(sweep: Sweep) -> dict[int, list[tuple[int, float]]]:
    """Person to the others it would be joined with, and at which threshold, the nearest first."""
    found: dict[int, list[tuple[int, float]]] = {}
    for (one, other), at in sorted(sweep.joins.items(), key=lambda item: (item[1], item[0])):
        found.setdefault(one, []).append((other, at))
        found.setdefault(other, []).append((one, at))
    return found
