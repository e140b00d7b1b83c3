"""Connected components and spanning forests, against versions written for reading."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.graph import component_labels, component_members, spanning_forest


def rows(pairs: list[tuple[int, int]]) -> np.ndarray:
    return np.array(pairs, np.int64).reshape(-1, 2)


@pytest.mark.parametrize(
    ("count", "pairs", "expected"),
    [
        pytest.param(0, [], [], id="nothing"),
        pytest.param(5, [], [0, 1, 2, 3, 4], id="no pairs"),
        pytest.param(5, [(1, 1)], [0, 1, 2, 3, 4], id="with itself"),
        pytest.param(5, [(1, 3)], [0, 1, 2, 1, 3], id="two"),
        pytest.param(5, [(1, 3), (3, 1), (1, 3)], [0, 1, 2, 1, 3], id="two, said three times"),
        pytest.param(5, [(4, 3), (3, 1), (0, 2)], [0, 1, 0, 1, 1], id="a chain"),
        pytest.param(5, [(4, 3), (3, 2), (2, 1), (1, 0)], [0, 0, 0, 0, 0], id="everybody, from the end"),
    ],
)
def test_components(count: int, pairs: list[tuple[int, int]], expected: list[int]) -> None:
    labels = component_labels(count, rows(pairs))
    assert labels.dtype == np.int64
    assert labels.tolist() == expected
    members = component_members(labels)
    assert [m.tolist() for m in members] == [
        [i for i, label in enumerate(expected) if label == k] for k in range(len(set(expected)))
    ]


def merged(count: int, pairs: list[tuple[int, int]]) -> tuple[list[int], list[bool]]:
    """Component of each node, called after its first, and which pairs connected something new."""
    label, joins = list(range(count)), []
    for a, b in pairs:
        joins.append(label[a] != label[b])
        low, high = sorted((label[a], label[b]))
        label = [low if k == high else k for k in label]
    return label, joins


edges = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] < p[1]), unique=True),
    )
)


@given(edges)
def test_any_graph_is_parted_as_by_hand(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, pairs = graph
    label, joins = merged(count, pairs)
    assert component_labels(count, rows(pairs)).tolist() == [sorted(set(label)).index(k) for k in label]
    assert spanning_forest(count, rows(pairs)).tolist() == joins
