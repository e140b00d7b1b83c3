"""What is known of a site, and what was learned about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reidtrack.spacetime.clocks import ClockOffset
from reidtrack.spacetime.topology import Topology
from reidtrack.spacetime.travel_times import Transition
from reidtrack.spacetime.view_homography import Relation
from reidtrack.types import DoubleArray

CameraPair = tuple[int, int]
"""Two cameras by their places among the sorted names, the lower first."""


@dataclass(frozen=True, eq=False)
class SiteView:
    """What is known of the site before anything is seen.

    Attributes:
        sizes: Camera to width and height of its picture, pixels; cameras that are missing have no place.
        homographies: Camera to (3, 3) from pixels of the ground to the plan, where known.
        unit_m: Metres in a unit of the plan; None learns it from the height of people.
        topology: The ways between cameras.
    """

    sizes: Mapping[str, tuple[float, float]]
    homographies: Mapping[str, DoubleArray] = field(default_factory=dict)
    unit_m: float | None = None
    topology: Topology = field(default_factory=Topology)


@dataclass(frozen=True, eq=False)
class Learned:
    """What was found out about the site.

    Attributes:
        cameras: Names, in the order of all indices here.
        unit_m: Metres in a unit of the plan; None where there is no plan.
        seen_unit_m: The same for each camera from the height of people; of those whose feet it sees.
        homographies: Camera to (3, 3) from pixels to the plan, given or derived.
        derived: Those that follow from a relation to a camera whose homography is given.
        fit_m: Two cameras to the median distance of one person's two places, metres.
        disagreeing: Two cameras whose places speak against the looks; their places do not count.
        relations: Two cameras to the estimated relation of their pictures.
        clocks: Camera to what is known of its clock.
        used_offset_s: Camera to the seconds that are taken off its times.
        clock_from: Camera to what its clock was learned from, in words.
        transitions: Two cameras to the journeys between them.
    """

    cameras: tuple[str, ...]
    unit_m: float | None
    seen_unit_m: Mapping[str, float]
    homographies: Mapping[str, DoubleArray]
    derived: frozenset[str]
    fit_m: Mapping[CameraPair, float]
    disagreeing: frozenset[CameraPair]
    relations: Mapping[CameraPair, Relation]
    clocks: Mapping[str, ClockOffset]
    used_offset_s: Mapping[str, float]
    clock_from: Mapping[str, str]
    transitions: Mapping[CameraPair, Transition]
