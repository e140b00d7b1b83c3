"""What groups cost, and a grouping whose groups know it."""

from __future__ import annotations

import numpy as np
import pytest
from associate.dense_problems import THRESHOLD, problem, sparse
from associate.reference_grouping import Dense
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.associate.clustering.cluster_costs import ClusterCosts
from reidtrack.associate.clustering.cluster_model import CAUTION, PldaClusterModel
from reidtrack.associate.clustering.local_search import renumbered
from reidtrack.associate.clustering.problem import ClusterProblem


def cost(model: PldaClusterModel, mass: float, square: float) -> float:
    return float(model.cost(np.array([mass]), np.array([square]))[0])


@settings(max_examples=50, deadline=None)
@given(st.floats(0.1, 20), st.floats(-1, 1))
def test_two_cost_their_similarity_less_than_the_gates(noise: float, similarity: float) -> None:
    model = PldaClusterModel(noise)
    joined = cost(model, 2, 2 + 2 * similarity) - 2 * cost(model, 1, 1)
    assert joined == pytest.approx(model.break_even - similarity, abs=1e-9)


@pytest.mark.parametrize("noise", [0.1, 1.0, 10.0])
def test_costs_are_marginal_likelihoods(noise: float) -> None:
    """Of tracklets around a person who is drawn around nothing, in many dimensions, up to a factor and their number."""
    dim, rng = 40, np.random.default_rng(0)
    spread = 1 / (dim * (1 + noise))  # between people, where looks have unit length
    model, found = PldaClusterModel(noise), []
    for n in (1, 2, 5):
        looks = rng.normal(size=(n, dim)) * np.sqrt((1 + noise) * spread)
        covariance = spread * (np.ones((n, n)) + noise * np.eye(n))
        exact = 0.5 * (dim * np.linalg.slogdet(covariance)[1] + np.sum(looks * np.linalg.solve(covariance, looks)))
        apart = 0.5 * (n * dim * np.log(spread * noise) + (looks**2).sum() / (spread * noise))
        unit = noise * (noise + 2) / (2 * (1 + noise))
        found.append((exact - apart) / (dim / 2) * unit - cost(model, n, float((looks.sum(axis=0) ** 2).sum())))
    assert found == pytest.approx([0, 0, 0], abs=1e-9)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.9])
def test_the_threshold_tells_the_noise(threshold: float) -> None:
    model = PldaClusterModel.of_threshold(threshold)
    assert 1 - PldaClusterModel(model.noise / CAUTION).break_even == pytest.approx(threshold)
    assert model.noise > PldaClusterModel.of_threshold(threshold - 0.05).noise


def test_many_who_look_a_little_alike_do_not_outweigh_one_who_does() -> None:
    """A look has similarity 0.05 above the gate with five of a group, and 0.2 with a single one."""
    model = PldaClusterModel.of_threshold(0.7)
    five = 5 + 20 * 0.8
    joins_five = cost(model, 6, five + 1 + 10 * (model.break_even + 0.05)) - cost(model, 5, five)
    joins_one = cost(model, 2, 2 + 2 * (model.break_even + 0.2)) - cost(model, 1, 1)
    assert 5 * 0.05 > 0.2  # what adding up pairs would go by
    assert joins_one < joins_five


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 15))
def test_a_crowd_knows_its_total(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    costs, _, weight = problem(seed, n)
    dense = Dense(costs, np.zeros((n, n), bool), weight, THRESHOLD)
    pairs = np.argwhere(np.triu(rng.random((n, n)) < 0.3, 1))
    value = 0.3 * rng.normal(size=len(pairs))
    given_ = sparse(costs, dense.clash, weight)
    costs[tuple(pairs.T)] += value
    dense = Dense(np.triu(costs, 1) + np.triu(costs, 1).T, dense.clash, weight, THRESHOLD)
    clusters = ClusterCosts(
        renumbered(rng.integers(0, 3, n)), ClusterProblem.of(given_.costs.with_extra(pairs, value), *given_[1:])
    )
    for _ in range(12):
        i, before = int(rng.integers(n)), dense.total(clusters.label)
        target = int(rng.choice([*clusters.label.tolist(), -1]))
        if target == clusters.label[i]:
            assert clusters.move(i, target) == 0
            continue
        expected = clusters.cost_to_add(i, np.array([target]))[0] if target >= 0 else clusters.singleton_cost(i)
        expected -= clusters.saving_of_removal(i)
        k = int(rng.integers(n))
        if clusters.label[k] != clusters.label[i]:
            with clusters.trial():
                target_of_k = int(clusters.label[k])
                clusters.move(k, -1)
                without = clusters.cost_to_add(i, np.array([target_of_k]))[0]
            assert clusters.cost_to_swap(i, k) == pytest.approx(without, abs=1e-9)
        own = int(clusters.label[i])
        risen = clusters.move(i, target)
        clusters.release([own])
        assert risen == pytest.approx(expected, abs=1e-9)
        assert dense.total(clusters.label) - before == pytest.approx(risen, abs=1e-9)


def test_what_was_only_tried_leaves_no_trace() -> None:
    costs, clash, weight = problem(1, 30)
    clusters = ClusterCosts(np.zeros(30, np.int64), ClusterProblem.of(*sparse(costs, clash, weight)))
    before = clusters.label.copy(), clusters.saving_of_removal(3), clusters.cost_to_add(3, np.array([5]))[0]
    for _ in range(2):
        with clusters.trial():
            for i in range(30):  # more new groups than there is room for
                clusters.move(i, -1)
            assert len(set(clusters.label.tolist())) == 30
        assert (clusters.label == before[0]).all()
        assert (clusters.saving_of_removal(3), clusters.cost_to_add(3, np.array([5]))[0]) == before[1:]
