"""Content of `site.json`: what was learned of a site, its clocks, plan views and the ways between its cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reidtrack.geometry import foot_points, project
from reidtrack.spacetime.ground import visible_feet
from reidtrack.spacetime.learned_site import LearnedSite
from reidtrack.spacetime.travel_times import Transition, density
from reidtrack.types import DoubleArray, Identity

SCHEMA_VERSION = 1
_SHOWN = (0.5, 99.5)
"""Percentiles of the points on the plan that the bounds hold."""


def site_to_json(
    learned: LearnedSite, identities: Sequence[Identity], sizes: Mapping[str, tuple[float, float]], unit: str | None
) -> dict[str, Any]:
    """Content of `site.json`.

    Args:
        learned: What the association learned of the site.
        identities: Everybody.
        sizes: Camera to the width and height of its picture, pixels.
        unit: Of the plan, as the user names it; None where nobody does.
    """
    return {
        "schema": SCHEMA_VERSION,
        "unit": unit,
        "metres_per_unit": _rounded(learned.unit_m, 6),
        "cameras": {name: _camera(learned, name) for name in learned.cameras},
        "relations": [
            {
                "cameras": [learned.cameras[a], learned.cameras[b]],
                "homography": _plain(found.homography),
                "links": found.links,
                "inliers": round(found.inliers, 3),
                "fit_px": _rounded(found.fit_px, 2),
                "fit_m": _rounded(found.fit_m, 3),
                "used": found.fits,
            }
            for (a, b), found in sorted(learned.relations.items())
        ],
        "transitions": [
            _transition(learned.cameras[a], learned.cameras[b], found)
            for (a, b), found in sorted(learned.transitions.items())
            if (found.gaps_s > 0).any()
        ],
        "bounds": _bounds(learned, identities, sizes),
    }


def _camera(learned: LearnedSite, name: str) -> dict[str, Any]:
    clock, here = learned.clocks[name], learned.cameras.index(name)
    homography = learned.homographies.get(name)
    fits = [fit for pair, fit in learned.fit_m.items() if here in pair]
    related = [r.fit_px for pair, r in learned.relations.items() if here in pair and r.fits]
    entry: dict[str, Any] = {
        "homography": None if homography is None else _plain(homography),
        "from": None if homography is None else "estimated" if name in learned.derived else "given",
    }
    if fits:
        entry["fit_m"] = _rounded(float(np.median(fits)), 3)
    elif related:
        entry["fit_px"] = _rounded(min(related), 2)
    return {
        **entry,
        "clock_offset_s": round(clock.offset_s, 3),
        "clock_uncertainty_s": _rounded(clock.uncertainty_s, 3),
        "clock_used": learned.used_offset_s[name] != 0.0,
        "clock_from": learned.clock_from[name],
    }


def _transition(start: str, end: str, found: Transition) -> dict[str, Any]:
    """The ways from one camera to another on which nobody saw the person for a while."""
    gaps_s = found.gaps_s[found.gaps_s > 0]
    edges, height = density(gaps_s)
    low, middle, high = np.percentile(gaps_s, (5, 50, 95))
    return {
        "from": start,
        "to": end,
        "count": len(gaps_s),
        "median_s": round(float(middle), 2),
        "p5_s": round(float(low), 2),
        "p95_s": round(float(high), 2),
        "edges_s": [round(float(e), 3) for e in edges],
        "density": [round(float(d), 5) for d in height],
    }


def _bounds(
    learned: LearnedSite, identities: Sequence[Identity], sizes: Mapping[str, tuple[float, float]]
) -> list[float] | None:
    """Least and largest x and y at which nearly everybody stood, in units of the plan; None without a plan."""
    found = [np.zeros((0, 2))]
    for tracklet in (t for identity in identities for t in identity if t.camera in learned.homographies):
        seen = visible_feet(tracklet.xyxy, sizes[tracklet.camera])
        found.append(project(learned.homographies[tracklet.camera], foot_points(tracklet.xyxy[seen])))
    points = np.concatenate(found)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    low, high = np.percentile(points, _SHOWN, axis=0)
    return [round(float(v), 3) for v in (*low, *high)]


def _plain(homography: DoubleArray) -> list[list[float]]:
    """Rows, with a last entry of 1 where it is not 0."""
    rows: list[list[float]] = (homography / (homography[2, 2] or 1.0)).tolist()
    return rows


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or not np.isfinite(value) else round(value, digits)
