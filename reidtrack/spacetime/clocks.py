"""How far the cameras' clocks are apart, from people that two cameras have in common.

For each pair of linked tracklets and each shift of one clock it is asked how much likelier the shift makes their being
one person: by how near to each other they stand while both are seen, and, where one is seen after the other, by whether
the way between them takes the time that their paces say. Shifts that all links agree on win; links that are wrong weigh
little against them, for no place is worse than chance by more than a bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.graph import component_labels, component_members
from reidtrack.spacetime.ground import TICK_S, Apart, Closeness, GroundPath
from reidtrack.types import BoolArray, DoubleArray, IntArray

LAGS: IntArray = np.arange(-300, 301, dtype=np.int64)
"""Shifts that are tried, steps of `TICK_S`: half a minute either way."""
MEMORY_S = 1.0
"""Places nearer in time than this err alike and count once."""
LEAST_EVIDENCE = 3.0
"""Logarithm of how much likelier a clock's offset must be than any that is seconds away."""
_MOST_STEPS = 150
_PACE_S = 1.0
"""Pace and direction at the end of a path are those of so much of it."""
_LEAST_PACE = 0.4
"""Metres a second; whoever is slower may be waiting."""
_LEAST_WAY_M = 2.0
"""On a shorter way nobody can tell who walks along it and who away from it."""
_END_M = 0.5
"""Deviation of where paths begin and end: often behind something."""
_LONGEST_WAY_S = 30.0
_PACE_SPREAD = 0.15
"""Deviation of the time a way takes, shares of what the paces at its ends say."""
_WAY_CHANCE = 0.2
"""Share of ways on which somebody stops or goes around."""
_COMPANY = 3.0
"""People walk together: so many links are about as good as one when it comes to how sure an offset is."""
LEAST_SUPPORT = 3
"""Fewer links that speak for a shift are no evidence of it."""
_LEAST_JOURNEYS = 10
_AGREE_S = 0.5
"""Clocks that differ by no more than this may both be right."""
_ELSEWHERE = 25
"""Steps from which on a shift counts as another one."""


class End(NamedTuple):
    """One end of a path.

    Attributes:
        time_s: When.
        place_m: (2,) where, metres.
        pace: (2,) metres a second.
    """

    time_s: float
    place_m: DoubleArray
    pace: DoubleArray


class ClockOffset(NamedTuple):
    """What is known of one camera's clock.

    Attributes:
        offset_s: Seconds it is fast, against the middle of all cameras; 0 where nothing is known.
        uncertainty_s: Standard deviation of that; None where nothing is known.
        evidence: Logarithm of how much likelier it is than any other offset.
    """

    offset_s: float
    uncertainty_s: float | None
    evidence: float


