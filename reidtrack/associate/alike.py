"""Who is who among people whom appearance cannot tell apart: place and continuity decide, and looks hardly count.

Of two people in one outfit every tracklet lies a little nearer to one cluster or the other, by chance. Over dozens of
tracklets these chances add up to more than the few pairs say of which it is known where both stood. So among clusters
that are surely several people and alike, tracklets are put together anew: what space and time say counts in full, who
was seen beside whom stays apart, and their looks are held against each other at a share of what they would count.
"""

from __future__ import annotations

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.associate.clustering.hungarian import cluster
from reidtrack.associate.clustering.local_search import renumbered
from reidtrack.associate.clustering.problem import ClusterProblem, PairCosts
from reidtrack.associate.clustering.sides import swap_sides
from reidtrack.associate.constraints import PairConstraints
from reidtrack.graph import component_labels
from reidtrack.types import BoolArray, DoubleArray, IntArray

_LOOKS = 0.1
"""How much of what their looks differ in still counts: where nothing else is known, it decides. Not tuned."""
_SOON_S = 2.0
"""Somebody who is lost and somebody who appears within so many seconds: whether it is the same one is known from where
that was. Of longer gaps each says next to nothing, and hundreds of them would say something wrong. Not tuned."""
_WELL_KNOWN = 4.0
"""Only who was seen in full so often, by weight, is known well enough to take fragments. Not tuned."""
_LIKE_THEM = 0.99
"""Who lies no farther from people who look the same than this share of their own tracklets from each other looks like
them; not tuned."""
_MOST = 400
"""Of more tracklets the people stay as they are; bounds time and memory."""
_TURNS = 5
"""Most turns of moves and swaps of sides, a bound for safety."""


def settle_alike(
    label: IntArray,
    alike: list[tuple[int, int]],
    costs: PairCosts,
    constraints: PairConstraints,
    weight: DoubleArray,
    seen_s: DoubleArray,
) -> IntArray:
    """Put the tracklets of people who look the same together anew: (N,) clusters, by their first tracklets.

    They are never more people than before.

    Args:
        label: (N,) cluster of each tracklet, from 0.
        alike: Clusters that are surely two people and look the same (`lookalikes`).
        costs: What pairs cost, appearance and all else.
        constraints: What is certain.
        weight: (N,) how much each tracklet counts.
        seen_s: (N, 2) when each begins and ends, seconds.
    """
    found, count = label.copy(), int(label.max(initial=-1)) + 1
    group = component_labels(count, np.array(alike, np.int64).reshape(-1, 2))
    for number in np.unique(group[np.array(alike, np.int64).ravel()]).tolist():
        inside = group[label] == number
        start = renumbered(label[inside])
        own = _own_costs(costs, inside, seen_s) if inside.sum() <= _MOST else None
        if own is not None:
            given = _own_constraints(constraints, inside, weight)
            found[inside] = count + _together_anew(start, own, *given, seen_s[inside, 0])
            count = int(found.max()) + 1
    return renumbered(found)


def with_fragments(
    label: IntArray,
    alike: list[tuple[int, int]],
    appearance: DoubleArray,
    cannot_link: IntArray,
    weight: DoubleArray,
) -> IntArray:
    """Give fragments to people who look the same, where they may be one of them: (N,) clusters, by first tracklets.

    A fragment is a cluster of hardly any crops, which chance makes lie a little beyond the threshold. Who looks like
    those who are known to be there is rather one of them than somebody else whom nobody ever saw in full.

    Args:
        label: (N,) cluster of each tracklet, from 0.
        alike: Clusters that are surely two people and look the same (`lookalikes`).
        appearance: (N, D) unit rows; zero where nothing is known, which tells nothing.
        cannot_link: (Q, 2) tracklets that are two people.
        weight: (N,) how much each tracklet counts: 1 for one of many crops.
    """
    found, count = label.copy(), int(label.max(initial=-1)) + 1
    crops = np.bincount(label, weight * appearance.any(axis=1), count)
    people = [c for c in sorted({c for pair in alike for c in pair}) if crops[c] >= _WELL_KNOWN]
    own = np.isin(label, people) & appearance.any(axis=1)
    if len(people) < 2 or own.sum() > _MOST:
        return label
    distance = cosine_distances(appearance[own], appearance)
    far = float(np.quantile(distance[:, own][np.triu_indices(int(own.sum()), 1)], _LIKE_THEM))
    for fragment in np.flatnonzero((crops > 0) & (crops < 1)).tolist():
        near = np.median(distance[:, found == fragment], axis=1)
        beside = set(found[cannot_link[(found[cannot_link] == fragment).any(axis=1)]].ravel().tolist())
        free = [c for c in people if c not in beside]
        if free and float(np.median(near)) <= far:
            found[found == fragment] = min(free, key=lambda c: float(np.median(near[found[own] == c])))
    return renumbered(found)


def _together_anew(
    label: IntArray,
    costs: PairCosts,
    cannot_link: IntArray,
    weight: DoubleArray,
    must_link: IntArray,
    begin_s: DoubleArray,
) -> IntArray:
    """Clusters (N,) by single moves, chains and swaps of sides by turns, from those there were and no more."""
    pairs = np.stack(np.triu_indices(len(label), 1), axis=1).astype(np.int64)
    problem = ClusterProblem.of(costs, pairs, cannot_link, weight)
    for _ in range(_TURNS):
        moved = cluster(costs, pairs, cannot_link, weight, must_link, start=label)
        before = moved if moved.max() <= label.max() else label
        label = renumbered(swap_sides(before, problem, begin_s, must_link))
        if (label == before).all():
            break
    return label


def _own_costs(costs: PairCosts, inside: BoolArray, seen_s: DoubleArray) -> PairCosts | None:
    """Costs of the pairs among some tracklets (N,), in which looks say next to nothing; None if nothing else does.

    What all pairs have in common, in looks and in all else, says nothing of who is who, and is taken away.
    """
    if costs.extra is None:
        return None
    pairs, count = costs.extra.pairs, int(inside.sum())
    apart_s = seen_s[pairs, 0].max(axis=1) - seen_s[pairs, 1].min(axis=1)
    counts = inside[pairs].all(axis=1) & (apart_s <= _SOON_S)
    value = costs.extra.value[counts]
    if not value.any():
        return None
    usual = float(value.sum()) / (count * (count - 1) / 2)
    vectors = costs.vectors[inside]
    apart = np.sqrt(_LOOKS) * (vectors - vectors.mean(axis=0))
    metric = np.append(costs.metric, costs.base + usual)
    own = PairCosts(np.concatenate([apart, np.ones((count, 1))], axis=1), metric, costs.base)
    return own.with_extra(_within(pairs[counts], inside), value)


def _own_constraints(
    constraints: PairConstraints, inside: BoolArray, weight: DoubleArray
) -> tuple[IntArray, DoubleArray, IntArray]:
    """Cannot-links, weights and must-links among some tracklets (N,)."""
    return _within(constraints.cannot_link, inside), weight[inside], _within(constraints.must_link, inside)


def _within(pairs: IntArray, inside: BoolArray) -> IntArray:
    """Those of some pairs (P, 2) that lie within some tracklets (N,), by their numbers among these."""
    place: IntArray = np.cumsum(inside) - 1
    return place[pairs[inside[pairs].all(axis=1)]]
