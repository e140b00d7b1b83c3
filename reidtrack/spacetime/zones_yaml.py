"""Reading `zones:` and `lines:` of a site.yaml (docs/site.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from reidtrack.errors import ConfigError, shortened
from reidtrack.spacetime.zones import GAP_S, Line, Measure, Outline, Zone, breadth
from reidtrack.types import DoubleArray

MOST_CORNERS = 200
MOST_PLACES = 1000
MOST_GAP_S = 600.0
_LONGEST_NAME = 100
_ZONE = ("name", "camera", "on", "points", "gap_s")
_LINE = ("name", "camera", "on", "points")
_SHARES = "pixels of the picture, or shares of it from 0 to 1"


def read_zones(
    data: Mapping[Any, Any], cameras: Sequence[str], where: object
) -> tuple[tuple[Zone, ...], tuple[Line, ...]]:
    """Zones and lines of a site file; entries of one name are one zone or line, seen from several sides.

    Args:
        data: Content of the file.
        cameras: Names of the run; a zone of another one is a mistake.
        where: The file, for messages.

    Raises:
        ConfigError: If something of it does not fit.
    """
    zones: dict[str, Zone] = {}
    for number, entry in enumerate(_entries(data, "zones", where), start=1):
        place = f"{where}: zones, number {number}"
        name, outline = _outline(entry, _ZONE, cameras, place)
        _check_polygon(outline.points, place)
        gap_s = _gap(entry, place)
        known = zones.get(name)
        if known is not None and entry.get("gap_s") is None:
            gap_s = known.gap_s
        zones[name] = Zone(name, (*(() if known is None else known.outlines), outline), gap_s)
    lines: dict[str, Line] = {}
    for number, entry in enumerate(_entries(data, "lines", where), start=1):
        place = f"{where}: lines, number {number}"
        name, outline = _outline(entry, _LINE, cameras, place)
        if len(outline.points) != 2 or (outline.points[0] == outline.points[1]).all():
            raise ConfigError(f"points: got {len(outline.points)}", where=place, expected="two points that differ")
        if name in zones:
            raise ConfigError(f"a zone is called {name!r} already", where=place, hint="give it another name")
        known_line = lines.get(name)
        if known_line is not None and any(one.camera == outline.camera for one in known_line.outlines):
            raise ConfigError(f"{name!r} stands there twice for one view", where=place, hint="give it another name")
        lines[name] = Line(name, (*(() if known_line is None else known_line.outlines), outline))
    return tuple(zones.values()), tuple(lines.values())


def needs_plan(zones: Sequence[Zone], lines: Sequence[Line]) -> str | None:
    """Name of the first zone or line that is on the plan; None where none is."""
    places: list[Zone | Line] = [*zones, *lines]
    return next((one.name for one in places if any(outline.camera is None for outline in one.outlines)), None)


def _entries(data: Mapping[Any, Any], key: str, where: object) -> list[dict[Any, Any]]:
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ConfigError(f"{key}: got {_short(value)}", where=where, expected="a list of entries with name and points")
    if len(value) > MOST_PLACES:
        raise ConfigError(f"{key}: got {len(value)}", where=where, expected=f"at most {MOST_PLACES}")
    # In YAML 1.1 the word `on` is true, also as a key.
    return [{"on" if word is True else word: entry[word] for word in entry} for entry in value]


def _outline(entry: Mapping[Any, Any], known: Sequence[str], cameras: Sequence[str], where: str) -> tuple[str, Outline]:
    """Name and points of an entry."""
    unknown = [str(key) for key in entry if key not in known]
    if unknown:
        raise ConfigError(f"unknown key {shortened(unknown[0], 60)!r}", where=where, expected=" or ".join(known))
    name = entry.get("name")
    if not isinstance(name, str | int) or isinstance(name, bool) or not str(name).strip().isprintable():
        raise ConfigError(f"name: got {_short(name)}", where=where, expected="a name, in quotes if it is no word")
    text = str(name).strip()
    if not text or len(text) > _LONGEST_NAME:
        raise ConfigError(f"name: got {_short(name)}", where=where, expected=f"1 to {_LONGEST_NAME} letters")
    camera, on = entry.get("camera"), entry.get("on")
    if (camera is None) == (on is None) or on not in (None, "plan"):
        raise ConfigError("says not where it is", where=where, expected="camera: and a name, or on: plan")
    if camera is not None and str(camera) not in cameras:
        raise ConfigError(f"no camera is called {str(camera)!r}", where=where, expected=" or ".join(cameras))
    points = _points(entry.get("points"), where, _SHARES if on is None else "places on the plan")
    measure: Measure = "plan" if on is not None else "shares" if points.max() <= 1 else "pixels"
    if on is None and points.min() < 0:
        raise ConfigError("points: got a number below 0", where=where, expected=_SHARES)
    return text, Outline(None if camera is None else str(camera), points, measure)


def _points(value: Any, where: str, what: str) -> DoubleArray:
    expected = f"[x, y] each, {what}"
    rows = value if isinstance(value, list) else []
    if not rows or len(rows) > MOST_CORNERS or not all(isinstance(row, list) and len(row) == 2 for row in rows):
        raise ConfigError(f"points: got {_short(value)}", where=where, expected=expected)
    flat = [number for row in rows for number in row]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e9 for n in flat):
        raise ConfigError(f"points: got {_short(value)}", where=where, expected=expected)
    if len(rows) < 2:
        raise ConfigError("points: got 1", where=where, expected="two for a line, three or more for a zone")
    return np.array(rows, np.float64)


def _check_polygon(points: DoubleArray, where: str) -> None:
    if len(points) < 3:
        raise ConfigError(f"points: got {len(points)}", where=where, expected="three corners or more")
    edges = list(zip(points, np.roll(points, -1, axis=0), strict=True))
    for (i, one), (j, other) in combinations(enumerate(edges), 2):
        if j - i not in (1, len(edges) - 1) and _cross(*one, *other):
            raise ConfigError("points: the zone's edges cross", where=where, expected="its corners in order, around it")
    if breadth(points) <= 0:
        raise ConfigError("points: the zone has no area", where=where, expected="corners that do not lie on one line")


def _cross(a: DoubleArray, b: DoubleArray, c: DoubleArray, d: DoubleArray) -> bool:
    """Whether two stretches cross each other within."""

    def turn(p: DoubleArray, q: DoubleArray, r: DoubleArray) -> float:
        return float((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    return turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0


def _gap(entry: Mapping[Any, Any], where: str) -> float:
    value = entry.get("gap_s")
    if value is None:
        return GAP_S
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= MOST_GAP_S:
        raise ConfigError(f"gap_s: got {_short(value)}", where=where, expected=f"seconds, at most {MOST_GAP_S:g}")
    return float(value) if math.isfinite(value) else GAP_S


def _short(value: Any) -> str:
    return shortened(repr(value), 60)