def overlap_scores(a: GroundPath, b: GroundPath, closeness: Closeness) -> tuple[DoubleArray, BoolArray]:
    """Evidence that two tracklets are one person for each shift of `LAGS` of the second one's clock.

    Args:
        a: Its path, by its camera's clock.
        b: The other's, in the same plane.
        closeness: How near one person's views lie.

    Returns:
        (L,) log-odds; 0 where the two are not seen together. And (L,) whether they overlap in time at all.
    """
    known = np.flatnonzero(a.sure)
    stride = max(1, -(-len(known) // _MOST_STEPS))
    rows = known[stride // 2 :: stride]
    at = (a.first + rows)[:, None] + LAGS - b.first  # (T, L) places in b
    there = (at >= 0) & (at < len(b))
    there[there] = b.sure[at[there]]
    i, lag = np.nonzero(there)
    k = at[i, lag]
    unit = b.unit_m[k]
    found = Apart(
        (a.place[rows[i]] - b.place[k]) * unit[:, None],
        (a.spread[rows[i]] + b.spread[k]).reshape(-1, 4) * unit[:, None] ** 2,
    )
    weight = min(stride * TICK_S / MEMORY_S, 1.0)
    score: DoubleArray = weight * np.bincount(lag, closeness.log_odds(found), len(LAGS)).astype(np.float64)
    together = (a.first + LAGS < b.first + len(b)) & (b.first < a.first + LAGS + len(a))
    return score, together


def path_ends(path: GroundPath) -> tuple[End, End] | None:
    """Beginning and end of the known part of a path in metres; None where hardly anything is known."""
    known = np.flatnonzero(path.sure)
    if len(known) < 5:
        return None
    reach = round(_PACE_S / TICK_S)
    ends: list[End] = []
    for rows in (known[known <= known[0] + reach], known[known >= known[-1] - reach]):
        time_s = (path.first + rows) * TICK_S
        place = path.place[rows] * path.unit_m[rows, None]
        at = time_s - time_s.mean()
        pace = at @ (place - place.mean(axis=0)) / max(float(at @ at), 1e-9)
        edge = 0 if not ends else -1
        ends.append(End(float(time_s[edge]), place.mean(axis=0) + pace * at[edge], pace))
    return ends[0], ends[1]


def way_s(leave: End, arrive: End) -> float | None:
    """Seconds that the way from one path's end to another's beginning takes, from the paces at both.

    The way is a curve that begins and ends in the directions seen (a quadratic Bezier curve, whose length lies between
    its chord and its two tangents). None where nobody would go that way: someone stands, or walks away from it.
    """
    chord = arrive.place_m - leave.place_m
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
        a: Beginning and end of one.
        b: Of the other, whose clock is shifted.
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
    """Evidence for each shift from journeys between two cameras, if both ways take equally long.

    They need not: this is weak, and only for cameras whose views do not overlap.

    Args:
        there_s: Times from the first camera to the second, as the clocks have them.
        back_s: And from the second to the first.

    Returns:
        (L,) log-odds; None where there are too few journeys, or views overlap.
    """
    if min(len(there_s), len(back_s)) < _LEAST_JOURNEYS or min(there_s.min(), back_s.min()) <= 0:
        return None
    offset = (np.median(there_s) - np.median(back_s)) / 2
    spread = np.hypot(*(_robust_spread(t) * 1.25 / np.sqrt(len(t)) for t in (there_s, back_s))) / 2
    peak = 2 * LEAST_EVIDENCE
    wide = max(float(spread), TICK_S) * np.sqrt(peak)  # about its peak the score is as narrow as the spread
    score: DoubleArray = peak * np.exp(-0.5 * ((LAGS * TICK_S - offset) / wide) ** 2)
    return score


def _robust_spread(values: DoubleArray) -> float:
    return 1.48 * float(np.median(np.abs(values - np.median(values))))


def solve_clocks(cameras: int, scores: Mapping[tuple[int, int], DoubleArray]) -> list[ClockOffset]:
    """The offsets that all pairs of cameras agree on best.

    Args:
        cameras: How many.
        scores: Two cameras (a < b) to (L,) evidence for each of `LAGS` of b's clock against a's.

    Returns:
        One for each camera, relative to the median of those that are tied to each other; a camera that nothing ties to
        others has none.
    """
    # Clocks are mostly right, and the farther off the rarer.
    doubted = {pair: s - 2 * np.log1p(np.abs(LAGS) * TICK_S) for pair, s in scores.items()}
    tied = {pair: s for pair, s in doubted.items() if _clear(s) >= LEAST_EVIDENCE}
    offset = np.zeros(cameras, np.int64)
    result = [ClockOffset(0.0, None, 0.0)] * cameras
    for group in _groups(cameras, tied):
        _settle(offset, group, tied)
        found = [_of_camera(camera, offset, scores) for camera in group]
        right = _reference(found)
        for camera, clock in zip(group, found, strict=True):
            result[camera] = clock._replace(offset_s=clock.offset_s - right)
    return result


def _of_camera(camera: int, offset: IntArray, scores: Mapping[tuple[int, int], DoubleArray]) -> ClockOffset:
    score = _conditional(camera, offset, scores)
    return ClockOffset(*_peak(score, int(offset[camera])), _clear(score))


def _reference(found: Sequence[ClockOffset]) -> float:
    """The offset that is taken for none: the surest of those in the middle; of two clocks, the slower is right."""
    middle = sorted(c.offset_s for c in found)[(len(found) - 1) // 2]
    agreeing = [c for c in found if abs(c.offset_s - middle) <= _AGREE_S]
    return min(agreeing, key=lambda c: c.uncertainty_s or 0.0).offset_s


def _settle(offset: IntArray, group: Sequence[int], tied: Mapping[tuple[int, int], DoubleArray]) -> None:
    """Offsets of cameras that hang together: along the clearest ties first, then each where all its ties like it."""
    edges = sorted((p for p in tied if p[0] in group), key=lambda p: -_clear(tied[p]))
    placed = {group[0]}
    while len(placed) < len(group):
        a, b = next(p for p in edges if (p[0] in placed) != (p[1] in placed))
        lag = int(LAGS[tied[a, b].argmax()])
        new, old, step = (b, a, lag) if a in placed else (a, b, -lag)
        offset[new] = offset[old] + step
        placed.add(new)
    for _ in range(10):
        before = offset[group].copy()
        for camera in group[1:]:
            offset[camera] = int(LAGS[_conditional(camera, offset, tied).argmax()])
        if (offset[group] == before).all():
            break


def _conditional(camera: int, offset: IntArray, scores: Mapping[tuple[int, int], DoubleArray]) -> DoubleArray:
    """(L,) evidence for each offset of one camera while the others stay."""
    total = np.zeros(len(LAGS))
    for (a, b), score in scores.items():
        if camera == b:
            lag = LAGS - offset[a]
        elif camera == a:
            lag = offset[b] - LAGS
        else:
            continue
        place = lag - LAGS[0]
        inside = (place >= 0) & (place < len(LAGS))
        total[inside] += score[place[inside]]
    return total


def _clear(score: DoubleArray) -> float:
    """By how much the best shift beats all that are not near it, and nothing at all."""
    best = int(score.argmax())
    far = np.abs(np.arange(len(score)) - best) >= _ELSEWHERE
    return float(score[best] - max(score[far].max(initial=0.0), 0.0))


def _peak(score: DoubleArray, best: int) -> tuple[float, float]:
    """Mean and deviation about the best shift, seconds, as if evidence were the logarithm of a density."""
    near = np.abs(LAGS - best) < _ELSEWHERE
    lag, evidence = LAGS[near], score[near] - score[near].max()
    mean = float(np.average(lag, weights=np.exp(evidence)))
    spread = float(np.average((lag - mean) ** 2, weights=np.exp(evidence / _COMPANY)))
    return mean * TICK_S, float(np.sqrt(spread + 1 / 12)) * TICK_S


def _groups(cameras: int, tied: Mapping[tuple[int, int], DoubleArray]) -> list[list[int]]:
    """Cameras that are tied to each other, directly or through others; those that are not are left out."""
    labels = component_labels(cameras, np.array([*tied], np.int64).reshape(-1, 2))
    return [members.tolist() for members in component_members(labels) if len(members) > 1]
