"""The plan view: which cameras are on it, and evidence from where people stand there.

People stand near each other while two cameras see them, and within reach before and after.

The constants are round numbers; those that say no more were not varied on their own.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.evidence import PairTerms
from reidtrack.spacetime.clock_scores import path_ends
from reidtrack.spacetime.ground import (
    TICK_S,
    CameraGround,
    Closeness,
    Displacement,
    GroundPath,
    displacement,
    facing,
    metres_in_unit,
)
from reidtrack.spacetime.learned_site import CameraPair, KnownSite
from reidtrack.spacetime.view_homography import ViewHomography
from reidtrack.types import DoubleArray, IntArray, Tracklet

FASTEST_MPS = 4.0
"""Nobody covers a distance faster: the pace of a run, twice that of hurrying."""
MOST = 8.0
LEAST = -8.0
"""Log-odds of a pair lie between these, or it is impossible."""
_FOR_S = 2.0
_AGAINST_S = 3.0
"""Positions of so much time count for a pair, and against it; more say the same again.

One to three seconds are equal to within 0.1 points of IDF1 (docs/results/space_time.md)."""
LEAST_SEEN_S = 0.3
"""Two tracklets that are seen at once for less say nothing."""
_FAR_M = 2.0
_FAR_DEVIATIONS = 6.0
_FAR_S = 2.0
_FAR_SHARE = 0.8
"""Who stands at least so far away, for so long and for that share of the time, is somebody else."""
_PRIOR_LINKS = 5
"""Links that the defaults of `Closeness` are worth against those of a recording."""
_MIDDLE = 2 * np.log(2)
"""Median of a squared distance in two dimensions, in deviations."""
_SCALES = (0.5, 4.0)
_REACHES_M = (2.0, 20.0)
"""What is learned of `Closeness` stays between these."""
_WANDER_MPS = 0.4
"""Deviation of a pace, in each direction, from what it was when the person was last seen."""
_END_M = 1.0
"""Deviation, in each direction, of where tracks begin and end: often behind something.

0.5 to 1.5 m are equal to within 0.4 points of IDF1 (docs/results/space_time.md)."""
_HIDDEN_M = 3.0
"""Nobody is lost or found farther from where the boxes say."""
_GAP_MOST = 2.0
_GAP_LEAST = -0.5
"""Log-odds of where somebody is lost and somebody appears lie between these, or it is impossible.

-0.5 to -2 are equal to within 0.4 points of IDF1 (docs/results/space_time.md)."""
_LONGEST_GAP_S = 20.0
"""After so long only what cannot be reached is known."""
_CLOCK_S = 0.3
"""Slack of all times against the speed bound."""


def _lower_edge(size: tuple[float, float]) -> DoubleArray:
    """Middle of a picture's lower edge, (1, 2): if anything in it is ground, that is."""
    return np.array([[size[0] / 2, size[1]]])


class PlanCameras(NamedTuple):
    """The cameras on the plan, and how long its unit is.

    Attributes:
        plan: Camera to how it sees the plan; `homography` is to the plan's own unit.
        unit_m: Metres in a unit of the plan; None where there is none.
        seen_unit_m: Camera to metres in a unit of the plan by the height of people.
        derived: Cameras on the plan whose homography nobody gave.
    """

    plan: dict[str, CameraGround]
    unit_m: float | None
    seen_unit_m: dict[str, float]
    derived: frozenset[str]

    @classmethod
    def of(cls, site: KnownSite, tracklets: Sequence[Tracklet]) -> PlanCameras:
        """The cameras whose homography is given and that saw any of some tracklets."""
        by_camera: dict[str, list[Tracklet]] = {}
        for tracklet in tracklets:
            by_camera.setdefault(tracklet.camera, []).append(tracklet)
        given = {
            name: CameraGround(facing(site.homographies[name], _lower_edge(size)), size)
            for name, size in site.sizes.items()
            if name in site.homographies and name in by_camera
        }
        if not given:
            return cls({}, None, {}, frozenset())
        found = {name: metres_in_unit(by_camera[name], ground) for name, ground in given.items()}
        units = {name: unit for name, unit in found.items() if unit is not None}
        unit = site.unit_m
        if unit is None:
            unit = float(np.median([*units.values()])) if units else 1.0
        return cls({name: ground._replace(unit_m=unit) for name, ground in given.items()}, unit, units, frozenset())

    def with_homographies(
        self,
        relations: Mapping[CameraPair, ViewHomography],
        names: Sequence[str],
        sizes: Mapping[str, tuple[float, float]],
    ) -> PlanCameras:
        """The plan with cameras whose pictures overlap with that of one on it.

        Args:
            relations: Indices of two cameras to the homography between their pictures.
            names: Names of the cameras.
            sizes: Camera to width and height of its picture, pixels.
        """
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


class Meeting(NamedTuple):
    """Two tracklets of different cameras while both are seen.

    Attributes:
        pair: Indices i < j of the tracklets.
        found: How far apart they stood.
    """

    pair: tuple[int, int]
    found: Displacement


def meetings(paths: Sequence[GroundPath | None], camera: IntArray) -> Iterator[Meeting]:
    """Meetings of all tracklets of two cameras that are seen at the same time, where both positions are known.

    Args:
        paths: Paths in one plane, sorted by first step or nearly so; None is nowhere.
        camera: (N,) camera index of each.
    """
    known = [(i, path) for i, path in enumerate(paths) if path is not None and path.known.any()]
    known.sort(key=lambda item: item[1].first)
    begins = [path.first for _, path in known]
    for k, (i, path) in enumerate(known):
        end = bisect.bisect_left(begins, path.first + len(path))
        for j, other in known[k + 1 : end]:
            if camera[i] == camera[j]:
                continue
            found = displacement(path, other) if camera[i] < camera[j] else displacement(other, path)
            if len(found.metres) * TICK_S >= LEAST_SEEN_S:
                yield Meeting((min(i, j), max(i, j)), found)


