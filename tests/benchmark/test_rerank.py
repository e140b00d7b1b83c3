"""k-reciprocal re-ranking against a literal reading of the paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.benchmark import distance as distance_module
from reidtrack.benchmark import rerank as rerank_module
from reidtrack.benchmark.distance import FeatureDistances, Metric, query_blocks
from reidtrack.benchmark.rerank import RerankedDistances, find_neighbours


def literal(features: Any, queries: int, k1: int, k2: int, weight: float) -> Any:
    """arXiv 1701.08398, set by set: sections 3.2 (R and R*), 3.3 (V, Jaccard distance), 3.4 (expansion), 3.5 (mixture).

    With the authors' two normalisations: an image's distances are divided by its largest, its weights by their sum.
    """
    x = np.asarray(features, np.float64)
    total = len(x)
    d = np.array([[((a - b) ** 2).sum() for b in x] for a in x])
    d = np.array([[d[p, g] / max(d[p]) for g in range(total)] for p in range(total)])
    ranked = [sorted(range(total), key=lambda g: (d[p, g], g)) for p in range(total)]

    def neighbours(p: int, k: int) -> set[int]:
        return set(ranked[p][: k + 1])

    def reciprocal(p: int, k: int) -> set[int]:
        return {g for g in neighbours(p, k) if p in neighbours(g, k)}

    vectors = np.zeros((total, total))
    for p in range(total):
        joined = set(reciprocal(p, k1))
        for q in reciprocal(p, k1):
            candidate = reciprocal(q, int(np.around(k1 / 2)))
            if len(reciprocal(p, k1) & candidate) > 2 / 3 * len(candidate):
                joined |= candidate
        for g in joined:
            vectors[p, g] = np.exp(-d[p, g])
        vectors[p] /= vectors[p].sum()
    vectors = np.array([np.mean([vectors[g] for g in ranked[p][:k2]], axis=0) for p in range(total)])
    final = np.zeros((queries, total - queries))
    for p in range(queries):
        for place, g in enumerate(range(queries, total)):
            smaller = np.minimum(vectors[p], vectors[g]).sum()
            larger = np.maximum(vectors[p], vectors[g]).sum()
            final[p, place] = (1 - weight) * (1 - smaller / larger) + weight * d[p, g]
    return final


def clustered(seed: int, total: int, dim: int, spread: float) -> Any:
    """Unit vectors around a few centres."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(1, total // 6), dim))
    x = centres[rng.integers(0, len(centres), total)] + spread * rng.standard_normal((total, dim))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def whole(features: Any, queries: int, metric: Metric = "cosine", **values: Any) -> Any:
    power = 2 if metric == "euclidean" else 1
    reranked = RerankedDistances(FeatureDistances(features, metric), queries, power=power, **values)
    return np.concatenate([block for _, block in query_blocks(reranked, queries)])


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    total=st.integers(8, 45),
    spread=st.sampled_from([0.2, 0.6, 2.0]),
    k1=st.sampled_from([3, 6, 20]),
    k2=st.sampled_from([1, 2, 4]),
    weight=st.sampled_from([0.0, 0.3, 1.0]),
    metric=st.sampled_from(["cosine", "euclidean"]),
)
def test_agrees_with_the_literal_reading(
    seed: int, total: int, spread: float, k1: int, k2: int, weight: float, metric: Metric
) -> None:
    features, queries = clustered(seed, total, 16, spread), total // 4
    found = whole(features, queries, metric, k1=k1, k2=k2, weight=weight)
    assert found == pytest.approx(literal(features, queries, k1, k2, weight), abs=1e-5)


def test_agrees_with_the_literal_reading_at_the_published_values() -> None:
    features = clustered(7, 120, 32, 0.7)
    assert whole(features, 30) == pytest.approx(literal(features, 30, 20, 6, 0.3), abs=1e-5)


def test_euclidean_distances_of_features_that_are_not_unit_vectors() -> None:
    features = clustered(3, 60, 8, 0.7) * np.random.default_rng(3).uniform(0.5, 2, (60, 1)).astype(np.float32)
    assert whole(features, 20, "euclidean") == pytest.approx(literal(features, 20, 20, 6, 0.3), abs=1e-5)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    features = clustered(1, 60, 16, 0.7)
    at_once = whole(features, 20)
    monkeypatch.setattr(distance_module, "BLOCK_ENTRIES", 120)
    monkeypatch.setattr(distance_module, "PAIRS_AT_ONCE", 7)
    monkeypatch.setattr(rerank_module, "SEARCH_ENTRIES", 200)
    assert whole(features, 20) == pytest.approx(at_once, abs=1e-6)


@pytest.mark.parametrize(
    ("queries", "gallery"),
    [
        pytest.param(1, 1, id="two images"),
        pytest.param(2, 3, id="fewer than k1"),
        pytest.param(0, 3, id="no query"),
        pytest.param(3, 0, id="no gallery"),
    ],
)
def test_few_images(queries: int, gallery: int) -> None:
    reranked = RerankedDistances(FeatureDistances(clustered(0, queries + gallery, 8, 1.0)), queries)
    blocks = [block for _, block in query_blocks(reranked, queries)]
    assert sum(len(block) for block in blocks) == queries
    assert all(block.shape[1] == gallery and np.isfinite(block).all() for block in blocks)


def test_images_that_are_all_the_same() -> None:
    found = whole(np.ones((30, 4), np.float32), 10)
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_equal_neighbours_come_in_order_of_their_number() -> None:
    near = find_neighbours(FeatureDistances(np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)), 3)
    assert near.nearest[:3].tolist() == [[0, 1, 2]] * 3
    assert near.largest.tolist() == [1.0] * 4


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"k1": 3, "k2": 5}, id="k2 above k1 + 1"),
        pytest.param({"k2": 0}, id="no k2"),
        pytest.param({"weight": 1.5}, id="weight above 1"),
    ],
)
def test_wrong_values(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="RerankedDistances: got"):
        RerankedDistances(FeatureDistances(np.eye(4, dtype=np.float32)), 2, **values)


def test_only_queries_against_the_gallery() -> None:
    reranked = RerankedDistances(FeatureDistances(np.eye(4, dtype=np.float32)), 2)
    with pytest.raises(ValueError, match="the whole gallery"):
        reranked.block(slice(0, 3), slice(2, 4))
