"""The site before anything is seen, and what a recording taught about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reidtrack.spacetime.clocks import ClockOffset
from reidtrack.spacetime.topology import Topology
from reidtrack.spacetime.travel_times import Transition
from reidtrack.spacetime.view_homography import ViewHomography
from reidtrack.types import DoubleArray

CameraPair = tuple[int, int]
"""Indices of two cameras among the sorted names, the lower first."""


@dataclass(frozen=True, eq=False)
class KnownSite:
    """What is known of the site before anything is seen.

    Attributes:
        sizes: Camera to width and height of its picture, pixels; cameras that are missing have no positions.
        homographies: Camera to (3, 3) from pixels of the ground to the plan, where known.
        unit_m: Metres in a unit of the plan; None learns it from the height of people.
        topology: The ways between cameras.
    """

    sizes: Mapping[str, tuple[float, float]]
    homographies: Mapping[str, DoubleArray] = field(default_factory=dict)
    unit_m: float | None = None
    topology: Topology = field(default_factory=Topology)


@dataclass(frozen=True, eq=False)
class LearnedSite:
    """What a recording taught about the site.

    Attributes:
        cameras: Names, in the order of all camera indices here.
        unit_m: Metres in a unit of the plan; None where there is no plan.
        seen_unit_m: Camera to metres in a unit of the plan by the height of people, where it sees their feet.
        homographies: Camera to (3, 3) from pixels to the plan, given or derived.
        derived: Cameras whose homography follows from that to the picture of a camera whose homography is given.
        fit_m: Two cameras to the median distance of one person's two positions, metres.
        disagreeing: Two cameras whose positions speak against the appearances; their positions do not count.
        relations: Two cameras to the estimated homography between their pictures.
        clocks: Camera to what is known of its clock.
        used_offset_s: Camera to the seconds that are taken off its times.
        clock_from: Camera to what its clock was learned from, in words.
        transitions: From one camera to another to the travel times between them.
    """

    cameras: tuple[str, ...]
    unit_m: float | None
    seen_unit_m: Mapping[str, float]
    homographies: Mapping[str, DoubleArray]
    derived: frozenset[str]
    fit_m: Mapping[CameraPair, float]
    disagreeing: frozenset[CameraPair]
    relations: Mapping[CameraPair, ViewHomography]
    clocks: Mapping[str, ClockOffset]
    used_offset_s: Mapping[str, float]
    clock_from: Mapping[str, str]
    transitions: Mapping[CameraPair, Transition]
