"""Evidence for each shift of one camera's clock, from people that two cameras have in common.

For each pair of linked tracklets and each shift of one clock it is asked how much likelier the shift makes their being
one person: by how near to each other they stand while both are seen, and, where one is seen after the other, by whether
the way between them takes the time that their paces say.

The constants are round numbers that were not varied on their own; docs/results/space_time.md says how well clocks are
found with them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reidtrack.spacetime.ground import TICK_S, Closeness, Displacement, GroundPath
from reidtrack.types import BoolArray, DoubleArray, IntArray

LEAST_EVIDENCE = 3.0
"""Logarithm of how much likelier a clock's offset must be than any that is seconds away."""
LEAST_SUPPORT = 3
"""Fewer links that speak for a shift are no evidence of it."""
LAGS: IntArray = np.arange(-300, 301, dtype=np.int64)
"""Shifts that are tried, steps of `TICK_S`: half a minute either way."""
MEMORY_S = 1.0
"""Positions nearer in time than this err alike and count once."""
_MOST_STEPS = 150
"""Steps of a path that are compared; bounds time."""
_PACE_S = 1.0
"""Pace and direction at the end of a path are those of so much of it."""
_LEAST_PACE = 0.4
"""Metres a second; whoever is slower may be waiting."""
_LEAST_WAY_M = 2.0
"""On a shorter way nobody can tell who walks along it and who away from it."""
_END_M = 0.5
"""Deviation of where paths begin and end: often behind something."""
_LONGEST_WAY_S = 30.0
"""Ways that take longer say nothing: paces change."""
_PACE_SPREAD = 0.15
"""Deviation of the time a way takes, shares of what the paces at its ends say."""
_WAY_CHANCE = 0.2
"""Share of ways on which somebody stops or goes around."""
_LEAST_TRAVEL_TIMES = 10
"""Fewer travel times each way say nothing of a clock."""


class End(NamedTuple):
    """One end of a path.

    Attributes:
        time_s: Seconds since the run's origin.
        position_m: (2,) metres on the plan.
        pace: (2,) metres a second.
    """

    time_s: float
    position_m: DoubleArray
    pace: DoubleArray


