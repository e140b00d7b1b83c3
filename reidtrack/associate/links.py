"""Why tracklets were joined: for each the nearest of its person, and how much farther away everybody else is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.nearest import NearPairs, nearest_others
from reidtrack.associate.terms import LOG_ODDS, Terms
from reidtrack.types import DoubleArray, IntArray, Link


class Grounds(NamedTuple):
    """What a grouping went by.

    Attributes:
        keys: Camera and track id of each of N tracklets.
        look: (N, D) unit rows, or zero.
        near: Of these looks.
        terms: Evidence beside looks.
        calibration: What distances mean.
    """

    keys: Sequence[tuple[str, int]]
    look: DoubleArray
    near: NearPairs
    terms: Terms
    calibration: Calibration


def explain(people: Sequence[IntArray], label: IntArray, grounds: Grounds) -> list[tuple[Link, ...]]:
    """Links of each person's tracklets, all but the first, to the nearest of the person's earlier ones.

    Where there is evidence beside looks, the nearest is the one for which looks and evidence together speak most. The
    runner-up is always who looks most alike of all others.

    Args:
        people: The tracklets of each person, by time.
        label: (N,) place in `people` of each tracklet.
        grounds: What is known of the N tracklets.
    """
    joined = np.concatenate([np.zeros(0, np.int64), *(members[1:] for members in people)])
    nearest = nearest_others(grounds.look, label, joined, grounds.near)
    runner_up = dict(zip(joined.tolist(), zip(*(a.tolist() for a in nearest), strict=True), strict=True))
    return [_links(members, grounds, runner_up) for members in people]


def _links(members: IntArray, grounds: Grounds, runner_up: dict[int, tuple[int, float]]) -> tuple[Link, ...]:
    if len(members) < 2:
        return ()
    look = grounds.look[members]
    distance, links = cosine_distances(look, look), []
    for place, i in enumerate(members.tolist()[1:], start=1):
        pairs = np.stack([members[:place], np.full(place, i)], axis=1)
        against = distance[place, :place] - grounds.terms.log_odds.at(pairs) / grounds.calibration.slope
        nearest = int(against.argmin())
        links.append(_link(i, int(members[nearest]), float(distance[place, nearest]), grounds, runner_up[i]))
    return tuple(links)


def _link(i: int, other: int, distance: float, grounds: Grounds, runner_up: tuple[int, float]) -> Link:
    somebody, farther = runner_up
    a, b, terms = grounds.keys[i], grounds.keys[other], grounds.terms.of_pair(other, i)
    return Link(
        a,
        b,
        distance,
        farther - distance,
        terms,
        grounds.calibration.probability(distance, a[0], b[0], terms.get(LOG_ODDS, 0.0)),
        runner_up=None if somebody < 0 else grounds.keys[somebody],
    )
