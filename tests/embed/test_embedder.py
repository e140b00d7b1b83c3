"""Crops to unit vectors; tracklets to one."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.embed.embedder import Embedder
from reidtrack.embed.pool import pool
from reidtrack.errors import WeightsError
from reidtrack.types import FloatArray, ImageArray


def crops(*values: int) -> ImageArray:
    """Uniform crops of the given grey levels."""
    return np.stack([np.full((8, 4, 3), v, np.uint8) for v in values]) if values else np.zeros((0, 8, 4, 3), np.uint8)


def first_pixel(batch: FloatArray) -> FloatArray:
    """A network of three outputs: the grey level, one, and two."""
    level = batch[:, 0, 0, 0]
    return np.stack([level, np.ones_like(level), np.full_like(level, 2)], axis=1)


def embedder(infer: Callable[[FloatArray], FloatArray], batch: int = 2) -> Embedder:
    return Embedder(infer, size_hw=(8, 4), mean=(0, 0, 0), std=(1 / 255,) * 3, feature_dim=3, batch=batch)


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        pytest.param(0, [], id="none"),
        pytest.param(1, [1], id="one"),
        pytest.param(2, [2], id="a batch"),
        pytest.param(5, [2, 2, 1], id="batches and one"),
    ],
)
def test_batches(count: int, sizes: list[int]) -> None:
    seen: list[int] = []

    def infer(batch: FloatArray) -> FloatArray:
        seen.append(len(batch))
        return first_pixel(batch)

    found = embedder(infer).embed(crops(*range(count)))
    assert seen == sizes
    assert found.features.shape == (count, 3)
    assert found.features.dtype == np.float32
    assert found.rows.tolist() == list(range(count))
    np.testing.assert_allclose(np.linalg.norm(found.features, axis=1), 1, atol=1e-6)
    wanted = np.array([[v, 1, 2] for v in range(count)], float).reshape(-1, 3)
    np.testing.assert_allclose(found.features, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(found.features * found.length[:, None], wanted, atol=1e-4)


@pytest.mark.parametrize(
    "bad", [pytest.param(np.nan, id="NaN"), pytest.param(np.inf, id="infinite"), pytest.param(0.0, id="zero")]
)
def test_bad_features_are_dropped_and_counted(bad: float, caplog: pytest.LogCaptureFixture) -> None:
    def infer(batch: FloatArray) -> FloatArray:
        out = first_pixel(batch)
        out[np.isin(batch[:, 0, 0, 0].round(), [1, 4])] = bad
        return out

    worker = embedder(infer)
    with caplog.at_level(logging.WARNING):
        found = worker.embed(crops(0, 1, 2, 3, 4))
        worker.embed(crops(1, 1))
    assert found.rows.tolist() == [0, 2, 3]
    assert np.isfinite(found.features).all()
    assert worker.dropped == 4
    assert [r.getMessage() for r in caplog.records] == [
        "2 crops are left out, as the network gave no usable feature for them (2 so far)",
        "2 crops are left out, as the network gave no usable feature for them (4 so far)",
    ]


def test_huge_features_are_fine() -> None:
    found = embedder(lambda batch: first_pixel(batch) * 1e30).embed(crops(3))
    np.testing.assert_allclose(np.linalg.norm(found.features, axis=1), 1, atol=1e-6)


def test_weights_that_give_nan_only_are_refused() -> None:
    with pytest.raises(WeightsError, match="NaN, infinite or zero features for all of the first 2 crops"):
        embedder(lambda batch: first_pixel(batch) * np.nan).embed(crops(1, 2, 3))


def test_an_output_of_another_length_is_refused() -> None:
    with pytest.raises(WeightsError, match=r"shape \(2, 2\) \(expected \(2, 3\)\)"):
        embedder(lambda batch: first_pixel(batch)[:, :2]).embed(crops(1, 2))


X, Y = (1.0, 0.0), (0.0, 1.0)


@pytest.mark.parametrize(
    ("features", "quality", "expected"),
    [
        pytest.param([X], [0.3], X, id="one"),
        pytest.param([X, Y], [1.0, 0.0], X, id="weightless"),
        pytest.param([X, Y], [0.5, 0.5], (2**-0.5, 2**-0.5), id="even"),
        pytest.param([X, Y], [0.8, 0.6], (0.8, 0.6), id="weighted"),
        pytest.param([X, Y], [0.0, 0.0], (2**-0.5, 2**-0.5), id="no weight at all"),
        pytest.param([(-1.0, 0.0), X], [0.5, 0.5], (-1.0, 0.0), id="opposite"),
    ],
)
def test_pool(features: list[tuple[float, float]], quality: list[float], expected: tuple[float, float]) -> None:
    found = pool(np.array(features, np.float32), np.array(quality, np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


@given(seed=st.integers(0, 1000), count=st.integers(1, 9))
def test_pool_is_a_unit_vector_whatever_the_order(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 16)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    quality = rng.random(count).astype(np.float32)
    found = pool(features, quality)
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(pool(features[::-1], quality[::-1]), found, atol=1e-6)


@pytest.mark.parametrize("shapes", [((0, 4), (0,)), ((2, 4), (3,)), ((4,), (4,))])
def test_pool_refuses(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="pool: expected"):
        pool(np.zeros(shapes[0], np.float32), np.zeros(shapes[1], np.float32))
