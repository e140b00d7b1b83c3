"""What would have been linked at other thresholds, as `calibration.json` has it: by link, by person, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from reidtrack.report.html import Markup, tag
from reidtrack.report.run.context import PageContext, person_label

Key = tuple[str, int]
"""Camera and track id of a tracklet."""

_MOST_NAMED = 6
"""Changes of a row that are told one by one."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Thresholds at which the result would change.

    Attributes:
        threshold: The one in use; None where nothing is known.
        parted: Lower thresholds, the nearest first, each with the visits that leave the rest of their person.
        joins: Ids of two people, the smaller first, to the lowest higher threshold at which they are one.
    """

    threshold: float | None = None
    parted: tuple[tuple[float, frozenset[Key]], ...] = ()
    joins: Mapping[tuple[int, int], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a threshold would change of the result.

    Attributes:
        people: Number of people there would be.
        joined: Pairs of ids of people who would be one.
        parted: Visits that would leave their person.
    """

    people: int
    joined: tuple[tuple[int, int], ...] = ()
    parted: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class ThresholdRange:
    """Neighbouring thresholds that were tried and give the same result.

    Attributes:
        low: Least of them.
        high: Largest of them.
        in_use: Whether the threshold in use is among them.
        changes: What they would change.
    """

    low: float
    high: float
    in_use: bool
    changes: Changes


def read_sweep(calibration: Mapping[str, Any] | None) -> Sweep:
    """Sweep of `calibration.json`, whose entries say what each threshold joins and parts relative to the result."""
    if not calibration or calibration.get("threshold") is None:
        return Sweep()
    threshold = float(calibration["threshold"])
    parted: list[tuple[float, frozenset[Key]]] = []
    joins: dict[tuple[int, int], float] = {}
    for entry in sorted(calibration.get("sweep") or (), key=lambda entry: abs(entry["threshold"] - threshold)):
        at = float(entry["threshold"])
        if at < threshold:
            parted.append((at, frozenset(_parted(entry))))
        elif at > threshold:
            for one, other in entry.get("joined", ()):
                joins.setdefault((min(one, other), max(one, other)), at)
    return Sweep(threshold, tuple(parted), joins)


def breaks_at(sweep: Sweep, one: Key, other: Key) -> float | None:
    """Highest lower threshold at which one of two linked visits leaves the other's person; None where none does."""
    return next((at for at, keys in sweep.parted if (one in keys) != (other in keys)), None)


def joins_of(sweep: Sweep) -> dict[int, list[tuple[int, float]]]:
    """Id of each person to whom it would be joined with and at which threshold, the nearest first."""
    found: dict[int, list[tuple[int, float]]] = {}
    for (one, other), at in sorted(sweep.joins.items(), key=lambda item: (item[1], item[0])):
        found.setdefault(one, []).append((other, at))
        found.setdefault(other, []).append((one, at))
    return found


def other_thresholds(page: PageContext) -> Markup:
    """Table of other thresholds, a row for each range with the same result; empty where none was tried."""
    calibration = page.data.calibration or {}
    if calibration.get("threshold") is None or not calibration.get("sweep"):
        return Markup()
    names = ("Threshold", "People", "What would change")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    body = tag("tbody", *(_row(page, tried) for tried in ranges_of_thresholds(calibration, len(page.identities))))
    table = tag("div", tag("table", head, body, class_="cameras sweep"), class_="scroll")
    return tag("section", tag("h3", "At other thresholds"), table, id="sweep")


def ranges_of_thresholds(calibration: Mapping[str, Any], people: int) -> list[ThresholdRange]:
    """Ranges of thresholds that give the same result, in ascending order.

    Args:
        calibration: Content of `calibration.json`, with a threshold and a sweep.
        people: Number of people at the threshold in use.
    """
    in_use = float(calibration["threshold"])
    tried = [
        (in_use, Changes(people)),
        *((float(entry["threshold"]), _changes(entry)) for entry in calibration["sweep"]),
    ]
    found = []
    for changes, group in groupby(sorted(tried, key=lambda item: item[0]), key=lambda item: item[1]):
        at = [threshold for threshold, _ in group]
        found.append(ThresholdRange(at[0], at[-1], in_use in at, changes))
    return found


def _changes(entry: Mapping[str, Any]) -> Changes:
    joined = tuple((int(a), int(b)) for a, b in entry.get("joined", ()))
    return Changes(int(entry["identities"]), joined, _parted(entry))


def _parted(entry: Mapping[str, Any]) -> tuple[Key, ...]:
    return tuple((str(part["camera"]), int(part["track_id"])) for part in entry.get("parted", ()))


def _row(page: PageContext, tried: ThresholdRange) -> Markup:
    low, high, changes = f"{tried.low:.2f}", f"{tried.high:.2f}", tried.changes
    told = [f"{_label_of(page, a)} and {_label_of(page, b)} would be one" for a, b in changes.joined]
    told += [_leaves(page, key) for key in changes.parted]
    more = len(told) - _MOST_NAMED
    words = "; ".join(told[:_MOST_NAMED]) + (f"; and {more} more changes" if more > 0 else "")
    cells = (tag("td", str(changes.people)), tag("td", words or "nothing", class_="left"))
    head = tag("th", low if low == high else f"{low} to {high}", scope="row")
    return tag("tr", head, *cells, class_="here" if tried.in_use else None)


def _label_of(page: PageContext, number: int) -> str:
    return next((person_label(identity) for identity in page.identities if identity.id == number), f"Person {number}")


def _leaves(page: PageContext, key: Key) -> str:
    camera, track = key
    found = page.visits.get(key)
    return f"{camera} track {track} would leave {person_label(found[0]) if found else 'its person'}"


def tried_range(calibration: Mapping[str, Any] | None) -> Sequence[float] | None:
    """Least and largest threshold tried; None where none was."""
    tried = [float(entry["threshold"]) for entry in (calibration or {}).get("sweep") or ()]
    return (min(tried), max(tried)) if tried else None
