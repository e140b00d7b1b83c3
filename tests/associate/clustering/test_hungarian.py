"""Grouping by cost: rounds of assignment and local search, against all groupings of small problems."""

from __future__ import annotations

import numpy as np
import pytest
from associate.brute_force import breaks, least_total
from associate.dense_problems import THRESHOLD, sparse
from associate.dense_problems import problem as hard_problem
from associate.reference_grouping import Dense, group_dense
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.associate.clustering.hungarian import cluster
from reidtrack.associate.clustering.local_search import local_search
from reidtrack.associate.clustering.problem import ClusterProblem


def problem(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Costs around people with noise, clashes among tracklets of different people."""
    rng = np.random.default_rng(seed)
    owner = rng.integers(0, 3, n)
    cost = np.where(owner[:, None] == owner[None, :], -0.3, 0.3) + 0.35 * rng.normal(size=(n, n))
    cost = np.triu(cost, 1) + np.triu(cost, 1).T
    clash = np.triu((rng.random((n, n)) < 0.3) & (owner[:, None] != owner[None, :]), 1)
    return cost, clash | clash.T, rng.uniform(0.3, 1, n)


def test_small_problems_come_close_to_the_best_grouping() -> None:
    """Local search is not exact: it is to find the optimum in most problems and lose little in the others."""
    hits, lost = 0, []
    for seed in range(20):
        dense = Dense(*problem(seed, 7), THRESHOLD)
        best = least_total(dense)
        found = cluster(*sparse(dense.cost, dense.clash, dense.weight), exact=0)
        assert not breaks(found, dense.clash)
        loss = dense.total(found) - best
        assert loss >= -1e-9
        hits += loss < 1e-9
        lost.append(loss / abs(best))
    assert hits >= 14
    assert np.mean(lost) < 0.03


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 25))
def test_groupings_are_sound(seed: int, n: int) -> None:
    cost, clash, weight = problem(seed, n)
    label = cluster(*sparse(cost, clash, weight))
    assert not breaks(label, clash)
    dense = Dense(cost, clash, weight, THRESHOLD)
    assert dense.total(label) <= dense.total(np.arange(n)) + 1e-9  # never worse than everybody alone
    _, first = np.unique(label, return_index=True)
    assert (np.diff(first) > 0).all()  # numbered by their first members
    assert (cluster(*sparse(cost, clash, weight)) == label).all()


def test_refining_never_makes_it_worse() -> None:
    for seed in range(20):
        cost, clash, weight = problem(seed, 12)
        dense, start = Dense(cost, clash, weight, THRESHOLD), np.arange(12)
        assert dense.total(local_search(start, ClusterProblem.of(*sparse(cost, clash, weight)))) <= dense.total(start)


def test_somebody_in_the_wrong_place_gives_way() -> None:
    """Two look-alikes of one camera: the one that came first took the better one's place."""
    cost = np.full((4, 4), 0.5)
    for i, j, value in [(0, 2, -0.20), (1, 2, -0.19), (0, 3, -0.15), (1, 3, 0.4)]:
        cost[i, j] = cost[j, i] = value
    clash = np.zeros((4, 4), bool)
    clash[0, 1] = clash[1, 0] = clash[2, 3] = clash[3, 2] = True
    label = cluster(*sparse(cost, clash, np.ones(4)))
    assert label[0] == label[3]
    assert label[1] == label[2]


@pytest.mark.parametrize(
    ("value", "groups"),
    [pytest.param(-0.1, 1, id="below"), pytest.param(0.0, 1, id="at the gate"), pytest.param(0.1, 2, id="above")],
)
def test_two(value: float, groups: int) -> None:
    cost = np.array([[0, value], [value, 0]])
    assert len(set(cluster(*sparse(cost, np.zeros((2, 2), bool), np.ones(2))))) == groups


def test_a_clash_outweighs_any_cost() -> None:
    cost = np.array([[0, -5.0], [-5.0, 0]])
    assert len(set(cluster(*sparse(cost, ~np.eye(2, dtype=bool), np.ones(2))))) == 2


@pytest.mark.parametrize("size", [2, 3, 8, 20, 39])
def test_groupings_are_those_of_the_readable_version(size: int) -> None:
    """Without a matrix, and looking at pairs below zero alone."""
    for seed in range(25 if size < 20 else 8):
        cost, clash, weight = hard_problem(100 * size + seed, size)
        expected = group_dense(cost, clash, weight, THRESHOLD)
        assert (cluster(*sparse(cost, clash, weight), exact=0) == expected).all(), seed


def test_equal_costs_are_settled_soundly() -> None:
    """Where many groupings are equally good, such as in a recording that is played twice, one of them is found."""
    for seed in range(20):
        cost, clash, weight = hard_problem(seed, 24)
        cost = np.round(4 * cost) / 4
        label = cluster(*sparse(cost, clash, weight))
        assert not breaks(label, clash)
        dense = Dense(cost, clash, weight, THRESHOLD)
        alone = dense.total(np.arange(24))
        expected = dense.total(group_dense(cost, clash, weight, THRESHOLD)) - alone
        assert dense.total(label) - alone <= 0.9 * expected + 1e-9


@pytest.mark.parametrize("seed", range(12))
def test_cannot_links_between_whom_nothing_leads_do_not_matter(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a crowd most were seen side by side, and few look alike: the others are left out, and nothing changes."""
    cost, clash, weight = problem(seed, 40)
    rng = np.random.default_rng(seed)
    cost = np.where(np.triu(rng.random(cost.shape) < 0.1, 1), cost, 1.0)  # few attract each other
    cost = np.triu(cost, 1) + np.triu(cost, 1).T
    must_link = np.array([(0, 39), (5, 20)])
    clash |= np.triu(rng.random(cost.shape) < 0.6, 1)
    clash[must_link[:, 0], must_link[:, 1]] = False
    clash = np.triu(clash, 1) | np.triu(clash, 1).T
    given = sparse(cost, clash, weight)
    found = cluster(*given, must_link=must_link)
    left = ClusterProblem.of(*given, np.arange(40)).cannot_link
    assert 0 < len(left) < len(given.clash)
    all_of_them = ClusterProblem.of
    monkeypatch.setattr(ClusterProblem, "of", lambda *given_, **_: all_of_them(*given_[:4]))
    np.testing.assert_array_equal(found, cluster(*given, must_link=must_link))
