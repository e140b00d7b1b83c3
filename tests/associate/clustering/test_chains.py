"""Chains of swaps: whole rows of tracklets that stand beside each other change sides at once."""

from __future__ import annotations

import numpy as np
import pytest
from associate.brute_force import breaks
from associate.dense_problems import THRESHOLD, problem, sparse
from associate.reference_grouping import Dense

from reidtrack.associate.clustering import chains
from reidtrack.associate.clustering.chains import swap_chains
from reidtrack.associate.clustering.hungarian import cluster
from reidtrack.associate.clustering.local_search import local_search, renumbered
from reidtrack.associate.clustering.problem import ClusterProblem

LENGTH = 40
TRUE = np.arange(LENGTH) % 2


def two_in_turn(missing: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two people by turns, each tracklet beside the one before and the one after, but for some."""
    cost = np.where(TRUE[:, None] == TRUE, -0.2, 0.1)
    beside = np.zeros((LENGTH, LENGTH), np.bool_)
    for i in range(LENGTH - 1):
        beside[i, i + 1] = beside[i + 1, i] = i not in missing
    return cost, beside, np.ones(LENGTH)


@pytest.mark.parametrize("turned", [[], [slice(20, 40)], [slice(10, 20)], [slice(0, 10), slice(30, 40)]])
def test_half_of_a_row_changes_sides(turned: list[slice]) -> None:
    given = ClusterProblem.of(*sparse(*two_in_turn(missing=(9, 19, 29))))
    start = TRUE.copy()
    for rows in turned:
        start[rows] = 1 - start[rows]
    assert (renumbered(swap_chains(start, given)) == TRUE).all()


@pytest.mark.parametrize("at", [1, 15, 20])
def test_a_third_cluster_between_two_turned_halves_is_dissolved(at: int) -> None:
    given = ClusterProblem.of(*sparse(*two_in_turn()))
    start = np.where(np.arange(LENGTH) > at, 1 - TRUE, TRUE)
    start[at] = 2
    assert (local_search(swap_chains(start, given), given) == TRUE).all()


def test_two_in_turn_are_two() -> None:
    assert (cluster(*sparse(*two_in_turn())) == TRUE).all()


def test_nothing_is_made_worse_and_nobody_stands_beside_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(30):
        for work in (0, 5, 20_000):
            monkeypatch.setattr(chains, "WORK", work)
            cost, clash, weight = problem(seed, 14)
            given, dense = ClusterProblem.of(*sparse(cost, clash, weight)), Dense(cost, clash, weight, THRESHOLD)
            start = local_search(np.arange(14), given)
            found = renumbered(swap_chains(start, given))
            assert dense.total(found) <= dense.total(start) + 1e-9
            assert not breaks(found, clash)
            assert work or (found == start).all()


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_anybody(count: int) -> None:
    table = np.zeros((count, count))
    given = ClusterProblem.of(*sparse(table, table > 0, np.ones(count)))
    assert swap_chains(np.zeros(count, np.int64), given).tolist() == [0] * count


@pytest.mark.parametrize("clusters", [1, 3, 12])
def test_the_clusters_that_attract_most_are_tried_first(clusters: int) -> None:
    cost, beside, weight = problem(clusters, 24)
    label = renumbered(np.random.default_rng(clusters).integers(0, clusters, 24))
    given = ClusterProblem.of(*sparse(cost, beside, weight))
    search, total = chains._ChainSearch(label, given, 1), given.costs.of(given.candidates)
    for i in range(24):
        drawn = [
            sum(pair, -i)
            for pair, value in zip(given.candidates.tolist(), total, strict=True)
            if i in pair and value < 0
        ]
        counts = np.bincount(label[drawn], minlength=24).tolist()
        order = sorted((c for c in range(24) if counts[c] and c != label[i]), key=lambda c: (-counts[c], c))
        assert search._sides(i, {int(label[i])}) == order[:4]
