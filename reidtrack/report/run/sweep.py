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

Changes = tuple[int, tuple[tuple[int, int], ...], tuple[tuple[str, int], ...]]
"""Number of people, pairs of people who would be one, and visits that would leave their person."""


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
            keys = ((str(part["camera"]), int(part["track_id"])) for part in entry.get("parted", ()))
            parted.append((at, frozenset(keys)))
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
    body = tag("tbody", *(_row(page, *row) for row in ranges_of_thresholds(calibration, len(page.identities))))
    table = tag("div", tag("table", head, body, class_="cameras sweep"), class_="scroll")
    return tag("section", tag("h3", "At other thresholds"), table, id="sweep")


def ranges_of_thresholds(calibration: Mapping[str, Any], people: int) -> list[tuple[float, float, bool, Changes]]:
    """Ranges of thresholds that give the same result: least, largest, whether the one in use is within, what changes.

    Args:
        calibration: What `calibration.json` says; has a threshold.
        people: How many there are at the threshold in use.
    """
    here = float(calibration["threshold"])
    tried: list[tuple[float, Changes]] = [(here, (people, (), ()))]
    for entry in calibration["sweep"]:
        joined = tuple((int(a), int(b)) for a, b in entry.get("joined", ()))
        parted = tuple((str(part["camera"]), int(part["track_id"])) for part in entry.get("parted", ()))
        tried.append((float(entry["threshold"]), (int(entry["identities"]), joined, parted)))
    found = []
    for changes, group in groupby(sorted(tried, key=lambda item: item[0]), key=lambda item: item[1]):
        at = [threshold for threshold, _ in group]
        found.append((at[0], at[-1], here in at, changes))
    return found


def _row(page: PageContext, low: float, high: float, here: bool, changes: Changes) -> Markup:
    people, joined, parted = changes
    text = f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"
    told = [f"{_label_of(page, a)} and {_label_of(page, b)} would be one" for a, b in joined]
    told += [_leaves(page, key) for key in parted]
    more = len(told) - _MOST_NAMED
    words = "; ".join(told[:_MOST_NAMED]) + (f"; and {more} more changes" if more > 0 else "")
    cells = (tag("td", str(people)), tag("td", words or "nothing", class_="left"))
    return tag("tr", tag("th", text, scope="row"), *cells, class_="here" if here else None)


def _label_of(page: PageContext, number: int) -> str:
    return next((person_label(identity) for identity in page.identities if identity.id == number), f"Person {number}")


def _leaves(page: PageContext, key: tuple[str, int]) -> str:
    camera, track = key
    found = page.visits.get(key)
    return f"{camera} track {track} would leave {person_label(found[0]) if found else 'its person'}"


def tried_range(calibration: Mapping[str, Any] | None) -> Sequence[float] | None:
    """Least and largest threshold tried; None where none was."""
    tried = [float(entry["threshold"]) for entry in (calibration or {}).get("sweep") or ()]
    return (min(tried), max(tried)) if tried else None
