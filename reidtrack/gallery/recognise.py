"""Which person of a gallery each of some others is: a threshold from strangers, an assignment, a margin.

The more people a gallery holds, the likelier one of them looks like a stranger by chance: so the threshold falls with
their number. Distances between different people spread about evenly around their middle; the upper half, which no true
match reaches, tells how far. Two people who dress alike are nearer to each other than that spread foresees, hence the
margin to the runner-up: who might as well be somebody else is not recognised.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from reidtrack.assign import assign
from reidtrack.types import DoubleArray, IntArray

LEAST_THRESHOLD = 0.3
"""The threshold never falls below this distance, however many people a gallery holds."""


class ExpectedDistances(NamedTuple):
    """Distribution of distances between strangers that is expected before any are seen.

    Attributes:
        middle: The median.
        spread: Standard deviation of the larger half.
        worth: How many observed distances the expectation counts for.
    """

    middle: float
    spread: float
    worth: float


def stranger_threshold(distance: DoubleArray, people: int, strangers: float, expected: ExpectedDistances) -> float:
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
    """The people of a gallery nearest to each of some others, found block by block.

    Args:
        rows: How many others.
        length: How many people of the gallery are kept for each.

    Attributes:
        person: (rows, K) ids of people of the gallery, nearest first.
        distance: (rows, K) theirs.
    """

    def __init__(self, rows: int, length: int = 8) -> None:
        self._length = length
        self.person: IntArray = np.zeros((rows, 0), np.int64)
        self.distance: DoubleArray = np.zeros((rows, 0))

    def offer(self, person: IntArray, distance: DoubleArray) -> None:
        """Take in more people (P,), each once in all, and their distances (rows, P)."""
        both = np.concatenate([self.distance, distance], axis=1)
        people = np.concatenate([self.person, np.broadcast_to(person, distance.shape)], axis=1)
        order = np.argsort(both, axis=1, kind="stable")[:, : self._length]
        self.person = np.take_along_axis(people, order, axis=1)
        self.distance = np.take_along_axis(both, order, axis=1)


def match_probabilities(short: Shortlist, threshold: float, slope: float) -> DoubleArray:
    """Probability of each person of a list, and of nobody of the gallery: (rows, K + 1), the last column for nobody.

    The people of a list and nobody exclude each other, by a softmax over distances in which nobody has the threshold.

    Args:
        short: The nearest people of the gallery.
        threshold: Distance at which somebody is as likely known as not, where nobody else is in question.
        slope: Log-odds that a unit of distance is worth.
    """
    nobody = np.full((len(short.distance), 1), threshold)
    odds = -slope * np.concatenate([short.distance, nobody], axis=1)
    odds = np.exp(odds - odds.max(axis=1, keepdims=True))
    shares: DoubleArray = odds / odds.sum(axis=1, keepdims=True)
    return shares


class Match(NamedTuple):
    """The decision about one.

    Attributes:
        person: Id of the person it is, None for somebody new.
        nearest: Id of the nearest person; None where the gallery is empty.
        distance: To the person it is, else to the nearest; None where the gallery is empty.
        margin: By how much the runner-up is farther away, infinity where there is none.
    """

    person: int | None
    nearest: int | None
    distance: float | None
    margin: float


def recognise(
    short: Shortlist, threshold: float, margin: float, may_be_one: Callable[[int, int], bool] = lambda *_: False
) -> list[Match]:
    """Decide who is known; each person of the gallery is at most one of the others.

    Args:
        short: The nearest people of the gallery.
        threshold: Largest distance of one person.
        margin: Least lead over the runner-up.
        may_be_one: Whether two people of the gallery may be one and the same: then neither is a rival of the other.
    """
    chosen = _assign(short, threshold)
    return [_match(short, row, chosen.get(row), margin, may_be_one) for row in range(len(short.person))]


def _assign(short: Shortlist, threshold: float) -> dict[int, int]:
    """Chosen column of each row's list, at the least total distance; independent parts are solved one by one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    row, rank = np.nonzero(short.distance <= threshold)
    if not len(row):
        return {}
    people, column = np.unique(short.person[row, rank], return_inverse=True)
    rows, size = len(short.person), len(short.person) + len(people)
    graph = coo_array((np.ones(len(row)), (row, rows + column)), shape=(size, size))
    part = connected_components(graph, directed=False)[1][row]
    order = np.argsort(part, kind="stable")
    chosen = {}
    for edges in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        r, at_r = np.unique(row[edges], return_inverse=True)
        c, at_c = np.unique(column[edges], return_inverse=True)
        cost = np.full((len(r), len(c)), np.inf)
        cost[at_r, at_c] = short.distance[row[edges], rank[edges]]
        for i, j in assign(cost, threshold).pairs.tolist():
            here = np.flatnonzero(short.person[r[i]] == people[c[j]])
            chosen[int(r[i])] = int(here[0])
    return chosen


def _match(
    short: Shortlist, row: int, chosen: int | None, margin: float, may_be_one: Callable[[int, int], bool]
) -> Match:
    person, distance = short.person[row].tolist(), short.distance[row].tolist()
    if not person:
        return Match(None, None, None, np.inf)
    if chosen is None:
        return Match(None, person[0], distance[0], distance[1] - distance[0] if len(person) > 1 else np.inf)
    lead = min(
        (
            distance[k] - distance[chosen]
            for k in range(len(person))
            if k != chosen and (distance[k] - distance[chosen] >= margin or not may_be_one(person[chosen], person[k]))
        ),
        default=np.inf,
    )
    return Match(person[chosen] if lead >= margin else None, person[0], distance[chosen], lead)
