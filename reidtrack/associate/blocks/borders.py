"""Whoever was seen in several blocks: people of blocks, put together by the rounds that do it to tracklets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidtrack.associate.blocks.candidates import near_others
from reidtrack.associate.blocks.solve import SolvedBlock
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.clustering.hungarian import assignment_rounds
from reidtrack.associate.clustering.local_search import local_search, renumbered
from reidtrack.associate.clustering.pairs import PairValues, unique_pairs
from reidtrack.associate.clustering.problem import ClusterProblem, PairCosts
from reidtrack.types import DoubleArray, FloatArray, IntArray

_SEARCHED = 60_000
"""Of more things, what rounds have put together is not searched for single moves; bounds time and memory."""


def settle_borders(
    solved: Sequence[SolvedBlock], calibration: Calibration, cannot_link: IntArray, weight: DoubleArray
) -> IntArray:
    """Cluster (N,) of each tracklet, from 0, in the order of the clusters' first tracklets.

    Args:
        solved: All blocks; each tracklet is in one.
        calibration: What distances mean.
        cannot_link: (Q, 2) tracklets that are two people.
        weight: (N,) how much each tracklet counts.
    """
    thing, block = np.zeros(len(weight), np.int64), list[IntArray]()
    count = 0
    for number, one in enumerate(solved):
        thing[one.rows] = count + one.label
        block.append(np.full(len(one.weight), number, np.int64))
        count += len(one.weight)
    problem = _problem(solved, calibration, np.concatenate(block), thing, cannot_link, weight)
    label = assignment_rounds(problem)
    if len(problem) <= _SEARCHED:
        label = local_search(label, problem)
    return renumbered(label[thing])


def _problem(
    solved: Sequence[SolvedBlock],
    calibration: Calibration,
    block: IntArray,
    thing: IntArray,
    cannot_link: IntArray,
    weight: DoubleArray,
) -> ClusterProblem:
    """Things of all blocks, the pairs of two blocks that may be one person, and those that cannot be."""
    count = len(block)
    vectors = _stacked(solved)
    cameras = vectors.shape[1] - solved[0].dim
    metric = np.concatenate([np.ones(solved[0].dim), np.full(cameras, np.subtract(*calibration.thresholds[::-1]))])
    of_thing = np.concatenate([one.weight for one in solved])
    costs = PairCosts(vectors, metric, 1 - calibration.threshold)  # type: ignore[arg-type]
    near = near_others(vectors[:, : solved[0].dim], block, 1 - max(calibration.thresholds))
    never = [cannot_link]
    extra = [(one.crossing.pairs, one.crossing.log_odds) for one in solved if len(one.crossing.pairs)]
    if extra:
        pairs, odds = (np.concatenate(column) for column in zip(*extra, strict=True))
        never.append(pairs[odds == -np.inf])
        finite = np.isfinite(odds)
        value = -odds[finite] / calibration.slope * weight[pairs[finite]].prod(axis=1)
        between = PairValues.of(count, thing[pairs[finite]], value).times(1 / of_thing)
        costs = costs.with_extra(between.pairs, between.value)
    apart = unique_pairs(thing[np.concatenate(never)], count)[0]
    sum_sq_norm = np.concatenate([one.sum_sq_norm for one in solved])
    problem = ClusterProblem.of(costs, near, apart, of_thing)
    return ClusterProblem(costs, problem.candidates, apart, of_thing, sum_sq_norm, problem.model)


def _stacked(solved: Sequence[SolvedBlock]) -> FloatArray:
    """Vectors (T, E) of all things; cameras that a block had not reached are none of its things'."""
    width = max(one.vector.shape[1] for one in solved)
    rows = np.zeros((sum(len(one.weight) for one in solved), width), np.float32)
    begin = 0
    for one in solved:
        rows[begin : begin + len(one.weight), : one.vector.shape[1]] = one.vector
        begin += len(one.weight)
    return rows
