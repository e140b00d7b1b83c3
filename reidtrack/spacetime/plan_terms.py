"""Evidence from where people stand: near each other while two cameras see them, within reach before and after."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.evidence import PairTerms
from reidtrack.spacetime.clocks import path_ends
from reidtrack.spacetime.ground import TICK_S, Apart, Closeness, GroundPath, apart
from reidtrack.types import DoubleArray, IntArray

FASTEST_MPS = 4.0
"""Nobody covers a distance faster: the pace of a run, twice that of hurrying."""
MOST = 8.0
LEAST = -8.0
"""Log-odds of a pair lie between these, or it is impossible."""
_FOR_S = 2.0
_AGAINST_S = 3.0
"""Places of so much time count for a pair, and against it; more say the same again."""
LEAST_SEEN_S = 0.3
_FAR_M = 2.0
_FAR_DEVIATIONS = 6.0
_FAR_S = 2.0
_FAR_SHARE = 0.8
"""Who stands at least so far away, for so long and for that share of the time, is somebody else."""
_PRIOR_LINKS = 5
_MIDDLE = 2 * np.log(2)
"""Median of a squared distance in two dimensions, in deviations."""
_SCALES = (0.5, 4.0)
_REACHES_M = (2.0, 20.0)
_WANDER_MPS = 0.4
"""Deviation of a pace, in each direction, from what it was when the person was last seen."""
_END_M = 1.0
"""Deviation, in each direction, of where tracks begin and end: often behind something."""
_HIDDEN_M = 3.0
"""Nobody is lost or found farther from where the boxes say."""
_GAP_MOST = 2.0
_GAP_LEAST = -0.5
_LONGEST_GAP_S = 20.0
_CLOCK_S = 0.3
"""Slack of all times against the speed bound."""


class Meeting(NamedTuple):
    """Two tracklets of different cameras while both are seen.

    Attributes:
        pair: i < j.
        found: How far apart they stood.
    """

    pair: tuple[int, int]
    found: Apart


def meetings(paths: Sequence[GroundPath | None], camera: IntArray) -> Iterator[Meeting]:
    """All pairs of tracklets of two cameras that are seen at the same time, where both places are known.

    Args:
        paths: In one plane, sorted by first step or nearly so; None is nowhere.
        camera: (N,) of each.
    """
    known = [(i, path) for i, path in enumerate(paths) if path is not None and path.sure.any()]
    known.sort(key=lambda item: item[1].first)
    begins = [path.first for _, path in known]
    for place, (i, path) in enumerate(known):
        end = bisect.bisect_left(begins, path.first + len(path))
        for j, other in known[place + 1 : end]:
            if camera[i] == camera[j]:
                continue
            found = apart(path, other) if camera[i] < camera[j] else apart(other, path)
            if len(found.metres) * TICK_S >= LEAST_SEEN_S:
                yield Meeting((min(i, j), max(i, j)), found)


def fit_closeness(same: Sequence[Apart], other: Sequence[Apart]) -> Closeness:
    """How near one person's views lie, from links that are sure, and how near strangers.

    Args:
        same: Of linked tracklets.
        other: Of tracklets that belong to different people.

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
    """What places at the same time say.

    Args:
        found: Pairs, one after the other: those of a long recording are not kept.
        closeness: As learned.
        name: What the median distance is called.
    """
    rows = [(*m.pair, _odds(m.found, closeness), float(np.median(m.found.distance_m))) for m in found]
    table = np.array(rows, np.float64).reshape(-1, 4)
    return PairTerms(table[:, :2].astype(np.int64), table[:, 2], {name: table[:, 3]})


def _odds(found: Apart, closeness: Closeness) -> float:
    seconds = len(found.metres) * TICK_S
    far = (found.distance_m > _FAR_M) & (closeness.surprise(found) > _FAR_DEVIATIONS**2)
    if seconds >= _FAR_S and far.mean() >= _FAR_SHARE:
        return -np.inf
    mean = float(closeness.log_odds(found).mean())
    counted = min(seconds, _AGAINST_S if mean < 0 else _FOR_S)
    return float(np.clip(mean * counted, LEAST, MOST))


def gap_terms(paths: Sequence[GroundPath | None], closeness: Closeness) -> PairTerms:
    """What the places say at which one tracklet ends and another begins later, in the same camera or another.

    Somebody goes on about as before for some seconds; after that only what cannot be reached is known.

    Args:
        paths: In one plane, in metres; None is nowhere.
        closeness: As learned.
    """
    ends = [None if path is None else path_ends(path) for path in paths]
    rows = np.array([i for i, e in enumerate(ends) if e is not None], np.int64)
    if len(rows) < 2:
        return PairTerms.none()
    known = [e for e in ends if e is not None]
    start_s, end_s = np.array([e[0].time_s for e in known]), np.array([e[1].time_s for e in known])
    starts, finals = np.array([e[0].place_m for e in known]), np.array([e[1].place_m for e in known])
    extent = float(np.hypot(*np.ptp(np.concatenate([starts, finals]), axis=0)))
    earlier, later = _gap_pairs(start_s, end_s, max(_LONGEST_GAP_S, min(extent / FASTEST_MPS, 120.0)))
    gap, distance = start_s[later] - end_s[earlier], np.hypot(*(starts[later] - finals[earlier]).T)
    pace = np.array([e[1].pace for e in known])[earlier] + np.array([e[0].pace for e in known])[later]
    miss = starts[later] - finals[earlier] - pace / 2 * gap[:, None]
    spread = np.array([_end_spread(paths[i], -1) for i in rows.tolist()])[earlier]
    spread = spread + np.array([_end_spread(paths[i], 0) for i in rows.tolist()])[later]
    odds = closeness.log_odds(Apart(miss, spread), _END_M**2 + (_WANDER_MPS * gap) ** 2)
    odds = np.where(gap <= _LONGEST_GAP_S, np.clip(odds, _GAP_LEAST, _GAP_MOST), 0.0)
    slack = _HIDDEN_M + 3 * np.sqrt(spread[:, 0] + spread[:, 3]) * closeness.scale
    odds[distance - slack > FASTEST_MPS * (gap + _CLOCK_S)] = -np.inf
    pairs = np.sort(np.stack([rows[earlier], rows[later]], axis=1), axis=1)
    speed = np.divide(distance, gap, out=np.full(len(gap), np.nan), where=gap > TICK_S / 2)
    return PairTerms(pairs, odds, {"speed_mps": speed})


def _gap_pairs(start_s: DoubleArray, end_s: DoubleArray, longest_s: float) -> tuple[IntArray, IntArray]:
    """Pairs of which the second begins after the first has ended, by no more than so many seconds."""
    order = np.argsort(start_s, kind="stable")
    low = np.searchsorted(start_s[order], end_s, side="right")
    high = np.searchsorted(start_s[order], end_s + longest_s, side="right")
    count = np.maximum(high - low, 0)
    earlier = np.repeat(np.arange(len(end_s)), count)
    later = order[np.repeat(low, count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)]
    return earlier, later


def _end_spread(path: GroundPath | None, edge: int) -> DoubleArray:
    assert path is not None
    at = np.flatnonzero(path.sure)[edge]
    spread: DoubleArray = (path.spread[at] * path.unit_m[at] ** 2).reshape(4)
    return spread
