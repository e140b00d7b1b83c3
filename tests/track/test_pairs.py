"""Lists of pairs against the tables they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reidtrack import geometry
from reidtrack.assign import assign
from reidtrack.track.pairs import Pairs, assign_pairs, iou, neighbours

box = st.tuples(st.floats(0, 300), st.floats(0, 300), st.floats(1, 90), st.floats(1, 200))
crowd = st.lists(box, max_size=12).map(lambda rows: np.array(rows).reshape(-1, 4)).map(geometry.xywh_to_xyxy)


def listed(cost: np.ndarray) -> Pairs:
    row, column = np.nonzero(np.isfinite(cost))
    return Pairs(row, column, cost[row, column])


def chosen(cost: np.ndarray, max_cost: float, rows: np.ndarray, columns: np.ndarray) -> list[list[int]]:
    row, column = assign_pairs(listed(cost), rows, columns, max_cost)
    return sorted(np.stack([row, column], axis=1).tolist())


def expected(cost: np.ndarray, max_cost: float, rows: np.ndarray, columns: np.ndarray) -> list[list[int]]:
    row, column = np.flatnonzero(rows), np.flatnonzero(columns)
    pairs = assign(cost[np.ix_(row, column)], max_cost).pairs
    return np.stack([row[pairs[:, 0]], column[pairs[:, 1]]], axis=1).tolist()


@settings(deadline=None)
@given(crowd, crowd, st.floats(0, 1))
def test_no_neighbour_is_missed(a: np.ndarray, b: np.ndarray, least: float) -> None:
    row, column = neighbours(a.T, b.T, least, least)
    table = geometry.iou(a, b)
    assert len(set(zip(row.tolist(), column.tolist(), strict=True))) == len(row)
    assert set(zip(*np.nonzero(table >= max(least, 1e-300)), strict=True)) <= set(zip(row, column, strict=True))
    np.testing.assert_allclose(iou(a.T[:, row], b.T[:, column]), table[row, column], rtol=1e-12)
    assert (np.diff(row) >= 0).all()


@pytest.mark.parametrize("least", [pytest.param(0.0, id="at 0"), pytest.param(-1e-9, id="below")])
def test_without_a_least_overlap_all_are_neighbours(least: float) -> None:
    a, b = np.array([[0.0, 900], [0, 900], [10, 950], [20, 999]]), np.array([[5000.0], [0], [5010], [20]])
    assert [part.tolist() for part in neighbours(a, b, least, least)] == [[0, 1], [0, 0]]


def test_neighbours_of_one_size_are_those_within_reach() -> None:
    a, b = np.array([[0.0], [0.0], [10.0], [20.0]]), np.array([[11.0, 12], [0, 0], [21, 22], [20, 20]])
    row, column = neighbours(a, b, 0.3, 0.3)  # (1 - 0.3) / 0.6 times 10 pixels: 11.7
    assert (row.tolist(), column.tolist()) == ([0], [0])


costs = st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(0, 1), st.integers(0, 2**32 - 1))


def drawn(rows: int, columns: int, share: float, seed: int) -> np.ndarray:
    """A table whose entries are all different, with a share of them forbidden."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random((rows, columns)) < share, np.inf, rng.random((rows, columns)))


@settings(deadline=None)
@given(costs.map(lambda values: drawn(*values)), st.floats(0, 1), st.data())
def test_the_same_pairs_as_in_the_table(cost: np.ndarray, gate: float, data: st.DataObject) -> None:
    rows, columns = (data.draw(arrays(np.bool_, n)) for n in cost.shape)
    assert chosen(cost, gate, rows, columns) == expected(cost, gate, rows, columns)


@settings(deadline=None)
@given(costs, st.floats(0, 1), st.data())
def test_ties_are_broken_as_in_the_table(values: tuple[int, int, float, int], gate: float, data: st.DataObject) -> None:
    """Rows and columns that occur twice, as two detections of one person make them."""
    cost = drawn(*values)
    repeat = [data.draw(st.lists(st.integers(0, n - 1), max_size=9)) if n else [] for n in cost.shape]
    cost = cost[np.ix_(*(np.array(places, np.int64) for places in repeat))]
    rows, columns = (np.ones(n, bool) for n in cost.shape)
    assert chosen(cost, gate, rows, columns) == expected(cost, gate, rows, columns)


eighths = st.tuples(st.integers(0, 7), st.integers(0, 7)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 10).map(lambda v: np.inf if v == 10 else v / 8))
)


@settings(deadline=None)
@given(eighths, st.integers(0, 9))
def test_the_total_is_the_least_whatever_the_ties(cost: np.ndarray, gate: int) -> None:
    rows, columns = (np.ones(n, bool) for n in cost.shape)
    found, best = (choose(cost, gate / 8, rows, columns) for choose in (chosen, expected))
    saved = [sum(gate / 8 - cost[row, column] for row, column in pairs) for pairs in (found, best)]
    assert saved[0] == pytest.approx(saved[1], abs=1e-6)
    assert len({row for row, _ in found}) == len({column for _, column in found}) == len(found)


@pytest.mark.parametrize(
    ("cost", "pairs"),
    [
        pytest.param(np.zeros((0, 0)), [], id="nothing"),
        pytest.param(np.full((2, 3), np.inf), [], id="all forbidden"),
        pytest.param(np.array([[0.5 + 1e-10]]), [[0, 0]], id="at the gate, but for rounding"),
        pytest.param(np.array([[0.5 + 1e-8]]), [], id="above the gate"),
        pytest.param(np.array([[0.1, 0.2], [0.15, np.inf]]), [[0, 1], [1, 0]], id="least total, not least first"),
        pytest.param(np.array([[0.0, 0.4], [0.4, np.inf]]), [[0, 0]], id="one good pair instead of two poor ones"),
    ],
)
def test_known_tables(cost: np.ndarray, pairs: list[list[int]]) -> None:
    rows, columns = (np.ones(n, bool) for n in cost.shape)
    assert chosen(cost, 0.5, rows, columns) == expected(cost, 0.5, rows, columns) == pairs
