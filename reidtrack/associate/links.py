"""Why tracklets were joined: for each the nearest of its person, and how much farther away everybody else is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.associate.near import NearPairs, nearest_others
from reidtrack.types import DoubleArray, IntArray, Link


def explain(
    people: Sequence[IntArray],
    label: IntArray,
    keys: Sequence[tuple[str, int]],
    look: DoubleArray,
    near: NearPairs,
) -> list[tuple[Link, ...]]:
    """Links of each person's tracklets, all but the first, to the nearest of the person's earlier ones.

    Args:
        people: The tracklets of each person, by time; those of several have looks.
        label: (N,) place in `people` of each tracklet.
        keys: Camera and track id of each tracklet.
        look: (N, D) unit rows, or zero.
        near: Of these looks.
    """
    joined = np.concatenate([np.zeros(0, np.int64), *(members[1:] for members in people)])
    runner_up = dict(zip(joined.tolist(), nearest_others(look, label, joined, near).tolist(), strict=True))
    return [_links(members, keys, look[members], runner_up) for members in people]


def _links(
    members: IntArray, keys: Sequence[tuple[str, int]], look: DoubleArray, runner_up: dict[int, float]
) -> tuple[Link, ...]:
    if len(members) < 2:
        return ()
    distance, links = cosine_distances(look, look), []
    for place, i in enumerate(members.tolist()[1:], start=1):
        nearest = int(distance[place, :place].argmin())
        found = float(distance[place, nearest])
        links.append(Link(keys[i], keys[members[nearest]], found, runner_up[i] - found))
    return tuple(links)
