"""Problems with costs of all pairs, as the references take them and as the library does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reidtrack.associate.clustering.problem import PairCosts

THRESHOLD = 0.7
"""What pairs cost is their distance less this."""


class Sparse(NamedTuple):
    """The arguments of `matcher.group` behind a matrix of costs and one of clashes."""

    costs: PairCosts
    near: np.ndarray
    clash: np.ndarray
    weight: np.ndarray


def sparse(cost: np.ndarray, clash: np.ndarray, weight: np.ndarray, threshold: float = THRESHOLD) -> Sparse:
    """Any symmetric matrix of similarities is an inner product of its eigenvectors."""
    values, vectors = np.linalg.eigh(1 - threshold - cost)
    near, apart = (np.argwhere(np.triu(table, 1)) for table in (cost <= 1e-6, clash))
    return Sparse(PairCosts(vectors, values, 1 - threshold), near, apart, weight)


def problem(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Costs around people with noise, clashes mostly among tracklets of different people."""
    rng = np.random.default_rng(seed)
    owner = rng.integers(0, rng.integers(2, 8), n)
    apart, noise = rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.6)
    cost = np.where(owner[:, None] == owner, -0.3, apart) + noise * rng.normal(size=(n, n))
    cost = np.triu(cost, 1) + np.triu(cost, 1).T
    other = (owner[:, None] != owner) | (rng.random((n, n)) < 0.1)
    clash = np.triu((rng.random((n, n)) < rng.uniform(0, 0.6)) & other, 1)
    return cost, clash | clash.T, rng.uniform(0.1, 1, n)
