"""Space and time in a run: from `site.yaml` to the evidence, from what that learned to `site.json` and a few words."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.config.run import SiteConfig
from reidtrack.errors import ConfigError
from reidtrack.files import write_whole
from reidtrack.geometry import foot_points, project
from reidtrack.runs.folder import RunFolder
from reidtrack.spacetime.evidence import LEAST_OFFSET_S, PIECES, SpaceTime
from reidtrack.spacetime.ground import below_horizon, visible_feet
from reidtrack.spacetime.learned_site import KnownSite, LearnedSite
from reidtrack.spacetime.site_yaml import SiteFile, read_homography, read_site
from reidtrack.spacetime.travel_times import Transition, density
from reidtrack.types import DoubleArray, FloatArray, Identity

SCHEMA_VERSION = 1
_SHOWN = (0.5, 99.5)
"""Percentiles of places that the bounds hold."""
_WRONG_UNIT = 2.0

logger = logging.getLogger(__name__)


class Site:
    """The site of one run.

    Args:
        folder: Of the run, whose `run.json` knows sizes and offsets.
        config: Where the site is described, and what counts.

    Raises:
        ConfigError: If what describes the site cannot be read or names other cameras.
    """

    def __init__(self, folder: RunFolder, config: SiteConfig) -> None:
        self._inputs: list[dict[str, Any]] = folder.read_run()["inputs"]
        names = [entry["camera"] for entry in self._inputs]
        self._file = site_of(config, names)
        sizes = {e["camera"]: (float(e["size"][0]), float(e["size"][1])) for e in self._inputs if e.get("size")}
        view = KnownSite(sizes, self._file.homographies, self._file.unit_m, self._file.topology)
        pieces = {name for name in PIECES if getattr(config, name)}
        self._sizes, self.evidence = sizes, SpaceTime(view, frozenset(pieces))

    @property
    def offset_s(self) -> Mapping[str, float]:
        """Seconds by which the cameras' clocks are ahead, as they were used."""
        return {} if self.evidence.learned is None else self.evidence.learned.used_offset_s

    def places(self, camera: str, xyxy: FloatArray) -> DoubleArray:
        """Where the boxes (N, 4) of a camera stand on the plan, (N, 2); nan where feet or plan are not known."""
        learned = self.evidence.learned
        if learned is None or camera not in learned.homographies:
            return np.full((len(xyxy), 2), np.nan)
        homography, foot = learned.homographies[camera], foot_points(xyxy)
        known = visible_feet(xyxy, self._sizes[camera]) & below_horizon(homography, foot)
        return np.where(known[:, None], project(homography, foot), np.nan)

    def write(self, path: Path, identities: Sequence[Identity]) -> None:
        """Write `site.json` and say what the user should know.

        Raises:
            OutputError: If it cannot be written.
        """
        learned = self.evidence.learned
        if learned is None:
            return
        write_whole(path, json.dumps(self._content(learned, identities), indent=1) + "\n")
        for line in self._remarks(learned):
            logger.warning(line)

    def _content(self, learned: LearnedSite, identities: Sequence[Identity]) -> dict[str, Any]:
        return {
            "schema": SCHEMA_VERSION,
            "unit": self._file.unit,
            "metres_per_unit": _rounded(learned.unit_m, 6),
            "cameras": {name: self._camera(learned, name) for name in learned.cameras},
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
            "bounds": _bounds(learned, identities, self._sizes),
        }

    def _camera(self, learned: LearnedSite, name: str) -> dict[str, Any]:
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

    def _remarks(self, learned: LearnedSite) -> list[str]:
        """Wrong clocks, wrong units, places that speak against the looks."""
        lines = clock_remarks(self._inputs, learned)
        for name, metres in learned.seen_unit_m.items():
            high = 1.75 * (learned.unit_m or 1.0) / metres
            if self._file.unit is not None and not 1 / _WRONG_UNIT < high / 1.75 < _WRONG_UNIT:
                lines.append(
                    f"{name}: by its homography people are {high:.2g} m high; check that it goes from pixels to the "
                    f"plan, and the plan's unit ({self._file.unit})"
                )
        for a, b in sorted(learned.disagreeing):
            lines.append(
                f"{learned.cameras[a]}, {learned.cameras[b]}: people who look alike stand "
                f"{learned.fit_m[a, b]:.1f} m apart on the plan; it is not used between them: check their homographies"
            )
        return lines


def clock_remarks(inputs: Sequence[Mapping[str, Any]], learned: LearnedSite) -> list[str]:
    """Clocks that are wrong, and the offsets that put them right.

    Args:
        inputs: Each camera's name and `offset_s` as the run had it, in the order of the command line.
        learned: With the clocks.
    """
    lines = []
    for name in learned.cameras:
        clock = learned.clocks[name]
        if clock.uncertainty_s is None or abs(clock.offset_s) < max(LEAST_OFFSET_S, 2 * clock.uncertainty_s):
            continue
        way = "ahead" if clock.offset_s > 0 else "behind"
        lines.append(
            f"{name}: its clock is {abs(clock.offset_s):.2f} s {way} of the others "
            f"(+-{clock.uncertainty_s:.2f} s, from {learned.clock_from[name]})"
        )
    if any(learned.used_offset_s.values()):
        exact = [e["offset_s"] - learned.used_offset_s.get(e["camera"], 0.0) for e in inputs]
        lowest = min(0.0, *exact)  # times begin at the run's origin
        options = " ".join(f"{value - lowest:.2f}".rstrip("0").rstrip(".") for value in exact)
        lines.append(f"association allowed for that; to put the recordings right, run again with the offsets {options}")
    return lines


def site_of(config: SiteConfig, cameras: Sequence[str]) -> SiteFile:
    """What the user says about the site: the file, with single homographies over it.

    Args:
        config: Where to look.
        cameras: Names of the run.

    Raises:
        ConfigError: If something cannot be read or names other cameras.
    """
    found = SiteFile() if config.path is None else read_site(config.path, cameras)
    for name in config.homographies:
        if name not in cameras:
            raise ConfigError(f"no camera is called {name!r}", field="homography", expected=" or ".join(cameras))
    single = {name: read_homography(path, name) for name, path in config.homographies.items()}
    return SiteFile({**found.homographies, **single}, found.unit, found.topology)


def _transition(start: str, end: str, found: Transition) -> dict[str, Any]:
    """Travel times of ways on which nobody saw the person for a while."""
    ways = found.gaps_s[found.gaps_s > 0]
    edges, height = density(ways)
    low, middle, high = np.percentile(ways, (5, 50, 95))
    return {
        "from": start,
        "to": end,
        "count": len(ways),
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
    places = [np.zeros((0, 2))]
    for tracklet in (t for identity in identities for t in identity if t.camera in learned.homographies):
        seen = visible_feet(tracklet.xyxy, sizes[tracklet.camera])
        places.append(project(learned.homographies[tracklet.camera], foot_points(tracklet.xyxy[seen])))
    points = np.concatenate(places)
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
