"""What is known of single pairs beside their looks: extra costs, pairs that belong together, pairs that do not."""

from __future__ import annotations

import numpy as np
import pytest
from associate.brute_force import breaks
from associate.dense_problems import THRESHOLD, problem, sparse
from associate.reference_grouping import Dense, group_dense
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.associate.clustering.hungarian import cluster
from reidtrack.associate.clustering.pairs import PairValues, distinct_keys, pair_keys
from reidtrack.associate.clustering.problem import ClusterProblem
from reidtrack.associate.evidence import EvidenceTable, PairTerms
from reidtrack.graph import component_labels


def extras(seed: int, n: int, share: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Pairs and what they cost beside."""
    rng = np.random.default_rng([seed, 1])
    pairs = np.argwhere(np.triu(rng.random((n, n)) < share, 1))
    return pairs, 0.4 * rng.normal(size=len(pairs))


def with_extras(cost: np.ndarray, pairs: np.ndarray, value: np.ndarray) -> np.ndarray:
    full = cost.copy()
    full[tuple(pairs.T)] += value
    full[tuple(pairs.T[::-1])] += value
    return full


@pytest.mark.parametrize("size", [2, 3, 8, 20])
def test_extra_costs_count_as_if_they_were_in_the_matrix(size: int) -> None:
    """In the rounds as in the local search."""
    for seed in range(25 if size < 20 else 8):
        cost, clash, weight = problem(100 * size + seed, size)
        pairs, value = extras(seed, size)
        full = with_extras(cost, pairs, value)
        given_ = sparse(cost, clash, weight)
        found = cluster(given_.costs.with_extra(pairs, value), given_.near, given_.clash, weight, exact=0)
        assert (found == group_dense(full, clash, weight, THRESHOLD)).all(), seed


def test_no_extra_cost_changes_nothing() -> None:
    for seed in range(10):
        cost, clash, weight = problem(seed, 20)
        given_ = sparse(cost, clash, weight)
        costs = given_.costs.with_extra(np.zeros((0, 2), np.int64), np.zeros(0))
        assert (cluster(costs, *given_[1:]) == cluster(*given_)).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 16))
def test_bundles_cost_what_their_members_do(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    cost, clash, weight = problem(seed, n)
    pairs, value = extras(seed, n)
    given_ = sparse(cost, clash, weight)
    bundle = component_labels(n, rng.integers(0, n, (n // 3, 2)))
    nodes = ClusterProblem.of(given_.costs.with_extra(pairs, value), *given_[1:]).merged(bundle)
    label = rng.integers(0, 3, len(nodes))
    groups = nodes.merged(np.unique(label, return_inverse=True)[1])
    total = float(nodes.model.cost(groups.weight, groups.sum_sq_norm).sum())
    dense = Dense(with_extras(cost, pairs, value), np.zeros_like(clash), weight, THRESHOLD)
    assert total == pytest.approx(dense.total(label[bundle]), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 25))
def test_what_belongs_together_stays_together(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    cost, clash, weight = problem(seed, n)
    together = rng.integers(0, n, (n // 4, 2))
    bundle = component_labels(n, together)
    clash = clash & (bundle[:, None] != bundle)
    given_ = sparse(cost, clash, weight)
    label = cluster(*given_, together)
    assert (label[together[:, 0]] == label[together[:, 1]]).all()
    assert not breaks(label, clash)
    _, first = np.unique(label, return_index=True)
    assert (np.diff(first) > 0).all()
    dense = Dense(cost, clash & (bundle[:, None] != bundle), weight, THRESHOLD)
    assert dense.total(label) <= dense.total(bundle) + 1e-9


def test_values_of_a_pair_add_up_whichever_way_it_is_named() -> None:
    table = PairValues.of(4, np.array([[2, 1], [1, 2], [3, 3], [0, 3]]), np.array([1.0, 2, 4, 8]))
    assert table.pairs.tolist() == [[0, 3], [1, 2]]
    assert table.at(np.array([[3, 0], [1, 2], [0, 1]])).tolist() == [8, 3, 0]
    assert table.merged(np.array([0, 1, 0, 1]), 2).at(np.array([[0, 1]])).tolist() == [11]


def test_terms_of_several_sources() -> None:
    pairs = np.array([[0, 1], [0, 2]])
    space = PairTerms(pairs, np.array([1.5, -np.inf]), {"travel_s": np.array([3.0, np.nan])})
    ground = PairTerms(pairs[:1], np.array([0.5]), {"ground_m": np.array([0.25])})
    terms = EvidenceTable.of(3, [space, ground, PairTerms.none()])
    assert terms.cannot_link.tolist() == [[0, 2]]
    assert terms.log_odds.pairs.tolist() == [[0, 1]]
    assert terms.of_pair(1, 0) == {"ground_m": 0.25, "travel_s": 3.0, "log_odds": 2.0}
    assert terms.of_pair(0, 2) == {}
    assert EvidenceTable.of(3, []).of_pair(0, 2) == {}


@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_keys_of_pairs_do_not_depend_on_their_order_and_each_is_found_once(count: int) -> None:
    pairs = np.random.default_rng(count).integers(0, 20, (count, 2))
    expected = [min(a, b) * 20 + max(a, b) for a, b in pairs.tolist()]
    assert pair_keys(pairs, 20).tolist() == expected
    assert distinct_keys(pair_keys(pairs, 20)).tolist() == sorted(set(expected))
