"""The table of other thresholds: what would change at each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from reidtrack.report.html import Markup, tag
from reidtrack.report.run.view import View, person

_MOST_NAMED = 6
"""Changes of a row that are told one by one."""

Changes = tuple[int, tuple[tuple[int, int], ...], tuple[tuple[str, int], ...]]
"""Number of people, pairs of people who would be one, and visits that would leave their person."""


def other_thresholds(view: View) -> Markup:
    """A row for each stretch of thresholds with the same result; empty where none was tried."""
    calibration = view.data.calibration or {}
    if calibration.get("threshold") is None or not calibration.get("sweep"):
        return Markup()
    names = ("Threshold", "People", "What would change")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    body = tag("tbody", *(_row(view, *stretch) for stretch in stretches(calibration, len(view.identities))))
    table = tag("div", tag("table", head, body, class_="cameras sweep"), class_="scroll")
    return tag("section", tag("h3", "At other thresholds"), table, id="sweep")


def stretches(calibration: Mapping[str, Any], people: int) -> list[tuple[float, float, bool, Changes]]:
    """Least and largest threshold of each result, whether the one in use is among them, and what changes there.

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


def _row(view: View, low: float, high: float, here: bool, changes: Changes) -> Markup:
    people, joined, parted = changes
    text = f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"
    told = [f"{_called(view, a)} and {_called(view, b)} would be one" for a, b in joined]
    told += [_leaves(view, key) for key in parted]
    more = len(told) - _MOST_NAMED
    words = "; ".join(told[:_MOST_NAMED]) + (f"; and {more} more changes" if more > 0 else "")
    cells = (tag("td", str(people)), tag("td", words or "nothing", class_="left"))
    return tag("tr", tag("th", text, scope="row"), *cells, class_="here" if here else None)


def _called(view: View, number: int) -> str:
    return next((person(identity) for identity in view.identities if identity.id == number), f"Person {number}")


def _leaves(view: View, key: tuple[str, int]) -> str:
    camera, track = key
    found = view.places.get(key)
    return f"{camera} track {track} would leave {person(found[0]) if found else 'its person'}"


def tried_range(calibration: Mapping[str, Any] | None) -> Sequence[float] | None:
    """Least and largest threshold that was tried; None where none was."""
    tried = [float(entry["threshold"]) for entry in (calibration or {}).get("sweep") or ()]
    return (min(tried), max(tried)) if tried else None
