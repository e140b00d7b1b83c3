"""Who of a gallery is who: a threshold from the looks of strangers, an assignment, and a margin to the runner-up.

The more people a gallery holds, the likelier one of them looks like a stranger by chance: so the threshold falls with
their number. Distances between different people spread about evenly around their middle; the upper half, which no true
match reaches, tells how far. Two people who dress alike are nearer to each other than that spread foresees, hence the
margin: who might as well be somebody else is not recognised.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from reidtrack.assign import assign
from reidtrack.types import DoubleArray, IntArray

LEAST_THRESHOLD = 0.3


class Expected(NamedTuple):
    """How distances between strangers lie, before any are seen.

    Attributes:
        middle: Half of them lie beyond.
        spread: Of the larger half.
        worth: How many distances that is worth.
    """

    middle: float
    spread: float
    worth: float


def stranger_threshold(distance: DoubleArray, people: int, strangers: float, expected: Expected) -> float:
    """Distance below which only so many strangers are expected among all people of a gallery.

    Args:
        distance: (S,) between people nearly all of whom are different.
        people: In the gallery.
        strangers: How many, of all in the gallery, may look that much like somebody who is not in it.
        expected: What distances are held to be while few are known.

    Returns:
        A distance of `LEAST_THRESHOLD` or more.
    """
    normal, count = statistics.NormalDist(), len(distance)
    middle, high = np.quantile(distance, [0.5, normal.cdf(1)]).tolist() if count else (0.0, 0.0)
    middle, spread = (
        (count * seen + expected.worth * foreseen) / (count + expected.worth)
        for seen, foreseen in ((middle, expected.middle), (high - middle, expected.spread))
    )
    share = min(0.5, strangers / max(1, people))
    return max(LEAST_THRESHOLD, middle + spread * normal.inv_cdf(share))


class Shortlist:
    """The people of a gallery who look most like each of some others, found block by block.

    Args:
        rows: How many others.
        length: How many people of the gallery are kept for each.
    """

    def __init__(self, rows: int, length: int = 8) -> None:
        self._length = length
        self.person: IntArray = np.zeros((rows, 0), np.int64)
        self.distance: DoubleArray = np.zeros((rows, 0))

    def offer(self, person: IntArray, distance: DoubleArray) -> None:
        """Show more people (P,), each once in all, and their distances (rows, P)."""
        both = np.concatenate([self.distance, distance], axis=1)
        people = np.concatenate([self.person, np.broadcast_to(person, distance.shape)], axis=1)
        order = np.argsort(both, axis=1, kind="stable")[:, : self._length]
        self.person = np.take_along_axis(people, order, axis=1)
        self.distance = np.take_along_axis(both, order, axis=1)


def chances(short: Shortlist, threshold: float, slope: float) -> DoubleArray:
    """How likely each is who the list says: (rows, K + 1) in 0..1, the last column for nobody of the gallery.

    The people of a list and nobody exclude each other; nobody stands at the threshold.

    Args:
        short: Who looks like whom.
        threshold: Distance at which somebody is as likely known as not, where nobody else is in question.
        slope: Log-odds that a unit of distance is worth.
    """
    nobody = np.full((len(short.distance), 1), threshold)
    odds = -slope * np.concatenate([short.distance, nobody], axis=1)
    odds = np.exp(odds - odds.max(axis=1, keepdims=True))
    shares: DoubleArray = odds / odds.sum(axis=1, keepdims=True)
    return shares


class Match(NamedTuple):
    """What became of one.

    Attributes:
        person: Number of who it is, None for somebody new.
        nearest: Number of who looks most alike; None where nobody is there.
        distance: To who it is, else to the nearest; None where nobody is there.
        margin: By how much the runner-up is farther away, infinity where there is none.
    """

    person: int | None
    nearest: int | None
    distance: float | None
    margin: float


def recognise(
    short: Shortlist, threshold: float, margin: float, may_be_one: Callable[[int, int], bool] = lambda *_: False
) -> list[Match]:
    """Decide who is known: each person of the gallery is at most one of the others.

    Args:
        short: Who looks like whom.
        threshold: Largest distance of one person.
        margin: Least lead over the runner-up.
        may_be_one: Whether two people of the gallery may be one and the same: then neither is a rival of the other.
    """
    chosen = _assign(short, threshold)
    return [_match(short, row, chosen.get(row), margin, may_be_one) for row in range(len(short.person))]


def _assign(short: Shortlist, threshold: float) -> dict[int, int]:
    """Row to place in its list, at the least total distance; parts that have nothing to do with each other apart."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    row, place = np.nonzero(short.distance <= threshold)
    if not len(row):
        return {}
    people, column = np.unique(short.person[row, place], return_inverse=True)
    rows, size = len(short.person), len(short.person) + len(people)
    graph = coo_array((np.ones(len(row)), (row, rows + column)), shape=(size, size))
    part = connected_components(graph, directed=False)[1][row]
    order = np.argsort(part, kind="stable")
    chosen = {}
    for edges in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        r, at_r = np.unique(row[edges], return_inverse=True)
        c, at_c = np.unique(column[edges], return_inverse=True)
        cost = np.full((len(r), len(c)), np.inf)
        cost[at_r, at_c] = short.distance[row[edges], place[edges]]
        for i, j in assign(cost, threshold).pairs.tolist():
            here = np.flatnonzero(short.person[r[i]] == people[c[j]])
            chosen[int(r[i])] = int(here[0])
    return chosen


def _match(
    short: Shortlist, row: int, place: int | None, margin: float, may_be_one: Callable[[int, int], bool]
) -> Match:
    person, distance = short.person[row].tolist(), short.distance[row].tolist()
    if not person:
        return Match(None, None, None, np.inf)
    if place is None:
        return Match(None, person[0], distance[0], distance[1] - distance[0] if len(person) > 1 else np.inf)
    lead = min(
        (
            distance[k] - distance[place]
            for k in range(len(person))
            if k != place and (distance[k] - distance[place] >= margin or not may_be_one(person[place], person[k]))
        ),
        default=np.inf,
    )
    return Match(person[place] if lead >= margin else None, person[0], distance[place], lead)