def overlap_scores(a: GroundPath, b: GroundPath, closeness: Closeness) -> tuple[DoubleArray, BoolArray]:
    """Evidence that two tracklets are one person for each shift of `LAGS` of the second one's clock.

    Args:
        a: Path of the first, by its camera's clock.
        b: Path of the second, in the same plane.
        closeness: How near one person's views lie.

    Returns:
        (L,) log-odds; 0 where the two are not seen together. And (L,) whether they overlap in time at all.
    """
    known = np.flatnonzero(a.known)
    stride = max(1, -(-len(known) // _MOST_STEPS))
    rows = known[stride // 2 :: stride]
    at = (a.first + rows)[:, None] + LAGS - b.first  # (T, L) indices in b
    there = (at >= 0) & (at < len(b))
    there[there] = b.known[at[there]]
    i, lag = np.nonzero(there)
    k = at[i, lag]
    unit = b.unit_m[k]
    found = Displacement(
        (a.position[rows[i]] - b.position[k]) * unit[:, None],
        (a.covariance[rows[i]] + b.covariance[k]).reshape(-1, 4) * unit[:, None] ** 2,
    )
    weight = min(stride * TICK_S / MEMORY_S, 1.0)
    score: DoubleArray = weight * np.bincount(lag, closeness.log_odds(found), len(LAGS)).astype(np.float64)
    together = (a.first + LAGS < b.first + len(b)) & (b.first < a.first + LAGS + len(a))
    return score, together


def path_ends(path: GroundPath) -> tuple[End, End] | None:
    """Beginning and end of the known part of a path, in metres; None where hardly anything is known."""
    known = np.flatnonzero(path.known)
    if len(known) < 5:
        return None
    reach = round(_PACE_S / TICK_S)
    ends: list[End] = []
    for rows in (known[known <= known[0] + reach], known[known >= known[-1] - reach]):
        time_s = (path.first + rows) * TICK_S
        place = path.position[rows] * path.unit_m[rows, None]
        at = time_s - time_s.mean()
        pace = at @ (place - place.mean(axis=0)) / max(float(at @ at), 1e-9)
        edge = 0 if not ends else -1
        ends.append(End(float(time_s[edge]), place.mean(axis=0) + pace * at[edge], pace))
    return ends[0], ends[1]


def way_s(leave: End, arrive: End) -> float | None:
    """Seconds that the way from one path's end to another's beginning takes by the paces at both; None if not known.

    The way is a curve that begins and ends in the directions seen (a quadratic Bezier curve, whose length lies between
    its chord and its two tangents). Nothing is known where nobody would go that way: someone stands, or walks away.
    """
    chord = arrive.position_m - leave.position_m
    distance = float(np.hypot(*chord))
    paces = float(np.hypot(*leave.pace)), float(np.hypot(*arrive.pace))
    if min(paces) < _LEAST_PACE or distance < _LEAST_WAY_M:
        return None
    ahead = leave.pace / paces[0], arrive.pace / paces[1]
    if min(float(ahead[0] @ chord), float(ahead[1] @ chord)) < 0.5 * distance:  # 60 degrees off
        return None
    cross = ahead[0][0] * ahead[1][1] - ahead[0][1] * ahead[1][0]
    tangents = distance
    if abs(cross) > 1e-3:
        first = (chord[0] * ahead[1][1] - chord[1] * ahead[1][0]) / cross
        second = (ahead[0][0] * chord[1] - ahead[0][1] * chord[0]) / cross
        tangents = first + second if min(first, second) > 0 else distance
    time = (2 * distance + min(tangents, 2 * distance)) / 3 / _mean_pace(leave, arrive)
    return time if time <= _LONGEST_WAY_S else None


def _mean_pace(leave: End, arrive: End) -> float:
    return float(np.hypot(*leave.pace) + np.hypot(*arrive.pace)) / 2


def way_scores(a: tuple[End, End], b: tuple[End, End], together: BoolArray) -> DoubleArray:
    """Evidence for each shift from the way between two tracklets of one person that are not seen together.

    Args:
        a: Beginning and end of one path.
        b: Beginning and end of the other, whose clock is shifted.
        together: (L,) see `overlap_scores`.

    Returns:
        (L,) log-odds.
    """
    score = np.zeros(len(LAGS))
    for leave, arrive, sign in ((a[1], b[0], -1), (b[1], a[0], 1)):
        expected = way_s(leave, arrive)
        if expected is None:
            continue
        gap = arrive.time_s - leave.time_s + sign * LAGS * TICK_S
        spread = np.hypot(0.2 + _PACE_SPREAD * expected, _END_M * np.sqrt(2) / _mean_pace(leave, arrive))
        same = np.exp(-0.5 * ((gap - expected) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
        score += np.where(together, 0.0, np.log((1 - _WAY_CHANCE) * same * _LONGEST_WAY_S + _WAY_CHANCE))
    return score


def symmetric_scores(there_s: DoubleArray, back_s: DoubleArray) -> DoubleArray | None:
    """Evidence for each shift from travel times between two cameras, if both ways take equally long.

    They need not: this is weak, and only for cameras whose views do not overlap.

    Args:
        there_s: (K,) travel times from the first camera to the second, as the clocks have them.
        back_s: (K,) travel times from the second to the first.

    Returns:
        (L,) log-odds; None where there are too few travel times, or views overlap.
    """
    if min(len(there_s), len(back_s)) < _LEAST_TRAVEL_TIMES or min(there_s.min(), back_s.min()) <= 0:
        return None
    offset = (np.median(there_s) - np.median(back_s)) / 2
    spread = np.hypot(*(_robust_spread(t) * 1.25 / np.sqrt(len(t)) for t in (there_s, back_s))) / 2
    peak = 2 * LEAST_EVIDENCE
    wide = max(float(spread), TICK_S) * np.sqrt(peak)  # about its peak the score is as narrow as the spread
    score: DoubleArray = peak * np.exp(-0.5 * ((LAGS * TICK_S - offset) / wide) ** 2)
    return score


def _robust_spread(values: DoubleArray) -> float:
    return 1.48 * float(np.median(np.abs(values - np.median(values))))
