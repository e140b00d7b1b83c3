"""The nearest vectors of a gallery."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from reidtrack.embed import nearest as nearest_module
from reidtrack.embed.nearest import nearest


def unit(seed: int, count: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, 6))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(
    ("queries", "gallery", "count"),
    [
        pytest.param(0, 10, 3, id="no query"),
        pytest.param(2, 0, 3, id="no gallery"),
        pytest.param(1, 1, 1, id="one"),
        pytest.param(3, 7, 20, id="all of a small gallery"),
        pytest.param(9, 100, 5, id="several blocks of both"),
        pytest.param(9, 100, 40, id="more than a block"),
    ],
)
def test_blocks_give_what_sorting_gives(
    queries: int, gallery: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest_module, "_QUERIES", 4)
    monkeypatch.setattr(nearest_module, "_VECTORS", 16)
    query, rows = unit(0, queries), unit(1, gallery)
    rows[gallery // 2 :] = rows[: gallery - gallery // 2]  # everything twice: the earlier comes first
    distance = np.clip(1 - query @ rows.T, 0, 2)
    order = np.argsort(np.round(distance, 5), axis=1, kind="stable")[:, :count]
    found = nearest(query, rows, count)
    assert found.rows.shape == found.distance.shape == order.shape
    assert found.distance == pytest.approx(np.take_along_axis(distance, order, axis=1), abs=1e-6)
    assert (found.rows == order).mean() > 0.99 if order.size else True


def test_equally_near_ones_come_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest_module, "_VECTORS", 2)
    gallery = np.eye(2, dtype=np.float32)[[1, 0, 0, 1, 0, 0]]
    found = nearest(np.eye(2, dtype=np.float32)[:1], gallery, 5)
    assert found.rows.tolist() == [[1, 2, 4, 5, 0]]
    assert found.distance.tolist() == [[0, 0, 0, 0, 1]]


def test_a_large_gallery_without_faiss_is_searched_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(nearest_module, "FAISS_FROM", 50)
    monkeypatch.setattr(nearest_module.importlib.util, "find_spec", lambda name: None)
    expected = nearest(unit(0, 2), unit(1, 50), 3)
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        found = nearest(unit(0, 2), unit(1, 51), 3)
    assert "pip install 'reidtrack[faiss]'" in caplog.text
    assert found.distance.shape == expected.distance.shape


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        pytest.param(1, ["faiss"], id="a photo"),
        pytest.param(8, ["faiss"], id="as many as are worth it"),
        pytest.param(9, ["blocks"], id="more: matrices are faster"),
        pytest.param(0, ["blocks"], id="none"),
    ],
)
def test_what_searches_a_large_gallery(queries: int, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[str] = []
    monkeypatch.setattr(nearest_module, "FAISS_FROM", 50)
    monkeypatch.setattr(nearest_module.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(nearest_module, "_by_faiss", lambda *_: chosen.append("faiss"))
    monkeypatch.setattr(nearest_module, "_by_blocks", lambda *_: chosen.append("blocks"))
    nearest(unit(0, queries), unit(1, 51), 3)
    assert chosen == expected


def test_faiss_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss", reason="faiss-cpu (extra `faiss`) is not installed")
    query, gallery = unit(0, 8), unit(1, 2000)
    expected = nearest(query, gallery, 10)
    monkeypatch.setattr(nearest_module, "FAISS_FROM", 1000)
    found = nearest(query, gallery, 10)
    assert (found.rows == expected.rows).all()
    assert found.distance == pytest.approx(expected.distance, abs=1e-6)


@pytest.mark.parametrize("count", [1, 5, 90])
def test_half_as_many_bytes_give_the_distances_of_their_numbers(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest_module, "_VECTORS", 16)
    monkeypatch.setattr(nearest_module, "FAISS_FROM", 0)  # which takes no float16
    query, half = unit(0, 3), unit(1, 90).astype(np.float16)
    found, wanted = nearest(query, half, count), nearest_module._by_blocks(query, half.astype(np.float32), count)
    assert (found.rows == wanted.rows).all()
    assert (found.distance == wanted.distance).all()
