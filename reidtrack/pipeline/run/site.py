"""Space and time in a run: from `site.yaml` to the evidence, from what that learned to plan positions and remarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from reidtrack.config.run import SiteConfig
from reidtrack.errors import ConfigError
from reidtrack.geometry import foot_points, project
from reidtrack.runs.manifest_sections import InputEntry
from reidtrack.runs.site_json import site_to_json
from reidtrack.runs.zones_json import zones_to_json
from reidtrack.spacetime.evidence import LEAST_OFFSET_S, PIECES, SpaceTime
from reidtrack.spacetime.ground import below_horizon, visible_feet
from reidtrack.spacetime.learned_site import KnownSite, LearnedSite
from reidtrack.spacetime.site_yaml import SiteFile, read_homography, read_site
from reidtrack.spacetime.zones_yaml import needs_plan
from reidtrack.types import DoubleArray, FloatArray, Identity

_WRONG_UNIT = 2.0
"""People who are so many times too high or too low by a homography mean that the plan's unit is wrong."""


class Site:
    """The site of one run: what the user says about it, and what the association learns of it.

    Args:
        inputs: The recordings, with their sizes and offsets.
        config: Where the site is described, and what counts.
        clocks_every_s: How often live cameras' clocks are learned anew, see `SpaceTime`; 0 for a recording.

    Raises:
        ConfigError: If what describes the site cannot be read or names other cameras.
    """

    def __init__(self, inputs: Sequence[InputEntry], config: SiteConfig, *, clocks_every_s: float = 0.0) -> None:
        self._inputs = inputs
        self._file = site_of(config, [entry.camera for entry in inputs])
        sizes = {e.camera: (float(e.size[0]), float(e.size[1])) for e in inputs if e.size is not None}
        view = KnownSite(sizes, self._file.homographies, self._file.unit_m, self._file.topology)
        pieces = {name for name in PIECES if getattr(config, name)}
        self._sizes, self.evidence = sizes, SpaceTime(view, frozenset(pieces), clocks_every_s)

    @property
    def offset_s(self) -> Mapping[str, float]:
        """Seconds by which the cameras' clocks are ahead, as they were used."""
        return {} if self.evidence.learned is None else self.evidence.learned.used_offset_s

    @property
    def has_plan(self) -> bool:
        """Whether a camera has a plan view, given or learned."""
        return self.evidence.learned is not None and bool(self.evidence.learned.homographies)

    def locate(self, camera: str, xyxy: FloatArray) -> DoubleArray:
        """Where the boxes (N, 4) of a camera stand on the plan, (N, 2); nan where feet or plan are not known."""
        learned = self.evidence.learned
        if learned is None or camera not in learned.homographies:
            return np.full((len(xyxy), 2), np.nan)
        homography, foot = learned.homographies[camera], foot_points(xyxy)
        known = visible_feet(xyxy, self._sizes[camera]) & below_horizon(homography, foot)
        return np.where(known[:, None], project(homography, foot), np.nan)

    def to_json(self, identities: Sequence[Identity]) -> dict[str, Any] | None:
        """Content of `site.json`; None where nothing was learned."""
        learned = self.evidence.learned
        return None if learned is None else site_to_json(learned, identities, self._sizes, self._file.unit)

    def count(self, identities: Sequence[Identity], origin: datetime) -> dict[str, Any] | None:
        """Content of `zones.json`; None where the site has neither zones nor lines."""
        locate = self.locate if self.has_plan else None
        return zones_to_json(self._file.zones, self._file.lines, identities, self._sizes, locate, origin)

    def remarks(self) -> list[str]:
        """What the user should know: wrong clocks, wrong units, plan views that speak against the appearances."""
        return [] if self.evidence.learned is None else self._remarks(self.evidence.learned)

    def _remarks(self, learned: LearnedSite) -> list[str]:
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


def clock_remarks(inputs: Sequence[InputEntry], learned: LearnedSite) -> list[str]:
    """Clocks that are wrong, and the offsets that put them right.

    Args:
        inputs: The recordings, with `offset_s` as the run had it, in the order of the command line.
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
        exact = [entry.offset_s - learned.used_offset_s.get(entry.camera, 0.0) for entry in inputs]
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
    homographies = {**found.homographies, **single}
    on_plan = needs_plan(found.zones, found.lines)
    if on_plan is not None and not homographies:
        raise ConfigError(
            f"{on_plan!r} is on the plan, and no camera is",
            where=config.path,
            hint="give a camera points or a homography, or the place a camera instead of on: plan",
        )
    return replace(found, homographies=homographies)
