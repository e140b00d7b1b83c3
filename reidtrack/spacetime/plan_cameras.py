"""Which cameras are on the plan, and how long its unit is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.spacetime.ground import CameraGround, facing, metres_in_unit
from reidtrack.spacetime.site import CameraPair, SiteView
from reidtrack.spacetime.tracklets import Seen
from reidtrack.spacetime.view_homography import Relation
from reidtrack.types import DoubleArray


def _lower_edge(size: tuple[float, float]) -> DoubleArray:
    """(1, 2) the middle of a picture's lower edge: if anything in it is ground, that is."""
    return np.array([[size[0] / 2, size[1]]])


class Planes(NamedTuple):
    """The plan, in metres, and who is on it.

    Attributes:
        plan: Camera to how it sees the plan; `homography` is to the plan's own unit.
        unit_m: Metres in a unit of the plan; None where there is none.
        seen_unit_m: The same for each camera from the height of people.
        derived: Cameras on the plan whose homography nobody gave.
    """

    plan: dict[str, CameraGround]
    unit_m: float | None
    seen_unit_m: dict[str, float]
    derived: frozenset[str]

    @classmethod
    def of(cls, site: SiteView, seen: Seen) -> Planes:
        """Those whose homography is given."""
        given = {
            name: CameraGround(facing(site.homographies[name], _lower_edge(size)), size)
            for name, size in site.sizes.items()
            if name in site.homographies and name in seen.names
        }
        if not given:
            return cls({}, None, {}, frozenset())
        by_camera = {name: [t for t in seen.tracklets if t.camera == name] for name in given}
        found = {name: metres_in_unit(by_camera[name], ground) for name, ground in given.items()}
        units = {name: unit for name, unit in found.items() if unit is not None}
        unit = site.unit_m
        if unit is None:
            unit = float(np.median([*units.values()])) if units else 1.0
        return cls({name: ground._replace(unit_m=unit) for name, ground in given.items()}, unit, units, frozenset())

    def with_relations(
        self,
        relations: Mapping[CameraPair, Relation],
        names: Sequence[str],
        sizes: Mapping[str, tuple[float, float]],
    ) -> Planes:
        """Cameras that overlap with one on the plan come onto it."""
        plan, derived = dict(self.plan), set(self.derived)
        for (a, b), relation in sorted(relations.items(), key=lambda item: item[1].fit_m):
            known = names[a] in plan, names[b] in plan
            if not relation.fits or known[0] == known[1]:
                continue
            new, old = (names[a], names[b]) if known[1] else (names[b], names[a])
            step = relation.homography if known[1] else np.linalg.inv(relation.homography)
            region = relation.region if known[1] else None
            plan[new] = plan[old]._replace(homography=plan[old].homography @ step, size=sizes[new], region=region)
            derived.add(new)
        return self._replace(plan=plan, derived=frozenset(derived))
