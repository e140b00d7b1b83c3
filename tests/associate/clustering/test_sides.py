"""Swaps of sides of two clusters, against all there are."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from reidtrack.associate.clustering.problem import ClusterProblem, PairCosts
from reidtrack.associate.clustering.sides import swap_sides

NONE = np.zeros((0, 2), np.int64)
BESIDE = np.array([(0, 1), (2, 3), (4, 5), (6, 7)])  # two people in two cameras, before and after a moment


def problem(links: dict[tuple[int, int], float]) -> ClusterProblem:
    costs = PairCosts.of_appearance(np.tile(np.eye(4)[0], (8, 1)), np.zeros(8, np.int64), 0.5, 0.5)
    pairs, value = np.array(list(links), np.int64).reshape(-1, 2), np.array([*links.values()])
    everybody = np.stack(np.triu_indices(8, 1), axis=1)
    return ClusterProblem.of(costs.with_extra(pairs, value), everybody, BESIDE, np.ones(8))


def total(label: np.ndarray, given: ClusterProblem) -> float:
    merged = given.merged(np.unique(label, return_inverse=True)[1])
    return float(merged.model.cost(merged.weight, merged.sum_sq_norm).sum())


BEGIN = np.array([0, 0, 0.2, 0.2, 5, 5, 5.2, 5.2])
TRUE = np.array([0, 1, 0, 1, 0, 1, 0, 1])
PLACES = {(0, 2): -2.0, (1, 3): -2.0, (4, 6): -2.0, (5, 7): -2.0, (0, 3): 2.0, (1, 2): 2.0, (4, 7): 2.0, (5, 6): 2.0}
ON = {(0, 4): -0.3, (1, 5): -0.3, (0, 5): 0.3, (1, 4): 0.3}


@pytest.mark.parametrize("start", list(product((0, 1), repeat=4)))
def test_all_that_follows_a_crossing_changes_sides_in_all_cameras(start: tuple[int, ...]) -> None:
    label = np.array([side ^ k for side in start for k in (0, 1)])
    given = problem({**PLACES, **ON})
    found = swap_sides(label, given, BEGIN, NONE)
    assert (found == TRUE).all() or (found == 1 - TRUE).all()
    assert total(found, given) <= total(label, given)


def test_what_nothing_tells_and_what_is_good_stays() -> None:
    for links in (PLACES, {}):
        wrong = np.array([0, 1, 0, 1, 1, 0, 1, 0])
        assert (swap_sides(wrong, problem(links), BEGIN, NONE) == wrong).all()
    assert (swap_sides(TRUE, problem({**PLACES, **ON}), BEGIN, NONE) == TRUE).all()


def test_must_links_change_sides_together() -> None:
    wrong = np.array([0, 1, 0, 1, 1, 0, 1, 0])
    found = swap_sides(wrong, problem({**PLACES, **ON}), BEGIN, np.array([(1, 4)]))
    assert found[1] == found[4]
