"""How far the cameras' clocks are apart: the offsets that all pairs of cameras agree on best.

Shifts that all links agree on win (`clock_scores`); links that are wrong weigh little against them, for no position is
worse than chance by more than a bound. The constants are round numbers that were not varied on their own;
docs/results/space_time.md says how well clocks are found with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.graph import component_labels, component_members, spanning_forest
from reidtrack.spacetime.clock_scores import LAGS, LEAST_EVIDENCE
from reidtrack.spacetime.ground import TICK_S
from reidtrack.types import DoubleArray, IntArray

_COMPANY = 3.0
"""People walk together: so many links are about as good as one when it comes to how sure an offset is."""
_AGREE_S = 0.5
"""Clocks that differ by no more than this may both be right."""
_ELSEWHERE = 25
"""Steps from which on a shift counts as another one."""
_PARTNERS = 3
"""Other cameras that a camera's clock is compared with; with four cameras that is everybody."""


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


def telling_pairs(links: Mapping[tuple[int, int], int]) -> list[tuple[int, int]]:
    """Pairs of cameras whose clocks are compared: a few for each camera, however many cameras there are.

    Args:
        links: Indices of two cameras to how many people both are known to have seen.

    Returns:
        For each camera the `_PARTNERS` pairs with the most links, and pairs that connect all that any pairs connect.
    """
    first = sorted(links, key=lambda pair: (-links[pair], pair))
    pairs = np.array(first, np.int64).reshape(-1, 2)
    partners = {camera: 0 for pair in links for camera in pair}
    kept = []
    for (a, b), joins in zip(first, spanning_forest(int(pairs.max(initial=-1)) + 1, pairs), strict=True):
        if joins or min(partners[a], partners[b]) < _PARTNERS:
            kept.append((a, b))
            partners[a] += 1
            partners[b] += 1
    return sorted(kept)


def solve_clocks(cameras: int, scores: Mapping[tuple[int, int], DoubleArray]) -> list[ClockOffset]:
    """Clock offsets of all cameras that their pairs agree on best.

    Args:
        cameras: How many cameras there are.
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
    for group in _tied_groups(cameras, tied):
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
        index = lag - LAGS[0]
        inside = (index >= 0) & (index < len(LAGS))
        total[inside] += score[index[inside]]
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


def _tied_groups(cameras: int, tied: Mapping[tuple[int, int], DoubleArray]) -> list[list[int]]:
    """Cameras that are tied to each other, directly or through others; those that are not are left out."""
    labels = component_labels(cameras, np.array([*tied], np.int64).reshape(-1, 2))
    return [members.tolist() for members in component_members(labels) if len(members) > 1]