def fit_closeness(same: Sequence[Displacement], other: Sequence[Displacement]) -> Closeness:
    """Measure of how near two views of one person lie, from links that are sure, and how near strangers.

    Args:
        same: Displacements of linked tracklets.
        other: Displacements of tracklets of different people.

    Returns:
        The measure, drawn towards its default where links are few.
    """
    plain = Closeness()
    middle = [float(np.median(plain.surprise(s))) for s in same]
    typical = float(np.median(middle)) / _MIDDLE if middle else 1.0
    scale = np.sqrt((len(middle) * typical + _PRIOR_LINKS) / (len(middle) + _PRIOR_LINKS))
    squares = [float(np.mean(np.minimum(o.distance_m, 100.0) ** 2)) / 2 for o in other]
    reach = np.sqrt((sum(squares) + _PRIOR_LINKS * plain.reach_m**2) / (len(squares) + _PRIOR_LINKS))
    return Closeness(float(np.clip(scale, *_SCALES)), float(np.clip(reach, *_REACHES_M)))


def meeting_terms(found: Iterable[Meeting], closeness: Closeness, name: str = "ground_m") -> PairTerms:
    """Terms from positions at the same time.

    Args:
        found: Meetings, one after the other: those of a long recording are not kept.
        closeness: How near views of one person lie, as learned.
        name: Name of the median distance among the terms.
    """
    rows = [(*m.pair, _odds(m.found, closeness), float(np.median(m.found.distance_m))) for m in found]
    table = np.array(rows, np.float64).reshape(-1, 4)
    return PairTerms(table[:, :2].astype(np.int64), table[:, 2], {name: table[:, 3]})


def _odds(found: Displacement, closeness: Closeness) -> float:
    seconds = len(found.metres) * TICK_S
    far = (found.distance_m > _FAR_M) & (closeness.surprise(found) > _FAR_DEVIATIONS**2)
    if seconds >= _FAR_S and far.mean() >= _FAR_SHARE:
        return -np.inf
    mean = float(closeness.log_odds(found).mean())
    counted = min(seconds, _AGAINST_S if mean < 0 else _FOR_S)
    return float(np.clip(mean * counted, LEAST, MOST))


def gap_terms(paths: Sequence[GroundPath | None], closeness: Closeness) -> PairTerms:
    """Terms from where one tracklet ends and another begins later, in the same camera or another.

    Somebody goes on about as before for some seconds; after that only what cannot be reached is known.

    Args:
        paths: Paths in one plane, in metres; None is nowhere.
        closeness: How near views of one person lie, as learned.
    """
    ends = [None if path is None else path_ends(path) for path in paths]
    rows = np.array([i for i, e in enumerate(ends) if e is not None], np.int64)
    if len(rows) < 2:
        return PairTerms.none()
    known = [e for e in ends if e is not None]
    start_s, end_s = np.array([e[0].time_s for e in known]), np.array([e[1].time_s for e in known])
    starts, finals = np.array([e[0].position_m for e in known]), np.array([e[1].position_m for e in known])
    extent = float(np.hypot(*np.ptp(np.concatenate([starts, finals]), axis=0)))
    earlier, later = _gap_pairs(start_s, end_s, max(_LONGEST_GAP_S, min(extent / FASTEST_MPS, 120.0)))
    gap, distance = start_s[later] - end_s[earlier], np.hypot(*(starts[later] - finals[earlier]).T)
    # How far from where it would have gone on is the second found?
    pace = np.array([e[1].pace for e in known])[earlier] + np.array([e[0].pace for e in known])[later]
    miss = starts[later] - finals[earlier] - pace / 2 * gap[:, None]
    covariance = np.array([_end_covariance(paths[i], -1) for i in rows.tolist()])[earlier]
    covariance = covariance + np.array([_end_covariance(paths[i], 0) for i in rows.tolist()])[later]
    odds = closeness.log_odds(Displacement(miss, covariance), _END_M**2 + (_WANDER_MPS * gap) ** 2)
    odds = np.where(gap <= _LONGEST_GAP_S, np.clip(odds, _GAP_LEAST, _GAP_MOST), 0.0)
    # Who would have had to run faster than anybody is somebody else.
    slack = _HIDDEN_M + 3 * np.sqrt(covariance[:, 0] + covariance[:, 3]) * closeness.scale
    odds[distance - slack > FASTEST_MPS * (gap + _CLOCK_S)] = -np.inf
    pairs = np.sort(np.stack([rows[earlier], rows[later]], axis=1), axis=1)
    speed = np.divide(distance, gap, out=np.full(len(gap), np.nan), where=gap > TICK_S / 2)
    return PairTerms(pairs, odds, {"speed_mps": speed})


def _gap_pairs(start_s: DoubleArray, end_s: DoubleArray, longest_s: float) -> tuple[IntArray, IntArray]:
    """Indices (P,) and (P,) of pairs of which the second begins after the first has ended, by `longest_s` at most."""
    order = np.argsort(start_s, kind="stable")
    low = np.searchsorted(start_s[order], end_s, side="right")
    high = np.searchsorted(start_s[order], end_s + longest_s, side="right")
    count = np.maximum(high - low, 0)
    earlier = np.repeat(np.arange(len(end_s)), count)
    later = order[np.repeat(low, count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)]
    return earlier, later


def _end_covariance(path: GroundPath | None, edge: int) -> DoubleArray:
    assert path is not None
    at = np.flatnonzero(path.known)[edge]
    covariance: DoubleArray = (path.covariance[at] * path.unit_m[at] ** 2).reshape(4)
    return covariance
