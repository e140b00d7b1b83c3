"""The best grouping of small problems, against all groupings there are."""

from __future__ import annotations

import numpy as np
import pytest
from associate.brute_force import breaks, least_total
from associate.dense_problems import THRESHOLD, problem, sparse
from associate.reference_grouping import Dense

from reidtrack.associate.clustering import exact as exact_module
from reidtrack.associate.clustering.exact import DenseProblem, best_clustering, improve_exactly
from reidtrack.associate.clustering.hungarian import cluster
from reidtrack.associate.clustering.problem import ClusterProblem
from reidtrack.graph import component_labels


def connected(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A problem in which pairs below zero connect all, so that it is one component."""
    cost, clash, weight = problem(seed, n)
    for i in range(n - 1):
        cost[i, i + 1] = cost[i + 1, i] = min(cost[i, i + 1], -0.01)
        clash[i, i + 1] = clash[i + 1, i] = False
    return cost, clash, weight


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8])
def test_nothing_is_better_than_the_best_grouping(size: int) -> None:
    for seed in range(8):
        dense = Dense(*problem(10 * size + seed, size), THRESHOLD)
        found = best_clustering(DenseProblem(dense.weight, dense.inner_product, dense.clash, dense.model))
        assert not breaks(found, dense.clash)
        assert dense.total(found) == pytest.approx(least_total(dense), abs=1e-9)


@pytest.mark.parametrize("size", [3, 5, 8])
def test_small_problems_are_solved_exactly(size: int) -> None:
    """With extra costs of single pairs, clashes, and pairs that belong together."""
    for seed in range(8):
        rng = np.random.default_rng([seed, size])
        cost, clash, weight = connected(seed, size)
        together = rng.integers(0, size, (rng.integers(0, 3), 2))
        bundle = component_labels(size, together)
        one = bundle[:, None] == bundle
        clash &= ~one
        pairs = np.argwhere(np.triu(rng.random((size, size)) < 0.4, 1))
        pairs = pairs[pairs[:, 1] - pairs[:, 0] > 1]
        value = 0.4 * rng.normal(size=len(pairs))
        given = sparse(cost, clash, weight)
        found = cluster(given.costs.with_extra(pairs, value), *given[1:], together, exact=size)
        cost[tuple(pairs.T)] += value
        cost = np.triu(cost, 1) + np.triu(cost, 1).T
        dense = Dense(cost, clash, weight, THRESHOLD)
        assert not breaks(found, clash)
        assert (found[together[:, 0]] == found[together[:, 1]]).all()
        if not len(together):  # bundles may fall into components
            assert dense.total(found) == pytest.approx(least_total(dense, one), abs=1e-9)
        assert dense.total(found) <= dense.total(bundle) + 1e-9


@pytest.mark.parametrize("size", [12, 30])
def test_local_search_is_helped_and_never_harmed(size: int) -> None:
    gained = 0
    for seed in range(20):
        dense = Dense(*problem(seed, size), THRESHOLD)
        given = sparse(dense.cost, dense.clash, dense.weight)
        local, best = (cluster(*given, exact=most) for most in (0, 9))
        assert not breaks(best, dense.clash)
        gain = dense.total(local) - dense.total(best)
        assert gain >= -1e-9
        gained += gain > 1e-9
        if gain <= 1e-9:
            assert (local == best).all()
    assert gained > 0 or size > 12


def chain() -> ClusterProblem:
    """Four in a row that are one, and one by itself."""
    cost = np.full((5, 5), 0.05)
    for i, j in [(0, 1), (1, 2), (2, 3)]:
        cost[i, j] = cost[j, i] = -0.5
    cost[4] = cost[:, 4] = 0.5
    return ClusterProblem.of(*sparse(cost, np.zeros((5, 5), bool), np.ones(5)))


@pytest.mark.parametrize(
    ("most", "groups"),
    [
        pytest.param(0, 5, id="none"),
        pytest.param(3, 5, id="too few"),
        pytest.param(4, 2, id="all at once"),
    ],
)
def test_how_many_are_solved_together(most: int, groups: int) -> None:
    label = improve_exactly(np.arange(5), chain(), most)
    assert len(set(label.tolist())) == groups
    assert label[4] not in label[:4]


def test_where_the_work_is_done_the_local_search_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_module, "WORK", 3**4 - 1)
    assert improve_exactly(np.arange(5), chain(), 4).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one(count: int) -> None:
    empty = np.zeros((count, count))
    given = sparse(empty, empty.astype(bool), np.ones(count))
    assert cluster(*given, exact=10).tolist() == [*range(count)]
    assert improve_exactly(np.arange(count), ClusterProblem.of(*given), 10).tolist() == [*range(count)]
