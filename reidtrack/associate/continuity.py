"""Who goes on as whom within one picture: where somebody is lost and somebody is found soon after, in that camera.

People keep their place and pace over a moment. Two tracklets, one of which begins within two seconds of the other's
end, are one person the likelier the better the second one's place, pace and size are those that the first would have
come to (a constant pace with white noise of acceleration, as Kalman filters of trackers have it). All lengths are in
heights of the person's box, so that nothing need be known of the camera. It counts for people who look the same alone
(`alike`), of whom it is often all that is known.

The constants are round numbers that were not varied on their own (docs/results/few_people.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.types import BoolArray, DoubleArray, IntArray, Tracklet

SOON_S = 2.0
"""After longer gaps next to nothing is known of who it is."""
_PACE_S = 0.6
"""The pace at an end is that of so much of the tracklet."""
_PLACE = 0.05
"""Deviation of a box's place, heights."""
_PACE, _NO_PACE = 0.15, 0.6
"""Deviation of a pace beside what the boxes' noise makes of it, and of one that is not known; heights a second."""
_TURN = 0.1
"""White noise of acceleration, squared heights by cubed seconds: in a second a pace changes by 0.3 heights a second."""
_GROWTH = 0.15
"""Deviation of the logarithm of a height from one box to another soon after."""
_OTHER_PLACE, _OTHER_PACE, _OTHER_GROWTH = 1.0, 0.6, 0.3
"""Likewise deviations of somebody else who stands nearby."""
_CHANCE = 0.05
"""Share of ends at which boxes are wrong or people turn."""


def continuity(tracklets: Sequence[Tracklet], some: IntArray) -> tuple[IntArray, DoubleArray]:
    """Pairs (P, 2), i < j, of some tracklets of one camera, one soon after the other; and their log-odds (P,).

    Args:
        tracklets: N of them.
        some: Indices of those that are looked at, increasing.

    Returns:
        Log-odds are natural logarithms of how much likelier both ends are those of one person.
    """
    members = defaultdict(list)
    for i in some.tolist():
        members[tracklets[i].camera].append(i)
    pairs, odds = [np.zeros((0, 2), np.int64)], [np.zeros(0)]
    for camera in sorted(members):
        rows = np.array(members[camera], np.int64)
        earlier, later = _soon([tracklets[i] for i in rows.tolist()])
        if len(earlier):
            ends = _Ends.of([_end(tracklets[i], -1) for i in rows[earlier].tolist()])
            starts = _Ends.of([_end(tracklets[i], 0) for i in rows[later].tolist()])
            pairs.append(np.sort(np.stack([rows[earlier], rows[later]], axis=1), axis=1))
            odds.append(_odds(ends, starts))
    return np.concatenate(pairs), np.concatenate(odds)


def _soon(tracklets: Sequence[Tracklet]) -> tuple[IntArray, IntArray]:
    """Indices (P,) and (P,) of pairs of which the second begins soon after the first has ended."""
    start = np.array([t.first_time_s for t in tracklets])
    gap = start[None] - np.array([t.last_time_s for t in tracklets])[:, None]
    earlier, later = np.nonzero((gap > 0) & (gap <= SOON_S))
    return earlier, later


class _Ends(NamedTuple):
    """Ends of N tracklets.

    Attributes:
        time_s: (N,).
        place: (N, 3) middle, head and foot of the box, pixels.
        pace: (N, 3) pixels a second of each of these.
        span_s: (N,) seconds that the pace was measured over; 0 where it is not known.
        height: (N,) pixels.
    """

    time_s: DoubleArray
    place: DoubleArray
    pace: DoubleArray
    span_s: DoubleArray
    height: DoubleArray

    @classmethod
    def of(cls, ends: Sequence[tuple[float, DoubleArray, DoubleArray, float, float]]) -> _Ends:
        time_s, place, pace, span_s, height = zip(*ends, strict=True)
        return cls(np.array(time_s), np.stack(place), np.stack(pace), np.array(span_s), np.array(height))


def _end(tracklet: Tracklet, edge: int) -> tuple[float, DoubleArray, DoubleArray, float, float]:
    """Time, place, pace, span of the pace and height at one end of a tracklet: 0 the first, -1 the last."""
    time_s = tracklet.time_s - tracklet.time_s[edge]
    near: BoolArray = np.abs(time_s) <= _PACE_S
    box, at = tracklet.xyxy[near].astype(np.float64), time_s[near]
    where = np.stack([(box[:, 0] + box[:, 2]) / 2, box[:, 1], box[:, 3]], axis=1)
    height = max(float(np.median(box[:, 3] - box[:, 1])), 1.0)
    off = at - at.mean()
    if len(at) < 3:
        return float(tracklet.time_s[edge]), where[edge], np.zeros(3), 0.0, height
    pace = off @ where / float(off @ off)
    return float(tracklet.time_s[edge]), where.mean(axis=0) - pace * at.mean(), pace, float(np.ptp(at)), height


def _odds(ends: _Ends, starts: _Ends) -> DoubleArray:
    """Log-odds (P,) of pairs of an end and a start soon after."""
    gap = starts.time_s - ends.time_s
    height = np.maximum(ends.height, starts.height)[:, None]
    turned = (starts.pace - ends.pace) / height
    # From both sides to the middle of the gap, where neither pace is asked too much.
    missed = (starts.place - ends.place - (ends.pace + starts.pace) / 2 * gap[:, None]) / height
    # Feet or head may be hidden behind whoever is passed: what goes on better is what is seen.
    rows, edge = np.arange(len(gap)), 1 + np.abs(missed[:, 1:]).argmin(axis=1)
    place = np.stack([missed[:, 0], missed[rows, edge]], axis=1)
    pace = np.stack([turned[:, 0], turned[rows, edge]], axis=1)
    grown = np.log(starts.height / ends.height)
    place_2 = 2 * _PLACE**2 + _TURN * gap**3 / 12
    pace_2 = _pace_variance(ends) + _pace_variance(starts) + _TURN * gap
    same = _density(place, place_2) + _density(pace, pace_2) + _density(grown[:, None], _GROWTH**2 + 0 * gap)
    other = (
        _density(place, place_2 + _OTHER_PLACE**2)
        + _density(pace, pace_2 + _OTHER_PACE**2)
        + _density(grown[:, None], _OTHER_GROWTH**2 + 0 * gap)
    )
    odds: DoubleArray = np.logaddexp(np.log1p(-_CHANCE) + same - other, np.log(_CHANCE))
    return odds


def _pace_variance(ends: _Ends) -> DoubleArray:
    """Variance (N,) of paces, in each direction."""
    seen = ends.span_s > 0
    noise = np.divide(_PLACE, ends.span_s, out=np.zeros(len(seen)), where=seen)
    return np.where(seen, _PACE**2 + 2 * noise**2, _NO_PACE**2)


def _density(off: DoubleArray, variance: DoubleArray) -> DoubleArray:
    """Logarithm (N,) of the density of differences (N, K) of equal variance (N,), but for a constant."""
    density: DoubleArray = -0.5 * (off**2).sum(axis=1) / variance - 0.5 * off.shape[1] * np.log(variance)
    return density
