"""Evidence from when people are seen: how long they take from one camera to another.

What ST-ReID (Wang et al., arXiv 1812.03282) learns from labelled data is learned here from the recording itself: the
times between leaving a camera and entering the next of links that appearance is sure of, smoothed, against the times
between any two tracklets of those cameras. Few links say little: each pair of cameras begins with some made-up ones
that are spread like chance. No link is judged by itself.

The constants are round numbers that were not varied on their own; what travel times are worth with them:
docs/results/space_time.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reidtrack.associate.evidence import PairTerms
from reidtrack.spacetime.topology import Topology
from reidtrack.types import BoolArray, DoubleArray, Identity, IntArray, Link

LEAST_LINKS = 10
"""Fewer links from one camera to another say nothing about the times between them."""
PRIOR_LINKS = 10.0
"""Made-up links, spread like chance."""
MOST = 2.0
LEAST = -2.0
"""Log-odds of a pair lie between these, or it is impossible."""
_WIDTH = 0.3
"""Smoothing of the logarithm of a second more than the time."""
_TOUCH_S = 0.5
"""Views may overlap by so much, and clocks err, before a way is impossible."""
_NOTHING = 0.05
"""Evidence below this is left out."""
_LONGEST_S = 600.0
"""Tracklets farther apart in time are looked at only where the user says that they are too early."""
_MOST_BARRED = 200_000
"""Where two cameras have more pairs, those later than `_LONGEST_S` are never too early; bounds time."""
_MOST_CHANCE = 1_000_000
"""Pairs of two cameras of which chance is told; bounds memory."""
_BINS = 40
"""Bins of the density for people to look at."""


class TrackletTimes(NamedTuple):
    """Times of tracklets by the right clocks, seconds since the run's origin.

    Attributes:
        start_s: (N,) when each begins.
        end_s: (N,) when it ends.
        camera: (N,) camera index from 0.
    """

    start_s: DoubleArray
    end_s: DoubleArray
    camera: IntArray


class Transition(NamedTuple):
    """Travel times from one camera to another.

    Attributes:
        gaps_s: (K,) travel times of the links, increasing; below zero where both were seen at once.
        links: (K, 2) tracklet indices of each.
        chance_s: (C,) times between any two tracklets of which one begins after the other has ended, increasing.
        together: Share of all pairs, in either order, that are seen at once.
    """

    gaps_s: DoubleArray
    links: IntArray
    chance_s: DoubleArray
    together: float


def learn_travel_times(times: TrackletTimes, label: IntArray, sure: IntArray) -> dict[tuple[int, int], Transition]:
    """Travel times between cameras: (from, to) to what is known, for ways of which there is at least one link.

    Args:
        times: Times of N tracklets.
        label: (N,) cluster of each by appearance alone.
        sure: (P, 2) links that appearance is sure of.
    """
    steps = _steps(times, label, sure)
    found = {}
    for a, b in sorted({(int(times.camera[i]), int(times.camera[j])) for i, j in steps.tolist()}):
        own = steps[(times.camera[steps[:, 0]] == a) & (times.camera[steps[:, 1]] == b)]
        gap = times.start_s[own[:, 1]] - times.end_s[own[:, 0]]
        order = np.argsort(gap, kind="stable")
        found[a, b] = Transition(gap[order], own[order], *_chance(times, a, b))
    return found


def _steps(times: TrackletTimes, label: IntArray, sure: IntArray) -> IntArray:
    """Sure links (K, 2) from one tracklet of a person to the next that begins."""
    key = {(min(i, j), max(i, j)) for i, j in sure.tolist()}
    order = np.lexsort((times.start_s, label))
    i, j = order[:-1], order[1:]
    near = (label[i] == label[j]) & (times.camera[i] != times.camera[j])
    pairs = [(a, b) for a, b in zip(i[near].tolist(), j[near].tolist(), strict=True) if (min(a, b), max(a, b)) in key]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _chance(times: TrackletTimes, a: int, b: int) -> tuple[DoubleArray, float]:
    first, second = np.flatnonzero(times.camera == a), np.flatnonzero(times.camera == b)
    first = first[:: max(1, len(first) * len(second) // _MOST_CHANCE)]
    gap = times.start_s[second][None, :] - times.end_s[first][:, None]
    back = times.start_s[first][:, None] - times.end_s[second][None, :]
    return np.sort(gap[gap > 0]), float(((gap <= 0) & (back <= 0)).mean()) if gap.size else 0.0


def travel_time_terms(
    times: TrackletTimes, transitions: Mapping[tuple[int, int], Transition], names: Sequence[str], topology: Topology
) -> PairTerms:
    """Terms from travel times, for pairs of tracklets of two cameras.

    Args:
        times: Times of N tracklets.
        transitions: Travel times between two cameras, as learned.
        names: Names of the cameras.
        topology: What the user knows.
    """
    pairs, odds = [np.zeros((0, 2), np.int64)], [np.zeros(0)]
    for a in range(len(names)):
        for b in range(len(names)):
            known = transitions.get((a, b))
            known = known if known is not None and len(known.gaps_s) >= LEAST_LINKS else None
            rule = topology.earliest_s(names[a], names[b])
            if a == b or (known is None and rule is None):
                continue
            latest = topology.latest_s(names[a], names[b])
            i, j, gap = _ordered_pairs(times, a, b, _longest_s(times, (a, b), known, rule, latest))
            value = np.zeros(len(gap)) if known is None else _learned(known, gap, i, j)
            value[_too_early(gap, rule)] = -np.inf
            if latest is not None:
                value[gap > latest] = np.minimum(value[gap > latest], LEAST)
            kept = np.abs(value) > _NOTHING
            pairs.append(np.sort(np.stack([i, j], axis=1)[kept], axis=1))
            odds.append(value[kept])
    return PairTerms(np.concatenate(pairs), np.concatenate(odds))


def _longest_s(
    times: TrackletTimes, pair: tuple[int, int], known: Transition | None, rule: float | None, latest: float | None
) -> float:
    """Longest time between two tracklets, seconds, up to which anything is known of them."""
    learned = 2 * float(known.gaps_s[-1]) if known else 0.0
    late = _LONGEST_S if latest is not None else min(max(learned, 0.0), _LONGEST_S)
    pairs = int(np.prod([(times.camera == camera).sum() for camera in pair]))
    return max(late, (rule or 0.0) if pairs <= _MOST_BARRED else min(rule or 0.0, _LONGEST_S))


def tell_travel_times(identities: Sequence[Identity], offset_s: Mapping[str, float]) -> list[Identity]:
    """People with the time between the two tracklets of each link among its terms, as `travel_s`.

    It is for people to read, and is there for links that no evidence spoke of, too.

    Args:
        identities: Everybody.
        offset_s: Seconds by which a camera's clock is ahead; 0 for those that are not named.
    """
    return [replace(person, links=_with_travel(person, offset_s)) for person in identities]


def _with_travel(person: Identity, offset_s: Mapping[str, float]) -> tuple[Link, ...]:
    spans = {
        t.key: (t.first_time_s - offset_s.get(t.camera, 0.0), t.last_time_s - offset_s.get(t.camera, 0.0))
        for t in person.tracklets
    }
    links = []
    for link in person.links:
        (start_a, end_a), (start_b, end_b) = spans[link.a], spans[link.b]
        gap = max(start_a, start_b) - min(end_a, end_b)
        links.append(replace(link, terms={**link.terms, "travel_s": gap}) if gap > 0 else link)
    return tuple(links)


def _too_early(gap: DoubleArray, rule: float | None) -> BoolArray:
    early: BoolArray = np.zeros(len(gap), np.bool_) if rule is None or rule <= 0 else gap < rule - _TOUCH_S
    return early


def _ordered_pairs(times: TrackletTimes, a: int, b: int, longest_s: float) -> tuple[IntArray, IntArray, DoubleArray]:
    """Pairs of which the first, of camera `a`, begins before the second, of `b`; and the time between.

    It is below zero where both are seen at once. Of equal beginnings the lower camera's is first.
    """
    first, second = np.flatnonzero(times.camera == a), np.flatnonzero(times.camera == b)
    order = second[np.argsort(times.start_s[second], kind="stable")]
    begins = times.start_s[order]
    low = np.searchsorted(begins, times.start_s[first], side="left" if a < b else "right")
    high = np.maximum(np.searchsorted(begins, times.end_s[first] + longest_s, side="right"), low)
    count = high - low
    i = np.repeat(first, count)
    j = order[np.repeat(low, count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)]
    return i, j, times.start_s[j] - times.end_s[i]


def _learned(known: Transition, gap: DoubleArray, i: IntArray, j: IntArray) -> DoubleArray:
    """Log-odds of pairs from what was learned, each pair's own link left out."""
    links = {(a, b) for a, b in known.links.tolist()}
    own = np.array([pair in links for pair in zip(i.tolist(), j.tolist(), strict=True)], np.bool_)
    odds = np.zeros(len(gap))
    after = gap > 0
    ways = known.gaps_s[known.gaps_s > 0]
    if len(ways) and len(known.chance_s):
        odds[after] = _time_odds(gap[after], own[after], ways, known.chance_s)
    # Being seen by both at once is a matter of the views: where it happens it is no reason to think of one person.
    count, at_once = len(known.gaps_s) - own, (known.gaps_s <= 0).sum() - (own & ~after)
    if 0 < known.together < 1:
        share = (at_once + PRIOR_LINKS * known.together) / ((count + PRIOR_LINKS) * known.together)
        odds[~after] = np.minimum(np.log(share), 0.0)[~after]
    clipped: DoubleArray = np.clip(odds, LEAST, MOST)
    return clipped


