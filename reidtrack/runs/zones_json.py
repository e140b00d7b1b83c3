"""Content of `zones.json`: who was in which zone and crossed which line, by the hour, nobody twice over all cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from reidtrack.spacetime.zone_counts import (
    Crossing,
    HourCount,
    Hours,
    Stay,
    count_crossings,
    count_stays,
    crossings_of_track,
    distinct_crossings,
    join_visits,
    most_at_once,
    visits_of_track,
)
from reidtrack.spacetime.zone_motion import Locate
from reidtrack.spacetime.zones import Line, Zone
from reidtrack.types import Identity

SCHEMA_VERSION = 1
_DECIMALS = 3
_UNKNOWN_SIZE = (0.0, 0.0)


def zones_to_json(
    zones: Sequence[Zone],
    lines: Sequence[Line],
    identities: Sequence[Identity],
    sizes: Mapping[str, tuple[float, float]],
    locate: Locate | None,
    origin: datetime,
) -> dict[str, Any] | None:
    """Content of `zones.json`; None where there is no zone and no line.

    Args:
        zones: In which people are counted.
        lines: Whose crossings are counted.
        identities: Everybody.
        sizes: Camera to the width and height of its picture, pixels.
        locate: From boxes to the plan; None without a plan.
        origin: The moment from which times count.
    """
    if not zones and not lines:
        return None
    hours = Hours(origin)
    times = [t for identity in identities for t in (identity.first_time_s, identity.last_time_s)]
    wanted = range(hours.of(min(times)), hours.of(max(times)) + 1) if times else range(0)
    return {
        "schema": SCHEMA_VERSION,
        "zones": [_zone(zone, identities, sizes, locate, hours, wanted) for zone in zones],
        "lines": [_line(line, identities, sizes, locate, hours, wanted) for line in lines],
    }


def _zone(
    zone: Zone,
    identities: Sequence[Identity],
    sizes: Mapping[str, tuple[float, float]],
    locate: Locate | None,
    hours: Hours,
    wanted: range,
) -> dict[str, Any]:
    found: dict[int, list[Stay]] = {}
    for identity in identities:
        visits = [v for t in identity for v in visits_of_track(zone, t, sizes.get(t.camera, _UNKNOWN_SIZE), locate)]
        if visits:
            found[identity.id] = join_visits(visits, zone.gap_s)
    stays = sorted(((stay, i) for i, stays in found.items() for stay in stays), key=lambda e: (e[0].first_s, e[1]))
    dwells = [stay.last_s - stay.first_s for stay, _ in stays]
    return {
        "name": zone.name,
        "people": len(found),
        "entered": len(stays),
        "left": len(stays),
        "dwell_median_s": round(float(np.median(dwells)), _DECIMALS) if dwells else None,
        "dwell_longest_s": round(max(dwells), _DECIMALS) if dwells else None,
        "most_at_once": most_at_once(stay for stay, _ in stays),
        "hours": _hours(count_stays(found, hours, wanted)),
        "stays": [
            {
                "identity": identity,
                "from_s": round(stay.first_s, _DECIMALS),
                "until_s": round(stay.last_s, _DECIMALS),
                "camera": stay.camera,
            }
            for stay, identity in stays
        ],
    }


def _line(
    line: Line,
    identities: Sequence[Identity],
    sizes: Mapping[str, tuple[float, float]],
    locate: Locate | None,
    hours: Hours,
    wanted: range,
) -> dict[str, Any]:
    found: dict[int, list[Crossing]] = {}
    for identity in identities:
        all_ = [c for t in identity for c in crossings_of_track(line, t, sizes.get(t.camera, _UNKNOWN_SIZE), locate)]
        if all_:
            found[identity.id] = distinct_crossings(all_)
    crossings = sorted((crossing, i) for i, own in found.items() for crossing in own)
    return {
        "name": line.name,
        "people": len(found),
        "in": sum(crossing.direction == "in" for crossing, _ in crossings),
        "out": sum(crossing.direction == "out" for crossing, _ in crossings),
        "hours": _hours(count_crossings(found, hours, wanted)),
        "crossings": [
            {
                "identity": identity,
                "time_s": round(crossing.time_s, _DECIMALS),
                "direction": crossing.direction,
                "camera": crossing.camera,
            }
            for crossing, identity in crossings
        ],
    }


def _hours(counts: Mapping[int, HourCount]) -> list[dict[str, Any]]:
    """Each hour, as an `hour` event has it."""
    return [
        {
            "hour": Hours.text(hour),
            "people": len(count.identities),
            "identities": list(count.identities),
            "entered": count.entered,
            "left": count.left,
        }
        for hour, count in counts.items()
    ]
