"""The best grouping of small problems, against all groupings there are."""

from __future__ import annotations

import numpy as np
import pytest
from associate.brute_force import breaks, least_total, total
from associate.dense_problems import problem, sparse

from reidtrack.associate import exact as exact_module
from reidtrack.associate.contract import bundles
from reidtrack.associate.exact import best_grouping, improve_exactly
from reidtrack.associate.matcher import group


def drawn(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted costs, clashes, weights."""
    cost, clash, weight = problem(seed, n)
    return cost * weight[:, None] * weight, clash, weight


@pytest.mark.parametrize("size", [2, 3, 5, 7, 8])
def test_nothing_is_better_than_the_best_grouping(size: int) -> None:
    for seed in range(12):
        cost, clash, weight = problem(10 * size + seed, size)
        least, _ = least_total(cost, clash, weight)
        found = best_grouping(cost * weight[:, None] * weight, clash)
        assert found is not None
        assert not breaks(found, clash)
        assert total(found, cost, weight) == pytest.approx(least, abs=1e-9)
        assert best_grouping(cost * weight[:, None] * weight, clash, at_most=least) is None


@pytest.mark.parametrize("size", [5, 8])
def test_small_problems_are_solved_exactly(size: int) -> None:
    """With extra costs of single pairs, clashes, and pairs that belong together."""
    for seed in range(12):
        rng = np.random.default_rng([seed, size])
        cost, clash, weight = problem(seed, size)
        together = rng.integers(0, size, (rng.integers(0, 3), 2))
        bundle = bundles(size, together)
        one = bundle[:, None] == bundle
        clash &= ~one
        pairs = np.argwhere(np.triu(rng.random((size, size)) < 0.4, 1))
        value = 0.4 * rng.normal(size=len(pairs))
        given = sparse(cost, clash, weight)
        found = group(given.costs.with_extra(pairs, value), *given[1:], together, exact=size)
        cost[tuple(pairs.T)] += value
        cost = np.triu(cost, 1) + np.triu(cost, 1).T
        assert not breaks(found, clash)
        assert (found[together[:, 0]] == found[together[:, 1]]).all()
        assert total(found, cost, weight) == pytest.approx(least_total(cost, clash, weight, one)[0], abs=1e-9)


def test_local_search_is_helped_and_never_harmed() -> None:
    gained = 0
    for seed in range(20):
        cost, clash, weight = problem(seed, 16)
        local, best = (group(*sparse(cost, clash, weight), exact=most) for most in (0, 16))
        assert not breaks(best, clash)
        gain = total(local, cost, weight) - total(best, cost, weight)
        assert gain >= -1e-9
        gained += gain > 1e-9
        if gain <= 1e-9:
            assert (local == best).all()
    assert gained > 1


@pytest.mark.parametrize(
    ("most", "changed"),
    [
        pytest.param(0, False, id="none"),
        pytest.param(3, False, id="too many"),
        pytest.param(4, True, id="small enough"),
    ],
)
def test_only_small_components_are_solved(most: int, changed: bool) -> None:
    cost = np.full((5, 5), 0.5)
    for i, j in [(0, 1), (1, 2), (2, 3)]:
        cost[i, j] = cost[j, i] = -1.0
    given = sparse(cost, np.zeros((5, 5), bool), np.ones(5))
    label = improve_exactly(np.arange(5), *given, most)
    assert (len(set(label.tolist())) < 5) == changed
    assert label[4] not in label[:4]


def test_where_rounds_run_out_the_local_search_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_module, "_ROUNDS", 1)
    cost, clash, _ = drawn(3, 20)
    assert best_grouping(cost, clash) is None


def test_fractional_bounds_are_closed_by_branching() -> None:
    """A wheel: its rim draws, its spokes draw, its chords push; the relaxed program has halves."""
    cost = np.full((6, 6), 1.0)
    cost[0, 1:] = cost[1:, 0] = -0.9
    np.fill_diagonal(cost, 0)
    found = best_grouping(cost, np.zeros((6, 6), bool))
    assert found is not None
    assert total(found, cost, np.ones(6)) == pytest.approx(least_total(cost, np.zeros((6, 6), bool), np.ones(6))[0])


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one(count: int) -> None:
    empty = np.zeros((0, 2), np.int64)
    given = sparse(np.zeros((count, count)), np.zeros((count, count), bool), np.ones(count))
    assert improve_exactly(np.arange(count), given.costs, empty, empty, np.ones(count), 10).tolist() == [*range(count)]