def _time_odds(gap: DoubleArray, own: BoolArray, ways: DoubleArray, chance: DoubleArray) -> DoubleArray:
    x, at, other = np.log1p(gap), np.log1p(ways), np.log1p(chance)
    grid = np.linspace(0, max(float(x.max(initial=0.0)), float(other[-1])) + 3 * _WIDTH, 400)
    seen = _kernels(grid, at)
    spread = np.interp(x, grid, _kernels(grid, other) / len(other)) + 1e-3
    own_part = own / (_WIDTH * np.sqrt(2 * np.pi))
    count = len(ways) - own
    ratio = (np.interp(x, grid, seen) - own_part + PRIOR_LINKS * spread) / ((count + PRIOR_LINKS) * spread)
    odds = np.log(np.maximum(ratio, 1e-9))
    # Whoever comes late may have been elsewhere in between.
    late: DoubleArray = np.where(gap > np.median(ways), np.maximum(odds, 0.0), odds)
    return late


def _kernels(grid: DoubleArray, at: DoubleArray) -> DoubleArray:
    """Sum of Gaussian kernels about some points, on a grid; folded at zero, for no time is below it."""
    total = np.zeros(len(grid))
    for first in range(0, len(at), 1000):
        for sign in (1, -1):
            z = (grid[:, None] - sign * at[first : first + 1000]) / _WIDTH
            total += np.exp(-0.5 * z**2).sum(axis=1)
    scaled: DoubleArray = total / (_WIDTH * np.sqrt(2 * np.pi))
    return scaled


def density(ways: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Smoothed density of some times above zero, for a picture: edges (B + 1,) in seconds and (B,) a second."""
    edges = np.linspace(0.0, float(ways.max()) * 1.5 + 1.0, _BINS + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    height = _kernels(np.log1p(middle), np.log1p(ways)) / len(ways) / (1 + middle)
    return edges, height
