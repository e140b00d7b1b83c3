"""Gated assignment: known cases, and scipy's optimum as the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from reidtrack.assign import assign

INF = np.inf


@pytest.mark.parametrize(
    ("cost", "max_cost", "pairs", "rows", "columns"),
    [
        pytest.param(np.zeros((0, 0)), 1, [], [], [], id="nothing"),
        pytest.param(np.zeros((0, 3)), 1, [], [], [0, 1, 2], id="no rows"),
        pytest.param(np.zeros((2, 0)), 1, [], [0, 1], [], id="no columns"),
        pytest.param([[0.5]], 1, [[0, 0]], [], [], id="one pair"),
        pytest.param([[1.0]], 1, [[0, 0]], [], [], id="at the gate"),
        pytest.param([[1.001]], 1, [], [0], [0], id="above the gate"),
        pytest.param([[INF]], 1, [], [0], [0], id="forbidden"),
        pytest.param([[0.0]], 0, [[0, 0]], [], [], id="gate at zero, at it"),
        pytest.param([[0.1]], 0, [], [0], [0], id="gate at zero, above it"),
        pytest.param([[-2.0]], -1, [[0, 0]], [], [], id="negative cost below a negative gate"),
        pytest.param([[-0.5]], -1, [], [0], [0], id="negative cost above a negative gate"),
        pytest.param([[1, 2], [2, 4]], 9, [[0, 1], [1, 0]], [], [], id="least total, not least first"),
        pytest.param([[0.1, 0.2, 0.3]], 1, [[0, 0]], [], [1, 2], id="more columns than rows"),
        pytest.param([[0.3], [0.1]], 1, [[1, 0]], [0], [], id="more rows than columns"),
        # gated after the assignment, (0, 1) and (1, 0) would win at 1.2 and (0, 1) be cut: one pair lost
        pytest.param([[0.2, 0.9], [0.3, 5.0]], 0.5, [[0, 0]], [1], [1], id="a pair beyond the gate takes no place"),
        pytest.param([[INF, INF], [INF, INF]], 1, [], [0, 1], [0, 1], id="all forbidden"),
    ],
)
def test_known_cases(cost, max_cost: float, pairs: list, rows: list[int], columns: list[int]) -> None:
    result = assign(np.asarray(cost, float), max_cost)
    assert result.pairs.tolist() == pairs
    assert result.pairs.shape == (len(pairs), 2)
    assert result.unmatched_rows.tolist() == rows
    assert result.unmatched_columns.tolist() == columns
    assert all(part.dtype == np.int64 for part in result)


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        pytest.param(np.zeros(3), "cost matrix", id="a vector"),
        pytest.param(np.array([[0.0, np.nan]]), "NaN", id="NaN"),
    ],
)
def test_refused(cost: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        assign(cost, 1.0)


costs = st.tuples(st.integers(0, 6), st.integers(0, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 20).map(lambda v: INF if v == 20 else v / 8))
)


@given(costs, st.integers(0, 16))
def test_each_row_and_column_is_used_once_and_the_total_is_the_least(cost: np.ndarray, eighths: int) -> None:
    """Golden: scipy's linear_sum_assignment on the matrix extended by the price of leaving out, 1e-6."""
    gate = eighths / 8
    pairs, free_rows, free_columns = assign(cost, gate)
    n, m = cost.shape
    assert sorted([*pairs[:, 0], *free_rows]) == list(range(n))
    assert sorted([*pairs[:, 1], *free_columns]) == list(range(m))
    assert (cost[pairs[:, 0], pairs[:, 1]] <= gate).all()
    # The gain of a pair over leaving both out is gate - cost; the best total gain is that of any optimal pairing.
    gain = np.where(cost <= gate, gate - cost, 0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    best = gain[rows, columns].sum()
    assert gain[pairs[:, 0], pairs[:, 1]].sum() == pytest.approx(best, abs=1e-6)


@given(costs)
def test_the_same_input_gives_the_same_pairs_in_single_precision(cost: np.ndarray) -> None:
    one, other = assign(cost, 1.0), assign(cost.astype(np.float32), 1.0)
    np.testing.assert_array_equal(one.pairs, other.pairs)
